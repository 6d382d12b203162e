package sqlite

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// OpenSession registers a session.
func (s *Store) OpenSession(ctx context.Context, p store.Session) error {
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`INSERT INTO sessions (id, node, version, started_at, heartbeat_at, lease_until) VALUES (?, ?, ?, ?, ?, ?)`,
			p.ID, p.Node, p.Version, p.StartedAt.UnixMicro(), p.StartedAt.UnixMicro(), p.LeaseUntil.UnixMicro())
		if uniqueViolation(err) {
			return job.Errorf(job.Conflict, "session %d exists", p.ID)
		}
		return err
	})
}

// Heartbeat prolongs a lease and returns what was asked to stop.
func (s *Store) Heartbeat(ctx context.Context, session int64, now time.Time, lease time.Duration) ([]job.ID, error) {
	var cancels []job.ID
	err := s.write(ctx, func(c *conn) error {
		changed, err := c.exec(`UPDATE sessions SET heartbeat_at = ?, lease_until = ? WHERE id = ? AND closed_at IS NULL`,
			now.UnixMicro(), now.Add(lease).UnixMicro(), session)
		if err != nil {
			return err
		}
		if changed == 0 {
			return job.Errorf(job.Conflict, "the session is over: its lease ended and its work was given away")
		}
		if err := s.dropSpent(c); err != nil {
			return err
		}
		return c.query(context.Background(), `SELECT e.k, e.lo FROM cancels z JOIN executions e ON e.k = z.k
			WHERE z.session = ? AND e.status = 1 AND e.session = z.session`, []any{session}, func(r *row) error {
			cancels = append(cancels, idOf(r.int(), r.int()))
			return nil
		})
	})
	return cancels, err
}

// CloseSession ends a session that holds nothing.
func (s *Store) CloseSession(ctx context.Context, session int64, now time.Time) error {
	return s.write(ctx, func(c *conn) error {
		if err := s.dropSpent(c); err != nil {
			return err
		}
		_, err := c.exec(`UPDATE sessions SET closed_at = ?, lease_until = ?
			WHERE id = ? AND NOT EXISTS (SELECT 1 FROM claims WHERE session = sessions.id)`, now.UnixMicro(), now.UnixMicro(), session)
		return err
	})
}

// ListSessions returns live sessions and those that ended within a day.
func (s *Store) ListSessions(ctx context.Context, now time.Time) ([]store.Session, error) {
	var list []store.Session
	err := s.read(ctx, func(c *conn) error {
		return c.query(ctx, `SELECT id, node, version, started_at, heartbeat_at, lease_until, closed_at FROM sessions
			WHERE closed_at IS NULL OR closed_at > ? ORDER BY started_at, id`, []any{now.Add(-24 * time.Hour).UnixMicro()}, func(r *row) error {
			list = append(list, store.Session{
				ID: r.int(), Node: r.text(), Version: r.text(), StartedAt: r.time(), HeartbeatAt: r.time(), LeaseUntil: r.time(), ClosedAt: r.timePtr(),
			})
			return nil
		})
	})
	return list, err
}

// Reap takes the executions of dead sessions away from them.
func (s *Store) Reap(ctx context.Context, now time.Time, limit int) (store.Reaped, error) {
	var out store.Reaped
	err := s.write(ctx, func(c *conn) error {
		run := reaping{settling: settling{s: s, c: c, now: now}, limit: limit}
		defer func() { out = run.reaped }()
		return run.all()
	})
	if err != nil {
		return store.Reaped{}, err
	}
	return out, nil
}

// reaping is the state of one Reap: losses settle like any other end.
type reaping struct {
	settling
	limit  int
	reaped store.Reaped
}

func (r *reaping) all() error {
	var dead []int64
	if err := r.c.query(context.Background(), `SELECT id FROM sessions WHERE closed_at IS NULL AND lease_until < ?`, []any{r.now.UnixMicro()}, func(row *row) error {
		dead = append(dead, row.int())
		return nil
	}); err != nil {
		return err
	}
	for _, session := range dead {
		if err := r.session(session); err != nil {
			return err
		}
	}
	if err := r.deltas.flush(r.c); err != nil {
		return err
	}
	if err := r.wake(); err != nil {
		return err
	}
	return r.events.flush(r.c, r.now)
}

// session reaps the claims of one dead session, and closes it with the last of them.
func (r *reaping) session(session int64) error {
	type claim struct {
		id   int64
		keys []int64
	}
	var claims []claim
	if err := r.c.query(context.Background(), `SELECT id, data FROM claims WHERE session = ? ORDER BY id`, []any{session}, func(row *row) error {
		one := claim{id: row.int()}
		for b := row.blob(); len(b) >= 8; b = b[8:] {
			one.keys = append(one.keys, int64(binary.BigEndian.Uint64(b)))
		}
		claims = append(claims, one)
		return nil
	}); err != nil {
		return err
	}
	for _, one := range claims {
		if r.reaped.Restarted+r.reaped.Failed >= r.limit {
			r.reaped.More = true
			return nil
		}
		for _, k := range one.keys {
			if err := r.lose(session, k); err != nil {
				return err
			}
		}
		if _, err := r.c.exec(`DELETE FROM claims WHERE id = ?`, one.id); err != nil {
			return err
		}
	}
	r.reaped.Sessions++
	_, err := r.c.exec(`UPDATE sessions SET closed_at = ? WHERE id = ?`, r.now.UnixMicro(), session)
	return err
}

const sqlLost = `SELECT e.lo, e.job, e.token, e.attempt, e.lost, e.started_at, c.revision, c.ending FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.k = ? AND e.session = ? AND e.status = 1`

// lose decides over one execution whose worker vanished.
func (r *reaping) lose(session, k int64) error {
	t := store.Settlement{Session: session, CompletedAt: r.now}
	var lost, revision int64
	found, err := r.c.first(context.Background(), sqlLost, []any{k, session}, func(row *row) {
		t.ID = idOf(k, row.int())
		t.Owner, t.Token, t.Attempt = row.int(), row.int(), int(row.int())
		lost, t.StartedAt = row.int(), row.time()
		revision, t.Ends = row.int(), row.int() == 1
	})
	if err != nil || !found {
		return err
	}
	def, err := r.s.define(r.c, t.Owner, revision)
	if err != nil {
		return err
	}
	decision := job.DecideLost(&def.job.Spec, int(lost)+1)
	t.Event, t.DeadReason = decision.Event, decision.DeadReason
	t.Error, t.ErrorClass = "its worker vanished before it ended", "worker_lost"
	if decision.DeadReason == "poison" {
		t.Error = "its worker vanished three times"
	}
	if t.Event == job.EventAbandon {
		r.reaped.Failed++
		if _, err := r.c.exec(`UPDATE executions SET lost = lost + 1 WHERE k = ?`, k); err != nil {
			return err
		}
	} else {
		r.reaped.Restarted++
	}
	settlement := t
	_, err = r.one(&settlement)
	return err
}
