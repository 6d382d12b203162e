package job_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// ticks plans at each of the instants, nothing being live in between, and returns
// what became of every slot, in order.
func (s *situation) ticks(t *rapid.T, sched *schedule.Schedule, at []time.Time) (all []outcome, last job.Plan) {
	st := job.State{NextRun: s.st.NextRun, Occurrences: s.st.Occurrences}
	for _, now := range at {
		var p job.Plan
		job.MakePlan(&s.def, sched, st, now, s.pol, &p)
		outs, err := outcomes(&p, s.slots)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, outs...)
		if last = p; p.Ended {
			break
		}
		st.NextRun, st.Occurrences = p.NextRun, st.Occurrences+int64(len(p.Runs))
	}
	return all, last
}

// genTicks draws instants in order, the last of them now.
func (s *situation) genTicks(t *rapid.T) []time.Time {
	at := []time.Time{s.now}
	for range uniform(t, "ticks", 13) {
		at = append(at, s.start.Add(upTo(t, "tick", s.now.Sub(s.start))))
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// TestSplitOutage plans one outage at once and in arbitrary ticks. Either way every
// slot is accounted for exactly once and the cursor ends at the same place; what the
// one tick runs, the many run too.
func TestSplitOutage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation(t)
		s.def.Overlap, s.def.Concurrency = job.OverlapAllow, 1<<30
		s.st = job.State{}
		s.def.MaxExecutions = nil
		sched := s.ready(t)
		whole, wholeEnd := s.ticks(t, sched, []time.Time{s.now})
		split, splitEnd := s.ticks(t, sched, s.genTicks(t))
		for name, outs := range map[string][]outcome{"one tick": whole, "many ticks": split} {
			if !slices.EqualFunc(outs, s.slots, func(o outcome, slot time.Time) bool { return o.slot.Equal(slot) }) {
				t.Fatalf("%s account for %d slots, want each of %d once and in order", name, len(outs), len(s.slots))
			}
		}
		if !wholeEnd.NextRun.Equal(splitEnd.NextRun) || wholeEnd.Ended != splitEnd.Ended {
			t.Fatalf("one tick goes on at %v (ended %t), many at %v (%t)", wholeEnd.NextRun, wholeEnd.Ended, splitEnd.NextRun, splitEnd.Ended)
		}
		// A grace is measured at the tick, so that an earlier tick may be within it.
		for i := range whole {
			if whole[i].runs && !split[i].runs {
				t.Fatalf("slot %v runs when planned at once, but %s", whole[i].slot, split[i])
			}
		}
	})
}

// TestSplitOutageWithLimit: as long as no more slots are missed than fire_all runs,
// everything runs however the outage is split, and a limit falls on the same slot.
func TestSplitOutageWithLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation(t)
		s.def.Misfire, s.def.Overlap = job.MisfireFireAll, job.OverlapQueueAll
		s.st.Live, s.st.Queued = 0, 0
		sched := s.ready(t)
		s.pol.CatchUpMax = max(s.pol.CatchUpMax, len(s.slots))
		whole, wholeEnd := s.ticks(t, sched, []time.Time{s.now})
		split, splitEnd := s.ticks(t, sched, s.genTicks(t))
		if len(whole) != len(split) {
			t.Fatalf("one tick accounts for %d slots, many for %d", len(whole), len(split))
		}
		for i := range whole {
			if !whole[i].slot.Equal(split[i].slot) || !whole[i].runs || !split[i].runs {
				t.Fatalf("record %d is %q in one tick and %q in many", i, whole[i], split[i])
			}
		}
		if wholeEnd.Ended != splitEnd.Ended || wholeEnd.Ended && s.def.MaxExecutions != nil && len(whole) > 0 && !wholeEnd.NextRun.Equal(splitEnd.NextRun) {
			t.Fatalf("one tick ends: %t, many: %t", wholeEnd.Ended, splitEnd.Ended)
		}
	})
}

// TestTickPerSecond runs every slot of a day on time when ticks come once a second,
// whatever the misfire policy says.
func TestTickPerSecond(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 8, 6, 0, 0, 0, time.UTC) // an hour before New York's gap
	for _, misfire := range job.Misfires() {
		t.Run(string(misfire), func(t *testing.T) {
			t.Parallel()
			def := job.Job{Spec: job.Spec{Type: job.TypeCron, Schedule: "*/20 15,30 1-3 * * *", Timezone: "America/New_York", DSTPolicy: "once", Misfire: misfire, Overlap: job.OverlapSkip}}
			sched, err := job.Compile(&def)
			if err != nil {
				t.Fatal(err)
			}
			st := job.State{NextRun: sched.Next(start)}
			var got []time.Time
			for now := start; now.Before(start.Add(2 * time.Hour)); now = now.Add(time.Second) {
				var p job.Plan
				job.MakePlan(&def, sched, st, now, job.DefaultPolicy(), &p)
				for _, r := range p.Runs {
					got = append(got, r.Slot)
				}
				if n := len(p.Skips) + len(p.Ranges); n > 0 {
					t.Fatalf("%v: %d skips", now, n)
				}
				st.NextRun, st.Occurrences = p.NextRun, st.Occurrences+int64(len(p.Runs))
			}
			want, err := brute(&def, start.Add(time.Second), start.Add(2*time.Hour-time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("ran %v, want %v", got, want)
			}
		})
	}
}
