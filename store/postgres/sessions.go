package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// OpenSession registers a session.
func (s *Store) OpenSession(ctx context.Context, p store.Session) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO sessions (id, node, version, roles, slots, commands, handlers, running, started_at, heartbeat_at, lease_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10) ON CONFLICT DO NOTHING`,
			p.ID, p.Node, p.Version, stored.Texts(p.Roles), p.Slots, p.Commands, stored.Texts(p.Handlers), p.Running, p.StartedAt.UnixMicro(), p.LeaseUntil.UnixMicro())
		if err == nil && n == 0 {
			return job.Errorf(job.Conflict, "session %d exists", p.ID)
		}
		return err
	})
}

// Heartbeat prolongs a lease and returns what concerns the node.
func (s *Store) Heartbeat(ctx context.Context, p store.Beat) (store.Pulse, error) {
	var pulse store.Pulse
	err := s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE sessions SET heartbeat_at = $1, lease_until = $2, running = $3 WHERE id = $4 AND closed_at IS NULL`,
			p.Now.UnixMicro(), p.Now.Add(p.Lease).UnixMicro(), p.Running, p.Session)
		if err != nil {
			return err
		}
		if n == 0 {
			return job.Errorf(job.Conflict, "the session is over: its lease ended and its work was given away")
		}
		t.queue(sqlRevive, rand.Int64())
		pulse = store.Pulse{}
		var held stored.Stops
		queueStops(t, p.Now, &held)
		t.queueQuery(`SELECT 1 FROM drains d JOIN sessions s ON s.node = d.node WHERE s.id = $1`, []any{p.Session}, func(*row) error {
			pulse.Draining = true
			return nil
		})
		err = t.query(`SELECT e.k, e.lo FROM cancels z JOIN executions e ON e.k = z.k
			WHERE z.session = $1 AND e.status = 1 AND e.session = z.session`, []any{p.Session}, func(r *row) error {
			pulse.Cancels = append(pulse.Cancels, stored.IDOf(r.Int(), r.Int()))
			return nil
		})
		pulse.Maintenance = held.Maintenance
		return err
	})
	if err != nil {
		return store.Pulse{}, err
	}
	return pulse, s.dropSpent(ctx)
}

// dropSpent removes claims rows that nobody needs any more and that no settling took
// along.
func (s *Store) dropSpent(ctx context.Context) error {
	spent := s.batches.TakeSpent()
	if len(spent) == 0 {
		return nil
	}
	err := s.write(ctx, func(t *tx) error {
		t.queue(`DELETE FROM claims WHERE id = ANY ($1::bigint[])`, spent)
		return nil
	})
	if err != nil {
		s.batches.Return(spent)
	}
	return err
}

// CloseSession ends a session that holds nothing.
func (s *Store) CloseSession(ctx context.Context, session int64, now time.Time) error {
	if err := s.dropSpent(ctx); err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		t.queue(`SELECT pg_advisory_xact_lock($1)`, session) // no claim is under way
		t.queue(`DELETE FROM duties WHERE session = $1`, session)
		t.queue(`UPDATE sessions SET closed_at = $1, lease_until = $1, running = 0
			WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM claims WHERE session = sessions.id)`, now.UnixMicro(), session)
		return nil
	})
}

// DrainNode says that a node shall take no new work, or that it may again.
func (s *Store) DrainNode(ctx context.Context, p store.DrainNode) error {
	return s.write(ctx, func(t *tx) error {
		if err := reads.WantNode(t.query, p.Node, p.Now); err != nil {
			return err
		}
		statement, args := `DELETE FROM drains WHERE node = $1`, []any{p.Node}
		if p.Drain {
			statement, args = `INSERT INTO drains (node, drained_at, drained_by, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, []any{p.Node, p.Now.UnixMicro(), p.By, p.Reason}
		}
		n, err := t.exec(statement, args...)
		if n > 0 {
			store.TrailOf(ctx).Note(stored.NoteDrain(p.Node, p.Drain))
		}
		return err
	})
}

const sqlDuty = `INSERT INTO duties AS d (name, session, lease_until)
	SELECT $1, id, $3 FROM sessions WHERE id = $2 AND closed_at IS NULL AND lease_until > $4
	ON CONFLICT (name) DO UPDATE SET session = excluded.session, lease_until = excluded.lease_until
	WHERE d.session = excluded.session OR d.lease_until <= $4`

// HoldDuty gives a duty to a session, or prolongs it.
func (s *Store) HoldDuty(ctx context.Context, d store.Duty) (held bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, err := t.exec(sqlDuty, d.Name, d.Session, d.Now.Add(d.Lease).UnixMicro(), d.Now.UnixMicro())
		held = n > 0
		return err
	})
	return held, err
}
