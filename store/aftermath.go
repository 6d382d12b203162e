package store

import "github.com/agentic-sdlc/scheduler/job"

// JobRef names a job for the methods that take a platform and a ref.
type JobRef struct {
	Platform string
	ID       job.ID
}

// AftermathState is how far the aftermath of a final failure is.
type AftermathState int

// The states.
const (
	AftermathDue   AftermathState = iota // nothing was done yet
	AftermathBegun                       // a handler was, or is about to be, started
	AftermathDone
)

// Aftermath is a final failure whose job says what is to follow.
type Aftermath struct {
	Execution job.ID
	Job       JobRef
	State     AftermathState // due or begun
	Session   int64          // that began it; 0 = none
}

// MoveAftermath are the parameters of Aftermaths.MoveAftermath.
type MoveAftermath struct {
	Execution job.ID
	From, To  AftermathState
	Session   int64        // that moves it
	Outcome   *job.HookRun // of the handler; nil = none ran
}
