package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// A row of the outbox has the number of the transaction that wrote it. Such numbers
// are given in the order in which transactions begin to write, and commits come in
// another: a row may appear before one with a lower number. A reader that went on
// from there would never see that one. So readers stop before the lowest number whose
// transaction is still open. All writers hold one shared lock, by which theirs are
// told from the transactions of other programs, which may stay open for hours.

// writeEvents adds the packed events, if any, to the transaction.
func writeEvents(t *tx, events *stored.Events, now time.Time) {
	if b := events.Take(); b != nil {
		t.queue(`INSERT INTO outbox (id, at, data) VALUES (pg_current_xact_id()::text::bigint, $1, $2)`, now.UnixMicro(), b)
	}
}

// sqlOpen lists the transactions that are open, and whether each holds the lock of the
// writers: null where that is not known. The first row is the number that the next
// transaction gets.
const sqlOpen = `WITH l AS MATERIALIZED (SELECT locktype, database, objid, transactionid, virtualtransaction FROM pg_locks),
	writers AS (SELECT virtualtransaction FROM l WHERE locktype = 'advisory' AND objid = $1::oid AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
	SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false
	UNION ALL
	SELECT x::text::bigint, (SELECT bool_or(l.virtualtransaction IN (SELECT virtualtransaction FROM writers))
		FROM l WHERE l.locktype = 'transactionid' AND l.transactionid::text::bigint = x::text::bigint % 4294967296 AND l.virtualtransaction IS NOT NULL)
	FROM pg_snapshot_xip(pg_current_snapshot()) AS x`

// horizon returns the number before which no transaction of ours is open.
func horizon(t *tx) (until int64, err error) {
	for try := 1; ; try++ {
		until, unsure := int64(0), false
		if err := t.query(sqlOpen, []any{int64(outboxLock)}, func(r *row) error {
			number := r.Int()
			ours, known := r.Take().(bool)
			switch {
			case until == 0:
				until = number
			case !known: // it ended in between, or is about to show its locks
				unsure = true
				until = min(until, number)
			case ours:
				until = min(until, number)
			}
			return nil
		}); err != nil || !unsure || try == 5 {
			return until, err
		}
		time.Sleep(time.Millisecond)
	}
}

// OutboxEnd returns the newest position that Outbox can come to now; after when there
// is nothing behind it.
func (s *Store) OutboxEnd(ctx context.Context, after int64) (position int64, err error) {
	err = s.read(ctx, func(t *tx) error {
		position = after
		until, err := outboxHorizon(t, after)
		if err != nil || until == 0 {
			return err
		}
		_, err = t.first(`SELECT max(id) FROM outbox WHERE id > $1 AND id < $2`, []any{after, until}, func(r *row) { position = max(after, r.Int()) })
		return err
	})
	return position, err
}

// outboxHorizon is the horizon, or 0 when nothing is behind the position.
func outboxHorizon(t *tx, after int64) (until int64, err error) {
	found, err := t.first(`SELECT 1 FROM outbox WHERE id > $1 LIMIT 1`, []any{after}, func(*row) {})
	if err != nil || !found {
		return 0, err
	}
	return horizon(t)
}

// Outbox returns packed events after the position, unpacked.
func (s *Store) Outbox(ctx context.Context, after int64, limit int) ([]store.OutboxRow, error) {
	var rows []store.OutboxRow
	err := s.read(ctx, func(t *tx) (err error) {
		rows, err = s.outbox(t, after, limit)
		return err
	})
	return rows, err
}

// outbox reads and unpacks rows after the position, up to the horizon.
func (s *Store) outbox(t *tx, after int64, limit int) (rows []store.OutboxRow, err error) {
	until, err := outboxHorizon(t, after)
	if err != nil || until == 0 {
		return nil, err
	}
	var packed [][]byte
	if err := t.query(`SELECT id, at, data FROM outbox WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`, []any{after, until, limit}, func(r *row) error {
		rows = append(rows, store.OutboxRow{Position: r.Int(), At: r.Time()})
		packed = append(packed, r.Blob())
		return nil
	}); err != nil {
		return nil, err
	}
	reader := stored.Reader{Subject: func(seq int64) (stored.Subject, bool, error) { return s.subject(t, seq) }}
	for i := range rows {
		if err := reader.Read(packed[i], &rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// subject names a job for its events. A name that was changed since is as good.
func (s *Store) subject(t *tx, seq int64) (about stored.Subject, found bool, err error) {
	if def := s.defs.get(seq, 0); def != nil {
		return stored.Subject{ID: def.job.ID, Name: def.job.Name, Platform: def.job.Platform}, true, nil
	}
	found, err = t.first(`SELECT id, name, platform FROM jobs WHERE seq = $1`, []any{seq}, func(r *row) {
		about = stored.Subject{ID: r.ID(), Name: r.Text(), Platform: r.Text()}
	})
	return about, found, err
}

// TrimOutbox forgets events up to the position, but for those that event rules have yet
// to hear of.
func (s *Store) TrimOutbox(ctx context.Context, upto int64) error {
	return s.write(ctx, func(t *tx) error {
		t.queue(`DELETE FROM outbox WHERE id <= (SELECT CASE WHEN listening = 1 THEN least(position, $1::bigint) ELSE $1::bigint END FROM event_state)`, upto)
		return nil
	})
}
