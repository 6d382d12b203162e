package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// EventJobAutoPaused is the event of a job that paused itself.
const EventJobAutoPaused = "scheduler:job.auto_paused"

// Bounds of what follows a final failure.
const (
	DefaultHookTimeoutMS = 60_000
	MaxHookTimeoutMS     = 10 * 60_000
	MaxHookOutput        = 4 << 10 // bytes, of the end of what it printed
	MaxPauseOnFailures   = 1000
)

// Hook is what runs once when a run of a job has failed for good.
type Hook struct {
	HandlerName string          `json:"handler_name"`
	Payload     json.RawMessage `json:"payload,omitempty"`    // JSON object; nil = {}
	TimeoutMS   int64           `json:"timeout_ms,omitempty"` // 0 = DefaultHookTimeoutMS
}

// Timeout is how long it may run.
func (h *Hook) Timeout() time.Duration {
	ms := h.TimeoutMS
	if ms <= 0 {
		ms = DefaultHookTimeoutMS
	}
	return time.Duration(min(ms, MaxHookTimeoutMS)) * time.Millisecond
}

// HookLost is the status of a hook whose node vanished: it is not run again.
const HookLost = "lost"

// HookRun is how a hook ended, or that it runs.
type HookRun struct {
	HandlerName string     `json:"handler_name,omitempty"`
	Status      string     `json:"status"` // pending, running, success, failed, timeout, lost
	StartedAt   *time.Time `json:"started_at,omitempty"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
	ExitCode    *int       `json:"exit_code,omitempty"`
	Error       string     `json:"error,omitempty"`
	ErrorClass  string     `json:"error_class,omitempty"`
	Output      string     `json:"output,omitempty"` // the end of what it printed
}

// checkAftermath checks what is to follow final failures.
func (s *Spec) checkAftermath(p *Problems) {
	within(p, "pause_on_failures", int64(s.PauseOnFailures), 0, MaxPauseOnFailures)
	h := s.OnFailure
	if h == nil {
		return
	}
	switch {
	case h.HandlerName == "":
		p.Add("on_failure.handler_name", "required", "is required")
	case !isName(h.HandlerName):
		p.Add("on_failure.handler_name", "pattern", "%q is not the name of a handler", clip(h.HandlerName))
	}
	if h.TimeoutMS != 0 {
		within(p, "on_failure.timeout_ms", h.TimeoutMS, MinTimeoutMS, MaxHookTimeoutMS)
	}
	if h.Payload != nil {
		checkObject(p, "on_failure.payload", h.Payload, MaxPayload)
	}
}

// AutoPause pauses an active job whose newest runs all failed for good, if it says so:
// ended are its newest runs that were not skipped or cancelled, newest first, since is
// when it was last resumed.
func AutoPause(a Act, ended []Execution, since time.Time) Change {
	return func(cur Job, st State) (Changed, error) {
		n := cur.PauseOnFailures
		if n == 0 || cur.Status != JobActive || !failedInARow(ended, n, since) {
			return Changed{Job: cur, Unchanged: true}, nil
		}
		last := &ended[0]
		reason := fmt.Sprintf("%d runs in a row failed for good, the last is %s/%d", n, cur.Name, last.RunNumber)
		if n == 1 {
			reason = fmt.Sprintf("%s/%d failed for good", cur.Name, last.RunNumber)
		}
		if last.Error != "" {
			reason += ": " + clip(last.Error)
		}
		if cur.Type != TypeEvent && st.NextRun.IsZero() {
			return Changed{Job: cur, Unchanged: true}, nil // it ends anyway
		}
		changed, err := Pause(a, reason, false)(cur, st)
		changed.Event = EventJobAutoPaused
		return changed, err
	}
}

func failedInARow(ended []Execution, n int, since time.Time) bool {
	if len(ended) < n {
		return false
	}
	for i := range ended[:n] {
		e := &ended[i]
		if e.Status != Failed && e.Status != TimedOut || e.CompletedAt == nil || !e.CompletedAt.After(since) {
			return false
		}
	}
	return true
}

// ResumedAt is when a job was last resumed, by its epochs; zero = never.
func (b *Book) ResumedAt() time.Time {
	var at time.Time
	for i := range b.Epochs {
		if e := &b.Epochs[i]; e.Reason == "resumed" {
			at = e.After
		}
	}
	return at
}

// EndPause resumes a job whose pause ends by itself, as of the instant that was said: what
// is due since then is late or missed, as after an outage. A one-time job whose time fell
// into the pause runs now. A job that cannot be resumed stays paused, and says why.
func EndPause(a Act) Change {
	return func(cur Job, st State) (Changed, error) {
		if cur.PauseUntil == nil || cur.PauseUntil.After(a.Now) {
			return Changed{Job: cur, Unchanged: true}, nil
		}
		until := *cur.PauseUntil
		if cur.Status == JobPaused {
			catchUp := CatchUpNone
			if cur.Type == TypeOneTime {
				catchUp = CatchUpOnce
			}
			changed, err := a.resume(cur, st, catchUp, until)
			if err == nil {
				return changed, nil
			}
			cur.PauseReason = "it could not be resumed at " + stamp(until) + ": " + err.Error()
		}
		cur.PauseUntil, cur.UpdatedAt, cur.UpdatedBy = nil, a.Now, a.By
		return Changed{Job: cur, NextRun: st.NextRun, Event: EventJobUpdated}, nil
	}
}
