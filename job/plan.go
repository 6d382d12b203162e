package job

import (
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// MakePlan decides what becomes of the slots from st.NextRun up to and including
// now, and writes it into dst, whose slices it reuses. It serves the tick, restart,
// resume, edit and forecast alike.
//
// A slot younger than the misfire threshold is late and fires. Older ones are
// missed: the job's misfire policy picks which of them run, the rest are recorded.
// Slots that fire are taken in order; the overlap policy says whether each starts,
// waits or is skipped. A limit ends the job at the slot that reaches it: later ones
// are not due.
//
// The cost does not grow with the slots that do not run: those are counted by
// jumping. s is the compiled schedule of def.
func MakePlan(def *Job, s *schedule.Schedule, st State, now time.Time, pol Policy, dst *Plan) {
	*dst = Plan{Runs: dst.Runs[:0], Skips: dst.Skips[:0], Ranges: dst.Ranges[:0]}
	p := planner{def: def, s: s, now: now, pol: pol, plan: dst, st: st, next: st.NextRun}
	switch {
	case s == nil || st.NextRun.IsZero():
		dst.Ended, dst.EndedAt = s != nil, now
	case p.limitReached():
		dst.Ended, dst.EndedAt = true, st.NextRun.Add(-time.Second)
	case st.NextRun.After(now):
		dst.NextRun = st.NextRun
	default:
		p.run()
	}
}

// planner holds one planning. next is the first slot not accounted for.
type planner struct {
	def  *Job
	s    *schedule.Schedule
	st   State
	now  time.Time
	pol  Policy
	plan *Plan
	next time.Time

	catchUps int // catch-up runs so far, for their spacing
	draining bool
}

func (p *planner) run() {
	p.missed(p.now.Add(-p.pol.MisfireThreshold))
	for !p.plan.Ended && !p.next.IsZero() && !p.next.After(p.now) {
		if reason, full := p.wouldSkip(); full {
			p.recordUpTo(p.now, reason)
			break
		}
		p.fire(p.next, false)
	}
	p.plan.NextRun = p.next
	if p.next.IsZero() && !p.plan.Ended {
		p.plan.Ended, p.plan.EndedAt = true, p.now
	}
}

// missed accounts for the slots up to and including the horizon.
func (p *planner) missed(horizon time.Time) {
	if p.next.After(horizon) {
		return
	}
	last := p.s.Prev(horizon)
	first := p.firstPick(last)
	if first.IsZero() {
		p.recordUpTo(last, SkipMissed)
		return
	}
	p.recordUpTo(first.Add(-time.Second), SkipMissed)
	p.draining = p.def.Misfire == MisfireFireAll
	for !p.plan.Ended && !p.next.IsZero() && !p.next.After(last) {
		p.fire(p.next, true)
	}
}

// firstPick returns the oldest missed slot that the misfire policy runs; all from it
// to last run. Zero means none.
func (p *planner) firstPick(last time.Time) time.Time {
	switch p.def.Misfire {
	case MisfireSkip:
		return time.Time{}
	case MisfireFireAll:
		first := last
		for range p.pol.CatchUpMax - 1 {
			before := p.s.Prev(first.Add(-time.Second))
			if before.IsZero() || before.Before(p.next) {
				break
			}
			first = before
		}
		return first
	default:
		if grace := p.def.MisfireGrace; grace != nil && p.now.Sub(last) > time.Duration(*grace)*time.Millisecond {
			return time.Time{}
		}
		return last
	}
}

// fire accounts for one slot that runs, if overlap admits it, and moves on.
func (p *planner) fire(slot time.Time, catchUp bool) {
	p.next = p.s.Next(slot)
	if p.def.When != "" && p.pol.When != nil && !p.pol.When(p.def, slot) {
		p.plan.Skips = append(p.plan.Skips, PlannedSkip{Slot: slot, Reason: SkipCondition})
		return
	}
	queued, reason := p.admit()
	if reason != "" {
		p.plan.Skips = append(p.plan.Skips, PlannedSkip{Slot: slot, Reason: reason})
		return
	}
	p.st.Occurrences++
	run := PlannedRun{Slot: slot, StartAt: slot.Add(Jitter(p.def.Seed, slot, p.def.JitterMS)), Occurrence: p.st.Occurrences, CatchUp: catchUp, Queued: queued}
	if catchUp {
		run.StartAt = p.now.Add(time.Duration(p.catchUps) * p.pol.CatchUpSpacing)
		p.catchUps++
	}
	p.plan.Runs = append(p.plan.Runs, run)
	if p.limitReached() {
		p.plan.Ended, p.plan.EndedAt = true, slot
		p.next = time.Time{}
	}
}

// admit takes a place, or a place in the queue, for one more run.
func (p *planner) admit() (queued bool, reason SkipReason) {
	admission := Admit(p.def, p.st, p.draining)
	switch {
	case admission.Reason != "":
		return false, admission.Reason
	case admission.Queued:
		p.st.Queued++
	default:
		p.st.Live++
	}
	p.plan.CancelLive = p.plan.CancelLive || admission.CancelLive
	return admission.Queued, ""
}

// wouldSkip reports that every further slot up to now would be skipped alike.
func (p *planner) wouldSkip() (SkipReason, bool) {
	admission := Admit(p.def, p.st, p.draining)
	return admission.Reason, admission.Reason != ""
}

// recordUpTo records the slots from next to upto, inclusive, as skipped.
func (p *planner) recordUpTo(upto time.Time, reason SkipReason) {
	if p.next.IsZero() || p.next.After(upto) {
		return
	}
	first := p.next
	count := p.s.Count(first.Add(-time.Second), upto)
	if count > int64(p.pol.RangeMin) {
		last := p.s.Prev(upto)
		p.plan.Ranges = append(p.plan.Ranges, SkipRange{From: first, To: last, Count: count, Reason: reason})
		p.next = p.s.Next(last)
		return
	}
	for !p.next.IsZero() && !p.next.After(upto) {
		p.plan.Skips = append(p.plan.Skips, PlannedSkip{Slot: p.next, Reason: reason})
		p.next = p.s.Next(p.next)
	}
}

func (p *planner) limitReached() bool {
	limit := p.def.MaxExecutions
	return limit != nil && p.st.Occurrences >= *limit
}
