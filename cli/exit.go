package cli

import (
	"errors"
	"fmt"

	"github.com/agentic-sdlc/scheduler/job"
)

// Exit statuses. They are part of the contract with scripts.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitForbidden   = 4
	exitConflict    = 5
	exitUnreachable = 6
	exitTimeout     = 7
	exitDegraded    = 8
	exitRunFailed   = 10
	exitRunTimeout  = 11
	exitRunCancel   = 12
	exitRunSkipped  = 13
	exitOwn         = 125 // with --propagate-exit: schedctl failed, not the command
	exitInterrupted = 130
)

// exitMeanings is the table as people read it, in order.
var exitMeanings = []struct {
	status  int
	meaning string
}{
	{exitOK, "success (also: an empty list, a healthy daemon)"},
	{exitFailed, "operation failed, or an error inside the daemon; audit: a slot is not accounted for"},
	{exitUsage, "usage: bad flag, argument, file or expression; confirmation refused"},
	{exitNotFound, "not found"},
	{exitForbidden, "authentication or permission"},
	{exitConflict, "conflict: exists already, wrong state, revision mismatch"},
	{exitUnreachable, "daemon unreachable or not ready; try again"},
	{exitTimeout, "timed out waiting"},
	{exitDegraded, "degraded (health), or still pending (execution show --exit-status)"},
	{exitRunFailed, "execution failed (run --wait)"},
	{exitRunTimeout, "execution hit its timeout (run --wait)"},
	{exitRunCancel, "execution was cancelled (run --wait)"},
	{exitRunSkipped, "execution was skipped: overlap, condition, overdue (run --wait)"},
	{exitOwn, "schedctl's own failure (run --propagate-exit)"},
	{exitInterrupted, "interrupted"},
}

// exits is the one table from codes to exit statuses.
var exits = map[job.Code]int{
	job.Invalid:         exitUsage,
	job.TooLarge:        exitUsage,
	job.NotFound:        exitNotFound,
	job.Unauthenticated: exitForbidden,
	job.Forbidden:       exitForbidden,
	job.Conflict:        exitConflict,
	job.VersionMismatch: exitConflict,
	job.Unavailable:     exitUnreachable,
	job.Timeout:         exitTimeout,
	job.Unsupported:     exitFailed,
	job.RateLimited:     exitFailed,
	job.StorageFull:     exitFailed,
	job.Internal:        exitFailed,
}

// outcomes is the exit status of each way an execution can stand.
var outcomes = map[job.Status]int{
	job.Pending:   exitDegraded,
	job.Running:   exitDegraded,
	job.Success:   exitOK,
	job.Failed:    exitRunFailed,
	job.TimedOut:  exitRunTimeout,
	job.Cancelled: exitRunCancel,
	job.Skipped:   exitRunSkipped,
}

// statusError carries an exit status that no code has. Its error is told to the
// user; nil = the command has said everything itself.
type statusError struct {
	status  int
	err     error
	outcome bool // it is how an execution ended, not a failure of schedctl
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// exitWith ends the command with a status, without a word.
func exitWith(status int) error {
	if status == exitOK {
		return nil
	}
	return &statusError{status: status}
}

// statusOf returns the exit status of what a command returned.
func statusOf(err error) int {
	if err == nil {
		return exitOK
	}
	if s, ok := errors.AsType[*statusError](err); ok {
		return s.status
	}
	if status, ok := exits[job.CodeOf(err)]; ok {
		return status
	}
	return exitFailed
}

// usagef is an error about how the command was called.
func usagef(format string, args ...any) *job.Error {
	return job.Errorf(job.Invalid, format, args...)
}
