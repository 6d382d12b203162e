package api

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// States of a Worker.
const (
	WorkerActive   = "active"   // its lease is good
	WorkerDraining = "draining" // active, and takes no new work
	WorkerLost     = "lost"     // its lease ran out
	WorkerStopped  = "stopped"  // it said goodbye
)

// WorkerStates returns all states.
func WorkerStates() []string {
	return []string{WorkerActive, WorkerDraining, WorkerLost, WorkerStopped}
}

// Worker is one node: what its newest session says. GET /workers has those of the
// last day, by name.
type Worker struct {
	Node        string     `json:"node"`
	State       string     `json:"state"` // one of WorkerStates
	Roles       []string   `json:"roles"` // of api, scheduler, worker
	Running     int        `json:"running"`
	Slots       int        `json:"slots"`    // executions at once; 0 without the role worker
	Commands    int        `json:"commands"` // of these, commands at once
	Handlers    []string   `json:"handlers"`
	Version     string     `json:"version"`
	StartedAt   time.Time  `json:"started_at"`
	HeartbeatAt time.Time  `json:"heartbeat_at"`
	LeaseUntil  time.Time  `json:"lease_until"`
	StoppedAt   *time.Time `json:"stopped_at,omitempty"`

	// Draining stands until the node is undrained, however often it restarts.
	Draining    bool       `json:"draining"`
	DrainedAt   *time.Time `json:"drained_at,omitempty"`
	DrainedBy   string     `json:"drained_by,omitempty"`
	DrainReason string     `json:"drain_reason,omitempty"`
}

// Drain is the optional body of POST /workers/{id}/drain and /undrain.
type Drain struct {
	Reason string `json:"reason,omitempty"`
}

// Kinds of a Hold.
const (
	HoldDispatch    = "dispatch"    // nothing of the platform is started
	HoldMaintenance = "maintenance" // nothing is planned or started
)

// Hold is something that an operator stopped.
type Hold struct {
	Kind     string     `json:"kind"`
	Platform string     `json:"platform_id,omitempty"` // "" = all
	Since    time.Time  `json:"since"`
	Until    *time.Time `json:"until,omitempty"`    // when it ends by itself
	EndedAt  *time.Time `json:"ended_at,omitempty"` // nil = it stands
	By       string     `json:"by,omitempty"`
	Reason   string     `json:"reason,omitempty"`
}

// Stop is the optional body of PUT /maintenance and POST /queue/pause: until an
// instant, or for a duration such as "2h30m"; neither = until somebody ends it.
type Stop struct {
	Until  *time.Time `json:"until,omitempty"`
	For    string     `json:"for,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// Maintenance is the answer of GET and PUT /maintenance.
type Maintenance struct {
	On     bool       `json:"on"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	By     string     `json:"by,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// Queue is the answer of GET /queue: what waits, and where. Messages only announce;
// the store has the truth.
type Queue struct {
	Driver   string         `json:"driver"`            // memory | redis
	Messages *QueueMessages `json:"messages"`          // null when the queue does not answer
	Problem  string         `json:"problem,omitempty"` // why it does not
	Ready    int64          `json:"ready"`             // executions that could start
	OldestMS *int64         `json:"ready_oldest_ms"`   // age of the one that is ready longest
	Delayed  int64          `json:"delayed"`           // executions that wait for an instant: retries, moved starts
	NextAt   *time.Time     `json:"delayed_next_at"`   // the first of these instants
	Running  int64          `json:"running"`
	Dead     int64          `json:"dead"`
	Holds    []Hold         `json:"holds"` // what keeps executions from starting
}

// QueueMessages counts announcements.
type QueueMessages struct {
	Waiting  int           `json:"waiting"` // nobody received them yet
	Pending  int           `json:"pending"` // received, not acknowledged
	OldestMS *int64        `json:"oldest_ms"`
	Streams  []QueueStream `json:"streams"`
	Warnings []string      `json:"warnings,omitempty"` // what is wrong with the server
}

// QueueStream is one stream as one of its groups sees it.
type QueueStream struct {
	Stream    string   `json:"stream"`
	Group     string   `json:"group,omitempty"`
	Length    int      `json:"length"`
	Pending   int      `json:"pending"`
	Lag       int      `json:"lag"`
	OldestMS  *int64   `json:"oldest_ms"`
	Consumers []string `json:"consumers"`
}

// QueueMessage is one announcement that nobody received yet: an item of GET
// /queue/messages.
type QueueMessage struct {
	ExecutionID job.ID       `json:"execution_id"`
	Run         string       `json:"run,omitempty"`    // JOB/N; "" when the store knows no such execution
	Status      job.Status   `json:"status,omitempty"` // in the store; anything but pending is announced in vain
	PlatformID  *string      `json:"platform_id"`
	HandlerName string       `json:"handler_name"`
	Priority    job.Priority `json:"priority"`
	ReadyAt     time.Time    `json:"ready_at"`
}
