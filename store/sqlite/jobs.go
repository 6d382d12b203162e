package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlInsertJob = `INSERT INTO jobs (id, platform, name, live, type, status, priority, handler, revision, spec, anchor, seed,
	created_by, updated_by, created_at, updated_at, paused_at, pause_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// sqlLiveJobs counts the jobs of a platform that have not ended; steps of workflows are none.
const sqlLiveJobs = `SELECT count(*) FROM jobs j WHERE j.platform = $1 AND j.live = 1 AND j.type <> 4`

// CreateJob stores a job with its first epoch and its cursor.
func (s *Store) CreateJob(ctx context.Context, p store.CreateJob) (created job.Job, replayed bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		id, known, err := reads.Replay(c.query, p.Job.Platform, p.IdempotencyKey, p.BodyHash, p.Now)
		if err != nil {
			return err
		}
		if known {
			replayed = true
			created, err = dialect.Job(c.query, p.Job.Platform, id.String())
			return err
		}
		seq, err := createJob(c, &p)
		if err != nil {
			return err
		}
		if err := remember(c, p.Job.Platform, p.IdempotencyKey, p.BodyHash, p.Job.ID, p.Now); err != nil {
			return err
		}
		created, err = dialect.JobBySeq(c.query, seq)
		store.TrailOf(ctx).Note(stored.NoteJob(nil, &created))
		return err
	})
	if err != nil {
		return job.Job{}, false, err
	}
	return created, replayed, nil
}

func createJob(c *conn, p *store.CreateJob) (seq int64, err error) {
	j := &p.Job
	spec, err := json.Marshal(&j.Spec)
	if err != nil {
		return 0, err
	}
	if _, err := c.exec(`INSERT OR IGNORE INTO platforms (slug) VALUES (?)`, j.Platform); err != nil {
		return 0, err
	}
	if err := reads.WantRoom(c.query, sqlLiveJobs, p); err != nil {
		return 0, err
	}
	seq, err = c.insert(sqlInsertJob, j.ID[:], j.Platform, j.Name, !j.Status.Terminal(), stored.Code(stored.JobTypes, j.Type), stored.Code(stored.JobStatuses, j.Status),
		stored.Code(stored.Priorities, j.Priority), j.HandlerName, max(1, j.Revision), spec, j.Anchor.UnixMicro(), j.Seed, j.CreatedBy, j.UpdatedBy,
		j.CreatedAt.UnixMicro(), j.UpdatedAt.UnixMicro(), stored.MicrosPtr(j.PausedAt), j.PauseReason)
	if uniqueViolation(err) {
		return 0, reads.NameTaken(c.query, j)
	}
	if err != nil {
		return 0, err
	}
	if err := writeTags(c, seq, j.Tags); err != nil {
		return 0, err
	}
	var next any
	if p.Open != nil {
		next = stored.Micros(p.Open.NextRun)
		if err := openEpoch(c, seq, p.Open); err != nil {
			return 0, err
		}
	}
	if _, err := c.exec(`INSERT INTO cursors (job, next_run, revision) VALUES (?, ?, ?)`, seq, next, max(1, j.Revision)); err != nil {
		return 0, err
	}
	if err := acts.JobStored(eventTx{c: c}, seq, j, nil, p.Now); err != nil {
		return 0, err
	}
	var events stored.Events
	if j.Type != job.TypeStep {
		events.Job(seq, job.EventJobCreated, "")
	}
	return seq, writeEvents(c, &events, p.Now)
}

func writeTags(c *conn, seq int64, tags []string) error {
	if _, err := c.exec(`DELETE FROM job_tags WHERE job = ?`, seq); err != nil {
		return err
	}
	for _, tag := range tags {
		if _, err := c.exec(`INSERT OR IGNORE INTO job_tags (tag, job) VALUES (?, ?)`, tag, seq); err != nil {
			return err
		}
	}
	return nil
}

func openEpoch(c *conn, seq int64, o *job.Opening) error {
	epoch := o.Epoch
	epoch.After, epoch.Anchor = stored.Cut(epoch.After), stored.Cut(epoch.Anchor)
	if _, err := c.first(`SELECT max(seq) FROM epochs WHERE job = ?`, []any{seq}, func(r *row) { epoch.Seq = r.Int() + 1 }); err != nil {
		return err
	}
	text, err := json.Marshal(&epoch)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO epochs (job, seq, after_at, definition) VALUES (?, ?, ?, ?)`, seq, epoch.Seq, epoch.After.UnixMicro(), text)
	return err
}

func remember(c *conn, platform, key, hash string, id job.ID, now time.Time) error {
	if key == "" {
		return nil
	}
	if _, err := c.exec(`DELETE FROM idempotency WHERE platform = ? AND created_at <= ?`, platform, now.Add(-reads.KeyLife).UnixMicro()); err != nil {
		return err
	}
	_, err := c.exec(`INSERT INTO idempotency (platform, key, hash, id, created_at) VALUES (?, ?, ?, ?, ?)`, platform, key, hash, id[:], now.UnixMicro())
	return err
}

// PurgeJob removes a job and all that belongs to it.
func (s *Store) PurgeJob(ctx context.Context, platform, ref string, now time.Time, by string) error {
	return s.write(ctx, func(c *conn) error {
		seq, err := dialect.Find(c.query, platform, ref)
		if err != nil {
			return err
		}
		busy, err := liveOf(c, seq)
		if err != nil {
			return err
		}
		if n := len(busy); n > 0 {
			return job.Errorf(job.Conflict, "%d execution(s) of the job are not over", n).WithHint("cancel the job and what runs first")
		}
		before, err := dialect.JobBySeq(c.query, seq)
		if err != nil {
			return err
		}
		store.TrailOf(ctx).Note(stored.NoteJob(&before, nil))
		return purge(c, seq)
	})
}

// purge removes a job and every row that belongs to it.
func purge(c *conn, seq int64) error {
	for _, table := range stored.TablesOfExecution {
		if _, err := c.exec(`DELETE FROM `+table+` WHERE k IN (SELECT k FROM executions WHERE job = ?)`, seq); err != nil {
			return err
		}
	}
	for _, table := range stored.TablesOfJob {
		if _, err := c.exec(`DELETE FROM `+table+` WHERE job = ?`, seq); err != nil {
			return err
		}
	}
	if _, err := c.exec(`DELETE FROM rollups WHERE owner = ?`, seq); err != nil {
		return err
	}
	_, err := c.exec(`DELETE FROM jobs WHERE seq = ?`, seq)
	return err
}

// liveOf returns the executions of a job that are not over: those that hold a place
// and those that wait for one.
func liveOf(c *conn, seq int64) ([]int64, error) {
	var live any
	if _, err := c.first(`SELECT live FROM cursors WHERE job = ?`, []any{seq}, func(r *row) { live = r.Take() }); err != nil {
		return nil, err
	}
	keys, err := stillLive(c, stored.Keys(live))
	if err != nil {
		return nil, err
	}
	queued, err := c.ints(`SELECT k FROM executions WHERE job = ? AND queued IS NOT NULL AND queued <> 2`, seq)
	return append(keys, queued...), err
}
