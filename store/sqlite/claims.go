package sqlite

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// batches counts, for each claims row of this process, the executions that are not
// settled yet; the row goes with the last of them. Rows of dead processes are
// removed by the reaper.
type batches struct {
	mu   sync.Mutex
	left map[int64]int
}

func (b *batches) open(id int64, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == nil {
		b.left = map[int64]int{}
	}
	b.left[id] = n
}

// settle counts one down and reports whether it was the last.
func (b *batches) settle(id int64) (last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.left[id]
	if !ok {
		return false
	}
	if n--; n > 0 {
		b.left[id] = n
		return false
	}
	delete(b.left, id)
	return true
}

// openBatch writes a claims row for the keys and counts them.
func (s *Store) openBatch(c *conn, session int64, keys []int64) (int64, error) {
	id, err := c.insert(`INSERT INTO claims (session, data) VALUES (?, ?)`, session, packBlob(keys))
	if err == nil {
		s.batches.open(id, len(keys))
	}
	return id, err
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
		held, err := stopsAt(context.Background(), c, p.Now)
		if err != nil || held.maintenance {
			return err
		}
		var events eventWriter
		var keys []int64
		for _, id := range p.IDs {
			claimed, ok, err := s.claimOne(c, &p, &held, id)
			if err != nil {
				return err
			}
			if ok {
				k, lo := keyOf(id)
				keys = append(keys, k)
				out = append(out, claimed)
				events.started(claimed.Owner, k, lo, claimed.Number, claimed.Attempt)
			}
		}
		if len(keys) == 0 {
			return nil
		}
		batch, err := s.openBatch(c, p.Session, keys)
		if err != nil {
			return err
		}
		for i := range out {
			out[i].Batch = batch
		}
		return events.flush(c, p.Now)
	})
	if err != nil {
		return store.Claims{}, err
	}
	return store.Claims{Claimed: out}, nil
}

// sessionAlive reports whether a session may claim: it is open, its lease holds and
// its node does not drain.
func sessionAlive(c *conn, session int64, now time.Time) (bool, error) {
	return c.first(context.Background(), `SELECT 1 FROM sessions WHERE id = ? AND closed_at IS NULL AND lease_until > ?
		AND NOT EXISTS (SELECT 1 FROM drains WHERE node = sessions.node)`,
		[]any{session, now.UnixMicro()}, func(*row) {})
}

func (s *Store) claimOne(c *conn, p *store.Claim, held *stops, id job.ID) (store.Claimed, bool, error) {
	k, lo := keyOf(id)
	claimed := store.Claimed{ID: id}
	var revision int64
	query := sqlClaimable
	if mutant.Active == mutant.ClaimAny {
		query = strings.Replace(query, "AND e.status = 0 AND e.queued IS NULL AND e.ready_at <= ?", "AND ? > 0", 1)
	}
	found, err := c.first(context.Background(), query, []any{k, lo, p.Now.UnixMicro()}, func(r *row) {
		claimed.Owner, claimed.Number, claimed.ScheduledAt = r.int(), r.int(), r.time()
		claimed.Trigger = value(triggers, r.int())
		claimed.Attempt, claimed.RetryCount, claimed.LostCount = int(r.int())+1, int(r.int()), int(r.int())
		claimed.Token, claimed.Occurrence = r.int()+1, r.int()
		claimed.CreatedAt, revision, claimed.Ends = r.time(), r.int(), r.int() == 1
	})
	if err != nil || !found {
		return claimed, false, err
	}
	def, err := s.define(c, claimed.Owner, revision)
	if err != nil {
		return claimed, false, err
	}
	if held.dispatch(def.job.Platform) || p.Take != nil && !p.Take(def.job) {
		return claimed, false, nil
	}
	claimed.Job = def.job
	if claimed.Trigger != job.TriggerSchedule {
		if err := readInputs(c, k, &claimed); err != nil {
			return claimed, false, err
		}
	}
	_, err = c.exec(sqlClaim, p.Session, p.Now.UnixMicro(), k)
	return claimed, err == nil, err
}

// readInputs adds what only some executions have.
func readInputs(c *conn, k int64, claimed *store.Claimed) error {
	_, err := c.first(context.Background(), `SELECT payload, trace_id, parent_span FROM execution_inputs WHERE k = ?`, []any{k}, func(r *row) {
		claimed.Payload, claimed.TraceID, claimed.SpanID = append([]byte(nil), r.blob()...), r.text(), r.text()
		if len(claimed.Payload) == 0 {
			claimed.Payload = nil
		}
	})
	return err
}
