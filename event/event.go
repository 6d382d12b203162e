package event

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of events.
const (
	MaxData  = 256 << 10 // bytes of the data of one event
	MaxID    = 128       // bytes of an id that its sender chose
	MaxDepth = 8         // how many events deep an act may be
	MaxBatch = 1000      // events accepted in one call
)

// Event is one thing that happened.
type Event struct {
	// ID is the sender's, or the text of Key. Two events of one platform with one ID are
	// the same event.
	ID       string
	Key      job.ID // of its record; zero for schedd's own events
	Name     string
	Platform string // slug
	Data     json.RawMessage
	At       time.Time // when it was accepted, or happened in schedd
	// ExecutionID is the run that it is about, or that sent it; none for others. Its depth
	// counts on.
	ExecutionID job.ID
	JobID       job.ID // the job that it is about; none for others
	// Depth is how many acts led to this event; 0 = it came from outside.
	Depth   int
	TraceID string // W3C, of who sent it; "" = none
	SpanID  string
}

// CheckData says what is wrong with the data of an event; nil data is an empty object.
func CheckData(p *job.Problems, field string, data json.RawMessage) {
	switch {
	case len(data) > MaxData:
		p.Add(field, "too_large", "has %d bytes; at most %d are allowed", len(data), MaxData)
	case len(data) == 0:
	case !json.Valid(data):
		p.Add(field, "syntax", "is not valid JSON")
	case !isObject(data):
		p.Add(field, "type", "must be a JSON object")
	default:
		if fault := job.TextFault(data); fault != "" {
			p.Add(field, "text", "%s", fault)
		}
	}
}

func isObject(raw json.RawMessage) bool {
	for _, c := range raw {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}

// Match reports whether a name is of a pattern: * stands for any characters, ? for one.
// schedd's own events are matched only by patterns that begin with their prefix.
func Match(pattern, name string) bool {
	if job.IsSystemEvent(name) && !job.IsSystemEvent(pattern) {
		return false
	}
	star, again := -1, 0
	i, j := 0, 0
	for j < len(name) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, again = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == name[j]):
			i, j = i+1, j+1
		case star >= 0:
			again++
			i, j = star+1, again
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}
