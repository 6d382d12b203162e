package postgres

import (
	"context"
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// ChangeJob lets p.Change decide over a job under its lock and writes the decision.
func (s *Store) ChangeJob(ctx context.Context, p store.ChangeJob) (job.Job, error) {
	var after job.Job
	err := s.write(ctx, func(t *tx) error {
		seq, err := dialect.Find(s.within(t, p.Platform), p.Platform, p.Ref)
		if err != nil {
			return err
		}
		run := change{planning: planning{s: s, t: t, p: &store.PlanDue{Now: p.Now, NewID: p.NewID}, careful: true, taker: &taker{}}, p: &p, seq: seq}
		if err := run.decide(); err != nil {
			return err
		}
		writeEvents(t, &run.events, p.Now)
		after, err = jobBySeq(t, seq)
		if run.before != nil {
			store.TrailOf(ctx).Note(stored.NoteJob(run.before, &after))
		}
		return err
	})
	return after, s.nameTaken(ctx, err)
}

// change is the state of one ChangeJob.
type change struct {
	planning
	p   *store.ChangeJob
	seq int64
	cur *cursor

	before *job.Job // what was changed; nil = nothing was
}

func (ch *change) decide() error {
	state, err := ch.load(ch.p.Ref)
	if err != nil {
		return err
	}
	before, err := jobBySeq(ch.t, ch.seq)
	if err != nil {
		return err
	}
	if ch.p.IfRevision != 0 && ch.p.IfRevision != before.Revision {
		return job.Errorf(job.VersionMismatch, "the job is at revision %d, not %d", before.Revision, ch.p.IfRevision).
			WithHint("read it again, then repeat the change")
	}
	changed, err := ch.p.Change(before, state)
	if err != nil || changed.Unchanged {
		return err
	}
	ch.before = &before
	return ch.write(&before, &changed)
}

// load locks the job and what runs of it, and reads the cursor as the planner sees it.
func (ch *change) load(ref string) (job.State, error) {
	locked, err := lockCursors(ch.t, []int64{ch.seq})
	if err != nil {
		return job.State{}, err
	}
	if ch.cur = locked[ch.seq]; ch.cur == nil {
		return job.State{}, job.Errorf(job.NotFound, "job %q not found", ref)
	}
	if ch.cur.live, err = stillLive(ch.t, sqlHold, ch.cur.live); err != nil {
		return job.State{}, err
	}
	queued, err := countQueued(ch.t, []int64{ch.seq})
	st := job.State{Occurrences: ch.cur.occurrences, Live: len(ch.cur.live), Queued: queued[ch.seq]}
	if ch.cur.nextRun != 0 {
		st.NextRun = stored.Time(ch.cur.nextRun)
	}
	if err == nil {
		_, err = ch.t.first(`SELECT greatest((SELECT max(until_at) FROM epochs WHERE job = $1), until_at) FROM cursors WHERE job = $1`, []any{ch.seq}, func(r *row) { st.Closed = r.Time() })
	}
	return st, err
}

func (ch *change) write(before *job.Job, changed *job.Changed) error {
	ch.plan = changed.Plan
	if err := ch.record(&definition{seq: ch.seq, job: before}, ch.cur); err != nil {
		return err
	}
	ch.queueRecords()
	writeDeltas(ch.t, &ch.deltas)
	over, err := ch.executions(before, changed)
	if err != nil {
		return err
	}
	if changed.CloseEpoch != nil {
		closeEpoch(ch.t, ch.seq, *changed.CloseEpoch)
	}
	if changed.Open != nil {
		if err := openEpoch(ch.t, ch.seq, changed.Open); err != nil {
			return err
		}
	}
	if err := ch.definition(before, changed); err != nil {
		return err
	}
	if err := keepRevision(ch.t, ch.seq, before); err != nil {
		return err
	}
	ch.cur.revision = before.Revision + 1
	ch.cur.ending = changed.Job.Status == job.JobActive && changed.NextRun.IsZero() && (changed.Plan.Ended || ch.cur.ending)
	if ch.cur.ending && changed.Plan.Ended {
		closeEpoch(ch.t, ch.seq, changed.Plan.EndedAt)
	}
	ch.t.queue(`UPDATE cursors SET next_run = $1, revision = $2, numbers = $3, runs = $4, occurrences = $5, skipped = $6, live = $7, ending = $8, status = $9, ended_at = NULL WHERE job = $10`,
		stored.Micros(changed.NextRun), ch.cur.revision, ch.cur.numbers, ch.cur.runs, ch.cur.occurrences, ch.cur.skipped, packLive(ch.cur.live), ch.cur.ending,
		stored.Code(stored.JobStatuses, changed.Job.Status), ch.seq)
	if _, err := endJobs(ch.t, []*cursor{ch.cur}, over, ch.p.Now, &ch.events); err != nil {
		return err
	}
	if before.Status == job.JobPaused && changed.Job.Status == job.JobActive {
		if _, err := ch.s.promote(ch.t, []*cursor{ch.cur}, over, ch.p.Now); err != nil {
			return err
		}
	}
	if changed.Event != "" {
		ch.events.Job(ch.seq, changed.Event, "")
	}
	return nil
}

// executions does to waiting and running executions what the change says, and returns
// those that are over by it.
func (ch *change) executions(before *job.Job, changed *job.Changed) (over map[int64]bool, err error) {
	if changed.DropQueued {
		if over, err = ch.drop(); err != nil {
			return nil, err
		}
	}
	if changed.CancelLive { // what was claimed before it could be dropped runs by now
		requestCancels(ch.t, ch.cur.live, ch.p.Now, ch.p.By, changed.Event)
	}
	if changed.DropQueued {
		return over, nil
	}
	paused, was := changed.Job.Status == job.JobPaused, before.Status == job.JobPaused
	switch {
	case paused && !was: // what waits is not claimed while the job is paused
		ch.t.queue(`UPDATE waiting SET queued = 2 WHERE k = ANY ($1::bigint[])`, ch.cur.live)
	case was && !paused:
		ch.t.queue(`UPDATE waiting SET queued = NULL WHERE job = $1 AND queued = 2 AND queued IS NOT NULL`, ch.seq)
	}
	return nil, nil
}

// drop cancels every execution of the job that waits.
func (ch *change) drop() (map[int64]bool, error) {
	keys := append([]int64(nil), ch.cur.live...)
	if err := ch.t.query(`SELECT k FROM waiting WHERE job = $1 AND queued IS NOT NULL`, []any{ch.seq}, func(r *row) error {
		keys = append(keys, r.Int())
		return nil
	}); err != nil {
		return nil, err
	}
	return cancelWaiting(ch.t, ch.seq, keys, ch.p.Now, &ch.events)
}

const sqlChangeJob = `UPDATE jobs SET name = $1, live = $2, type = $3, priority = $4, handler = $5, spec = $6, max_retries = $7, anchor = $8,
	seed = $9, reason = $10, pause_reason = $11, updated_by = $12, updated_at = $13, paused_at = $14, completed_at = $15, cancelled_at = $16, deleted_at = $17, pause_until = $18 WHERE seq = $19`

// definition writes the job as it becomes.
func (ch *change) definition(before *job.Job, changed *job.Changed) error {
	j := &changed.Job
	spec, err := json.Marshal(&j.Spec)
	if err != nil {
		return err
	}
	live := !j.Status.Terminal() && j.DeletedAt == nil
	if live && (before.Name != j.Name || before.Status.Terminal()) {
		if _, err := freeName(ch.t, j); err != nil {
			return err
		}
	}
	_, err = ch.t.exec(sqlChangeJob, j.Name, live, stored.Code(stored.JobTypes, j.Type), stored.Code(stored.Priorities, j.Priority),
		j.HandlerName, spec, j.MaxRetries, j.Anchor.UnixMicro(), j.Seed, j.StatusReason, j.PauseReason, ch.p.By, ch.p.Now.UnixMicro(), stored.MicrosPtr(j.PausedAt),
		stored.MicrosPtr(j.CompletedAt), stored.MicrosPtr(j.CancelledAt), stored.MicrosPtr(j.DeletedAt), stored.MicrosPtr(j.PauseUntil), ch.seq)
	if violated(err) == "jobs_name" {
		return &nameError{job: *j}
	}
	if err != nil {
		return err
	}
	ch.t.queue(`DELETE FROM job_tags WHERE job = $1`, ch.seq)
	writeTags(ch.t, ch.seq, j.Tags)
	return acts.JobStored(&eventTx{t: ch.t}, ch.seq, j, before, ch.p.Now)
}

// keepRevision keeps what a job was before it changes.
func keepRevision(t *tx, seq int64, before *job.Job) error {
	v := reads.RevisionOf(before)
	spec, err := json.Marshal(&v.Spec)
	if err != nil {
		return err
	}
	t.queue(`INSERT INTO revisions (job, revision, changed_at, changed_by, status, reason, spec) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		seq, v.Number, v.At.UnixMicro(), v.By, stored.Code(stored.JobStatuses, v.Status), v.Reason, spec)
	t.queue(`DELETE FROM revisions WHERE job = $1 AND revision <= $2`, seq, v.Number-store.KeptRevisions)
	return nil
}
