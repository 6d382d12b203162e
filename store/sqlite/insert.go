package sqlite

import (
	"errors"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// execution is a row of executions as it is born.
type execution struct {
	k, lo      int64
	job, n     int64
	at         time.Time
	trigger    int64
	status     int64
	session    int64
	occurrence int64
	revision   int64
	flags      int64
	skip       int64
	queued     bool
	beside     int       // of a queued one: how many may be under way; 0 = as its job has it
	class      int64     // of a waiting one
	ready      time.Time // of a waiting one
	created    time.Time
	started    time.Time // of one born claimed
	finished   time.Time // of one born skipped
}

func (e *execution) run() stored.Run {
	return stored.Run{Job: e.job, ID: stored.IDOf(e.k, e.lo), Number: e.n}
}

const (
	sqlInsertRunning = `INSERT INTO executions (k, lo, job, n, at, trigger, status, attempt, token, session, occurrence, revision, flags, created_at, started_at)
		VALUES (?, ?, ?, ?, ?, ?, 1, 1, 1, ?, ?, ?, ?, ?, ?)`
	sqlInsertWaiting = `INSERT INTO executions (k, lo, job, n, at, trigger, status, occurrence, revision, flags, queued, class, ready_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)`
	sqlInsertSkipped = `INSERT INTO executions (k, lo, job, n, at, trigger, status, revision, flags, skip, created_at, finished_at)
		VALUES (?, ?, ?, ?, ?, ?, 6, ?, ?, ?, ?, ?)`
)

// insertExecution gives e an id and writes it. An id or a number that is taken,
// which only another generator or a hand can have made, is replaced by a free one.
// A slot that has a record already is a conflict.
func insertExecution(c *conn, e *execution, newID func() job.ID) error {
	for {
		e.k, e.lo = stored.KeyOf(newID())
		err := writeExecution(c, e)
		fault, ok := errors.AsType[*sqlite.Error](err)
		switch {
		case err == nil:
			return nil
		case !ok:
			return err
		case fault.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || fault.Code() == sqlite3.SQLITE_CONSTRAINT_ROWID:
			continue
		case fault.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
			return err
		}
		if err := freeNumber(c, e); err != nil {
			return err
		}
	}
}

func writeExecution(c *conn, e *execution) error {
	at := e.at.UnixMicro()
	var err error
	switch e.status {
	case stored.Running:
		_, err = c.exec(sqlInsertRunning, e.k, e.lo, e.job, e.n, at, e.trigger, e.session, e.occurrence, e.revision, e.flags, e.created.UnixMicro(), e.started.UnixMicro())
	case stored.Skipped:
		_, err = c.exec(sqlInsertSkipped, e.k, e.lo, e.job, e.n, at, e.trigger, e.revision, e.flags, e.skip, e.created.UnixMicro(), e.finished.UnixMicro())
	default:
		var queued any
		if e.queued {
			queued = stored.QueuedBeside(e.beside)
		}
		_, err = c.exec(sqlInsertWaiting, e.k, e.lo, e.job, e.n, at, e.trigger, e.occurrence, e.revision, e.flags, queued, e.class, e.ready.UnixMicro(), e.created.UnixMicro())
	}
	return err
}

// freeNumber moves e to the next free run number, unless it is the slot that is taken.
func freeNumber(c *conn, e *execution) error {
	if e.trigger == 0 {
		taken, err := c.first(`SELECT 1 FROM executions WHERE at = ? AND job = ? AND trigger = 0`, []any{e.at.UnixMicro(), e.job}, func(*row) {})
		if err != nil {
			return err
		}
		if taken {
			return job.Errorf(job.Conflict, "slot %s has a record already", e.at.Format(time.RFC3339))
		}
	}
	_, err := c.first(`SELECT max(n) FROM executions WHERE job = ?`, []any{e.job}, func(r *row) { e.n = r.Int() + 1 })
	return err
}

func insertRange(c *conn, seq int64, r *job.SkipRange) error {
	_, err := c.exec(`INSERT OR REPLACE INTO ranges (job, from_at, to_at, count, reason) VALUES (?, ?, ?, ?, ?)`,
		seq, r.From.UnixMicro(), r.To.UnixMicro(), r.Count, stored.Code(stored.Reasons, r.Reason))
	return err
}
