package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlInsertJob = `INSERT INTO jobs (seq, id, platform, name, live, type, status, priority, handler, revision, spec, max_retries, anchor, seed,
	created_by, updated_by, created_at, updated_at, paused_at, pause_reason)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT DO NOTHING`

// CreateJob stores a job with its first epoch and its cursor.
func (s *Store) CreateJob(ctx context.Context, p store.CreateJob) (created job.Job, replayed bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		replayed = false
		if p.IdempotencyKey != "" {
			id, known, err := remember(t, p.Job.Platform, p.IdempotencyKey, p.BodyHash, p.Job.ID, p.Now)
			if err != nil {
				return err
			}
			if known {
				replayed = true
				created, err = jobByID(t, p.Job.Platform, id)
				return err
			}
		}
		var events stored.Events
		seq, err := createJob(t, &p, &events)
		if err != nil {
			return err
		}
		writeEvents(t, &events, p.Now)
		created, err = jobBySeq(t, seq)
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
	if _, err := t.first(`SELECT nextval(pg_get_serial_sequence('jobs', 'seq'))`, nil, func(r *row) { seq = r.int() }); err != nil {
		return 0, err
	}
	n, err := t.exec(sqlInsertJob, seq, j.ID[:], j.Platform, j.Name, !j.Status.Terminal(), stored.Code(stored.JobTypes, j.Type), stored.Code(stored.JobStatuses, j.Status),
		stored.Code(stored.Priorities, j.Priority), j.HandlerName, max(1, j.Revision), spec, j.MaxRetries, j.Anchor.UnixMicro(), j.Seed, j.CreatedBy, j.UpdatedBy,
		j.CreatedAt.UnixMicro(), j.UpdatedAt.UnixMicro(), microsPtr(j.PausedAt), j.PauseReason)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, &nameError{job: *j}
	}
	writeTags(t, seq, j.Tags)
	var next any
	if p.Open != nil {
		next = micros(p.Open.NextRun)
		if err := openEpoch(t, seq, p.Open); err != nil {
			return 0, err
		}
	}
	t.queue(`INSERT INTO cursors (job, next_run, revision) VALUES ($1, $2, $3)`, seq, next, max(1, j.Revision))
	events.Job(seq, job.EventJobCreated, "")
	return seq, nil
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
	j := &taken.job
	var holder job.ID
	var found bool
	if err := s.read(ctx, func(t *tx) (err error) {
		found, err = t.first(`SELECT id FROM jobs WHERE platform = $1 AND name = $2 AND live`, []any{j.Platform, j.Name}, func(r *row) { holder = r.id() })
		return err
	}); err != nil {
		return err
	}
	if found && holder != j.ID {
		return job.Errorf(job.Conflict, "a job named %q exists", j.Name).WithHint("its id is %s; change it with PATCH, or choose another name", holder)
	}
	return job.Errorf(job.Conflict, "a job with id %s exists", j.ID)
}

// writeTags adds tags to a job that has none.
func writeTags(t *tx, seq int64, tags []string) {
	if len(tags) > 0 {
		t.queue(`INSERT INTO job_tags (tag, job) SELECT DISTINCT u.tag, $2::bigint FROM unnest($1::text[]) AS u (tag)`, tags, seq)
	}
}

func openEpoch(t *tx, seq int64, o *job.Opening) error {
	epoch := o.Epoch
	epoch.After, epoch.Anchor = cut(epoch.After), cut(epoch.Anchor)
	if _, err := t.first(`SELECT max(seq) FROM epochs WHERE job = $1`, []any{seq}, func(r *row) { epoch.Seq = r.int() + 1 }); err != nil {
		return err
	}
	text, err := json.Marshal(&epoch)
	if err != nil {
		return err
	}
	t.queue(`INSERT INTO epochs (job, seq, after_at, definition) VALUES ($1, $2, $3, $4)`, seq, epoch.Seq, epoch.After.UnixMicro(), text)
	return nil
}

