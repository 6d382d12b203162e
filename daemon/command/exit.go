package command

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
	"github.com/agentic-sdlc/scheduler/migrations"
)

// The exit statuses.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitRunning     = 3  // another schedd has the socket or the store
	ExitStore       = 4  // the store cannot be used
	ExitSchema      = 5  // the store, or a file, is not of this schedd
	ExitBadSettings = 78 // EX_CONFIG: systemd does not restart after it
)

// status returns the exit status of an error. An error in the chain that has a
// method ExitCode chooses its own.
func status(err error) int {
	if err == nil {
		return ExitOK
	}
	if coded, ok := errors.AsType[interface {
		error
		ExitCode() int
	}](err); ok {
		return coded.ExitCode()
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return ExitUsage
	}
	if _, ok := errors.AsType[config.Problems](err); ok {
		return ExitBadSettings
	}
	if errors.Is(err, listen.ErrRunning) {
		return ExitRunning
	}
	if _, ok := errors.AsType[*migrations.SchemaError](err); ok {
		return ExitSchema
	}
	return ExitFailure
}

// logged marks an error that the log has already.
type logged struct{ error }

// Unwrap returns the error itself.
func (l logged) Unwrap() error { return l.error }

// report writes the error to w, unless the log has it, and returns the exit status.
func report(w io.Writer, err error) int {
	code := status(err)
	if _, ok := errors.AsType[logged](err); ok || err == nil {
		return code
	}
	if errors.Is(err, syscall.EPIPE) {
		return ExitOK // whoever read the output has seen enough
	}
	switch code {
	case ExitUsage:
		fmt.Fprintf(w, "schedd: %v\nTry 'schedd --help'.\n", err)
	case ExitBadSettings:
		fmt.Fprintln(w, err) // one problem a line, each with its place
	default:
		fmt.Fprintf(w, "schedd: %v\n", err)
	}
	return code
}
