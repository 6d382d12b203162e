package chaos

import (
	"slices"
	"time"
)

// answers is C13 of one job: what was acknowledged is there, what was refused is not.
func (c *checker) answers(l *life) {
	for _, text := range l.faults {
		c.fault("C13", l.name, time.Time{}, "%s", text)
	}
	j := c.jobs[l.name]
	status, schedule := "", ""
	if j != nil {
		status, schedule = j.Status, j.Schedule
	}
	if !slices.ContainsFunc(l.end(), func(s state) bool { return fits(s, status, schedule) }) {
		if j == nil {
			c.fault("C13", l.name, time.Time{}, "its creation was acknowledged and it is not there")
		} else {
			c.fault("C13", l.name, time.Time{}, "it is %s (%s) in the end; the answers were for %s", status, schedule, wanted(l.end()))
		}
	}
	c.manual(l)
}

func wanted(states []state) string {
	text := ""
	for i, s := range states {
		if i > 0 {
			text += " or "
		}
		if s.status == "" {
			text += "no job"
			continue
		}
		text += s.status + " (" + s.spec.Schedule + ")"
	}
	return text
}

// manual holds runs and retries against what was answered for them.
func (c *checker) manual(l *life) {
	promised := map[string]bool{}
	spare := map[string]int{} // what nobody answered for
	keys := map[string]bool{}
	for i := range l.calls {
		call := &l.calls[i]
		if call.Op != "run" && call.Op != "retry" {
			continue
		}
		switch call.Answer {
		case OK:
			promised[call.Execution] = true
			r := c.rows[call.Execution]
			switch {
			case r == nil:
				c.fault("C13", l.name, call.Ended, "the %s of %s was acknowledged and is not there", call.Op, call.Execution)
			case r.Job != l.name || call.Op == "retry" && r.RetryOf != call.Of:
				c.fault("C13", l.name, call.Ended, "the %s was answered with %s, which is another's", call.Op, call.Execution)
			}
		case Unknown:
			if !keys[call.Key] {
				spare[call.Op]++
			}
			keys[call.Key] = true
		}
	}
	kinds := map[string]string{"manual": "run", "retry": "retry"}
	for _, r := range c.rowsOf[l.name] {
		op := kinds[r.Trigger]
		if op == "" || promised[r.ID] {
			continue
		}
		if spare[op]--; spare[op] < 0 {
			c.fault("C13", l.name, r.Created, "%s was made by a %s that nobody acknowledged", r.ID, op)
		}
	}
}

// keys is C13 of idempotency keys: one makes one thing.
func (c *checker) keys() {
	made := map[string]string{}
	for i := range c.h.Calls {
		call := &c.h.Calls[i]
		if call.Key == "" || call.Answer != OK || call.Execution == "" {
			continue
		}
		if before, ok := made[call.Key]; ok && before != call.Execution {
			c.fault("C13", call.Job, call.Ended, "key %s was answered with %s, and before with %s", call.Key, call.Execution, before)
		}
		made[call.Key] = call.Execution
	}
}

// strays is C2 and C15: everything belongs to a job, and to its platform.
func (c *checker) strays() {
	count := map[string]int{}
	for i := range c.h.Jobs {
		j := &c.h.Jobs[i]
		if count[j.Name]++; count[j.Name] == 2 {
			c.fault("C13", j.Name, time.Time{}, "two jobs have the name")
		}
		if l := c.lives[j.Name]; l == nil {
			c.fault("C13", j.Name, time.Time{}, "nobody made it")
		} else if platform(j.Platform) != platform(l.spec.Platform) {
			c.fault("C15", j.Name, time.Time{}, "it is in platform %s, made for %s", platform(j.Platform), platform(l.spec.Platform))
		}
	}
	ids := map[string]int{}
	for i := range c.h.Rows {
		r := &c.h.Rows[i]
		j := c.jobs[r.Job]
		switch {
		case j == nil:
			c.fault("C2", r.Job, r.Slot, "%s has no job", r.ID)
		case platform(r.Platform) != platform(j.Platform):
			c.fault("C15", r.Job, r.Slot, "%s is in platform %s, its job in %s", r.ID, platform(r.Platform), platform(j.Platform))
		}
		if ids[r.ID]++; ids[r.ID] == 2 {
			c.fault("C2", r.Job, r.Slot, "two rows have the id %s", r.ID)
		}
	}
	for i := range c.h.Marks {
		c.witness(&c.h.Marks[i])
	}
	for _, a := range c.h.Audits {
		c.fault("C1", a.Job, time.Time{}, "schedd's own audit: %s", a.Found)
	}
}

// witness holds one line of the witness against the rows.
func (c *checker) witness(m *Mark) {
	r := c.rows[m.Execution]
	switch {
	case r == nil || r.Job != m.Job:
		c.fault("C2", m.Job, m.At, "the witness saw %s, which has no row", m.Execution)
		return
	case platform(m.Platform) != platform(r.Platform):
		c.fault("C15", m.Job, m.At, "%s ran as platform %s, its row is in %s", m.Execution, platform(m.Platform), platform(r.Platform))
	case !m.Slot.IsZero() && !m.Slot.Truncate(time.Second).Equal(r.Slot.Truncate(time.Second)):
		c.fault("C2", m.Job, m.At, "%s was told slot %s, its row says %s", m.Execution, stamp(m.Slot), stamp(r.Slot))
	}
	if m.Kind == "start" && !slices.ContainsFunc(r.Attempts, func(a Attempt) bool { return a.Token == m.Token }) {
		c.fault("C2", m.Job, m.At, "%s started with token %d, which no attempt has", m.Execution, m.Token)
	}
}

func platform(name string) string {
	if name == "" {
		return "default"
	}
	return name
}
