package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// unwanted returns those of the executions that go back which nobody wants any more.
// Their jobs are locked, so nobody asks them to stop meanwhile.
func (r *settling) unwanted(batch []store.Settlement, back []int) (map[int64]bool, error) {
	var keys, owners []int64
	for _, i := range back {
		k, _ := stored.KeyOf(batch[i].ID)
		keys, owners = append(keys, k), append(owners, batch[i].Owner)
	}
	unwanted := map[int64]bool{}
	cancelled := map[int64]bool{}
	r.t.queueQuery(`SELECT k FROM cancels WHERE k = ANY ($1::bigint[])`, []any{keys}, func(row *row) error {
		unwanted[row.Int()] = true
		return nil
	})
	if err := r.t.query(`SELECT job FROM cursors WHERE job = ANY ($1::bigint[]) AND status = 5`, []any{owners}, func(row *row) error {
		cancelled[row.Int()] = true
		return nil
	}); err != nil {
		return nil, err
	}
	for n, i := range back {
		if cancelled[batch[i].Owner] {
			unwanted[keys[n]] = true
		}
	}
	return unwanted, nil
}

// requeued collects executions that go back, for one UPDATE.
type requeued struct {
	k, session, token, ready, class, started []int64
	queued, parked                           []int16
	retries, lost                            []int32
}

// requeue ends attempts, not executions.
func (r *settling) requeue(batch []store.Settlement, back []int) error {
	if len(back) == 0 {
		return nil
	}
	classes, paused, err := r.classes(batch, back)
	if err != nil {
		return err
	}
	var q requeued
	index := make(map[int64]int, len(back))
	for _, i := range back {
		t := &batch[i]
		k, _ := stored.KeyOf(t.ID)
		if _, twice := index[k]; twice || r.over[k] {
			continue
		}
		index[k] = i
		ready, retries, lost, held, parked := r.now, int32(0), int32(0), int16(0), int16(0)
		switch t.Event {
		case job.EventPark:
			ready, parked = t.RetryAt, 1
		case job.EventRetry:
			ready, retries = t.RetryAt, 1
		case job.EventLose:
			lost = 1
		}
		if paused[t.Owner] {
			held = 2
		}
		q.k, q.session, q.token, q.ready = append(q.k, k), append(q.session, t.Session), append(q.token, t.Token), append(q.ready, ready.UnixMicro())
		q.class, q.started = append(q.class, classes[t.Owner]), append(q.started, microsOr(t.StartedAt))
		q.queued, q.retries, q.lost = append(q.queued, held), append(q.retries, retries), append(q.lost, lost)
		q.parked = append(q.parked, parked)
	}
	r.t.scan(mutated(sqlRequeue, owned, "", mutant.NoToken), []any{q.k, q.session, q.token, q.ready, q.queued, q.class, q.retries, q.lost, q.started, q.parked}, func(rows pgx.Rows) error {
		var k int64
		if err := rows.Scan(&k); err != nil {
			return err
		}
		r.done[index[k]] = true
		return nil
	})
	if err := r.t.flush(); err != nil {
		return err
	}
	for _, i := range back {
		if r.done[i] && batch[i].Event != job.EventPark { // the attempt of what is parked goes on
			r.rare.attempt(&batch[i])
			if batch[i].Event == job.EventRetry {
				r.events.Failed(stored.Run{Job: batch[i].Owner, ID: batch[i].ID}, batch[i].Attempt, true, batch[i].Error)
			}
		}
	}
	return nil
}

// classes returns what the executions of each job are indexed by once they wait, and
// which jobs are paused.
func (r *settling) classes(batch []store.Settlement, back []int) (classes map[int64]int64, paused map[int64]bool, err error) {
	classes, paused = map[int64]int64{}, map[int64]bool{}
	var owners []int64
	for _, i := range back {
		owners = append(owners, batch[i].Owner)
	}
	err = r.t.query(`SELECT j.seq, p.seq * 4 + j.priority, c.status FROM jobs j JOIN cursors c ON c.job = j.seq JOIN platforms p ON p.slug = j.platform WHERE j.seq = ANY ($1::bigint[])`, []any{owners}, func(row *row) error {
		seq := row.Int()
		classes[seq] = row.Int()
		paused[seq] = row.Int() == stored.JobPaused
		return nil
	})
	return classes, paused, err
}
