package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlInsertJob = `INSERT INTO jobs (seq, id, platform, name, live, type, priority, handler, spec, max_retries, anchor, seed,
	created_by, updated_by, created_at, updated_at, paused_at, pause_reason)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING`

// sqlLiveJobs counts the jobs of a platform that have not ended; steps of workflows are none.
const sqlLiveJobs = `SELECT count(*) FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.platform = $1 AND j.live AND j.type <> 4 AND c.status NOT IN (3, 4, 5)`

// CreateJob stores a job with its first epoch and its cursor.
func (s *Store) CreateJob(ctx context.Context, p store.CreateJob) (created job.Job, replayed bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		var id job.ID
		var seq int64
		var events stored.Events
		replayed = false
		if p.IdempotencyKey != "" {
			if id, replayed, err = remember(t, p.Job.Platform, p.IdempotencyKey, p.BodyHash, p.Job.ID, p.Now); err != nil {
				return err
			}
		}
		if replayed {
			seq, err = dialect.Find(s.within(t, p.Job.Platform), p.Job.Platform, id.String())
		} else {
			seq, err = createJob(t, &p, &events)
		}
		if err != nil {
			return err
		}
		writeEvents(t, &events, p.Now)
		created, err = jobBySeq(t, seq)
		if !replayed {
			store.TrailOf(ctx).Note(stored.NoteJob(nil, &created))
		}
		return err
	})
	if err != nil {
		return job.Job{}, false, s.nameTaken(ctx, err)
	}
	return created, replayed, nil
}

func createJob(t *tx, p *store.CreateJob, events *stored.Events) (seq int64, err error) {
	j := &p.Job
	spec, err := json.Marshal(&j.Spec)
	if err != nil {
		return 0, err
	}
	t.queue(`INSERT INTO platforms (slug) SELECT $1::text WHERE NOT EXISTS (SELECT 1 FROM platforms WHERE slug = $1) ON CONFLICT DO NOTHING`, j.Platform)
	if err := wantRoom(t, p); err != nil {
		return 0, err
	}
	if _, err := t.first(`SELECT nextval(pg_get_serial_sequence('jobs', 'seq'))`, nil, func(r *row) { seq = r.Int() }); err != nil {
		return 0, err
	}
	insert := func() (int64, error) {
		return t.exec(sqlInsertJob, seq, j.ID[:], j.Platform, j.Name, !j.Status.Terminal(), stored.Code(stored.JobTypes, j.Type),
			stored.Code(stored.Priorities, j.Priority), j.HandlerName, spec, j.MaxRetries, j.Anchor.UnixMicro(), j.Seed, j.CreatedBy, j.UpdatedBy,
			j.CreatedAt.UnixMicro(), j.UpdatedAt.UnixMicro(), stored.MicrosPtr(j.PausedAt), j.PauseReason)
	}
	n, err := insert()
	if err == nil && n == 0 {
		var free bool
		if free, err = freeName(t, j); free {
			n, err = insert()
		}
	}
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, &nameError{job: *j}
	}
	writeTags(t, seq, j.Tags)
	var next any
	if p.Open != nil {
		next = stored.Micros(p.Open.NextRun)
		if err := openEpoch(t, seq, p.Open); err != nil {
			return 0, err
		}
	}
	t.queue(`INSERT INTO cursors (job, next_run, revision, status) VALUES ($1, $2, $3, $4)`, seq, next, max(1, j.Revision), stored.Code(stored.JobStatuses, j.Status))
	if err := acts.JobStored(&eventTx{t: t}, seq, j, nil, p.Now); err != nil {
		return 0, err
	}
	if j.Type != job.TypeStep {
		events.Job(seq, job.EventJobCreated, "")
	}
	return seq, nil
}

// wantRoom refuses another job of a platform that has as many as it may, and keeps others
// from adding some meanwhile.
func wantRoom(t *tx, p *store.CreateJob) error {
	if p.MaxJobs == nil {
		return nil
	}
	t.queue(`SELECT 1 FROM platforms WHERE slug = $1 FOR UPDATE`, p.Job.Platform)
	return reads.WantRoom(t.query, sqlLiveJobs, p)
}

// freeName takes its name away from a job that has ended, for j, and reports whether
// there was one: the end of a job leaves the wide row alone.
func freeName(t *tx, j *job.Job) (free bool, err error) {
	var seq int64
	if free, err = t.first(`SELECT c.job FROM jobs h JOIN cursors c ON c.job = h.seq
		WHERE h.platform = $1 AND h.name = $2 AND h.live AND c.status IN (3, 4, 5) FOR UPDATE OF c`, []any{j.Platform, j.Name}, func(r *row) { seq = r.Int() }); free {
		t.queue(`UPDATE jobs SET live = false WHERE seq = $1`, seq)
	}
	return free, err
}

// nameError says that the job's name, or its id, is taken. Who has it is looked up
// when the transaction is over.
type nameError struct{ job job.Job }

func (e *nameError) Error() string { return "the name or the id of the job is taken" }

// nameTaken turns a nameError into what callers get.
func (s *Store) nameTaken(ctx context.Context, err error) error {
	taken, ok := errors.AsType[*nameError](err)
	if !ok {
		return err
	}
	return s.read(ctx, func(t *tx) error { return reads.NameTaken(t.query, &taken.job) })
}

// writeTags adds tags to a job that has none.
func writeTags(t *tx, seq int64, tags []string) {
	if len(tags) > 0 {
		t.queue(`INSERT INTO job_tags (tag, job) SELECT DISTINCT u.tag, $2::bigint FROM unnest($1::text[]) AS u (tag)`, tags, seq)
	}
}

