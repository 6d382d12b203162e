package chaos

import (
	"time"

	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// due says how a slot stands: it must have a record, it may have one, or neither.
func (l *life) due(slots map[state]map[int64]bool, t time.Time) (must, may bool) {
	must = true
	for _, s := range l.at(t) {
		if s.status == "active" && slots[s][t.Unix()] {
			may = true
		} else {
			must = false
		}
	}
	return must && may, may
}

// calendar returns the slots of every definition that the job may have had.
func (c *checker) calendar(l *life) map[state]map[int64]bool {
	all := map[state]map[int64]bool{}
	for _, step := range l.steps {
		for _, s := range step.states {
			if s.status != "active" || all[s] != nil {
				continue
			}
			all[s] = map[int64]bool{}
			slots, err := oracle.Slots(oracle.Spec{Expr: s.spec.Schedule, At: s.spec.At, Start: s.spec.Start, Anchor: s.spec.Start, Zone: "UTC"},
				c.h.Profile.From.Add(-time.Minute), c.h.Profile.Until.Add(time.Second))
			if err != nil {
				c.fault("C1", l.name, time.Time{}, "the oracle does not understand it: %v", err)
			}
			for _, t := range slots {
				all[s][t.Unix()] = true
			}
		}
	}
	return all
}

// slots is C1, C2, C6 and C12 of one job: what must have a record has exactly one,
// and nothing else has.
func (c *checker) slots(l *life) {
	slots := c.calendar(l)
	records := map[int64]int{}
	var ran int64
	var last time.Time
	for _, r := range c.rowsOf[l.name] {
		if r.Trigger != "schedule" {
			continue
		}
		records[r.Slot.Unix()]++
		c.timely(l, r)
		if r.Status != "skipped" {
			ran, last = ran+1, r.Slot
		}
		if _, may := l.due(slots, r.Slot); !may || r.Slot.Nanosecond() != 0 {
			c.unplanned(l, r)
		}
	}
	for slot, n := range records {
		if n > 1 {
			c.fault("C2", l.name, time.Unix(slot, 0), "slot %s has %d rows", stamp(time.Unix(slot, 0)), n)
		}
	}
	if limit := l.spec.Limit; limit > 0 && ran > limit {
		c.fault("C6", l.name, last, "%d executions, max_executions is %d", ran, limit)
	}
	missing := c.missing(l, slots, records, ran, last)
	if limit := l.spec.Limit; limit > 0 && ran < limit && missing > 0 {
		c.fault("C6", l.name, last, "%d executions, max_executions is %d and %d more slots were due", ran, limit, missing)
	}
	if j := c.jobs[l.name]; j != nil && l.spec.Limit > 0 && ran == l.spec.Limit && j.Status != "completed" && j.Status != "cancelled" {
		c.fault("C6", l.name, last, "it made its %d executions and is %s", ran, j.Status)
	}
}

// missing counts and reports the slots without a record.
func (c *checker) missing(l *life, slots map[state]map[int64]bool, records map[int64]int, ran int64, last time.Time) (missing int) {
	for t := c.h.Profile.From.Truncate(time.Second); t.Before(c.h.Profile.Until); t = t.Add(time.Second) {
		must, _ := l.due(slots, t)
		if !must || l.spec.Limit > 0 && ran >= l.spec.Limit && t.After(last) {
			continue
		}
		n := records[t.Unix()]
		for _, r := range c.h.Ranges {
			if r.Job == l.name && !t.Before(r.From) && !t.After(r.To) {
				n++
				if records[t.Unix()] > 0 {
					c.fault("C1", l.name, t, "slot %s has a row and is in a range", stamp(t))
				}
			}
		}
		if n == 0 && c.h.Profile.Until.Sub(t) > 2*time.Second { // what was due a moment ago may not be planned yet
			if missing++; missing <= 5 {
				c.fault("C1", l.name, t, "slot %s was due and has no record", stamp(t))
			}
		}
	}
	if missing > 5 {
		c.fault("C1", l.name, c.h.Profile.Until, "%d slots in all were due and have no record", missing)
	}
	return missing
}

// unplanned reports a row at an instant that was not due.
func (c *checker) unplanned(l *life, r *Row) {
	paused := len(l.at(r.Slot)) > 0
	for _, s := range l.at(r.Slot) {
		paused = paused && s.status == "paused"
	}
	if paused {
		c.fault("C12", l.name, r.Slot, "slot %s has a row (%s), but the job was paused", stamp(r.Slot), r.Status)
		return
	}
	c.fault("C1", l.name, r.Slot, "slot %s has a row (%s), but was not due", stamp(r.Slot), r.Status)
}

// timely is C1's other half: no row and no start before its slot, and no skip
// without a reason that holds.
func (c *checker) timely(l *life, r *Row) {
	early := c.slack() + c.jumped(r.Slot)
	if r.Created.Before(r.Slot.Add(-early)) {
		c.fault("C1", l.name, r.Slot, "slot %s was recorded early, at %s", stamp(r.Slot), stamp(r.Created))
	}
	for _, a := range r.Attempts {
		if !a.Started.IsZero() && a.Started.Before(r.Slot.Add(-early)) {
			c.fault("C1", l.name, r.Slot, "slot %s started early, at %s", stamp(r.Slot), stamp(a.Started))
		}
	}
	for _, m := range c.byRun[r.ID] {
		if m.At.Before(r.Slot.Add(-early)) {
			c.fault("C1", l.name, r.Slot, "the witness saw slot %s early, at %s", stamp(r.Slot), stamp(m.At))
		}
	}
	if r.Status == "skipped" && !c.blurred(r.Slot, r.Created) && !c.justified(l, r) {
		c.fault("C1", l.name, r.Slot, "slot %s was skipped (%s) at %s without cause", stamp(r.Slot), r.Skip, stamp(r.Created))
	}
}

// jumped is how far a clock may be off at an instant.
func (c *checker) jumped(t time.Time) time.Duration {
	if c.blurred(t, t) {
		return time.Hour
	}
	return 0
}

// justified says whether a slot had cause to be skipped.
func (c *checker) justified(l *life, r *Row) bool {
	switch r.Skip {
	case "missed":
		limit := time.Duration(c.h.Profile.MissedMS) * time.Millisecond
		return limit == 0 || r.Created.Sub(r.Slot) >= limit-c.jumped(r.Slot)
	case "cancelled":
		return true // that the job was cancelled then is what slots says
	case "overlap", "concurrency":
	default:
		return false
	}
	live := 0
	settled := 2*time.Second + c.slack() // between the end of a handler and the commit that says so
	if slices := windows(c.h.Faults, 10*time.Second, nil); within(slices, r.Created, r.Created) {
		settled = time.Minute
	}
	for _, o := range c.rowsOf[l.name] {
		if o.ID != r.ID && o.Status != "skipped" && !o.Created.After(r.Created.Add(c.slack())) && (o.Completed.IsZero() || o.Completed.Add(settled).After(r.Created)) {
			live++
		}
	}
	return live >= max(1, l.spec.Places)
}
