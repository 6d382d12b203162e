package chaos

import (
	"fmt"
	"time"
)

// base is when the made-up histories begin.
var base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is an instant of a made-up history, so many milliseconds from its beginning.
func at(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }

// tale builds a made-up history.
type tale struct{ History }

func newTale(seconds int) *tale {
	return &tale{History{Profile: Profile{
		From: base, Until: at(seconds * 1000), LeaseMS: 2000, Slots: 8, FenceMS: 1000, LateP99MS: 500, LateMaxMS: 2000, HealMS: 20_000, MissedMS: 60_000,
	}}}
}

// call adds an acknowledged call that took 10 ms.
func (t *tale) call(op, job string, ms int, more func(c *Call)) {
	c := Call{Op: op, Job: job, Began: at(ms), Ended: at(ms + 10), Answer: OK}
	if more != nil {
		more(&c)
	}
	t.Calls = append(t.Calls, c)
}

// job creates a job that runs each second from 1 s on, if s does not say otherwise,
// and is counted at the end by done.
func (t *tale) job(name string, s Spec) {
	if s.Type == "" {
		s.Type, s.Schedule = "cron", "* * * * * *"
	}
	t.call("create", name, 0, func(c *Call) { c.Spec = &s })
	t.Jobs = append(t.Jobs, Job{Name: name, Platform: s.Platform, Status: "active", Schedule: s.Schedule})
}

func (t *tale) jobOf(name string) *Job {
	for i := range t.Jobs {
		if t.Jobs[i].Name == name {
			return &t.Jobs[i]
		}
	}
	return nil
}

// row adds an execution for a slot; its attempts follow.
func (t *tale) row(job string, slot int, status string) *Row {
	j := t.jobOf(job)
	r := Row{ID: fmt.Sprintf("%s-%d", job, slot), Job: job, Platform: j.Platform, N: int64(len(t.Rows) + 1), Trigger: "schedule", Slot: at(slot * 1000), Status: status, Created: at(slot*1000 + 2)}
	r.Completed = r.Created
	if status == "skipped" {
		r.Skip = "overlap"
	}
	t.Rows = append(t.Rows, r)
	return &t.Rows[len(t.Rows)-1]
}

// try adds an attempt to the newest row, with what the witness saw of it.
func (t *tale) try(from, to int, status string) {
	r := &t.Rows[len(t.Rows)-1]
	n := len(r.Attempts) + 1
	a := Attempt{N: n, Token: int64(n), Node: "a", Status: status, Started: at(from), Completed: at(to)}
	r.Attempts = append(r.Attempts, a)
	r.Attempt, r.Token, r.Completed = n, a.Token, a.Completed
	switch status {
	case "lost":
		r.Lost++
	case "failed", "timeout":
		r.Retries = 0
		for _, a := range r.Attempts[:n-1] {
			if a.Status == "failed" || a.Status == "timeout" {
				r.Retries++
			}
		}
	}
	t.mark("start", from+1, nil)
	if status != "lost" && status != "handed_back" {
		t.mark("end", to-1, func(m *Mark) { m.OK = status == "success" })
	}
}

func (t *tale) mark(kind string, ms int, more func(m *Mark)) {
	r := &t.Rows[len(t.Rows)-1]
	m := Mark{Kind: kind, Execution: r.ID, Job: r.Job, Platform: r.Platform, Slot: r.Slot, Attempt: r.Attempt, Token: r.Token, At: at(ms)}
	if more != nil {
		more(&m)
	}
	t.Marks = append(t.Marks, m)
}

// run adds a slot that ran well for 100 ms.
func (t *tale) run(job string, slot int) *Row {
	t.row(job, slot, "success")
	t.try(slot*1000+5, slot*1000+105, "success")
	return &t.Rows[len(t.Rows)-1]
}

// runs adds slots from one to another, both included.
func (t *tale) runs(job string, from, to int) {
	for s := from; s <= to; s++ {
		t.run(job, s)
	}
}

func (t *tale) fault(kind string, from, to int) {
	t.Faults = append(t.Faults, Fault{Kind: kind, Target: "a", From: at(from), Until: at(to)})
}

// done counts.
func (t *tale) done() *tale {
	for i := range t.Jobs {
		j := &t.Jobs[i]
		for _, r := range t.Rows {
			if r.Job != j.Name {
				continue
			}
			switch r.Status {
			case "skipped":
				if r.Trigger == "schedule" {
					j.Skipped++
				}
				continue
			case "success":
				j.Success++
			case "failed", "timeout":
				j.Failure++
			}
			j.Executions++
		}
		for _, r := range t.Ranges {
			if r.Job == j.Name {
				j.Skipped += r.Count
			}
		}
	}
	return t
}

// rowOf and marksOf find things to spoil.
func (t *tale) rowOf(id string) *Row {
	for i := range t.Rows {
		if t.Rows[i].ID == id {
			return &t.Rows[i]
		}
	}
	return nil
}

func (t *tale) markOf(id, kind string, token int64) *Mark {
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Execution == id && m.Kind == kind && m.Token == token {
			return m
		}
	}
	return nil
}
