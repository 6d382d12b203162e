package job

import (
	"encoding/json"
	"time"
)

// LogEntry is one line that an attempt printed.
type LogEntry struct {
	Seq         int64           `json:"seq"` // rises by one within the execution; gaps are dropped lines
	ExecutionID ID              `json:"execution_id"`
	Attempt     int             `json:"attempt"`
	Timestamp   time.Time       `json:"timestamp"`
	Level       LogLevel        `json:"level"`
	Stream      Stream          `json:"stream"`
	Message     string          `json:"message"` // at most 4 KiB
	Context     json.RawMessage `json:"context,omitempty"`
}

// Caps on what attempts print, in bytes (design: oldest dropped with a mark).
const (
	MaxLogLine    = 4 << 10
	MaxAttemptLog = 1 << 20
	MaxJobLog     = 64 << 20
	MaxTotalLog   = 1 << 30
)
