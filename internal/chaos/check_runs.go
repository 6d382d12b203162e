package chaos

import (
	"cmp"
	"slices"
	"time"
)

// span is the time in which something ran.
type span struct {
	from, to  time.Time
	execution string
	token     int64
	node      string
}

// places is C3 and C4 of one job: its claims, and what the witness saw, are never more
// than its places at once.
func (c *checker) places(l *life) {
	most := max(1, l.spec.Places)
	name := "C4"
	if most == 1 {
		name = "C3"
	}
	var claims []span
	for _, r := range c.rowsOf[l.name] {
		for _, a := range r.Attempts {
			ended := cmp.Or(a.Completed, c.h.Profile.Until)
			if !a.Started.IsZero() && !c.blurred(a.Started, ended) {
				claims = append(claims, span{a.Started, ended, r.ID, a.Token, a.Node})
			}
		}
	}
	if at, n, s := crowd(claims, c.slack(), nil); n > most {
		c.fault(name, l.name, at, "%d claims at once at %s, its places are %d: %s", n, stamp(at), most, describe(s))
	}
	excused := windows(c.h.Faults, time.Duration(c.h.Profile.FenceMS)*time.Millisecond, []string{"pause", "cut", "clock", "kill", "postgres"})
	if at, n, s := crowd(c.witnessed(l.name), c.slack(), excused); n > most {
		c.fault(name, l.name, at, "the witness saw %d runs at once at %s, its places are %d: %s", n, stamp(at), most, describe(s))
	}
}

// witnessed returns what the witness saw of a job, from start to end. A start without
// an end was killed: nobody knows when.
func (c *checker) witnessed(name string) []span {
	type key struct {
		execution string
		token     int64
	}
	open := map[key]time.Time{}
	var spans []span
	for _, m := range c.marksOf[name] {
		k := key{m.Execution, m.Token}
		if m.Kind == "start" {
			open[k] = m.At
		} else if from, ok := open[k]; ok {
			spans = append(spans, span{from, m.At, m.Execution, m.Token, ""})
			delete(open, k)
		}
	}
	return spans
}