// closeEpoch ends the stretch of time that the job's definition plans.
func closeEpoch(t *tx, seq int64, until time.Time) {
	t.queue(`UPDATE epochs SET until_at = $1 WHERE job = $2 AND until_at IS NULL`, until.UnixMicro(), seq)
}

// keyLife is how long an idempotency key stands for what it made.
const keyLife = 24 * time.Hour

// replay looks up an idempotency key. The same key with another body is a conflict.
func replay(t *tx, platform, key, hash string, now time.Time) (id job.ID, known bool, err error) {
	if key == "" {
		return id, false, nil
	}
	var had string
	known, err = t.first(`SELECT hash, id FROM idempotency WHERE platform = $1 AND key = $2 AND created_at > $3`, []any{platform, key, now.Add(-keyLife).UnixMicro()}, func(r *row) {
		had, id = r.text(), r.id()
	})
	if known && had != clean(hash) {
		return id, true, job.Errorf(job.Conflict, "the idempotency key was already used for another request")
	}
	return id, known, err
}

// remember takes an idempotency key for id, waiting for whoever is about to take it.
// When it is taken, known is true and id is what it stands for.
func remember(t *tx, platform, key, hash string, id job.ID, now time.Time) (job.ID, bool, error) {
	old := now.Add(-keyLife).UnixMicro()
	t.queue(`DELETE FROM idempotency WHERE (platform, key) IN (SELECT platform, key FROM idempotency
		WHERE platform = $1 AND created_at <= $2 AND key <> $3 ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)`, platform, old, key)
	n, err := t.exec(`INSERT INTO idempotency AS i (platform, key, hash, id, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (platform, key) DO UPDATE SET hash = excluded.hash, id = excluded.id, created_at = excluded.created_at WHERE i.created_at <= $6`,
		platform, key, hash, id[:], now.UnixMicro(), old)
	if err != nil || n == 1 {
		return id, false, err
	}
	return replay(t, platform, key, hash, now)
}

// find returns the row number of the job ref names: an id; or a name, of the live
// job first, else of the newest one that has ended. Among several platforms the
// reserved one comes first.
func find(t *tx, platform, ref string) (seq int64, err error) {
	var found bool
	if id, bad := job.ParseID(ref); bad == nil {
		found, err = t.first(`SELECT seq FROM jobs WHERE id = $1 AND (platform = $2 OR $2 = '*')`, []any{id[:], platform}, func(r *row) { seq = r.int() })
	} else {
		found, err = t.first(`SELECT seq FROM jobs WHERE name = $1 AND (platform = $2 OR $2 = '*') AND deleted_at IS NULL
			ORDER BY live DESC, platform = 'default' DESC, seq DESC LIMIT 1`, []any{ref, platform}, func(r *row) { seq = r.int() })
	}
	if err == nil && !found {
		err = job.Errorf(job.NotFound, "job %q not found", ref)
	}
	return seq, err
}

func jobByID(t *tx, platform string, id job.ID) (job.Job, error) {
	seq, err := find(t, platform, id.String())
	if err != nil {
		return job.Job{}, err
	}
	return jobBySeq(t, seq)
}

// jobBySeq reads a whole job: definition, cursor and counters.
func jobBySeq(t *tx, seq int64) (job.Job, error) {
	// One statement sees the counters and what they do not have yet at one moment.
	jobs, err := selectJobs(t, `SELECT `+wholeColumns+`, ARRAY(SELECT data FROM counter_deltas ORDER BY id)`+wholeFrom+` WHERE j.seq = $1`, []any{seq})
	if err == nil && len(jobs) == 0 {
		err = fmt.Errorf("job %d: no row", seq)
	}
	if err != nil {
		return job.Job{}, err
	}
	return jobs[0], nil
}

// Job returns the job that ref names.
func (s *Store) Job(ctx context.Context, platform, ref string) (found job.Job, err error) {
	err = s.snapshot(ctx, func(t *tx) error {
		seq, err := find(t, platform, ref)
		if err != nil {
			return err
		}
		found, err = jobBySeq(t, seq)
		return err
	})
	return found, err
}

