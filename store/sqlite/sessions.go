package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// OpenSession registers a session.
func (s *Store) OpenSession(ctx context.Context, p store.Session) error {
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`INSERT INTO sessions (id, node, version, roles, slots, commands, handlers, running, started_at, heartbeat_at, lease_until)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, p.Node, p.Version, stored.Texts(p.Roles), p.Slots, p.Commands, stored.Texts(p.Handlers), p.Running, p.StartedAt.UnixMicro(), p.StartedAt.UnixMicro(), p.LeaseUntil.UnixMicro())
		if uniqueViolation(err) {
			return job.Errorf(job.Conflict, "session %d exists", p.ID)
		}
		return err
	})
}

// Heartbeat prolongs a lease and returns what concerns the node.
func (s *Store) Heartbeat(ctx context.Context, p store.Beat) (store.Pulse, error) {
	var pulse store.Pulse
	err := s.writeTidily(ctx, func(c *conn) error {
		changed, err := c.exec(`UPDATE sessions SET heartbeat_at = ?, lease_until = ?, running = ? WHERE id = ? AND closed_at IS NULL`,
			p.Now.UnixMicro(), p.Now.Add(p.Lease).UnixMicro(), p.Running, p.Session)
		if err != nil {
			return err
		}
		if changed == 0 {
			return job.Errorf(job.Conflict, "the session is over: its lease ended and its work was given away")
		}
		if pulse.Draining, err = c.first(`SELECT 1 FROM drains d JOIN sessions s ON s.node = d.node WHERE s.id = ?`, []any{p.Session}, func(*row) {}); err != nil {
			return err
		}
		held, err := stopsAt(c, p.Now)
		if err != nil {
			return err
		}
		pulse.Maintenance = held.Maintenance
		return c.query(`SELECT e.k, e.lo FROM cancels z JOIN executions e ON e.k = z.k
			WHERE z.session = ? AND e.status = 1 AND e.session = z.session`, []any{p.Session}, func(r *row) error {
			pulse.Cancels = append(pulse.Cancels, stored.IDOf(r.Int(), r.Int()))
			return nil
		})
	})
	if err != nil {
		return store.Pulse{}, err
	}
	return pulse, nil
}

// CloseSession ends a session that holds nothing.
func (s *Store) CloseSession(ctx context.Context, session int64, now time.Time) error {
	return s.writeTidily(ctx, func(c *conn) error {
		if err := dropDuties(c, session); err != nil {
			return err
		}
		_, err := c.exec(`UPDATE sessions SET closed_at = ?, lease_until = ?, running = 0
			WHERE id = ? AND NOT EXISTS (SELECT 1 FROM claims WHERE session = sessions.id)`, now.UnixMicro(), now.UnixMicro(), session)
		return err
	})
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
	if mutant.Active == mutant.ReapAny {
		r.now = r.now.Add(time.Minute)
	}
	dead, err := r.c.ints(`SELECT id FROM sessions WHERE closed_at IS NULL AND lease_until < ?`, r.now.UnixMicro())
	if err != nil {
		return err
	}
	for _, session := range dead {
		if err := r.session(session); err != nil {
			return err
		}
	}
	if err := writeDeltas(r.c, &r.deltas); err != nil {
		return err
	}
	if err := r.wake(); err != nil {
		return err
	}
	return writeEvents(r.c, &r.events, r.now)
}

// session reaps the claims of one dead session, and closes it with the last of them.
func (r *reaping) session(session int64) error {
	type claim struct {
		id   int64
		keys []int64
	}
	var claims []claim
	if err := r.c.query(`SELECT id, data FROM claims WHERE session = ? ORDER BY id`, []any{session}, func(row *row) error {
		claims = append(claims, claim{id: row.Int(), keys: stored.UnpackKeys(row.Blob(), nil)})
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
	if err := dropDuties(r.c, session); err != nil {
		return err
	}
	_, err := r.c.exec(`UPDATE sessions SET closed_at = ?, running = 0 WHERE id = ?`, r.now.UnixMicro(), session)
	return err
}

const sqlLost = `SELECT e.lo, e.job, e.token, e.attempt, e.lost, e.started_at, c.revision, c.ending FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.k = ? AND e.session = ? AND e.status = 1`

// lose decides over one execution whose worker vanished.
func (r *reaping) lose(session, k int64) error {
	t := store.Settlement{Session: session, CompletedAt: r.now}
	var lost, revision int64
	found, err := r.c.first(sqlLost, []any{k, session}, func(row *row) {
		t.ID = stored.IDOf(k, row.Int())
		t.Owner, t.Token, t.Attempt = row.Int(), row.Int(), int(row.Int())
		lost, t.StartedAt = row.Int(), row.Time()
		revision, t.Ends = row.Int(), row.Int() == 1
	})
	if err != nil || !found {
		return err
	}
	def, err := r.s.define(r.c, t.Owner, revision)
	if err != nil {
		return err
	}
	stored.Lose(&t, &def.Job.Spec, int(lost)+1)
	if t.Event == job.EventAbandon {
		r.reaped.Failed++
		if _, err := r.c.exec(`UPDATE executions SET lost = lost + 1 WHERE k = ?`, k); err != nil {
			return err
		}
	} else {
		r.reaped.Restarted++
	}
	_, err = r.one(&t)
	return err
}
