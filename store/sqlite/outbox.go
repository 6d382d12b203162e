package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// writeEvents adds the packed events, if any, to the transaction.
func writeEvents(c *conn, events *stored.Events, now time.Time) error {
	b := events.Take()
	if b == nil {
		return nil
	}
	_, err := c.exec(`INSERT INTO outbox (at, data) VALUES (?, ?)`, now.UnixMicro(), b)
	return err
}

// Outbox returns packed events after the position, unpacked.
func (s *Store) Outbox(ctx context.Context, after int64, limit int) ([]store.OutboxRow, error) {
	look, same := s.quietOutbox.unchanged(s.writer)
	if same && after >= s.quietAfter.Load() {
		return nil, nil
	}
	var rows []store.OutboxRow
	err := s.snapshot(ctx, func(c *conn) (err error) {
		rows, err = s.outbox(c, after, limit)
		return err
	})
	if err == nil && len(rows) == 0 {
		s.quietAfter.Store(after)
		s.quietOutbox.nothing(look)
	}
	return rows, err
}

// outbox reads and unpacks rows after the position.
func (s *Store) outbox(c *conn, after int64, limit int) (rows []store.OutboxRow, err error) {
	var packed [][]byte
	if err := c.query(`SELECT id, at, data FROM outbox WHERE id > ? ORDER BY id LIMIT ?`, []any{after, limit}, func(r *row) error {
		rows = append(rows, store.OutboxRow{Position: r.Int(), At: r.Time()})
		packed = append(packed, r.Bytes())
		return nil
	}); err != nil {
		return nil, err
	}
	reader := stored.Reader{Subject: func(seq int64) (stored.Subject, bool, error) { return s.subject(c, seq) }}
	for i := range rows {
		if err := reader.Read(packed[i], &rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// subject names a job for its events. A name that was changed since is as good.
func (s *Store) subject(c *conn, seq int64) (about stored.Subject, found bool, err error) {
	if def := s.defs.Get(seq, 0); def != nil {
		return stored.Subject{ID: def.Job.ID, Name: def.Job.Name, Platform: def.Job.Platform}, true, nil
	}
	found, err = c.first(`SELECT id, name, platform FROM jobs WHERE seq = ?`, []any{seq}, func(r *row) {
		about = stored.Subject{ID: r.ID(), Name: r.Text(), Platform: r.Text()}
	})
	return about, found, err
}

// OutboxEnd returns the newest position; after when there is nothing behind it.
func (s *Store) OutboxEnd(ctx context.Context, after int64) (position int64, err error) {
	look, same := s.quietOutbox.unchanged(s.writer)
	if same && after >= s.quietAfter.Load() {
		return after, nil
	}
	err = s.snapshot(ctx, func(c *conn) error {
		_, err := c.first(`SELECT max(id) FROM outbox`, nil, func(r *row) { position = r.Int() })
		return err
	})
	if err == nil && position <= after {
		s.quietAfter.Store(after)
		s.quietOutbox.nothing(look)
	}
	return max(position, after), err
}

// TrimOutbox forgets events up to the position, but for those that event rules have yet
// to hear of.
func (s *Store) TrimOutbox(ctx context.Context, upto int64) error {
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`DELETE FROM outbox WHERE id <= ?1 AND id <= (SELECT CASE WHEN listening = 1 THEN position ELSE ?1 END FROM event_state)`, upto)
		return err
	})
}
