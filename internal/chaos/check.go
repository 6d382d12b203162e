package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Violation is one promise that a history breaks.
type Violation struct {
	Invariant string // C1 … C16
	Job       string // "" = not about one
	At        time.Time
	Text      string
}

// String returns it on one line.
func (v Violation) String() string {
	if v.Job == "" {
		return v.Invariant + ": " + v.Text
	}
	return v.Invariant + ": " + v.Job + ": " + v.Text
}

// Check holds a history against the invariants and returns what it violates, by job
// and time. It changes nothing.
func Check(h *History) []Violation {
	c := &checker{h: h, lives: map[string]*life{}, jobs: map[string]*Job{}, rows: map[string]*Row{}, rowsOf: map[string][]*Row{}, marksOf: map[string][]*Mark{}, byRun: map[string][]*Mark{}}
	c.index()
	c.follow()
	c.outages = windows(h.Faults, 0, nil)
	for _, name := range c.names() {
		l := c.lives[name]
		if l == nil {
			continue
		}
		c.slots(l)
		c.held(l)
		c.places(l)
		c.counters(l)
		c.answers(l)
	}
	for i := range h.Rows {
		c.path(&h.Rows[i])
		c.attempts(&h.Rows[i])
		c.tokens(&h.Rows[i])
	}
	c.strays()
	c.keys()
	c.nodes()
	c.lateness()
	c.usage()
	slices.SortStableFunc(c.found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Job, b.Job), a.At.Compare(b.At))
	})
	return c.found
}

// checker is a history with what is looked up in it.
type checker struct {
	h       *History
	lives   map[string]*life
	jobs    map[string]*Job
	rows    map[string]*Row
	rowsOf  map[string][]*Row
	marksOf map[string][]*Mark // by job
	byRun   map[string][]*Mark // by execution
	outages []window           // all faults
	found   []Violation
}

func (c *checker) index() {
	for i := range c.h.Jobs {
		c.jobs[c.h.Jobs[i].Name] = &c.h.Jobs[i]
	}
	for i := range c.h.Rows {
		r := &c.h.Rows[i]
		c.rows[r.ID] = r
		c.rowsOf[r.Job] = append(c.rowsOf[r.Job], r)
	}
	for _, rows := range c.rowsOf {
		slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Or(a.Slot.Compare(b.Slot), cmp.Compare(a.N, b.N)) })
	}
	for i := range c.h.Marks {
		m := &c.h.Marks[i]
		c.marksOf[m.Job] = append(c.marksOf[m.Job], m)
		c.byRun[m.Execution] = append(c.byRun[m.Execution], m)
	}
}

// names returns all jobs that anybody speaks of, in order.
func (c *checker) names() []string {
	seen := map[string]bool{}
	for name := range c.lives {
		seen[name] = true
	}
	for name := range c.jobs {
		seen[name] = true
	}
	for name := range c.rowsOf {
		seen[name] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *checker) fault(invariant, job string, at time.Time, format string, args ...any) {
	c.found = append(c.found, Violation{invariant, job, at, fmt.Sprintf(format, args...)})
}

func (c *checker) slack() time.Duration { return time.Duration(c.h.Profile.ClockMS) * time.Millisecond }

// window is a stretch of time, both ends included.
type window struct{ from, to time.Time }

// windows returns the faults of the kinds, all when nil, each longer by after; those
// that touch are one.
func windows(faults []Fault, after time.Duration, kinds []string) []window {
	var all []window
	for _, f := range faults {
		if kinds == nil || slices.Contains(kinds, f.Kind) {
			all = append(all, window{f.From, f.Until.Add(after)})
		}
	}
	slices.SortFunc(all, func(a, b window) int { return a.from.Compare(b.from) })
	var out []window
	for _, w := range all {
		if n := len(out); n > 0 && !w.from.After(out[n-1].to) {
			if w.to.After(out[n-1].to) {
				out[n-1].to = w.to
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// reach is how far off a clock may be before and after a fault of the kind clock: rows
// of that time may carry its instants.
const reach = 12 * time.Second

// blurred reports whether a clock was moved near a stretch of time.
func (c *checker) blurred(from, to time.Time) bool {
	return slices.ContainsFunc(c.h.Faults, func(f Fault) bool {
		return f.Kind == "clock" && !to.Before(f.From.Add(-reach)) && !from.After(f.Until.Add(reach))
	})
}

// within reports whether one of the windows holds all of [from, to].
func within(ws []window, from, to time.Time) bool {
	return slices.ContainsFunc(ws, func(w window) bool { return !from.Before(w.from) && !to.After(w.to) })
}
