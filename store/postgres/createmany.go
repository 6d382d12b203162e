package postgres

import (
	"encoding/json"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// creating makes many new jobs in a few round trips.
type creating struct {
	x     *eventTx
	batch []*store.CreateJob
	seqs  []int64
	errs  []error
}

func (m *creating) all() error {
	t := m.x.t
	next := make([]int64, 0, len(m.batch))
	if err := t.query(`SELECT nextval(pg_get_serial_sequence('jobs', 'seq')) FROM generate_series(1, $1)`, []any{len(m.batch)}, func(r *row) error {
		next = append(next, r.Int())
		return nil
	}); err != nil {
		return err
	}
	written := make([]int64, len(m.batch))
	platforms := map[string]bool{}
	for i, p := range m.batch {
		if slug := p.Job.Platform; !platforms[slug] {
			platforms[slug] = true
			t.queue(`INSERT INTO platforms (slug) SELECT $1::text WHERE NOT EXISTS (SELECT 1 FROM platforms WHERE slug = $1) ON CONFLICT DO NOTHING`, slug)
		}
		if full, err := m.full(i); full || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := m.row(next[i], &p.Job, &written[i]); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	for i, p := range m.batch {
		if written[i] == 0 && m.errs[i] == nil {
			if err := m.again(next[i], i, &written[i]); err != nil {
				return err
			}
		}
		if written[i] == 0 {
			continue
		}
		m.seqs[i] = next[i]
		if err := m.rest(next[i], p); err != nil {
			return err
		}
	}
	return nil
}

// full reports whether the platform of the job at i has as many jobs as it may have.
func (m *creating) full(i int) (bool, error) {
	p := m.batch[i]
	if p.MaxJobs == nil {
		return false, nil
	}
	switch err := wantRoom(m.x.t, p); { // which sends what was queued: it counts
	case err == nil:
		return false, nil
	case job.CodeOf(err) == job.Conflict:
		m.errs[i] = err
		return true, nil
	default:
		return true, err
	}
}

// row queues the wide row of a job; n is how many were written.
func (m *creating) row(seq int64, j *job.Job, n *int64) error {
	spec, err := json.Marshal(&j.Spec)
	if err != nil {
		return err
	}
	m.x.t.queue(sqlInsertJob, seq, j.ID[:], j.Platform, j.Name, !j.Status.Terminal(), stored.Code(stored.JobTypes, j.Type),
		stored.Code(stored.Priorities, j.Priority), j.HandlerName, spec, j.MaxRetries, j.Anchor.UnixMicro(), j.Seed, j.CreatedBy, j.UpdatedBy,
		j.CreatedAt.UnixMicro(), j.UpdatedAt.UnixMicro(), stored.MicrosPtr(j.PausedAt), j.PauseReason).Exec(func(tag pgconn.CommandTag) error {
		*n = tag.RowsAffected()
		return nil
	})
	return nil
}

// again takes the name from a job that has ended, or says who has it.
func (m *creating) again(seq int64, i int, n *int64) error {
	j := &m.batch[i].Job
	ended, err := freeName(m.x.t, j)
	if err != nil {
		return err
	}
	if ended {
		if err := m.row(seq, j, n); err != nil {
			return err
		}
		if err := m.x.t.flush(); err != nil {
			return err
		}
	}
	if *n == 0 {
		m.errs[i] = reads.NameTaken(m.x.t.query, j)
		if job.CodeOf(m.errs[i]) != job.Conflict {
			return m.errs[i]
		}
	}
	return nil
}

// rest queues what belongs to a job.
func (m *creating) rest(seq int64, p *store.CreateJob) error {
	t, j := m.x.t, &p.Job
	writeTags(t, seq, j.Tags)
	var next any
	if p.Open != nil {
		next = stored.Micros(p.Open.NextRun)
		epoch := p.Open.Epoch
		epoch.After, epoch.Anchor, epoch.Seq = stored.Cut(epoch.After), stored.Cut(epoch.Anchor), 1
		if err := writeEpoch(t, seq, &epoch); err != nil {
			return err
		}
	}
	t.queue(`INSERT INTO cursors (job, next_run, revision, status) VALUES ($1, $2, $3, $4)`, seq, next, max(1, j.Revision), stored.Code(stored.JobStatuses, j.Status))
	m.x.events.Job(seq, job.EventJobCreated, "")
	return acts.JobStored(m.x, seq, j, nil, p.Now)
}