// crowd returns where the most spans lie over each other, leaving out what the
// windows excuse: a span is cut short where one of them begins to hold its end.
func crowd(spans []span, slack time.Duration, excused []window) (at time.Time, most int, who []span) {
	spans = slices.Clone(spans)
	for i := range spans {
		s := &spans[i]
		for _, w := range excused {
			if !s.to.Before(w.from) && !s.to.After(w.to) && s.from.Before(w.to) {
				s.to = latest(s.from, w.from)
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for i, s := range spans {
		var over []span
		for _, o := range spans[:i+1] {
			if o.to.Sub(s.from) > slack || o == s {
				over = append(over, o)
			}
		}
		if len(over) > most {
			at, most, who = s.from, len(over), over
		}
	}
	return at, most, who
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func describe(spans []span) string {
	text := ""
	for i, s := range spans {
		if i > 0 {
			text += ", "
		}
		text += s.execution + " " + stamp(s.from) + "–" + stamp(s.to)
		if s.node != "" {
			text += " on " + s.node
		}
	}
	return text
}

// nodes is C4 of the nodes: none ran more at once than it has slots.
func (c *checker) nodes() {
	byNode := map[string][]span{}
	for i := range c.h.Rows {
		for _, a := range c.h.Rows[i].Attempts {
			if a.Node != "" && !a.Started.IsZero() && a.Status != "lost" { // a lost one ended with its node
				byNode[a.Node] = append(byNode[a.Node], span{a.Started, cmp.Or(a.Completed, c.h.Profile.Until), c.h.Rows[i].ID, a.Token, a.Node})
			}
		}
	}
	for node, spans := range byNode {
		if at, n, _ := crowd(spans, c.slack(), c.outages); c.h.Profile.Slots > 0 && n > c.h.Profile.Slots {
			c.fault("C4", "", at, "node %s ran %d executions at %s, its slots are %d", node, n, stamp(at), c.h.Profile.Slots)
		}
	}
}

// attempts is C5 of one row: no more counted attempts than the job allows, each after
// its delay, and none after a loss that must not be repeated.
func (c *checker) attempts(r *Row) {
	l := c.lives[r.Job]
	if l == nil {
		return
	}
	counted, starts := 0, map[int64]int{}
	for i, a := range r.Attempts {
		if a.Status != "lost" && a.Status != "handed_back" {
			counted++
		}
		if i == 0 || r.Attempts[i-1].Status != "failed" && r.Attempts[i-1].Status != "timeout" {
			continue
		}
		ready := r.Attempts[i-1].Completed.Add(time.Duration(l.spec.DelayMS)*time.Millisecond - c.slack() - c.jumped(a.Started))
		if a.Started.Before(ready) {
			c.fault("C5", r.Job, a.Started, "%s: attempt %d started %s after the failure before it, its delay is %d ms", r.ID, a.N, a.Started.Sub(r.Attempts[i-1].Completed), l.spec.DelayMS)
		}
	}
	if counted > l.spec.Retries+1 {
		c.fault("C5", r.Job, r.Slot, "%s: %d counted attempts, max_retries is %d", r.ID, counted, l.spec.Retries)
	}
	begun := 0
	for _, m := range c.byRun[r.ID] {
		if m.Kind != "start" {
			continue
		}
		begun++
		if starts[m.Token]++; starts[m.Token] == 2 {
			c.fault("C9", r.Job, m.At, "%s: two starts with token %d", r.ID, m.Token)
		}
	}
	if l.spec.OnLost == "fail" && begun > 1+r.Retries {
		c.fault("C5", r.Job, r.Slot, "%s: %d starts after %d retries, in spite of on_lost fail", r.ID, begun, r.Retries)
	}
	if begun > r.Attempt {
		c.fault("C5", r.Job, r.Slot, "%s: the witness saw %d starts, the row has %d", r.ID, begun, r.Attempt)
	}
	if n := len(r.Attempts); n != r.Attempt {
		c.fault("C10", r.Job, r.Slot, "%s: %d attempts are recorded, the row says %d", r.ID, n, r.Attempt)
	}
}

// tokens is C9 of one row: tokens rise, and the last word is the newest owner's.
func (c *checker) tokens(r *Row) {
	var highest int64
	ended := map[int64]*Mark{}
	for _, m := range c.byRun[r.ID] {
		switch {
		case m.Kind == "start" && m.Token < highest:
			c.fault("C9", r.Job, m.At, "%s: a start with token %d after %d", r.ID, m.Token, highest)
		case m.Kind == "start":
			highest = m.Token
		case m.Kind == "end":
			ended[m.Token] = m
			if m.Token < highest && !c.refused(r.ID, m) {
				c.fault("C9", r.Job, m.At, "%s: token %d ended after token %d had started, and nobody refused its result", r.ID, m.Token, highest)
			}
		}
	}
	for i := 1; i < len(r.Attempts); i++ {
		if r.Attempts[i].Token <= r.Attempts[i-1].Token {
			c.fault("C9", r.Job, r.Attempts[i].Started, "%s: attempt %d has token %d after %d", r.ID, r.Attempts[i].N, r.Attempts[i].Token, r.Attempts[i-1].Token)
		}
	}
	if r.Token < highest {
		c.fault("C9", r.Job, r.Slot, "%s: the row has token %d, a start had %d", r.ID, r.Token, highest)
	}
	if r.Status != "success" {
		return
	}
	if m := ended[r.Token]; m == nil || !m.OK {
		c.fault("C9", r.Job, r.Slot, "%s: a success, but the owner of token %d never came to a good end", r.ID, r.Token)
	}
}

// refused says whether a late result was refused, as far as anybody lived to say so.
func (c *checker) refused(execution string, m *Mark) bool {
	if slices.Contains(c.h.Refused, Refusal{execution, m.Token}) {
		return true
	}
	return slices.ContainsFunc(c.h.Faults, func(f Fault) bool {
		return f.Kind == "kill" && f.Until.After(m.At) && f.From.Before(m.At.Add(30*time.Second))
	})
}
