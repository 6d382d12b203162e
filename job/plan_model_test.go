package job_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// brute returns the slots of a definition in [from, to] by walking its clock.
func brute(def *job.Job, from, to time.Time) ([]time.Time, error) {
	spec := oracle.Spec{Expr: def.Schedule, Zone: def.Timezone, DST: def.DSTPolicy, Anchor: def.Anchor, Seed: def.Seed}
	if def.ExecuteAt != nil {
		spec.At = *def.ExecuteAt
	}
	if def.StartDate != nil {
		spec.Start = *def.StartDate
	}
	if def.EndDate != nil {
		spec.End = *def.EndDate
	}
	return oracle.Slots(spec, from, to.Add(time.Nanosecond))
}

// outcome is what becomes of one slot.
type outcome struct {
	slot    time.Time
	runs    bool
	queued  bool
	catchUp bool
	reason  job.SkipReason
}

func (o outcome) String() string {
	at := o.slot.Format(time.RFC3339)
	switch {
	case !o.runs:
		return at + " skipped: " + string(o.reason)
	case o.queued:
		return fmt.Sprintf("%s waits, catch-up %t", at, o.catchUp)
	default:
		return fmt.Sprintf("%s runs, catch-up %t", at, o.catchUp)
	}
}

// model is the rules of the design's §4, slot by slot and without any haste. It
// returns what becomes of each slot in order; slots after a limit was reached are
// left out, since they are not due.
func model(def *job.Job, slots []time.Time, st job.State, now time.Time, pol job.Policy) (outs []outcome, cancels, limited bool) {
	missed := 0
	for missed < len(slots) && now.Sub(slots[missed]) >= pol.MisfireThreshold {
		missed++
	}
	firstPick := missed // all missed slots from this index on are run
	switch def.Misfire {
	case job.MisfireFireAll:
		firstPick = max(0, missed-pol.CatchUpMax)
	case job.MisfireFireOnce:
		if missed > 0 && (def.MisfireGrace == nil || now.Sub(slots[missed-1]) <= time.Duration(*def.MisfireGrace)*time.Millisecond) {
			firstPick = missed - 1
		}
	}
	drain := def.Misfire == job.MisfireFireAll && missed > 0
	taken, live, queued := st.Occurrences, st.Live, st.Queued
	for i, slot := range slots {
		if def.MaxExecutions != nil && taken >= *def.MaxExecutions {
			return outs, cancels, true
		}
		out := outcome{slot: slot, catchUp: i < missed}
		if i < firstPick {
			out.catchUp, out.reason = false, job.SkipMissed
			outs = append(outs, out)
			continue
		}
		switch start, wait, cancel := place(def, live, queued, drain); {
		case start:
			out.runs = true
			live++
		case wait:
			out.runs, out.queued = true, true
			queued++
			cancels = cancels || cancel
		default:
			out.catchUp, out.reason = false, job.SkipOverlap
			if def.Overlap == job.OverlapAllow {
				out.reason = job.SkipConcurrency
			}
		}
		if out.runs {
			taken++
		}
		outs = append(outs, out)
	}
	return outs, cancels, def.MaxExecutions != nil && taken >= *def.MaxExecutions
}

// place is the overlap policy in words: a free place is taken unless others wait for
// one already; otherwise the policy says who may wait.
func place(def *job.Job, live, queued int, drain bool) (start, wait, cancel bool) {
	places := 1
	if def.Overlap == job.OverlapAllow && def.Concurrency > 1 {
		places = def.Concurrency
	}
	switch {
	case live < places && queued == 0:
		return true, false, false
	case drain, def.Overlap == job.OverlapQueueAll:
		return false, true, false
	case def.Overlap == job.OverlapQueueOne:
		return false, queued == 0, false
	case def.Overlap == job.OverlapCancelRunning:
		return false, queued == 0, queued == 0
	default:
		return false, false, false
	}
}

// outcomes spells out what a plan says, in order of slot. A range stands for the
// slots of the list between its ends; it is an error when it does not start and end
// with one, or counts another number.
func outcomes(p *job.Plan, slots []time.Time) ([]outcome, error) {
	var outs []outcome
	for _, r := range p.Runs {
		outs = append(outs, outcome{slot: r.Slot, runs: true, queued: r.Queued, catchUp: r.CatchUp})
	}
	for _, s := range p.Skips {
		outs = append(outs, outcome{slot: s.Slot, reason: s.Reason})
	}
	for _, r := range p.Ranges {
		from, okFrom := slices.BinarySearchFunc(slots, r.From, time.Time.Compare)
		to, okTo := slices.BinarySearchFunc(slots, r.To, time.Time.Compare)
		if !okFrom || !okTo || int64(to-from+1) != r.Count {
			return nil, fmt.Errorf("range from %s to %s of %d slots: the schedule has %d there (ends are slots: %t, %t)",
				r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), r.Count, to-from+1, okFrom, okTo)
		}
		for _, slot := range slots[from : to+1] {
			outs = append(outs, outcome{slot: slot, reason: r.Reason})
		}
	}
	slices.SortStableFunc(outs, func(a, b outcome) int { return a.slot.Compare(b.slot) })
	return outs, nil
}

// parted says where two lists part, "" when nowhere.
func parted(got, want []outcome) string {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i].String()
		}
		if i < len(want) {
			w = want[i].String()
		}
		if g != w {
			return fmt.Sprintf("record %d is %q, want %q", i, g, w)
		}
	}
	return ""
}
