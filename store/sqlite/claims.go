package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// openBatch writes a claims row for the keys and counts them.
func (s *Store) openBatch(c *conn, session int64, keys []int64) (int64, error) {
	id, err := c.insert(`INSERT INTO claims (session, data) VALUES (?, ?)`, session, stored.PackKeys(keys))
	if err == nil {
		s.batches.Open(id, len(keys))
	}
	return id, err
}

// writeTidily is write, and removes the claims rows that nobody needs any more.
func (s *Store) writeTidily(ctx context.Context, fn func(c *conn) error) error {
	spent := s.batches.TakeSpent()
	err := s.write(ctx, func(c *conn) error {
		for _, id := range spent {
			if _, err := c.exec(`DELETE FROM claims WHERE id = ?`, id); err != nil {
				return err
			}
		}
		return fn(c)
	})
	if err != nil {
		s.batches.Return(spent)
	}
	return err
}

const (
	// sqlClaimable reads one execution by key.
	sqlClaimable = `SELECT e.job, e.n, e.at, e.trigger, e.attempt, e.retries, e.lost, e.token, e.occurrence, e.created_at, c.revision, c.ending
		FROM executions e JOIN cursors c ON c.job = e.job
		WHERE e.k = ? AND e.lo = ? AND e.status = 0 AND e.queued IS NULL AND e.ready_at <= ?`
	sqlClaim = `UPDATE executions SET status = 1, attempt = attempt + 1, token = token + 1, session = ?, ready_at = NULL,
		first_start = CASE WHEN attempt > 0 THEN coalesce(first_start, started_at) END, started_at = ? WHERE k = ?`
)

// Claim gives ready executions to a session.
func (s *Store) Claim(ctx context.Context, p store.Claim) (store.Claims, error) {
	var out []store.Claimed
	err := s.write(context.WithoutCancel(ctx), func(c *conn) error {
		if alive, err := sessionAlive(c, p.Session, p.Now); err != nil || !alive {
			return err
		}
		held, err := stopsAt(c, p.Now)
		if err != nil || held.Maintenance {
			return err
		}
		var events stored.Events
		var keys []int64
		for _, id := range p.IDs {
			claimed, ok, err := s.claimOne(c, &p, &held, id)
			if err != nil {
				return err
			}
			if ok {
				k, _ := stored.KeyOf(id)
				keys = append(keys, k)
				out = append(out, claimed)
				events.Started(stored.Run{Job: claimed.Owner, ID: id, Number: claimed.Number}, claimed.Attempt)
			}
		}
		if len(keys) == 0 {
			return nil
		}
		for i := range out {
			if platform := out[i].Job.Platform; held.Limited(platform) && !slices.ContainsFunc(out[:i], func(o store.Claimed) bool { return o.Job.Platform == platform }) {
				if _, err := c.exec(stored.SweepLimited, platform); err != nil {
					return err
				}
			}
		}
		batch, err := s.openBatch(c, p.Session, keys)
		if err != nil {
			return err
		}
		for i := range out {
			out[i].Batch = batch
		}
		return writeEvents(c, &events, p.Now)
	})
	if err != nil {
		return store.Claims{}, err
	}
	return store.Claims{Claimed: out}, nil
}

// sessionAlive reports whether a session may claim: it is open, its lease holds and
// its node does not drain.
func sessionAlive(c *conn, session int64, now time.Time) (bool, error) {
	return c.first(`SELECT 1 FROM sessions WHERE id = ? AND closed_at IS NULL AND lease_until > ?
		AND NOT EXISTS (SELECT 1 FROM drains WHERE node = sessions.node)`,
		[]any{session, now.UnixMicro()}, func(*row) {})
}

func (s *Store) claimOne(c *conn, p *store.Claim, held *stored.Stops, id job.ID) (store.Claimed, bool, error) {
	k, lo := stored.KeyOf(id)
	claimed := store.Claimed{ID: id}
	var revision int64
	query := sqlClaimable
	if mutant.Active == mutant.ClaimAny {
		query = strings.Replace(query, "AND e.status = 0 AND e.queued IS NULL AND e.ready_at <= ?", "AND ? > 0", 1)
	}
	found, err := c.first(query, []any{k, lo, p.Now.UnixMicro()}, func(r *row) {
		claimed.Owner, claimed.Number, claimed.ScheduledAt = r.Int(), r.Int(), r.Time()
		claimed.Trigger = stored.Value(stored.Triggers, r.Int())
		claimed.Attempt, claimed.RetryCount, claimed.LostCount = int(r.Int())+1, int(r.Int()), int(r.Int())
		claimed.Token, claimed.Occurrence = r.Int()+1, r.Int()
		claimed.CreatedAt, revision, claimed.Ends = r.Time(), r.Int(), r.Int() == 1
	})
	if err != nil || !found {
		return claimed, false, err
	}
	def, err := s.define(c, claimed.Owner, revision)
	if err != nil {
		return claimed, false, err
	}
	if held.Dispatch(def.Job.Platform) || !held.Take(def.Job.Platform) || p.Take != nil && !p.Take(def.Job) {
		return claimed, false, nil
	}
	claimed.Job = def.Job
	if claimed.Trigger != job.TriggerSchedule {
		if err := readInputs(c, k, &claimed); err != nil {
			return claimed, false, err
		}
	}
	if _, err = c.exec(sqlClaim, p.Session, p.Now.UnixMicro(), k); err == nil && held.Limited(def.Job.Platform) {
		err = count(c, def.Job.Platform, k)
	}
	return claimed, err == nil, err
}

// count notes an execution of a platform that may have only so many.
func count(c *conn, platform string, k int64) error {
	_, err := c.exec(`INSERT OR IGNORE INTO limited_runs (platform, k) SELECT seq, ? FROM platforms WHERE slug = ?`, k, platform)
	return err
}

// readInputs adds what only some executions have.
func readInputs(c *conn, k int64, claimed *store.Claimed) error {
	_, err := c.first(`SELECT payload, trace_id, parent_span FROM execution_inputs WHERE k = ?`, []any{k}, func(r *row) {
		claimed.Payload, claimed.TraceID, claimed.SpanID = r.Bytes(), r.Text(), r.Text()
	})
	return err
}
