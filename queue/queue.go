package queue

import (
	"context"
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Message announces one execution. Only ID is believed; the rest is for people
// who look at the stream.
type Message struct {
	ExecutionID job.ID
	JobID       job.ID
	Platform    string
	HandlerName string
	Priority    job.Priority
	ReadyAt     time.Time // effective priority rises with the time waited since
	TimeoutMS   int64
	TraceParent string
}

// Delivery is a message as a consumer got it.
type Delivery struct {
	Message
	Receipt string // what Ack takes
	Count   int    // deliveries so far, 1 for the first
}

// Queue is the dispatch queue. Its methods are safe for concurrent use.
type Queue interface {
	// Announce adds messages. One for an execution that the queue holds already may be
	// dropped: while it waits, and for the few seconds in which whoever received it may
	// still claim it.
	Announce(ctx context.Context, messages []Message) error
	// Receive returns up to limit messages for the consumer, best effective priority
	// first and platforms in turn. It waits at most block for the first one and
	// returns none when there is none, or when ctx ends.
	Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]Delivery, error)
	// Ack forgets messages for good.
	Ack(ctx context.Context, receipts []string) error
	// Reclaim gives messages that were received at least idle ago and not acked to
	// the consumer.
	Reclaim(ctx context.Context, consumer string, idle time.Duration, limit int) ([]Delivery, error)
	// Peek returns up to n waiting messages without taking them, about in the order in
	// which they would be received.
	Peek(ctx context.Context, n int) ([]Message, error)
	// Depth returns how many messages wait and how many are received and not acked.
	Depth(ctx context.Context) (Depth, error)
	// Ping tells whether the queue can do its work now, and what it is.
	Ping(ctx context.Context) (Info, error)
	// Close wakes blocked receivers.
	Close() error
}

// Event is one thing that happened, as it travels on the bus.
type Event struct {
	Name     string          `json:"event"`
	ID       string          `json:"id"` // the same for each delivery of the same event
	Platform string          `json:"platform,omitempty"`
	At       time.Time       `json:"at"`
	Data     json.RawMessage `json:"data"`
}

// Bus carries events to whoever listens at this moment.
type Bus interface {
	// Publish hands events to all subscribers; a slow one loses its oldest.
	Publish(ctx context.Context, events []Event) error
	// Heard reports whether anybody may be subscribed now; true where that cannot be
	// known. Who subscribes later is not owed what happened before.
	Heard(ctx context.Context) (bool, error)
	// Subscribe returns events whose name matches the glob until ctx ends, when the
	// channel is closed.
	Subscribe(ctx context.Context, glob string) (<-chan Event, error)
}
