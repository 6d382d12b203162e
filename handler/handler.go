package handler

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Handler runs one attempt. Run is called from many goroutines at once and must
// return soon after ctx ends; the executor gives up on it 5 s later.
type Handler interface {
	Run(ctx context.Context, t *Task) (Result, error)
}

// Func adapts an ordinary function to a Handler.
type Func func(ctx context.Context, t *Task) (Result, error)

// Run calls f.
func (f Func) Run(ctx context.Context, t *Task) (Result, error) { return f(ctx, t) }

// Validator is implemented by handlers that can judge a payload before any run.
// The error is a *job.Error with code invalid whose fields name the place.
type Validator interface {
	ValidatePayload(payload json.RawMessage) error
}

// Describer is implemented by handlers that can say what payloads look like: a JSON
// Schema. ValidatePayload decides all the same.
type Describer interface {
	Schema() json.RawMessage
}

// Task is one attempt of one execution, as its handler sees it.
type Task struct {
	JobID       job.ID
	JobName     string
	Handler     string // name by which the job asked for it
	Platform    string // slug; "default" is the reserved platform
	ExecutionID job.ID
	Attempt     int       // 1 for the first start
	Retries     int       // failures so far that were followed by another attempt; losses are none
	Token       int64     // fencing token: rises with each claim of the execution
	RunNumber   int64     // the N of JOB/N
	Occurrence  int64     // 1…max_executions for planned runs; 0 for others
	ScheduledAt time.Time // the due time, UTC, whole seconds for planned runs
	Trigger     job.Trigger
	Payload     json.RawMessage // JSON object, never nil
	Priority    job.Priority
	OnLost      job.OnLost    // what becomes of the execution when whoever works on it is lost
	Timeout     time.Duration // 0 = no limit; ctx carries the deadline
	TraceParent string        // W3C trace context, "" when none
	Log         Log           // never nil
}

// Log takes the lines that an attempt prints. Lines longer than 4 KiB are cut.
// It never blocks for long and is safe for concurrent use.
type Log interface {
	Line(level job.LogLevel, stream job.Stream, text string)
}

// Result is what a successful, or failed, attempt leaves behind.
type Result struct {
	Value    json.RawMessage // JSON, at most 64 KiB are kept; nil = none
	ExitCode *int            // of a command; nil for other handlers
	// Since is when the attempt began that was parked meanwhile; zero = now that it runs.
	Since time.Time
}

// Failure is an error that says more than its text about how to go on.
type Failure struct {
	Class      string        // stable slug, e.g. "exit_status", "http_502", "handler_panic"; "" = "error"
	Message    string        // one line for the operator
	Permanent  bool          // do not retry
	RetryAfter time.Duration // ask for at least this delay before the retry; 0 = the job's own
	Stack      string        // at most 16 KiB are kept
	Err        error         // cause, may be nil
}

// Park is an error that ends no attempt: the handler waits for something, gives its slot
// back, and is called again, as the same attempt, when it is woken or Until comes. What
// it needs to know then it keeps outside. The result is ignored but for Since.
type Park struct {
	Until time.Time
}

// Error says until when.
func (p *Park) Error() string { return "parked until " + p.Until.UTC().Format(time.RFC3339) }

// ErrDeadline is the error of a handler that keeps the deadline of its attempt itself,
// for it was parked: the attempt timed out.
var ErrDeadline = errors.New("the deadline of the attempt has passed")

// Error returns the message.
func (f *Failure) Error() string { return f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }
