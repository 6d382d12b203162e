package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// OpenSession registers a session.
func (s *Store) OpenSession(ctx context.Context, p store.Session) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO sessions (id, node, version, started_at, heartbeat_at, lease_until) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			p.ID, p.Node, p.Version, p.StartedAt.UnixMicro(), p.StartedAt.UnixMicro(), p.LeaseUntil.UnixMicro())
		if err == nil && n == 0 {
			return job.Errorf(job.Conflict, "session %d exists", p.ID)
		}
		return err
	})
}

// Heartbeat prolongs a lease and returns what was asked to stop.
func (s *Store) Heartbeat(ctx context.Context, session int64, now time.Time, lease time.Duration) (cancels []job.ID, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE sessions SET heartbeat_at = $1, lease_until = $2 WHERE id = $3 AND closed_at IS NULL`,
			now.UnixMicro(), now.Add(lease).UnixMicro(), session)
		if err != nil {
			return err
		}
		if n == 0 {
			return job.Errorf(job.Conflict, "the session is over: its lease ended and its work was given away")
		}
		cancels = nil
		return t.query(`SELECT e.k, e.lo FROM cancels z JOIN executions e ON e.k = z.k
			WHERE z.session = $1 AND e.status = 1 AND e.session = z.session`, []any{session}, func(r *row) error {
			cancels = append(cancels, idOf(r.int(), r.int()))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return cancels, s.dropSpent(ctx)
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
		t.queue(`UPDATE sessions SET closed_at = $1, lease_until = $1
			WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM claims WHERE session = sessions.id)`, now.UnixMicro(), session)
		return nil
	})
}

// ListSessions returns live sessions and those that ended within a day.
func (s *Store) ListSessions(ctx context.Context, now time.Time) ([]store.Session, error) {
	var list []store.Session
	err := s.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT id, node, version, started_at, heartbeat_at, lease_until, closed_at FROM sessions
			WHERE closed_at IS NULL OR closed_at > $1 ORDER BY started_at, id`, []any{now.Add(-24 * time.Hour).UnixMicro()}, func(r *row) error {
			list = append(list, store.Session{
				ID: r.int(), Node: r.text(), Version: r.text(), StartedAt: r.time(), HeartbeatAt: r.time(), LeaseUntil: r.time(), ClosedAt: r.timePtr(),
			})
			return nil
		})
	})
	return list, err
}
