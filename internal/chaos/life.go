package chaos

import (
	"slices"
	"time"
)

// state is what a job may be at an instant.
type state struct {
	status string // "" = there is no such job; active, paused or cancelled
	spec   Spec
}

// step is what a job may be after a call, which took effect between two instants.
type step struct {
	from, to time.Time
	states   []state
}

// life is what the client's log says a job may have been, from its creation on.
type life struct {
	name   string
	spec   Spec // of the creation
	calls  []Call
	steps  []step   // the first is from ever
	faults []string // reads that no possible state explains
}

// settles is how long a request that nobody answered may take effect: what is read
// before says nothing about it.
const settles = 15 * time.Second

// follow follows every job through the client's log. A call that was acknowledged took
// effect at some instant between its beginning and its end; one that was not
// answered, then, later or never.
func (c *checker) follow() {
	for i := range c.h.Calls {
		call := &c.h.Calls[i]
		l := c.lives[call.Job]
		if l == nil {
			l = &life{name: call.Job, steps: []step{{states: []state{{}}}}}
			c.lives[call.Job] = l
		}
		l.calls = append(l.calls, *call)
	}
	for _, l := range c.lives {
		slices.SortStableFunc(l.calls, func(a, b Call) int { return a.Began.Compare(b.Began) })
		var doubt time.Time // calls before it may still take effect
		for i := range l.calls {
			call := &l.calls[i]
			slack := c.slack()
			if c.blurred(call.Began, call.Ended) {
				slack += reach
			}
			l.step(call, slack, doubt)
			if call.Answer == Unknown && call.Op != "read" {
				doubt = call.Ended.Add(settles)
			}
		}
	}
}

// step adds what one call says.
func (l *life) step(c *Call, slack time.Duration, doubt time.Time) {
	now := l.end()
	switch {
	case c.Answer == Fail, c.Op == "run", c.Op == "retry":
	case c.Op == "read":
		if c.Answer == OK && c.Began.After(doubt) {
			l.steps = append(l.steps, step{c.Ended, c.Ended, l.narrow(now, c)})
		}
	default:
		if c.Op == "create" && c.Spec != nil && l.spec == (Spec{}) {
			l.spec = *c.Spec
		}
		after := apply(now, c)
		if c.Answer == Unknown {
			after = merge(now, after)
		}
		l.steps = append(l.steps, step{c.Began.Add(-slack), c.Ended.Add(slack), after})
	}
}

// end returns what the job may be after all calls.
func (l *life) end() []state { return l.steps[len(l.steps)-1].states }

// apply is what a call makes of each of the states.
func apply(states []state, c *Call) []state {
	var out []state
	for _, s := range states {
		switch {
		case c.Op == "create" && s.status == "" && c.Spec != nil:
			s = state{"active", *c.Spec}
		case s.status == "" || s.status == "cancelled":
		case c.Op == "edit" && c.Spec != nil:
			s.spec.Schedule = c.Spec.Schedule
		case c.Op == "pause":
			s.status = "paused"
		case c.Op == "resume":
			s.status = "active"
		case c.Op == "cancel":
			s.status = "cancelled"
		}
		out = merge(out, []state{s})
	}
	return out
}

func merge(a, b []state) []state {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// narrow keeps the states that an answer fits.
func (l *life) narrow(states []state, c *Call) []state {
	left := slices.DeleteFunc(slices.Clone(states), func(s state) bool { return !fits(s, c.Status, c.Schedule) })
	if len(left) == 0 {
		l.faults = append(l.faults, "it was read as "+c.Status+" ("+c.Schedule+") at "+stamp(c.Began)+", which no acknowledged call explains")
		return states
	}
	return left
}

// fits says whether a job that is seen with the status and schedule may be in the
// state. Jobs end by themselves; "" is a job that is not there.
func fits(s state, status, schedule string) bool {
	switch status {
	case "completed", "failed":
		return s.status == "active" && s.spec.Schedule == schedule
	case "":
		return s.status == ""
	}
	return s.status == status && s.spec.Schedule == schedule
}

// at returns the states that the job may be in at an instant: those after the last
// call that took effect before it, and after each that may have.
func (l *life) at(t time.Time) []state { return l.between(t, t) }

// between returns the states that the job may be in at some instant of a stretch.
func (l *life) between(from, to time.Time) []state {
	first, last := 0, 0
	for i, s := range l.steps {
		if i > 0 && s.to.Before(from) {
			first = i
		}
		if i > 0 && !s.from.After(to) {
			last = i
		}
	}
	states := l.steps[first].states
	for i := first + 1; i <= last; i++ {
		states = merge(states, l.steps[i].states)
	}
	return states
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000") }
