package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

const sqlInsertJob = `INSERT INTO jobs (id, platform, name, live, type, status, priority, handler, revision, spec, anchor, seed,
	created_by, updated_by, created_at, updated_at, paused_at, pause_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// CreateJob stores a job with its first epoch and its cursor.
func (s *Store) CreateJob(ctx context.Context, p store.CreateJob) (created job.Job, replayed bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		id, known, err := replay(c, p.Job.Platform, p.IdempotencyKey, p.BodyHash, p.Now)
		if err != nil {
			return err
		}
		if known {
			replayed = true
			created, err = jobByID(c, p.Job.Platform, id)
			return err
		}
		if err := createJob(c, &p); err != nil {
			return err
		}
		if err := remember(c, p.Job.Platform, p.IdempotencyKey, p.BodyHash, p.Job.ID, p.Now); err != nil {
			return err
		}
		created, err = jobByID(c, p.Job.Platform, p.Job.ID)
		return err
	})
	if err != nil {
		return job.Job{}, false, err
	}
	return created, replayed, nil
}

func createJob(c *conn, p *store.CreateJob) error {
	j := &p.Job
	spec, err := json.Marshal(&j.Spec)
	if err != nil {
		return err
	}
	if _, err := c.exec(`INSERT OR IGNORE INTO platforms (slug) VALUES (?)`, j.Platform); err != nil {
		return err
	}
	seq, err := c.insert(sqlInsertJob, j.ID[:], j.Platform, j.Name, !j.Status.Terminal(), code(jobTypes, j.Type), code(jobStatuses, j.Status),
		code(priorities, j.Priority), j.HandlerName, max(1, j.Revision), spec, j.Anchor.UnixMicro(), j.Seed, j.CreatedBy, j.UpdatedBy,
		j.CreatedAt.UnixMicro(), j.UpdatedAt.UnixMicro(), microsPtr(j.PausedAt), j.PauseReason)
	if uniqueViolation(err) {
		return nameTaken(c, j)
	}
	if err != nil {
		return err
	}
	if err := writeTags(c, seq, j.Tags); err != nil {
		return err
	}
	var next any
	if p.Open != nil {
		next = micros(p.Open.NextRun)
		if err := openEpoch(c, seq, p.Open); err != nil {
			return err
		}
	}
	if _, err := c.exec(`INSERT INTO cursors (job, next_run, revision) VALUES (?, ?, ?)`, seq, next, max(1, j.Revision)); err != nil {
		return err
	}
	var events eventWriter
	events.job(seq, "scheduler:job.created", "")
	return events.flush(c, p.Now)
}

// nameTaken says which job has the name, or that the id is used.
func nameTaken(c *conn, j *job.Job) error {
	var holder job.ID
	found, err := c.first(context.Background(), `SELECT id FROM jobs WHERE platform = ? AND name = ? AND live = 1`, []any{j.Platform, j.Name},
		func(r *row) { holder = r.id() })
	switch {
	case err != nil:
		return err
	case found:
		return job.Errorf(job.Conflict, "a job named %q exists", j.Name).WithHint("its id is %s; change it with PATCH, or choose another name", holder)
	default:
		return job.Errorf(job.Conflict, "a job with id %s exists", j.ID)
	}
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
	epoch.After, epoch.Anchor = stored(epoch.After), stored(epoch.Anchor)
	if _, err := c.first(context.Background(), `SELECT max(seq) FROM epochs WHERE job = ?`, []any{seq}, func(r *row) { epoch.Seq = r.int() + 1 }); err != nil {
		return err
	}
	text, err := json.Marshal(&epoch)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO epochs (job, seq, after_at, definition) VALUES (?, ?, ?, ?)`, seq, epoch.Seq, epoch.After.UnixMicro(), text)
	return err
}

// keyLife is how long an idempotency key stands for what it made.
const keyLife = 24 * time.Hour

// replay looks up an idempotency key. The same key with another body is a conflict.
func replay(c *conn, platform, key, hash string, now time.Time) (id job.ID, known bool, err error) {
	if key == "" {
		return id, false, nil
	}
	var had string
	known, err = c.first(context.Background(), `SELECT hash, id FROM idempotency WHERE platform = ? AND key = ? AND created_at > ?`, []any{platform, key, now.Add(-keyLife).UnixMicro()}, func(r *row) {
		had, id = r.text(), r.id()
	})
	if known && had != hash {
		return id, true, job.Errorf(job.Conflict, "the idempotency key was already used for another request")
	}
	return id, known, err
}

func remember(c *conn, platform, key, hash string, id job.ID, now time.Time) error {
	if key == "" {
		return nil
	}
	if _, err := c.exec(`DELETE FROM idempotency WHERE platform = ? AND created_at <= ?`, platform, now.Add(-keyLife).UnixMicro()); err != nil {
		return err
	}
	_, err := c.exec(`INSERT INTO idempotency (platform, key, hash, id, created_at) VALUES (?, ?, ?, ?, ?)`, platform, key, hash, id[:], now.UnixMicro())
	return err
}

