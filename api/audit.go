package api

import (
	"encoding/json"
	"time"
)

// AuditEntry says that somebody changed something.
type AuditEntry struct {
	ID         int64           `json:"id"` // rises; where several nodes write, about in order of time
	At         time.Time       `json:"at"`
	Actor      string          `json:"actor"`
	Via        string          `json:"via,omitempty"` // how the actor was known: "uid 1000", "token TOKEN-ID", "jobs_dir"
	Action     string          `json:"action"`        // what was done, such as job.paused
	Kind       string          `json:"kind"`          // of what changed, such as job
	ObjectID   string          `json:"object_id"`     // of what changed; its name where there are no ids
	ObjectName string          `json:"object_name,omitempty"`
	PlatformID *string         `json:"platform_id"` // "*" = it concerns all of them; null = the reserved platform
	Before     json.RawMessage `json:"before"`      // members that changed, as they were, secrets masked; null = there was nothing
	After      json.RawMessage `json:"after"`       // the same, as they are; null = there is nothing any more
	Reason     string          `json:"reason,omitempty"`
	RequestID  string          `json:"request_id,omitempty"`
	TraceID    string          `json:"trace_id,omitempty"`
}
