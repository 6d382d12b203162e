package queue

import "time"

// Depth describes the queue.
type Depth struct {
	Waiting int `json:"waiting"`
	Pending int `json:"pending"`
	// Oldest is the age of the message that waits longest, 0 when none waits.
	Oldest time.Duration `json:"-"`
	// Streams has a row for each stream and group, or one for the whole queue.
	Streams []Stream `json:"streams"`
}

// Stream is one stream as one of its groups sees it.
type Stream struct {
	Name    string `json:"stream"`
	Group   string `json:"group,omitempty"`
	Length  int    `json:"length"`  // messages that wait or are not acked
	Pending int    `json:"pending"` // received and not acked
	Lag     int    `json:"lag"`     // not received yet
	// Oldest is the age of the oldest message of the stream, acked ones aside; 0 when
	// it is empty.
	Oldest    time.Duration `json:"-"`
	Consumers []string      `json:"consumers"`
}

// Info says what the queue is and how it does.
type Info struct {
	Server  string        `json:"server"`            // "memory", "redis"
	Version string        `json:"version,omitempty"` // of the server
	Latency time.Duration `json:"-"`                 // of one request and its answer
	// Eviction is what the server does when its memory is full; anything but
	// "noeviction" may lose messages.
	Eviction string `json:"eviction,omitempty"`
	// Strays counts messages that were none and were removed.
	Strays int64 `json:"strays"`
	// Warnings are sentences for the operator.
	Warnings []string `json:"warnings,omitempty"`
}
