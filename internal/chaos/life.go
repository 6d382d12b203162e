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

// stretch is a stretch of time in which a job may have been in any of the states.
type stretch struct {
	from, to time.Time // [from, to)
	states   []state
}

// life is what the client's log says a job may have been, from its creation on.
type life struct {
	name      string
	spec      Spec // of the creation
	calls     []Call
	stretches []stretch
	end       []state
	faults    []string // reads that no possible state explains
}

// settles is how long a request that nobody answered may take effect: what is read
// before says nothing about it.
const settles = 15 * time.Second

// lives follows every job through the client's log. A call that was acknowledged took
// effect at some instant between its beginning and its end; one that was not
// answered, then, later or never.
func lives(h *History) map[string]*life {
	all := map[string]*life{}
	slack := time.Duration(h.Profile.ClockMS) * time.Millisecond
	for i := range h.Calls {
		c := &h.Calls[i]
		l := all[c.Job]
		if l == nil {
			l = &life{name: c.Job}
			all[c.Job] = l
		}
		l.calls = append(l.calls, *c)
	}
	far := h.Profile.Until.Add(24 * time.Hour)
	for _, l := range all {
		slices.SortStableFunc(l.calls, func(a, b Call) int { return a.Began.Compare(b.Began) })
		l.follow(h.Profile.From.Add(-24*time.Hour), far, slack)
	}
	return all
}

func (l *life) follow(from, far time.Time, slack time.Duration) {
	now := []state{{}}
	var doubt time.Time // calls before it may still take effect
	cut := func(at time.Time) {
		if at.After(from) {
			l.stretches = append(l.stretches, stretch{from, at, now})
			from = at
		}
	}
	for i := range l.calls {
		c := &l.calls[i]
		if c.Op == "create" && c.Spec != nil && l.spec == (Spec{}) {
			l.spec = *c.Spec
		}
		switch {
		case c.Answer == Fail:
		case c.Op == "read":
			if c.Answer == OK && c.Began.After(doubt) {
				cut(c.Ended)
				now = l.narrow(now, c)
			}
		case c.Op == "run" || c.Op == "retry":
		default:
			after := apply(now, c)
			cut(c.Began.Add(-slack))
			now = merge(now, after)
			if c.Answer == Unknown {
				doubt = c.Ended.Add(settles)
				continue
			}
			cut(c.Ended.Add(slack))
			now = after
		}
	}
	cut(far)
	l.end = now
}

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

// at returns the states that the job may be in at an instant.
func (l *life) at(t time.Time) []state {
	i, _ := slices.BinarySearchFunc(l.stretches, t, func(s stretch, t time.Time) int {
		if !s.to.After(t) {
			return -1
		}
		return 1
	})
	if i < len(l.stretches) {
		return l.stretches[i].states
	}
	return l.end
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000") }