func openEpoch(t *tx, seq int64, o *job.Opening) error {
	epoch := o.Epoch
	epoch.After, epoch.Anchor = stored.Cut(epoch.After), stored.Cut(epoch.Anchor)
	if _, err := t.first(`SELECT max(seq) FROM epochs WHERE job = $1`, []any{seq}, func(r *row) { epoch.Seq = r.Int() + 1 }); err != nil {
		return err
	}
	return writeEpoch(t, seq, &epoch)
}

func writeEpoch(t *tx, seq int64, epoch *job.Epoch) error {
	text, err := json.Marshal(epoch)
	if err != nil {
		return err
	}
	t.queue(`INSERT INTO epochs (job, seq, after_at, definition) VALUES ($1, $2, $3, $4)`, seq, epoch.Seq, epoch.After.UnixMicro(), text)
	return nil
}

// closeEpoch ends the stretch of time that the job's definition plans, unless it has
// ended already.
func closeEpoch(t *tx, seq int64, until time.Time) {
	t.queue(`UPDATE epochs SET until_at = coalesce((SELECT until_at FROM cursors WHERE job = $2), $1) WHERE job = $2 AND until_at IS NULL`, until.UnixMicro(), seq)
	t.queue(`UPDATE cursors SET until_at = NULL WHERE job = $1 AND until_at IS NOT NULL`, seq)
}

// forgetKeys removes some keys of a platform that stand for nothing any more, but for
// those that are about to be taken.
func forgetKeys(t *tx, platform string, but []string, now time.Time) {
	t.queue(`DELETE FROM idempotency WHERE (platform, key) IN (SELECT platform, key FROM idempotency
		WHERE platform = $1 AND created_at <= $2 AND key <> ALL ($3::text[]) ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)`, platform, now.Add(-reads.KeyLife).UnixMicro(), but)
}

// remember takes an idempotency key for id, waiting for whoever is about to take it.
// When it is taken, known is true and id is what it stands for.
func remember(t *tx, platform, key, hash string, id job.ID, now time.Time) (job.ID, bool, error) {
	old := now.Add(-reads.KeyLife).UnixMicro()
	forgetKeys(t, platform, []string{key}, now)
	n, err := t.exec(`INSERT INTO idempotency AS i (platform, key, hash, id, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (platform, key) DO UPDATE SET hash = excluded.hash, id = excluded.id, created_at = excluded.created_at WHERE i.created_at <= $6`,
		platform, key, hash, id[:], now.UnixMicro(), old)
	if err != nil || n == 1 {
		return id, false, err
	}
	return reads.Replay(t.query, platform, key, hash, now)
}

// jobBySeq reads a whole job. One statement sees the counters and what they do not have
// yet at one moment.
func jobBySeq(t *tx, seq int64) (job.Job, error) {
	var jobs reads.Jobs
	found, err := t.first(`SELECT `+dialect.WholeColumns()+`, ARRAY(SELECT data FROM counter_deltas ORDER BY id)`+reads.WholeFrom+` WHERE j.seq = $1`, []any{seq}, func(r *row) {
		jobs.Scan(r)
		deltas, _ := r.Take().([]any)
		for _, data := range deltas {
			jobs.Fold(data.([]byte))
		}
	})
	if err == nil && !found {
		err = fmt.Errorf("job %d: no row", seq)
	}
	if err != nil {
		return job.Job{}, err
	}
	return jobs.All()[0], nil
}

// PurgeJob removes a job and all that belongs to it.
func (s *Store) PurgeJob(ctx context.Context, platform, ref string, now time.Time, by string) error {
	return s.write(ctx, func(t *tx) error {
		seq, err := dialect.Find(s.within(t, platform), platform, ref)
		if err != nil {
			return err
		}
		locked, err := lockCursors(t, []int64{seq})
		if err != nil {
			return err
		}
		if locked[seq] == nil {
			return job.Errorf(job.NotFound, "job %q not found", ref)
		}
		busy, err := stillLive(t, sqlHold, locked[seq].live)
		if err != nil {
			return err
		}
		n := int64(len(busy))
		if _, err := t.first(`SELECT count(*) FROM waiting WHERE job = $1 AND queued <> 2 AND queued IS NOT NULL`, []any{seq}, func(r *row) { n += r.Int() }); err != nil {
			return err
		}
		if n > 0 {
			return job.Errorf(job.Conflict, "%d execution(s) of the job are not over", n).WithHint("cancel the job and what runs first")
		}
		before, err := jobBySeq(t, seq)
		if err != nil {
			return err
		}
		store.TrailOf(ctx).Note(stored.NoteJob(&before, nil))
		purge(t, []int64{seq})
		return nil
	})
}

// purge removes jobs and every row that belongs to them.
func purge(t *tx, seqs []int64) {
	for _, table := range stored.TablesOfExecution {
		t.queue(`DELETE FROM `+table+` x USING executions e WHERE e.job = ANY ($1::bigint[]) AND x.k = e.k`, seqs)
	}
	for _, table := range append([]string{"waiting"}, stored.TablesOfJob...) {
		t.queue(`DELETE FROM `+table+` WHERE job = ANY ($1::bigint[])`, seqs)
	}
	t.queue(`DELETE FROM rollups WHERE owner = ANY ($1::bigint[])`, seqs)
	t.queue(`DELETE FROM jobs WHERE seq = ANY ($1::bigint[])`, seqs)
}
