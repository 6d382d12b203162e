package api

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Event actions.
const (
	EventCreateJob       = "create_job"
	EventRunJob          = "run_job"
	EventCancelJobs      = "cancel_jobs"
	EventTriggerWorkflow = "trigger_workflow"
	EventDispatchAgent   = "dispatch_agent"
)

// EventActions lists them.
func EventActions() []string {
	return []string{EventCreateJob, EventRunJob, EventCancelJobs, EventTriggerWorkflow, EventDispatchAgent}
}

// EventInput is the body of POST /events.
type EventInput struct {
	Event string          `json:"event"`          // name, e.g. ticket:created
	Data  json.RawMessage `json:"data,omitempty"` // a JSON object, at most 256 KiB
	// ID tells two sendings of one event from two events; "" = a new one. At most 128 bytes.
	ID string `json:"id,omitempty"`
	// ExecutionID is the run that sends it: what it causes counts as caused by the run.
	ExecutionID string  `json:"execution_id,omitempty"`
	PlatformID  *string `json:"platform_id,omitempty"`
}

// EventAccepted is the answer of POST /events: the event is stored, and acts once for
// each event handler.
type EventAccepted struct {
	ID         string    `json:"id"`
	Event      string    `json:"event"`
	PlatformID *string   `json:"platform_id"`
	Duplicate  bool      `json:"duplicate"` // one with this id was accepted before; this one changes nothing
	AcceptedAt time.Time `json:"accepted_at"`
}

// EventReceived is an event that came in, one of GET /events.
type EventReceived struct {
	ID         string          `json:"id"`
	Event      string          `json:"event"`
	Data       json.RawMessage `json:"data,omitempty"` // left out when it has more than 16 KiB
	DataBytes  int64           `json:"data_bytes"`     //
	PlatformID *string         `json:"platform_id"`
	AcceptedAt time.Time       `json:"accepted_at"`
	Decided    bool            `json:"decided"` // what it makes happen was decided
	Depth      int             `json:"depth"`   // how many acts led to it; 0 = it came from outside
	// ExecutionID is the run that sent it.
	ExecutionID *job.ID `json:"execution_id,omitempty"`
}

// EventHandler is a rule: on this event, if the condition holds, do that.
type EventHandler struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	EventName    string          `json:"event_name"`     // or a pattern with * and ?
	HandlerName  string          `json:"handler_name"`   // the owner's word for the name
	HandlerType  string          `json:"handler_type"`   // job_creator
	Enabled      bool            `json:"enabled"`        //
	Priority     int             `json:"priority"`       // 1…10; the higher acts first
	ActionType   string          `json:"action_type"`    // one of EventActions
	ActionConfig json.RawMessage `json:"action_config"`  // a template: texts may hold ${EXPRESSION}
	When         string          `json:"when,omitempty"` // condition over the event
	DelayMS      int64           `json:"delay_ms"`       // between the event and the act
	DebounceMS   int64           `json:"debounce_ms"`    // act once, so long after the last of several events
	DedupeKey    string          `json:"dedupe_key,omitempty"`
	PlatformID   *string         `json:"platform_id"`

	TriggerCount      int64      `json:"trigger_count"` // events that it acted on, or was to
	SuccessCount      int64      `json:"success_count"`
	FailureCount      int64      `json:"failure_count"`
	DeduplicatedCount int64      `json:"deduplicated_count"` // whose dedupe key was there
	CancelledCount    int64      `json:"cancelled_count"`    // whose job was cancelled before it was made
	LastTriggered     *time.Time `json:"last_triggered"`
	LastError         string     `json:"last_error,omitempty"`
	LastErrorAt       *time.Time `json:"last_error_at,omitempty"`

	Revision  int64     `json:"revision"`
	CreatedBy string    `json:"created_by"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Acts []EventAct `json:"acts,omitempty"` // the newest, when one handler is asked for
}

// EventAct is what an event handler did about one event.
type EventAct struct {
	EventID     string     `json:"event_id"`
	State       string     `json:"state"` // waiting, done, failed, deduplicated, cancelled
	At          time.Time  `json:"at"`
	DueAt       *time.Time `json:"due_at,omitempty"` // of one that waits
	JobID       *job.ID    `json:"job_id,omitempty"`
	JobName     string     `json:"job_name,omitempty"`
	ExecutionID *job.ID    `json:"execution_id,omitempty"`
	Detail      string     `json:"detail,omitempty"`
}

// EventHandlerInput creates and changes event handlers. A nil field was not given.
type EventHandlerInput struct {
	Name         *string         `json:"name,omitempty"`
	EventName    *string         `json:"event_name,omitempty"`
	Enabled      *bool           `json:"enabled,omitempty"`
	Priority     *int            `json:"priority,omitempty"` // 1…10; default 5
	ActionType   *string         `json:"action_type,omitempty"`
	ActionConfig json.RawMessage `json:"action_config,omitempty"`
	When         *string         `json:"when,omitempty"`
	DelayMS      *int64          `json:"delay_ms,omitempty"`
	DebounceMS   *int64          `json:"debounce_ms,omitempty"`
	DedupeKey    *string         `json:"dedupe_key,omitempty"`
	PlatformID   *string         `json:"platform_id,omitempty"`
}

// EventTest is the body of POST /event-handlers/{id}/test.
type EventTest struct {
	Event string          `json:"event,omitempty"` // name; "" = the handler's own
	Data  json.RawMessage `json:"data,omitempty"`
}

// EventTested is what an event would make a handler do. Nothing was done.
type EventTested struct {
	Event     string          `json:"event"`
	Matches   bool            `json:"matches"`             // the name is of the handler's pattern
	Condition string          `json:"condition,omitempty"` // of the handler
	Holds     bool            `json:"holds"`               // the condition is true
	Acts      bool            `json:"acts"`
	Action    string          `json:"action,omitempty"`
	Config    json.RawMessage `json:"config,omitempty"` // filled in
	DueAt     *time.Time      `json:"due_at,omitempty"` // of an act that would wait
	DedupeKey string          `json:"dedupe_key,omitempty"`
	Job       *job.Job        `json:"job,omitempty"` // that would be created, run or cancelled
	Error     string          `json:"error,omitempty"`
}
