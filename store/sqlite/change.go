package sqlite

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// ChangeJob lets p.Change decide over a job under its lock and writes the decision.
func (s *Store) ChangeJob(ctx context.Context, p store.ChangeJob) (job.Job, error) {
	var after job.Job
	err := s.write(ctx, func(c *conn) error {
		seq, err := dialect.Find(c.query, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		run := change{planning: planning{s: s, c: c, p: &store.PlanDue{Now: p.Now, NewID: p.NewID}}, p: &p, seq: seq}
		if err := run.decide(); err != nil {
			return err
		}
		after, err = dialect.JobBySeq(c.query, seq)
		if run.before != nil {
			store.TrailOf(ctx).Note(stored.NoteJob(run.before, &after))
		}
		return err
	})
	return after, err
}

// change is the state of one ChangeJob, in the writer.
type change struct {
	planning
	p   *store.ChangeJob
	seq int64
	cur cursor

	ending bool // the job had no further slot before the change

	before *job.Job // what was changed; nil = nothing was
}

func (ch *change) decide() error {
	before, err := dialect.JobBySeq(ch.c.query, ch.seq)
	if err != nil {
		return err
	}
	if ch.p.IfRevision != 0 && ch.p.IfRevision != before.Revision {
		return job.Errorf(job.VersionMismatch, "the job is at revision %d, not %d", before.Revision, ch.p.IfRevision).
			WithHint("read it again, then repeat the change")
	}
	state, err := ch.load()
	if err != nil {
		return err
	}
	changed, err := ch.p.Change(before, state)
	if err != nil || changed.Unchanged {
		return err
	}
	ch.before = &before
	return ch.write(&before, &changed)
}

// load reads the cursor as the planner sees it.
func (ch *change) load() (job.State, error) {
	_, err := ch.c.first(`SELECT next_run, revision, numbers, runs, occurrences, skipped, live, ending FROM cursors WHERE job = ?`,
		[]any{ch.seq}, func(r *row) {
			ch.cur = cursor{seq: ch.seq, nextRun: r.Int(), revision: r.Int(), numbers: r.Int(), runs: r.Int(), occurrences: r.Int(), skipped: r.Int(), live: stored.Keys(r.Take())}
			ch.ending = r.Int() == 1
		})
	if err != nil {
		return job.State{}, err
	}
	if ch.cur.live, err = stillLive(ch.c, ch.cur.live); err != nil {
		return job.State{}, err
	}
	queued, err := countQueued(ch.c, ch.seq)
	st := job.State{Occurrences: ch.cur.occurrences, Live: len(ch.cur.live), Queued: int(queued)}
	if ch.cur.nextRun != 0 {
		st.NextRun = stored.Time(ch.cur.nextRun)
	}
	if err == nil {
		_, err = ch.c.first(`SELECT max(until_at) FROM epochs WHERE job = ?`, []any{ch.seq}, func(r *row) { st.Closed = r.Time() })
	}
	return st, err
}

func (ch *change) write(before *job.Job, changed *job.Changed) error {
	ch.plan = changed.Plan
	def := &stored.Definition{Seq: ch.seq, Job: before}
	if err := ch.record(def, &ch.cur); err != nil {
		return err
	}
	if err := ch.executions(before, changed); err != nil {
		return err
	}
	if changed.CloseEpoch != nil {
		if err := closeEpoch(ch.c, ch.seq, *changed.CloseEpoch); err != nil {
			return err
		}
	}
	if changed.Open != nil {
		if err := openEpoch(ch.c, ch.seq, changed.Open); err != nil {
			return err
		}
	}
	if err := ch.definition(before, changed); err != nil {
		return err
	}
	if err := keepRevision(ch.c, ch.seq, before); err != nil {
		return err
	}
	revision := before.Revision + 1
	ending := changed.Job.Status == job.JobActive && changed.NextRun.IsZero() && (changed.Plan.Ended || ch.ending)
	if ending && changed.Plan.Ended {
		if err := closeEpoch(ch.c, ch.seq, changed.Plan.EndedAt); err != nil {
			return err
		}
	}
	if _, err := ch.c.exec(`UPDATE cursors SET next_run = ?, revision = ?, numbers = ?, runs = ?, occurrences = ?, skipped = ?, live = ?, ending = ? WHERE job = ?`,
		stored.Micros(changed.NextRun), revision, ch.cur.numbers, ch.cur.runs, ch.cur.occurrences, ch.cur.skipped, packLive(ch.cur.live),
		ending, ch.seq); err != nil {
		return err
	}
	if ending {
		if _, err := endJob(ch.c, ch.seq, ch.p.Now, &ch.events); err != nil {
			return err
		}
	}
	if before.Status == job.JobPaused && changed.Job.Status == job.JobActive {
		if _, err := ch.s.promote(ch.c, ch.seq, ch.p.Now); err != nil {
			return err
		}
	}
	if changed.Event != "" {
		ch.events.Job(ch.seq, changed.Event, "")
	}
	if err := writeDeltas(ch.c, &ch.deltas); err != nil {
		return err
	}
	return writeEvents(ch.c, &ch.events, ch.p.Now)
}

// executions does to waiting and running executions what the change says.
func (ch *change) executions(before *job.Job, changed *job.Changed) error {
	if changed.CancelLive {
		if err := requestCancels(ch.c, ch.cur.live, ch.p.Now, ch.p.By, changed.Event); err != nil {
			return err
		}
	}
	if changed.DropQueued {
		return ch.drop()
	}
	paused, was := changed.Job.Status == job.JobPaused, before.Status == job.JobPaused
	switch {
	case paused && !was:
		return ch.hold()
	case was && !paused:
		_, err := ch.c.exec(`UPDATE executions SET queued = NULL WHERE job = ? AND queued = 2`, ch.seq)
		return err
	}
	return nil
}

// hold keeps waiting executions from being claimed while the job is paused.
func (ch *change) hold() error {
	for _, k := range ch.cur.live {
		if _, err := ch.c.exec(`UPDATE executions SET queued = 2 WHERE k = ? AND status = 0`, k); err != nil {
			return err
		}
	}
	return nil
}

// drop cancels every execution of the job that waits.
func (ch *change) drop() error {
	queued, err := ch.c.ints(`SELECT k FROM executions WHERE job = ? AND queued IS NOT NULL`, ch.seq)
	if err != nil {
		return err
	}
	for _, k := range slices.Concat(ch.cur.live, queued) {
		ok, err := cancelWaiting(ch.c, ch.seq, k, ch.p.Now, &ch.events)
		if err != nil {
			return err
		}
		if ok {
			ch.deltas.Add(&stored.End{Job: ch.seq, Status: stored.Cancelled, Ended: ch.p.Now})
		}
	}
	return nil
}

const sqlChangeJob = `UPDATE jobs SET name = ?, live = ?, type = ?, status = ?, priority = ?, handler = ?, revision = ?, spec = ?, anchor = ?, seed = ?, reason = ?, pause_reason = ?,
	updated_by = ?, updated_at = ?, paused_at = ?, completed_at = ?, cancelled_at = ?, deleted_at = ?, pause_until = ? WHERE seq = ?`

// definition writes the job as it becomes.
func (ch *change) definition(before *job.Job, changed *job.Changed) error {
	j := &changed.Job
	spec, err := json.Marshal(&j.Spec)
	if err != nil {
		return err
	}
	live := !j.Status.Terminal() && j.DeletedAt == nil
	_, err = ch.c.exec(sqlChangeJob, j.Name, live, stored.Code(stored.JobTypes, j.Type), stored.Code(stored.JobStatuses, j.Status), stored.Code(stored.Priorities, j.Priority), j.HandlerName,
		before.Revision+1, spec, j.Anchor.UnixMicro(), j.Seed, j.StatusReason, j.PauseReason, ch.p.By, ch.p.Now.UnixMicro(), stored.MicrosPtr(j.PausedAt), stored.MicrosPtr(j.CompletedAt),
		stored.MicrosPtr(j.CancelledAt), stored.MicrosPtr(j.DeletedAt), stored.MicrosPtr(j.PauseUntil), ch.seq)
	if uniqueViolation(err) {
		return reads.NameTaken(ch.c.query, j)
	}
	if err != nil {
		return err
	}
	if err := acts.JobStored(eventTx{c: ch.c}, ch.seq, j, before, ch.p.Now); err != nil {
		return err
	}
	return writeTags(ch.c, ch.seq, j.Tags)
}

// keepRevision keeps what a job was before it changes.
func keepRevision(c *conn, seq int64, before *job.Job) error {
	v := reads.RevisionOf(before)
	spec, err := json.Marshal(&v.Spec)
	if err != nil {
		return err
	}
	if _, err := c.exec(`INSERT INTO revisions (job, revision, changed_at, changed_by, status, reason, spec) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		seq, v.Number, v.At.UnixMicro(), v.By, stored.Code(stored.JobStatuses, v.Status), v.Reason, spec); err != nil {
		return err
	}
	_, err = c.exec(`DELETE FROM revisions WHERE job = ? AND revision <= ?`, seq, v.Number-store.KeptRevisions)
	return err
}
