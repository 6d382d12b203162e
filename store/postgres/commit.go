package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	// sqlSelf asks a transaction for its number, and for the server's life in which it has
	// it. A server that crashes forgets the numbers of transactions that were not written
	// to its log, and gives them to others afterwards: a number means something within one
	// life only. The table lives is unlogged, so a crash empties it.
	sqlSelf = `SELECT pg_current_xact_id_if_assigned()::text, (SELECT id FROM lives)`
	// sqlFate asks what became of a transaction, and in which life the server is.
	sqlFate = `SELECT pg_xact_status($1::text::xid8), (SELECT id FROM lives)`
	// sqlRevive begins a life, unless the server is in one.
	sqlRevive = `INSERT INTO lives (id) SELECT $1 WHERE NOT EXISTS (SELECT FROM lives) ON CONFLICT DO NOTHING`
)

// commit sends what is left together with COMMIT. A connection that is lost with it
// says nothing about the outcome: then the server is asked by the transaction's number.
func (s *Store) commit(t *tx) error {
	if t.xid == "" { // it must be known before COMMIT is sent
		if err := t.flush(); err != nil {
			return errors.Join(err, t.rollback())
		}
	}
	if t.xid == "" {
		return t.rollback() // it wrote nothing
	}
	failpoint.Hit("before_commit")
	t.queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("the server answered %s to COMMIT", tag)
		}
		return nil
	})
	err := t.flush()
	switch {
	case err == nil:
		failpoint.Hit("after_commit")
		return nil
	case lost(err) || t.conn.IsClosed():
		s.note(err, t)
		committed, unknown := s.outcome(t)
		if unknown != nil {
			return &job.Error{Code: job.Unavailable, Message: "the store went away while it was written", Hint: "read what became of it before you try again", Err: errors.Join(err, unknown)}
		}
		if committed {
			return nil
		}
		return errors.Join(errBroken, err)
	default:
		return errors.Join(err, t.rollback())
	}
}

// outcome asks what became of a transaction whose connection is gone.
func (s *Store) outcome(t *tx) (committed bool, err error) {
	deadline := time.Now().Add(limit / 2)
	for wait := pause; ; wait *= 2 {
		fate, err := s.fate(t)
		switch {
		case err == nil && fate == "committed":
			return true, nil
		case err == nil && fate == "aborted":
			return false, nil
		case err != nil && !passing(err):
			return false, err
		case time.Now().After(deadline):
			return false, errors.Join(errors.New("the transaction is still in progress"), err)
		}
		time.Sleep(min(wait, time.Second))
	}
}

// fate is the status of a transaction that is not this connection's. After a crash of
// the server a number that was committed may be another transaction's: that is an error.
// It was not committed under any number when another has it, uncommitted, or none yet.
// The connection is not the pool's: in an outage all of those may be waiting for answers
// like this one.
func (s *Store) fate(t *tx) (string, error) {
	var status *string
	var life *int64
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err == nil {
		err = conn.QueryRow(ctx, sqlFate, t.xid).Scan(&status, &life)
		_ = conn.Close(ctx)
	}
	switch {
	case sqlState(err) == "22023": // a number that is yet to be given
		return "aborted", nil
	case err != nil:
		return "", err
	case status == nil:
		return "", errors.New("the server does not know the transaction any more")
	case *status == "committed" && (life == nil || t.life == 0 || *life != t.life):
		return "", errors.New("the server crashed meanwhile, and may have given the transaction's number to another")
	}
	return *status, nil
}
