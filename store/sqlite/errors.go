package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/agentic-sdlc/scheduler/job"
)

// classify gives a driver error its code. Errors that have one keep it.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*job.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &job.Error{Code: job.Timeout, Message: "the request was given up", Err: err}
	}
	fault, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return &job.Error{Code: job.Internal, Message: "store error", Err: err}
	}
	switch fault.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return &job.Error{Code: job.StorageFull, Message: "the disk of the store is full", Hint: "free space; schedd goes on by itself", Err: err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return &job.Error{Code: job.Unavailable, Message: "the store cannot be used right now", Err: err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return &job.Error{Code: job.Unavailable, Message: "the store's file is damaged", Hint: "stop schedd and restore a backup", Err: err}
	default:
		return &job.Error{Code: job.Internal, Message: "store error", Err: err}
	}
}

// uniqueViolation reports whether err is one, of a key or an index.
func uniqueViolation(err error) bool {
	fault, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch fault.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}
