package api

import (
	"encoding/json"
	"time"
)

// BusEvent is one thing that happened: the data of an event of GET /events/stream.
type BusEvent struct {
	ID    string          `json:"id"` // Last-Event-ID resumes after it
	Event string          `json:"event"`
	At    time.Time       `json:"at"`
	Data  json.RawMessage `json:"data"` // an object; job_id, job_name and platform_id say what it is about
}

// Events that a stream tells of itself; they have no id.
const (
	StreamGap     = "stream:gap"     // what happened after Last-Event-ID is not known here any more
	StreamDropped = "stream:dropped" // the reader was too slow: the stream ends, and may be resumed
)

// HeaderLastEventID resumes a stream.
const HeaderLastEventID = "Last-Event-ID"
