package queue

import (
	"context"
	"encoding/json"
	"errors"
)

// Inbox takes events that other programs send by way of the server that nodes share. Nodes
// with one Inbox each get every event once, as long as none of them dies: then another
// gets it again, with the same ID.
type Inbox interface {
	// Listen calls take with what came, oldest first, until ctx ends. What take returns no
	// error for is over: what is wrong with single events, by their place, goes to the dead
	// letters, but for those with ErrLater, which come again after a moment, and keep back
	// what is newer of their platform and nothing else. With an error all of them come again.
	Listen(ctx context.Context, take func(ctx context.Context, batch []SentEvent) (faults map[int]error, err error)) error
	// Strays returns how many events were dropped since the start because their names are
	// the scheduler's own, and how many went to the dead letters.
	Strays() (dropped, dead int64)
	Close() error
}

// ErrLater is within the fault of an event that is right, and comes too early.
var ErrLater = errors.New("later")

// SentEvent is an event as somebody sent it. Nothing of it was checked.
type SentEvent struct {
	ID          string // the sender's; else one that is the same whenever this one comes
	Name        string
	Data        json.RawMessage // nil = none
	Platform    string          // "" = the reserved one
	ExecutionID string          // that sent it; "" = none
	TraceParent string          // W3C; "" = none
}
