package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// DrainNode says that a node shall take no new work, or that it may again.
func (s *Store) DrainNode(ctx context.Context, p store.DrainNode) error {
	return s.write(ctx, func(c *conn) error {
		if err := reads.WantNode(c.query, p.Node, p.Now); err != nil {
			return err
		}
		statement, args := `DELETE FROM drains WHERE node = ?`, []any{p.Node}
		if p.Drain {
			statement, args = `INSERT OR IGNORE INTO drains (node, drained_at, drained_by, reason) VALUES (?, ?, ?, ?)`, []any{p.Node, p.Now.UnixMicro(), p.By, p.Reason}
		}
		n, err := c.exec(statement, args...)
		if n > 0 {
			store.TrailOf(ctx).Note(stored.NoteDrain(p.Node, p.Drain))
		}
		return err
	})
}

// HoldDuty gives a duty to a session, or prolongs it.
func (s *Store) HoldDuty(ctx context.Context, d store.Duty) (held bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		n, err := c.exec(`INSERT INTO duties (name, session, lease_until)
			SELECT ?1, id, ?3 FROM sessions WHERE id = ?2 AND closed_at IS NULL AND lease_until > ?4
			ON CONFLICT (name) DO UPDATE SET session = excluded.session, lease_until = excluded.lease_until
			WHERE session = excluded.session OR lease_until <= ?4`,
			d.Name, d.Session, d.Now.Add(d.Lease).UnixMicro(), d.Now.UnixMicro())
		held = n > 0
		return err
	})
	return held, err
}

// dropDuties ends the duties of a session.
func dropDuties(c *conn, session int64) error {
	_, err := c.exec(`DELETE FROM duties WHERE session = ?`, session)
	return err
}
