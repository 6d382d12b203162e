package api

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Slot is one instant of a schedule.
type Slot struct {
	At    time.Time `json:"at"`    // UTC
	Local string    `json:"local"` // in the schedule's zone, e.g. "Mon 2026-11-23 02:30 -05:00"
}

// DSTEffect says what a change of the clock does to a schedule.
type DSTEffect struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // gap | repeat
	Text string    `json:"text"`
}

// Explained is a schedule in words with its next slots: the answer of GET
// /jobs/{id}/next, and what "schedctl explain" prints.
type Explained struct {
	Schedule  string      `json:"schedule"`
	Canonical string      `json:"canonical,omitempty"`
	Timezone  string      `json:"timezone"`
	Words     string      `json:"words"`
	PerDay    float64     `json:"per_day"`
	PerYear   float64     `json:"per_year"`
	Items     []Slot      `json:"items"`
	DST       []DSTEffect `json:"dst,omitempty"`
	Warnings  []string    `json:"warnings,omitempty"`
	Job       string      `json:"job,omitempty"`
	// Note says why there are no items, e.g. "the job is paused".
	Note string `json:"note,omitempty"`
}

// What became of a due time in a Backfill.
const (
	BackfillCreate  = "create"  // would be made: a dry run
	BackfillCreated = "created" // an execution was made
	BackfillExists  = "exists"  // there is a run already
)

// Backfilled is the answer of POST /jobs/{id}/backfill.
type Backfilled struct {
	Job   string         `json:"job"`
	Items []BackfillItem `json:"items"` // by slot
}

// BackfillItem is one due time and its run.
type BackfillItem struct {
	Slot        time.Time  `json:"slot"`
	Local       string     `json:"local"` // in the schedule's zone
	Action      string     `json:"action"`
	ExecutionID *job.ID    `json:"execution_id"`
	Run         string     `json:"run,omitempty"`    // JOB/N
	Status      job.Status `json:"status,omitempty"` // of the run
}

// ForecastItem is one coming run of GET /next.
type ForecastItem struct {
	At         time.Time  `json:"at"`
	JobID      job.ID     `json:"job_id"`
	Job        string     `json:"job"`
	Timezone   string     `json:"timezone"`
	LastRun    *time.Time `json:"last_run"`
	EstimateMS *int64     `json:"estimated_duration_ms"`
}

// ClockChange is what one change of a zone's clock, such as the start of daylight saving
// time, does to one job.
type ClockChange struct {
	At        time.Time `json:"at"`
	Timezone  string    `json:"timezone"`
	JobID     job.ID    `json:"job_id"`
	Job       string    `json:"job"`
	Kind      string    `json:"kind"`  // gap: the clock jumps over due times; repeat: it shows them twice
	Local     string    `json:"local"` // the times concerned on the wall: 02:30, or the first and last of several
	DSTPolicy string    `json:"dst_policy"`
	Effect    string    `json:"effect"` // what the job does, by its dst_policy: runs at 03:00 -04:00
}

// Why is a chain of decisions, first cause first.
type Why struct {
	Subject string    `json:"subject"` // JOB or JOB/N
	Verdict string    `json:"verdict"` // one sentence: what happened and why
	Steps   []WhyStep `json:"steps"`
	// Change says what would have to be different, "" when nothing.
	Change string `json:"change,omitempty"`
}

// WhyStep is one decision.
type WhyStep struct {
	Check  string     `json:"check"`  // schedule, misfire, overlap, queue, attempt 1 …
	Result string     `json:"result"` // ok | skipped | waits | failed | info
	Detail string     `json:"detail"`
	At     *time.Time `json:"at,omitempty"`
}

// SlotAudit is the result of auditing the slots of one job.
type SlotAudit struct {
	JobID    job.ID        `json:"job_id"`
	Job      string        `json:"job"`
	From     *time.Time    `json:"from"`
	Until    *time.Time    `json:"until"`
	Planned  int64         `json:"planned"` // slots that the schedule names
	Ran      int64         `json:"ran"`     // have an execution that was not skipped
	Skipped  int64         `json:"skipped"` // recorded as skipped or missed
	Pruned   int64         `json:"pruned"`  // removed by retention, still counted
	Balanced bool          `json:"balanced"`
	Findings []SlotFinding `json:"findings,omitempty"` // at most 100
	// Maintenance has the windows since From. Due times within one were planned after
	// it, by the job's misfire policy; those of one that stands are not planned yet.
	Maintenance []Hold `json:"maintenance,omitempty"`
}

// SlotFinding is one fault of the ledger.
type SlotFinding struct {
	Slot    time.Time `json:"slot"`
	Kind    string    `json:"kind"` // missing | unplanned | double | range | count
	Message string    `json:"message"`
}

// Health is the answer of GET /health.
type Health struct {
	Status        string               `json:"status"` // healthy | degraded | unhealthy
	Components    map[string]Component `json:"components"`
	Issues        []Issue              `json:"issues,omitempty"`
	Timestamp     time.Time            `json:"timestamp"`
	UptimeSeconds int64                `json:"uptime_seconds"`
}

// Component is one part of Health.
type Component struct {
	Status      string   `json:"status"` // up | down
	LatencyMS   *float64 `json:"latency_ms,omitempty"`
	ActiveCount *int     `json:"active_count,omitempty"`
	Message     string   `json:"message,omitempty"`
}

// Issue is one thing that is wrong.
type Issue struct {
	Component string    `json:"component"`
	Severity  string    `json:"severity"` // warning | error | critical
	Message   string    `json:"message"`
	Since     time.Time `json:"since"`
	Fix       string    `json:"fix,omitempty"` // a command
}

// Version is the answer of GET /version.
type Version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Built    string `json:"built"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	API      string `json:"api"`
	Schema   int64  `json:"schema"`
	Store    string `json:"store"`
	Queue    string `json:"queue"`
	Node     string `json:"node"`
}

// Created is a run made by POST /jobs/{id}/run or a retry: the execution itself.
type Created = job.Execution
