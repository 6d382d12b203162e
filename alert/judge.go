package alert

import (
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Facts are what is known of a job that may not be as it should be.
type Facts struct {
	Job job.Job
	// Next is the first due time that is not accounted for, as the planner has it; zero =
	// none.
	Next time.Time
	// Miss is that due times went by with nobody there; nil = none did since the last alert
	// about it ended.
	Miss *Miss
	// Recent are the newest executions, the newest first.
	Recent []job.Execution
	// Held says that an operator keeps the platform's runs from starting.
	Held bool
}

// Miss is due times of a job that went by with nobody there.
type Miss struct {
	Count  int64     // due times that were recorded as missed
	At     time.Time // when that was found out last
	Raised bool      // an alert was raised about it
}

// Recovered reports whether a run was right after due times went by: it began after they
// were found missing, and succeeded.
func (f *Facts) Recovered() bool {
	if f.Miss == nil || !f.Miss.Raised {
		return false
	}
	for i := range f.Recent {
		e := &f.Recent[i]
		if e.Status == job.Success && e.StartedAt != nil && !e.StartedAt.Before(f.Miss.At) {
			return true
		}
	}
	return false
}

// Judge says whether a job breaks a rule about jobs at the instant; nil = it does not.
func (r *Rule) Judge(f *Facts, now time.Time) *Finding {
	j := &f.Job
	if !r.Covers(j.Platform) || j.DeletedAt != nil || j.Status == job.JobPaused || j.Status == job.JobCancelled {
		return nil
	}
	look := judging{r: r, f: f, now: now}
	var value float64
	var summary string
	switch r.Metric {
	case Missed:
		value, summary = look.missed()
	case Late:
		value, summary = look.late()
	case NeverRan:
		value, summary = look.neverRan()
	case TooSlow:
		value, summary = look.tooSlow()
	case TooFast:
		value, summary = look.tooFast()
	}
	if summary == "" {
		return nil
	}
	return &Finding{Platform: j.Platform, JobID: &j.ID, JobName: j.Name, Value: value, Summary: summary}
}

// judging is one look at one job. Its methods return the figure of a breach and say what
// is wrong; "" = nothing is.
type judging struct {
	r   *Rule
	f   *Facts
	now time.Time
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func (l judging) missed() (float64, string) {
	if m := l.f.Miss; m != nil && !l.f.Recovered() && float64(max(m.Count, 1)) > l.r.Value {
		if m.Count == 0 {
			return 1, "a due time went by with nobody there, and its run came late"
		}
		return float64(m.Count), fmt.Sprintf("%d due times went by with nobody there", m.Count)
	}
	gap, last := millis(l.f.Job.MaxGapMS), l.lastStart()
	if gap == 0 || last.IsZero() || l.now.Sub(last) <= gap || l.f.Job.Status != job.JobActive {
		return 0, ""
	}
	return 1, fmt.Sprintf("no run since %s; at least every %s is expected", last.Format(time.RFC3339), span(gap))
}

// waits is since when a run should have begun that did not; zero = none.
func (l judging) waits() time.Time {
	if l.f.Held || l.f.Job.Status != job.JobActive {
		return time.Time{}
	}
	since := l.f.Next
	for i := range l.f.Recent {
		if e := &l.f.Recent[i]; e.Status == job.Pending && e.Attempt == 0 && planned(e) && (since.IsZero() || e.ScheduledAt.Before(since)) {
			since = e.ScheduledAt
		}
	}
	return since
}

// planned reports whether a run has a due time that it should begin at.
func planned(e *job.Execution) bool {
	return e.Trigger == job.TriggerSchedule && e.Status != job.Skipped
}

// lastStart is when the job began to run last; zero = it never did.
func (l judging) lastStart() (last time.Time) {
	if l.f.Job.LastRun != nil {
		last = *l.f.Job.LastRun
	}
	for i := range l.f.Recent {
		if at := l.f.Recent[i].StartedAt; at != nil && at.After(last) {
			last = *at
		}
	}
	return last
}

func (l judging) late() (float64, string) {
	limit, own := millis(int64(l.r.Value)), millis(l.f.Job.StartWithinMS)
	if own > 0 {
		limit = own
	}
	limit += millis(l.f.Job.JitterMS)
	if since := l.waits(); !since.IsZero() && l.now.Sub(since) > limit && !l.lastStart().IsZero() {
		by := l.now.Sub(since)
		return float64(by.Milliseconds()), fmt.Sprintf("the run due %s has not begun", since.Format(time.RFC3339))
	}
	if own == 0 {
		return 0, ""
	}
	for i := range l.f.Recent {
		e := &l.f.Recent[i]
		by, began := delay(e)
		switch {
		case !planned(e) || !began:
			continue
		case by <= limit:
			return 0, ""
		}
		return float64(by.Milliseconds()), fmt.Sprintf("run %d began %s late; within %s is expected", e.RunNumber, span(by), span(own))
	}
	return 0, ""
}

// delay is how long after its due time a run first began; false = it did not yet.
func delay(e *job.Execution) (by time.Duration, began bool) {
	switch {
	case e.StartDelay != nil:
		return millis(*e.StartDelay), true
	case e.StartedAt != nil:
		return e.StartedAt.Sub(e.ScheduledAt), true
	}
	return 0, false
}

func (l judging) neverRan() (float64, string) {
	if !l.lastStart().IsZero() {
		return 0, ""
	}
	limit := millis(int64(l.r.Value)) + millis(l.f.Job.JitterMS)
	if since := l.waits(); !since.IsZero() && l.now.Sub(since) > limit {
		return float64(l.now.Sub(since).Milliseconds()), "has been due since " + since.Format(time.RFC3339) + " and has never run"
	}
	age, gap := l.now.Sub(l.f.Job.CreatedAt), millis(l.f.Job.MaxGapMS)
	if gap == 0 || age <= gap || l.f.Job.Status != job.JobActive {
		return 0, ""
	}
	return float64(age.Milliseconds()), fmt.Sprintf("was created %s and has never run; at least every %s is expected", l.f.Job.CreatedAt.Format(time.RFC3339), span(gap))
}

func (l judging) tooSlow() (float64, string) {
	limit := millis(l.f.Job.FinishWithinMS)
	if limit == 0 {
		return 0, ""
	}
	for i := range l.f.Recent {
		e := &l.f.Recent[i]
		if e.StartedAt == nil {
			continue
		}
		over := e.CompletedAt != nil
		end := l.now
		if over {
			end = *e.CompletedAt
		}
		if took := end.Sub(*e.StartedAt); took > limit {
			return float64(took.Milliseconds()), fmt.Sprintf("run %d takes longer than %s", e.RunNumber, span(limit))
		}
		if over {
			break
		}
	}
	return 0, ""
}

func (l judging) tooFast() (float64, string) {
	limit := millis(l.f.Job.MinDurationMS)
	if limit == 0 {
		return 0, ""
	}
	for i := range l.f.Recent {
		e := &l.f.Recent[i]
		if e.Status != job.Success || e.StartedAt == nil || e.CompletedAt == nil {
			continue
		}
		if took := e.CompletedAt.Sub(*e.StartedAt); took < limit {
			return float64(took.Milliseconds()), fmt.Sprintf("run %d succeeded after %s; at least %s is expected", e.RunNumber, span(took), span(limit))
		}
		break
	}
	return 0, ""
}