// PurgeJob removes a job and all that belongs to it.
func (s *Store) PurgeJob(ctx context.Context, platform, ref string, now time.Time, by string) error {
	return s.write(ctx, func(t *tx) error {
		seq, err := find(t, platform, ref)
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
		if _, err := t.first(`SELECT count(*) FROM waiting WHERE job = $1 AND queued = 1 AND queued IS NOT NULL`, []any{seq}, func(r *row) { n += r.int() }); err != nil {
			return err
		}
		if n > 0 {
			return job.Errorf(job.Conflict, "%d execution(s) of the job are not over", n).WithHint("cancel the job and what runs first")
		}
		purge(t, []int64{seq})
		return nil
	})
}

// purge removes jobs and every row that belongs to them.
func purge(t *tx, seqs []int64) {
	for _, table := range []string{"execution_inputs", "execution_results", "attempts", "logs", "log_sizes", "cancels", "dead_letters"} {
		t.queue(`DELETE FROM `+table+` x USING executions e WHERE e.job = ANY ($1::bigint[]) AND x.k = e.k`, seqs)
	}
	for _, table := range []string{"executions", "waiting", "failures", "ranges", "epochs", "counters", "cursors", "job_tags"} {
		t.queue(`DELETE FROM `+table+` WHERE job = ANY ($1::bigint[])`, seqs)
	}
	t.queue(`DELETE FROM jobs WHERE seq = ANY ($1::bigint[])`, seqs)
}

// wholeColumns are the columns of a job as it is shown.
const wholeColumns = jobColumns + `, c.next_run, c.runs, c.skipped,
	coalesce(n.success, 0), coalesce(n.failed, 0), coalesce(n.timeout, 0), coalesce(n.duration_us, 0), n.last_run`

const wholeFrom = ` FROM jobs j JOIN cursors c ON c.job = j.seq LEFT JOIN counters n ON n.job = j.seq`

// selectJobs runs a query of wholeColumns. What the counters do not have yet comes as
// a further column, or is read in the same snapshot.
func selectJobs(t *tx, query string, args []any) ([]job.Job, error) {
	var jobs []job.Job
	var seqs []int64
	inline := false
	sums := map[int64]*stored.Figures{}
	if err := t.query(query, args, func(r *row) error {
		var j job.Job
		seq, fault := scanDefinition(r, &j)
		if fault != nil {
			j.Status, j.StatusReason = job.JobError, fault.Error()
		}
		j.NextRun = r.timePtr()
		j.ExecutionsCount, j.SkippedCount = r.int(), r.int()
		sums[seq] = &stored.Figures{Success: r.int(), Failed: r.int(), Timeout: r.int(), DurationUS: r.int(), LastRun: r.int()}
		jobs, seqs = append(jobs, j), append(seqs, seq)
		if inline = r.next < len(r.values); inline {
			deltas, _ := r.take().([]any)
			for _, data := range deltas {
				stored.Sum(data.([]byte), sums, false)
			}
		}
		return nil
	}); err != nil || len(jobs) == 0 {
		return jobs, err
	}
	if !inline {
		if err := t.query(`SELECT data FROM counter_deltas ORDER BY id`, nil, func(r *row) error {
			stored.Sum(r.blob(), sums, false)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	for i, seq := range seqs {
		show(&jobs[i], sums[seq])
	}
	return jobs, nil
}

// show puts the counters into a job.
func show(j *job.Job, f *stored.Figures) {
	j.SuccessCount, j.FailureCount = f.Success, f.Failed+f.Timeout
	if f.Success > 0 {
		average := f.DurationUS / f.Success / 1000
		j.AvgDurationMS = &average
	}
	if f.LastRun > 0 {
		at := fromMicros(f.LastRun)
		j.LastRun = &at
	}
}
