package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// patience is how long an operation is tried again before its caller hears.
	patience = 4 * time.Second
	// fresh is patience with what goes by the instant at which it was asked for: what is
	// planned or claimed much later would be judged by a lease, and dated, as of then.
	fresh = time.Second
	// pause is the first wait between two tries; it doubles.
	pause = 5 * time.Millisecond
	// limit bounds one operation with all its tries, unless statements may take longer;
	// freshLimit one that goes by its instant.
	limit      = 30 * time.Second
	freshLimit = 10 * time.Second
)

// errAgain makes an operation start over at once: it found that it needs other locks
// than it took.
var errAgain = errors.New("start over")

// write runs fn in one transaction until it is committed. fn may run several times and
// must set all that it sets outside itself each time. Once it is begun the caller
// cannot cancel it; that takes a moment at most. A deadline of the caller's holds. What fn
// notes on the context's trail is recorded with it.
func (s *Store) write(ctx context.Context, fn func(t *tx) error) error {
	return s.writeWithin(ctx, patience, fn)
}

// writeWithin is write with a patience of its own.
func (s *Store) writeWithin(ctx context.Context, patience time.Duration, fn func(t *tx) error) error {
	fn = recorded(store.TrailOf(ctx), fn)
	return s.retry(ctx, patience, func(ctx context.Context) error {
		return s.withConn(ctx, func(c *pgxpool.Conn) error {
			bounded, cancel := context.WithDeadline(context.WithoutCancel(ctx), s.deadline(ctx, patience))
			defer cancel()
			t := &tx{ctx: bounded, conn: c.Conn(), track: true}
			err := s.transact(t, fn)
			s.note(err, t)
			return err
		})
	})
}

// deadline returns when an operation ends that begins now.
func (s *Store) deadline(ctx context.Context, patience time.Duration) time.Time {
	limit := s.limit
	if patience == fresh {
		limit = min(limit, freshLimit)
	}
	end := time.Now().Add(limit)
	if asked, ok := ctx.Deadline(); ok && asked.Before(end) {
		return asked
	}
	return end
}

// note draws conclusions from how a transaction ended.
func (s *Store) note(err error, t *tx) {
	switch code := sqlState(err); {
	case code == readOnly: // the address may lead to another server by now
		_ = t.conn.Close(t.ctx)
	case code == diskFull:
		s.full.Store(time.Now().Unix())
	case err != nil && t.ctx.Err() != nil:
		s.stalled()
	}
}

// fullFor is how long the store calls itself full after a write that found it so:
// somebody writes more often than that.
const fullFor = 5 * time.Second

func (s *Store) isFull() bool { return time.Since(time.Unix(s.full.Load(), 0)) < fullFor }

// stalled gives up the connections that nobody uses: one of them did not answer in time,
// and a link that swallows what is sent swallows it on all.
func (s *Store) stalled() {
	if last, at := s.reset.Load(), time.Now().Unix(); last != at && s.reset.CompareAndSwap(last, at) {
		s.pool.Reset()
	}
}

// transact runs fn in a transaction.
func (s *Store) transact(t *tx, fn func(t *tx) error) error {
	t.queue("BEGIN ISOLATION LEVEL read committed") // what it locks is read as it is then
	t.queue(s.prelude)
	if err := guard(fn, t); err != nil {
		return errors.Join(err, t.rollback())
	}
	return s.commit(t)
}

// rollback ends a transaction that wrote nothing, or must not. Its error matters to
// nobody: a connection that is not clean is not used again.
func (t *tx) rollback() error {
	t.batch = pgx.Batch{}
	if t.conn.IsClosed() || t.conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	_, _ = t.conn.Exec(t.ctx, "ROLLBACK")
	return nil
}

// read runs fn on a connection, each statement for itself.
func (s *Store) read(ctx context.Context, fn func(t *tx) error) error {
	return s.retry(ctx, patience, func(ctx context.Context) error {
		return s.withConn(ctx, func(c *pgxpool.Conn) error {
			bounded, cancel := context.WithTimeout(ctx, s.limit/2)
			defer cancel()
			err := guard(fn, &tx{ctx: bounded, conn: c.Conn()})
			if err != nil && bounded.Err() != nil && ctx.Err() == nil {
				s.stalled()
			}
			return err
		})
	})
}

// snapshot runs fn in one read transaction: all it reads is of one moment.
func (s *Store) snapshot(ctx context.Context, fn func(t *tx) error) error {
	return s.read(ctx, func(t *tx) error {
		t.queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
		if s.pooled {
			t.queue(s.timeouts)
		}
		err := fn(t)
		return errors.Join(err, t.rollback())
	})
}

// withConn runs fn on a connection of the pool.
func (s *Store) withConn(ctx context.Context, fn func(c *pgxpool.Conn) error) error {
	if s.closed.Load() {
		return errClosed
	}
	waiting, cancel := context.WithTimeout(ctx, s.acquire)
	defer cancel()
	c, err := s.pool.Acquire(waiting)
	if err != nil {
		switch {
		case s.closed.Load():
			return errClosed
		case ctx.Err() == nil && waiting.Err() != nil:
			return &job.Error{Code: job.Unavailable, Message: "the store is busy or does not answer", Hint: "try again in a moment", Err: err}
		}
		return err
	}
	defer c.Release()
	return fn(c)
}

// retry runs fn again while what stopped it passes, for as long as patience lasts. What
// collided with another transaction is tried once more even then: the server may take
// longer than that to notice a deadlock, and the other transaction is gone by now.
func (s *Store) retry(ctx context.Context, patience time.Duration, fn func(ctx context.Context) error) error {
	start, late := time.Now(), false // late: it was tried after patience ended
	for wait := pause; ; wait = min(2*wait, time.Second) {
		if err := ctx.Err(); err != nil {
			return classify(err)
		}
		err := fn(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil: // our patience, not the caller's
			return &job.Error{Code: job.Unavailable, Message: "the store took too long", Hint: "try again in a moment", Err: err}
		case errors.Is(err, errAgain):
			wait = pause
			continue
		case err == nil || !passing(err) || time.Since(start) > patience && (late || !collided(err)):
			return classify(err)
		}
		late = time.Since(start) > patience
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// guard turns a panic of one operation into its error.
func guard(fn func(t *tx) error, t *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = job.Errorf(job.Internal, "store operation panicked: %v", r)
		}
	}()
	return fn(t)
}
