package chaos

import (
	"slices"
	"time"
)

// lateness is C14: outside of faults runs are on time while slots are free, and after each
// fault the backlog is soon gone.
func (c *checker) lateness() {
	p := &c.h.Profile
	disturbed := windows(c.h.Faults, 10*time.Second, nil)
	full := c.full()
	var late []time.Duration
	var worst *Row
	for i := range c.h.Rows {
		r := &c.h.Rows[i]
		if r.Trigger != "schedule" || r.Status == "skipped" || len(r.Attempts) == 0 || r.CatchUp {
			continue
		}
		began := r.Attempts[0].Started
		if began.IsZero() || c.blurred(r.Slot, began) || c.pausedWithin(r.Job, r.Slot, began) {
			continue
		}
		if within(disturbed, r.Slot, r.Slot) {
			c.backlog(r, began, disturbed)
			continue
		}
		if throughout(full, r.Slot, began) {
			continue
		}
		d := began.Sub(r.Slot)
		if worst == nil || d > slices.Max(late) {
			worst = r
		}
		late = append(late, d)
	}
	if len(late) == 0 {
		return
	}
	slices.Sort(late)
	p99 := late[(len(late)*99-1)/100]
	if limit := time.Duration(p.LateP99MS) * time.Millisecond; limit > 0 && p99 > limit && len(late) >= 20 {
		c.fault("C14", "", time.Time{}, "p99 of the lateness of %d quiet runs is %s, more than %s", len(late), p99, limit)
	}
	if limit, most := time.Duration(p.LateMaxMS)*time.Millisecond, late[len(late)-1]; limit > 0 && most > limit {
		c.fault("C14", worst.Job, worst.Slot, "slot %s began %s late, with nothing broken", stamp(worst.Slot), most)
	}
}

// pausedWithin reports whether a job may have been paused in a stretch of time: its runs
// wait then.
func (c *checker) pausedWithin(name string, from, to time.Time) bool {
	l := c.lives[name]
	return l != nil && slices.ContainsFunc(l.between(from, to), func(s state) bool { return s.status == "paused" })
}

// backlog holds a run of a disturbed time against the time after it.
func (c *checker) backlog(r *Row, began time.Time, disturbed []window) {
	limit := time.Duration(c.h.Profile.HealMS) * time.Millisecond
	i := slices.IndexFunc(disturbed, func(w window) bool { return !r.Slot.Before(w.from) && !r.Slot.After(w.to) })
	if over := began.Sub(disturbed[i].to); limit > 0 && over > limit {
		c.fault("C14", r.Job, r.Slot, "slot %s began %s after all faults were healed", stamp(r.Slot), over)
	}
}

// bounds are how much each resource may grow over its first reading: by half, by this,
// and by what is in use for one execution in each slot: a daemon that is killed under
// load has its last reading then.
var bounds = map[string]int64{
	"fds": 40, "threads": 30, "goroutines": 100, "rss_kb": 64 << 10, "zombies": 0, "stream": 500, "pending": 50, "connections": 30, "children": 10,
}

// inUse are resources of which an execution that runs needs one.
var inUse = map[string]bool{"fds": true}

// usage is C16: what is used in the end is little more than in the beginning.
func (c *checker) usage() {
	first := map[string]*Usage{}
	last := map[string]*Usage{}
	for i := range c.h.Usage {
		u := &c.h.Usage[i]
		if first[u.Of] == nil {
			first[u.Of] = u
		}
		last[u.Of] = u
	}
	for of, end := range last {
		for what, n := range end.Counts {
			began := first[of].Counts[what]
			bound, known := bounds[what]
			if inUse[what] {
				bound += int64(c.h.Profile.Slots)
			}
			if known && n > began+began/2+bound {
				c.fault("C16", "", end.At, "%s: %s went from %d to %d", of, what, began, n)
			}
		}
	}
}