// find returns the row number of the job ref names: an id; or a name, of the live
// job first, else of the newest one that has ended. Among several platforms the
// reserved one comes first.
func find(c *conn, platform, ref string) (seq int64, err error) {
	ctx := context.Background()
	var found bool
	if id, bad := job.ParseID(ref); bad == nil {
		found, err = c.first(ctx, `SELECT seq FROM jobs WHERE id = ? AND (platform = ? OR ? = '*')`, []any{id[:], platform, platform}, func(r *row) { seq = r.int() })
	} else {
		found, err = c.first(ctx, `SELECT seq FROM jobs WHERE name = ? AND (platform = ? OR ? = '*') AND deleted_at IS NULL
			ORDER BY live DESC, platform = 'default' DESC, seq DESC LIMIT 1`, []any{ref, platform, platform}, func(r *row) { seq = r.int() })
	}
	if err == nil && !found {
		err = job.Errorf(job.NotFound, "job %q not found", ref)
	}
	return seq, err
}

func jobByID(c *conn, platform string, id job.ID) (job.Job, error) {
	seq, err := find(c, platform, id.String())
	if err != nil {
		return job.Job{}, err
	}
	return jobBySeq(c, seq)
}

// jobBySeq reads a whole job: definition, cursor and counters.
func jobBySeq(c *conn, seq int64) (job.Job, error) {
	jobs, err := selectJobs(context.Background(), c, `SELECT `+wholeColumns+wholeFrom+` WHERE j.seq = ?`, []any{seq})
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
	err = s.snapshot(ctx, func(c *conn) error {
		seq, err := find(c, platform, ref)
		if err != nil {
			return err
		}
		found, err = jobBySeq(c, seq)
		return err
	})
	return found, err
}

// PurgeJob removes a job and all that belongs to it.
func (s *Store) PurgeJob(ctx context.Context, platform, ref string, now time.Time, by string) error {
	return s.write(ctx, func(c *conn) error {
		seq, err := find(c, platform, ref)
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
		return purge(c, seq)
	})
}

// purge removes a job and every row that belongs to it.
func purge(c *conn, seq int64) error {
	for _, table := range []string{"execution_inputs", "execution_results", "attempts", "logs", "log_sizes", "cancels", "dead_letters"} {
		if _, err := c.exec(`DELETE FROM `+table+` WHERE k IN (SELECT k FROM executions WHERE job = ?)`, seq); err != nil {
			return err
		}
	}
	for _, table := range []string{"executions", "failures", "ranges", "epochs", "counters", "cursors", "job_tags"} {
		if _, err := c.exec(`DELETE FROM `+table+` WHERE job = ?`, seq); err != nil {
			return err
		}
	}
	_, err := c.exec(`DELETE FROM jobs WHERE seq = ?`, seq)
	return err
}

// liveOf returns the executions of a job that are not over: those that hold a place
// and those that wait for one.
func liveOf(c *conn, seq int64) ([]int64, error) {
	var live any
	if _, err := c.first(context.Background(), `SELECT live FROM cursors WHERE job = ?`, []any{seq}, func(r *row) { live = r.take() }); err != nil {
		return nil, err
	}
	keys, err := stillLive(c, unpackKeys(live, nil))
	if err != nil {
		return nil, err
	}
	return keys, c.query(context.Background(), `SELECT k FROM executions WHERE job = ? AND queued = 1`, []any{seq}, func(r *row) error {
		keys = append(keys, r.int())
		return nil
	})
}

// wholeColumns are the columns of a job as it is shown.
const wholeColumns = jobColumns + `, c.next_run, c.runs, c.skipped,
	coalesce(n.success, 0), coalesce(n.failed, 0), coalesce(n.timeout, 0), coalesce(n.duration_us, 0), n.last_run`

const wholeFrom = ` FROM jobs j JOIN cursors c ON c.job = j.seq LEFT JOIN counters n ON n.job = j.seq`

// selectJobs runs a query of wholeColumns and adds what the counters do not have yet.
func selectJobs(ctx context.Context, c *conn, query string, args []any) ([]job.Job, error) {
	var jobs []job.Job
	var sums []figures
	index := map[int64]*figures{}
	var seqs []int64
	err := c.query(ctx, query, args, func(r *row) error {
		var j job.Job
		seq, fault := scanDefinition(r, &j)
		if fault != nil {
			j.Status, j.StatusReason = job.JobError, fault.Error()
		}
		j.NextRun = r.timePtr()
		j.ExecutionsCount, j.SkippedCount = r.int(), r.int()
		sums = append(sums, figures{success: r.int(), failed: r.int(), timeout: r.int(), durationUS: r.int(), lastRun: r.int()})
		jobs, seqs = append(jobs, j), append(seqs, seq)
		return nil
	})
	if err != nil || len(jobs) == 0 {
		return jobs, err
	}
	for i, seq := range seqs {
		index[seq] = &sums[i]
	}
	if _, err := unfolded(ctx, c, index, 0); err != nil {
		return nil, err
	}
	for i := range jobs {
		show(&jobs[i], &sums[i])
	}
	return jobs, nil
}

// show puts the counters into a job.
func show(j *job.Job, f *figures) {
	j.SuccessCount, j.FailureCount = f.success, f.failed+f.timeout
	if f.success > 0 {
		average := f.durationUS / f.success / 1000
		j.AvgDurationMS = &average
	}
	if f.lastRun > 0 {
		at := fromMicros(f.lastRun)
		j.LastRun = &at
	}
}
