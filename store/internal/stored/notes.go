package stored

import (
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// fields are the members of one state of a note.
type fields = map[string]any

func noteExecution(e *job.Execution) store.Note {
	return store.Note{Platform: e.Platform, Kind: "execution", ID: e.ID.String(), Name: fmt.Sprintf("%s/%d", e.JobName, e.RunNumber)}
}

// NoteRun is an execution that somebody asked for.
func NoteRun(e *job.Execution) store.Note {
	n := noteExecution(e)
	after := fields{"job_id": e.JobID, "trigger": e.Trigger, "status": startOf(e.Status), "scheduled_at": e.ScheduledAt}
	if len(e.Payload) > 0 {
		after["payload"] = e.Payload
	}
	if e.RetryOf != nil {
		after["retry_of"] = e.RetryOf
	}
	if e.SkipReason != "" {
		after["skip_reason"] = e.SkipReason
	}
	n.After = after
	return n
}

// startOf is the status of a new execution: whether it was taken at once is nobody's
// concern.
func startOf(s job.Status) job.Status {
	if s == job.Running {
		return job.Pending
	}
	return s
}

// NoteCancel is an execution that was cancelled, or asked to stop.
func NoteCancel(before job.Status, e *job.Execution) store.Note {
	n := noteExecution(e)
	n.Before, n.After = fields{"status": before}, fields{"status": e.Status}
	if before == job.Running {
		n.Before, n.After = fields{"cancel_requested": false}, fields{"cancel_requested": true}
	}
	return n
}

// NoteDropped is an execution that left the dead letters.
func NoteDropped(e *job.Execution) store.Note {
	n := noteExecution(e)
	n.Before, n.After = fields{"dead": true}, fields{"dead": false}
	return n
}

// NoteToken is a change of a token. Neither its secret nor the hash is told.
func NoteToken(before, after *store.Token) store.Note {
	t := after
	if t == nil {
		t = before
	}
	n := store.Note{Platform: anywhere(t.Platform), Kind: "token", ID: t.ID, Name: t.Name}
	if before != nil {
		n.Before = fields{"state": tokenState(before)}
	}
	if after != nil {
		n.After = fields{"state": tokenState(after)}
	}
	if before == nil {
		n.After = fields{"state": tokenState(after), "role": after.Role, "platform": after.Platform, "expires_at": after.ExpiresAt}
	}
	return n
}

func tokenState(t *store.Token) string {
	if t.RevokedAt != nil {
		return "revoked"
	}
	return "valid"
}

// anywhere is the platform of an entry about something that belongs to all of them.
func anywhere(platform string) string {
	if platform == store.AnyPlatform {
		return ""
	}
	return platform
}

// NoteAgent is a change of an agent.
func NoteAgent(before, after *store.Agent) store.Note {
	a := after
	if a == nil {
		a = before
	}
	return store.Note{Platform: a.Platform, Kind: "agent", ID: a.Name, Name: a.Name, Before: notedAgent(before), After: notedAgent(after)}
}

func notedAgent(a *store.Agent) any {
	if a == nil {
		return nil
	}
	return fields{
		"type": a.Type, "transport": a.Transport, "endpoint": a.Endpoint, "capacity": a.Capacity, "heartbeat_ms": a.Heartbeat / time.Millisecond,
		"enabled": a.Enabled, "description": a.Description,
	}
}

// NoteRule is a change of an event handler.
func NoteRule(before, after *event.Rule) store.Note {
	r := after
	if r == nil {
		r = before
	}
	return store.Note{Platform: r.Platform, Kind: "event_handler", ID: r.ID.String(), Name: r.Name, Before: notedRule(before), After: notedRule(after)}
}

func notedRule(r *event.Rule) any {
	if r == nil {
		return nil
	}
	return fields{
		"name": r.Name, "event": r.Event, "when": r.When, "enabled": r.Enabled, "priority": r.Priority, "action": r.Action, "config": r.Config,
		"delay_ms": r.DelayMS, "debounce_ms": r.DebounceMS, "dedupe_key": r.DedupeKey, "revision": r.Revision,
	}
}

// NoteHold is a hold that begins, or ends.
func NoteHold(kind store.HoldKind, platform string, h *store.Hold) store.Note {
	n := store.Note{Platform: platform, Kind: string(kind), ID: string(kind), Name: platform, Before: fields{"held": true}, After: fields{"held": false}}
	if h != nil {
		after := fields{"held": true}
		if h.Until != nil {
			after["until"] = h.Until
		}
		n.Before, n.After = nil, after
	}
	return n
}

// NoteDrain is a node that is told to take no new work, or that it may again.
func NoteDrain(node string, drain bool) store.Note {
	return store.Note{Kind: "worker", ID: node, Name: node, Before: fields{"draining": !drain}, After: fields{"draining": drain}}
}

// NoteRotation is a token that took the place of another.
func NoteRotation(old, t *store.Token) store.Note {
	n := NoteToken(nil, t)
	n.Before = fields{"id": old.ID, "expires_at": old.ExpiresAt}
	n.After = fields{"id": t.ID, "expires_at": t.ExpiresAt}
	return n
}

// NoteWorkflow is a change of a workflow's definition.
func NoteWorkflow(before, after *store.Workflow) store.Note {
	w := after
	if w == nil {
		w = before
	}
	return store.Note{Platform: w.Platform, Kind: "workflow", ID: w.Name, Name: w.Name, Before: notedWorkflow(before), After: notedWorkflow(after)}
}

func notedWorkflow(w *store.Workflow) any {
	if w == nil {
		return nil
	}
	return fields{"revision": w.Revision, "definition": w.Definition}
}

// NotePlatform is a change of a platform.
func NotePlatform(before, after *store.Platform) store.Note {
	p := after
	if p == nil {
		p = before
	}
	return store.Note{Platform: p.Slug, Kind: "platform", ID: p.Slug, Name: p.Slug, Before: notedPlatform(before), After: notedPlatform(after)}
}

func notedPlatform(p *store.Platform) any {
	if p == nil {
		return nil
	}
	return fields{
		"description": p.Description, "max_jobs": p.MaxJobs, "max_running": p.MaxRunning, "events_per_second": p.EventsPerSecond,
		"creates_per_minute": p.CreatesPerMinute, "allowed_handlers": p.Handlers,
	}
}
