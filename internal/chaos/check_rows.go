package chaos

import (
	"slices"
	"strings"
	"time"
)

// ends are the statuses of what is over, with the last attempt's.
var ends = map[string]bool{"success": true, "failed": true, "timeout": true, "cancelled": true, "skipped": true}

// path is C7 and C10 of one row: it is over, by a way that exists.
func (c *checker) path(r *Row) {
	wrong := func(format string, args ...any) {
		c.fault("C10", r.Job, r.Slot, r.ID+" is "+r.Status+", but "+format, args...)
	}
	if !ends[r.Status] {
		c.fault("C7", r.Job, r.Slot, "%s (slot %s) is %s in the end", r.ID, stamp(r.Slot), r.Status)
		return
	}
	if r.Completed.IsZero() {
		wrong("never ended")
	}
	marks := c.byRun[r.ID]
	switch r.Status {
	case "skipped":
		if r.Attempt > 0 || len(marks) > 0 {
			wrong("started %d times", max(r.Attempt, len(marks)))
		}
		if r.Skip == "" {
			wrong("nobody says why")
		}
	case "success":
		if r.Attempt == 0 {
			wrong("never started")
		}
	case "failed", "timeout":
		c.failure(r, wrong)
	case "cancelled":
		if !r.Asked && !c.cancelled(r) {
			wrong("nobody asked for it")
		}
	}
	for i, a := range r.Attempts {
		over := a.Status == "failed" || a.Status == "timeout" || a.Status == "lost" || a.Status == "handed_back"
		if i < len(r.Attempts)-1 && !over {
			wrong("attempt %d, %s, was followed by another", a.N, a.Status)
		}
	}
	if r.Trigger == "retry" {
		if of := c.rows[r.RetryOf]; of == nil || of.Status != "failed" && of.Status != "timeout" && of.Status != "cancelled" {
			wrong("it retries nothing that can be retried")
		}
	}
}

// failure looks for the cause of a failure.
func (c *checker) failure(r *Row, wrong func(string, ...any)) {
	l := c.lives[r.Job]
	if l == nil {
		return
	}
	lost := r.Class == "worker_lost"
	started, good := false, false
	for _, m := range c.byRun[r.ID] {
		started = started || m.Kind == "start"
		good = good || m.Kind == "end" && m.OK && m.Token == r.Token
	}
	switch {
	case lost && l.spec.OnLost != "fail" && r.Lost < 3:
		wrong("it was lost %d times only", r.Lost)
	case lost && !within(windows(c.h.Faults, c.grace(), nil), r.Completed, r.Completed):
		wrong("no worker was lost when it ended, at %s", stamp(r.Completed))
	case !lost && !started && r.Class != "http_connect" && r.Class != "http_network" && !strings.HasPrefix(r.Class, "handler_"):
		wrong("it never started (%s)", r.Class)
	case !lost && good && (l.spec.Behaviour == "" || l.spec.Behaviour == "success"):
		wrong("its handler ended well")
	case !lost && r.Retries < l.spec.Retries && r.Class != "http_forbidden" && !c.permanent(r.Class):
		wrong("after %d of %d retries (%s)", r.Retries, l.spec.Retries, r.Class)
	}
}

// permanent are failures that are not repeated.
func (c *checker) permanent(class string) bool {
	return strings.HasPrefix(class, "http_4") && class != "http_429" || class == "bad_payload"
}

// grace is how long after a fault its losses are found.
func (c *checker) grace() time.Duration {
	return 10*time.Second + 2*time.Duration(c.h.Profile.LeaseMS)*time.Millisecond
}

// cancelled says whether the client cancelled the row's job before the row ended.
func (c *checker) cancelled(r *Row) bool {
	l := c.lives[r.Job]
	return l != nil && slices.ContainsFunc(l.calls, func(call Call) bool {
		return call.Op == "cancel" && call.Answer != Fail && call.Began.Before(r.Completed.Add(time.Minute))
	})
}

// held is C11 of one job: after an acknowledged pause or cancel nothing starts, until
// a resume.
func (c *checker) held(l *life) {
	var from time.Time // nothing may start after it
	check := func(to time.Time) {
		if from.IsZero() {
			return
		}
		for _, r := range c.rowsOf[l.name] {
			if r.Trigger == "retry" { // asked for, whatever the job is
				continue
			}
			for _, a := range r.Attempts {
				if a.Started.After(from) && a.Started.Before(to) && !c.blurred(a.Started, a.Started) {
					c.fault("C11", l.name, a.Started, "%s was claimed at %s, after the job was stopped at %s", r.ID, stamp(a.Started), stamp(from.Add(-time.Second)))
				}
			}
		}
	}
	for i := range l.calls {
		call := &l.calls[i]
		switch {
		case call.Answer == OK && (call.Op == "pause" || call.Op == "cancel") && from.IsZero():
			from = call.Ended.Add(time.Second + c.slack())
		case call.Answer != Fail && (call.Op == "resume" || call.Op == "run" && call.Force):
			check(call.Began.Add(-c.slack()))
			from = time.Time{}
		}
	}
	check(c.h.Profile.Until.Add(time.Hour))
}

// counters is C8 of one job: its figures are those of its history.
func (c *checker) counters(l *life) {
	j := c.jobs[l.name]
	if j == nil {
		return
	}
	want := Job{Name: j.Name, Platform: j.Platform, Status: j.Status, Schedule: j.Schedule}
	for _, r := range c.rowsOf[l.name] {
		switch {
		case r.Status == "skipped" && r.Trigger == "schedule":
			want.Skipped++
		case r.Status == "skipped":
		default:
			want.Executions++
		}
		switch r.Status {
		case "success":
			want.Success++
		case "failed", "timeout":
			want.Failure++
		}
	}
	for _, r := range c.h.Ranges {
		if r.Job == l.name {
			want.Skipped += r.Count
		}
	}
	if *j != want {
		c.fault("C8", l.name, time.Time{}, "executions, success, failure, skipped are %d, %d, %d, %d; its history has %d, %d, %d, %d",
			j.Executions, j.Success, j.Failure, j.Skipped, want.Executions, want.Success, want.Failure, want.Skipped)
	}
}
