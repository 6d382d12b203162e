package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/agentic-sdlc/scheduler/job"
)

// errClosed is what operations get after Close.
var errClosed = job.Errorf(job.Unavailable, "the store is closed")

// ServerError says that the server cannot be the store of schedd.
type ServerError struct{ Reason string }

// Error is the reason.
func (e *ServerError) Error() string { return e.Reason }

// sqlState returns the server's code of an error; "" when it is not the server's. A file
// that may not grow, by a quota or a limit of its size, is a full disk to us; the server
// has no code for it.
func sqlState(err error) string {
	fault, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return ""
	case fault.Code == "XX000" && slices.Contains(growing, fault.Routine):
		return diskFull
	}
	return fault.Code
}

// growing are the routines of the server that make a table's file longer.
var growing = []string{"mdextend", "mdzeroextend"}

// violated returns the name of the unique constraint that err violates, or "".
func violated(err error) string {
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && fault.Code == "23505" {
		return fault.ConstraintName
	}
	return ""
}

// passing reports whether the same transaction may succeed when it is tried again.
func passing(err error) bool {
	switch code := sqlState(err); code {
	case "":
		return lost(err)
	case "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", readOnly, "25P03":
		return true
	case "0A000": // a prepared statement from before a migration
		fault, _ := errors.AsType[*pgconn.PgError](err)
		return fault.Routine == "RevalidateCachedQuery"
	default:
		return code[:2] == "08"
	}
}

// collided reports whether the server gave a transaction up in favour of another.
func collided(err error) bool {
	code := sqlState(err)
	return code == "40001" || code == "40P01"
}

// lost reports whether the connection failed, and not the statement.
func lost(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if _, ok := errors.AsType[*job.Error](err); ok {
		return false
	}
	if errors.Is(err, errBroken) {
		return true
	}
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fault.SeverityUnlocalized == "FATAL" || fault.SeverityUnlocalized == "PANIC"
	}
	_, dial := errors.AsType[*pgconn.ConnectError](err)
	return dial || pgconn.SafeToRetry(err)
}

// errBroken marks the error of a connection that did not survive it.
var errBroken = errors.New("the connection broke")

// Codes of the server that change what follows.
const (
	diskFull = "53100"
	readOnly = "25006"
)

func errFull(err error) error {
	return &job.Error{Code: job.StorageFull, Message: "the disk of the store is full", Hint: "free space; schedd goes on by itself", Err: err}
}

// classify gives an error its code. Errors that have one keep it.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*job.Error](err); ok {
		return err
	}
	switch code := sqlState(err); {
	case code == diskFull:
		return errFull(err)
	case code == "57014":
		return &job.Error{Code: job.Unavailable, Message: "the store took too long", Hint: "try again in a moment", Err: err}
	case code == "" && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return &job.Error{Code: job.Timeout, Message: "the request was given up", Err: err}
	case passing(err), code != "" && (code[:2] == "53" || code[:2] == "58" || code[:2] == "28"), code == "3D000":
		return &job.Error{Code: job.Unavailable, Message: "the store cannot be used right now", Hint: "try again in a moment", Err: err}
	case code == "XX001", code == "XX002":
		return &job.Error{Code: job.Unavailable, Message: "the store is damaged", Hint: "stop schedd and restore a backup", Err: err}
	default:
		return &job.Error{Code: job.Internal, Message: "store error", Err: err}
	}
}
