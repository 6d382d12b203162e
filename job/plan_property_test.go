package job_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// ready compiles the definition and puts the cursor on its first slot from start on.
func (s *situation) ready(t *rapid.T) *schedule.Schedule {
	sched, err := job.Compile(&s.def)
	if err != nil {
		t.Fatal(err)
	}
	s.st.NextRun = sched.Next(s.start.Add(-time.Nanosecond))
	return sched
}

// TestPlanAccountsForEverySlot holds MakePlan against the rules written out slot by
// slot: what runs, waits or is skipped, for which reason, and where it ends.
func TestPlanAccountsForEverySlot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation(t)
		sched := s.ready(t)
		for range 10 {
			s.check(t, sched)
			s.vary(t)
		}
	})
}

// check plans and judges the plan.
func (s *situation) check(t *rapid.T, sched *schedule.Schedule) {
	p := job.Plan{Runs: make([]job.PlannedRun, 3, 8), Skips: make([]job.PlannedSkip, 2), Ranges: make([]job.SkipRange, 1), CancelLive: true}
	job.MakePlan(&s.def, sched, s.st, s.now, s.pol, &p)
	got, err := outcomes(&p, s.slots)
	if err != nil {
		t.Fatal(err)
	}
	want, cancels, limited := model(&s.def, s.slots, s.st, s.now, s.pol)
	if diff := parted(got, want); diff != "" {
		t.Fatal(diff)
	}
	if p.CancelLive != cancels {
		t.Fatalf("CancelLive = %t, want %t", p.CancelLive, cancels)
	}
	s.checkEnd(t, &p, sched, want, limited)
	s.checkRuns(t, &p)
	s.checkSize(t, &p)
}

// checkEnd judges the cursor.
func (s *situation) checkEnd(t *rapid.T, p *job.Plan, sched *schedule.Schedule, want []outcome, limited bool) {
	if s.def.MaxExecutions != nil && s.st.Occurrences >= *s.def.MaxExecutions {
		limited = true // before the first slot
	}
	next := sched.Next(s.now)
	if s.st.NextRun.IsZero() {
		next = time.Time{}
	}
	ended := limited || next.IsZero()
	if limited {
		next = time.Time{}
	}
	if !p.NextRun.Equal(next) || p.Ended != ended {
		t.Fatalf("NextRun = %v, Ended = %t; want %v, %t", p.NextRun, p.Ended, next, ended)
	}
	switch {
	case !ended:
		return
	case limited && len(want) > 0 && p.EndedAt.Equal(want[len(want)-1].slot):
	case limited && len(want) == 0 && (s.st.NextRun.IsZero() || p.EndedAt.Before(s.st.NextRun)):
	case !limited && !p.EndedAt.Before(s.now):
	default:
		t.Fatalf("EndedAt = %v with limit reached: %t, %d slots accounted for, now %v", p.EndedAt, limited, len(want), s.now)
	}
}

// checkRuns judges order, starts and numbers of the runs.
func (s *situation) checkRuns(t *rapid.T, p *job.Plan) {
	catchUps := 0
	for i, r := range p.Runs {
		if i > 0 && !r.Slot.After(p.Runs[i-1].Slot) {
			t.Fatalf("run %d of slot %v comes after slot %v", i, r.Slot, p.Runs[i-1].Slot)
		}
		if r.Slot.After(s.now) || r.StartAt.Before(r.Slot) {
			t.Fatalf("slot %v starts at %v, now %v: early", r.Slot, r.StartAt, s.now)
		}
		if r.Occurrence != s.st.Occurrences+int64(i)+1 {
			t.Fatalf("run %d is occurrence %d after %d", i, r.Occurrence, s.st.Occurrences)
		}
		if s.def.MaxExecutions != nil && r.Occurrence > *s.def.MaxExecutions {
			t.Fatalf("occurrence %d of %d", r.Occurrence, *s.def.MaxExecutions)
		}
		want := r.Slot.Add(job.Jitter(s.def.Seed, r.Slot, s.def.JitterMS))
		if r.CatchUp {
			want = s.now.Add(time.Duration(catchUps) * s.pol.CatchUpSpacing)
			catchUps++
		}
		if !r.StartAt.Equal(want) {
			t.Fatalf("slot %v starts at %v, want %v (catch-up: %t)", r.Slot, r.StartAt, want, r.CatchUp)
		}
		if max := time.Duration(s.def.JitterMS) * time.Millisecond; !r.CatchUp && r.StartAt.Sub(r.Slot) > max {
			t.Fatalf("slot %v starts at %v, more than %v later", r.Slot, r.StartAt, max)
		}
	}
	if catchUps > s.pol.CatchUpMax || s.def.Misfire == job.MisfireSkip && catchUps > 0 || s.def.Misfire == job.MisfireFireOnce && catchUps > 1 {
		t.Fatalf("%d missed slots run under %s", catchUps, s.def.Misfire)
	}
}

// checkSize judges how many rows the plan writes: long stretches of skips are ranges.
func (s *situation) checkSize(t *rapid.T, p *job.Plan) {
	for _, r := range p.Ranges {
		if r.Count <= int64(s.pol.RangeMin) {
			t.Fatalf("a range row for %d slots", r.Count)
		}
	}
	if len(p.Ranges) > 2 || len(p.Skips) > 2*s.pol.RangeMin+1 {
		t.Fatalf("%d ranges and %d skips, want at most one stretch of missed slots and one of overlaps", len(p.Ranges), len(p.Skips))
	}
}

// TestPlanAgainIsNothing plans twice at one instant, and at earlier ones, as when
// the clock goes back: the second plan is empty.
func TestPlanAgainIsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation(t)
		sched := s.ready(t)
		var p, again job.Plan
		job.MakePlan(&s.def, sched, s.st, s.now, s.pol, &p)
		st := job.State{NextRun: p.NextRun, Occurrences: s.st.Occurrences + int64(len(p.Runs))}
		now := s.now.Add(-upTo(t, "back", 2*time.Hour) * time.Duration(uniform(t, "goes back", 2)))
		job.MakePlan(&s.def, sched, st, now, s.pol, &again)
		if len(again.Runs)+len(again.Skips)+len(again.Ranges) > 0 || !again.NextRun.Equal(p.NextRun) {
			t.Fatalf("a second plan has %d runs, %d skips, %d ranges and goes on at %v, want none and %v",
				len(again.Runs), len(again.Skips), len(again.Ranges), again.NextRun, p.NextRun)
		}
	})
}
