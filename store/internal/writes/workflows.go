package writes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// PutWorkflow stores a revision, and notes that on the trail if it did; create stores a
// job of it.
func PutWorkflow(t Tx, p *store.PutWorkflow, trail *store.Trail, create func(*store.CreateJob) error) (store.Workflow, error) {
	had, newest, err := lastWorkflow(t, p.Platform, p.Name)
	switch {
	case err != nil:
		return had, err
	case p.Create && had.Live:
		return had, job.Errorf(job.Conflict, "a workflow named %q exists", p.Name).WithHint("replace its definition (schedctl workflow set), or choose another name")
	case !p.Create && !had.Live:
		return had, job.Errorf(job.NotFound, "workflow %q not found", p.Name)
	case p.IfRevision != 0 && p.IfRevision != had.Revision:
		return had, job.Errorf(job.VersionMismatch, "the workflow is at revision %d, not %d", had.Revision, p.IfRevision)
	case had.Live && bytes.Equal(had.Definition, p.Definition):
		return had, nil
	}
	w := store.Workflow{
		Platform: p.Platform, Name: p.Name, Revision: newest + 1, Live: true, Definition: p.Definition,
		Jobs: map[string]job.ID{}, CreatedAt: stored.Cut(p.Now), CreatedBy: p.By,
	}
	for _, step := range slices.Sorted(maps.Keys(p.Jobs)) {
		c := p.Jobs[step]
		c.Job.Name = fmt.Sprintf("%s@%d", p.Name, w.Revision)
		if step != "" {
			c.Job.Name += "/" + step
		}
		c.Job.Seed = p.Platform + "/" + c.Job.Name
		if err := create(&c); err != nil {
			return w, err
		}
		w.Jobs[step] = c.Job.ID
	}
	jobs, err := json.Marshal(w.Jobs)
	if err != nil {
		return w, err
	}
	if _, err := t.Exec(`UPDATE workflows SET live = 0 WHERE platform = $1 AND name = $2 AND live = 1`, p.Platform, p.Name); err != nil {
		return w, err
	}
	_, err = t.Exec(`INSERT INTO workflows (platform, name, revision, live, definition, jobs, created_at, created_by) VALUES ($1, $2, $3, 1, $4, $5, $6, $7)`,
		p.Platform, p.Name, w.Revision, []byte(w.Definition), jobs, w.CreatedAt.UnixMicro(), p.By)
	before := &had
	if !had.Live {
		before = nil
	}
	trail.Note(stored.NoteWorkflow(before, &w))
	return w, err
}

// lastWorkflow returns the workflow in use, if there is one, and the newest revision there
// ever was.
func lastWorkflow(t Tx, platform, name string) (w store.Workflow, newest int64, err error) {
	err = t.Query(reads.SelectWorkflows+` WHERE platform = $1 AND name = $2 ORDER BY revision DESC LIMIT 1`, []any{platform, name}, func(r *stored.Row) error {
		w = reads.ScanWorkflow(r)
		newest = w.Revision
		return nil
	})
	return w, newest, err
}

// DeleteWorkflow takes a workflow out of use, and notes that on the trail.
func DeleteWorkflow(t Tx, d *store.DeleteWorkflow, trail *store.Trail) error {
	had, _, err := lastWorkflow(t, d.Platform, d.Name)
	switch {
	case err != nil:
		return err
	case !had.Live:
		return job.Errorf(job.NotFound, "workflow %q not found", d.Name)
	case d.IfRevision != 0 && d.IfRevision != had.Revision:
		return job.Errorf(job.VersionMismatch, "the workflow is at revision %d, not %d", had.Revision, d.IfRevision)
	}
	trail.Note(stored.NoteWorkflow(&had, nil))
	_, err = t.Exec(`UPDATE workflows SET live = 0 WHERE platform = $1 AND name = $2 AND live = 1`, d.Platform, d.Name)
	return err
}

// owns refuses who does not own the execution any more.
func owns(t Tx, id job.ID, token int64) error {
	k, lo := stored.KeyOf(id)
	found, err := t.first(reads.SQLOwns, []any{k, lo, token}, func(*stored.Row) {})
	if err == nil && !found {
		err = job.Errorf(job.Conflict, "the execution belongs to another attempt")
	}
	return err
}

// BeginFlow returns the flow of an execution, and begins it when there is none.
func BeginFlow(t Tx, b *store.BeginFlow) (f store.Flow, err error) {
	if err := owns(t, b.Execution, b.Token); err != nil {
		return f, err
	}
	k, _ := stored.KeyOf(b.Execution)
	known, err := t.first(`SELECT platform, name, revision, round, started_at, engine_id, secret, reply FROM flows WHERE k = $1`, []any{k}, func(r *stored.Row) {
		f.Workflow = store.Workflow{Platform: r.Text(), Name: r.Text(), Revision: r.Int()}
		f.Round, f.StartedAt, f.EngineID, f.Secret, f.Reply = int(r.Int()), r.Time(), r.Text(), r.Text(), r.Bytes()
	})
	if err != nil {
		return f, err
	}
	if !known {
		f.Workflow = store.Workflow{Platform: b.Platform, Name: b.Name}
	}
	if f.Workflow, err = reads.Workflow(t.Query, f.Workflow.Platform, f.Workflow.Name, f.Workflow.Revision); err != nil {
		return f, err
	}
	if known && f.Round >= b.Round {
		return f, nil
	}
	f.Round, f.StartedAt, f.EngineID, f.Secret, f.Reply = b.Round, stored.Cut(b.Now), "", b.Secret, nil
	if known {
		_, err = t.Exec(`UPDATE flows SET round = $1, started_at = $2, engine_id = '', secret = $3, reply = NULL WHERE k = $4`, b.Round, f.StartedAt.UnixMicro(), b.Secret, k)
		return f, err
	}
	_, err = t.Exec(`INSERT INTO flows (k, platform, name, revision, round, started_at, engine_id, secret) VALUES ($1, $2, $3, $4, $5, $6, '', $7)`,
		k, b.Platform, b.Name, f.Workflow.Revision, b.Round, f.StartedAt.UnixMicro(), b.Secret)
	return f, err
}

// NoteFlow remembers what an external engine calls the workflow.
func NoteFlow(t Tx, n *store.NoteFlow) error {
	if err := owns(t, n.Execution, n.Token); err != nil {
		return err
	}
	k, _ := stored.KeyOf(n.Execution)
	_, err := t.Exec(`UPDATE flows SET engine_id = $1 WHERE k = $2`, n.EngineID, k)
	return err
}

// ReplyFlow remembers what an external engine said, and makes the flow ready by the
// adapter's statement, whose arguments are the instant and the key.
func ReplyFlow(t Tx, p *store.ReplyFlow, ready string) error {
	k, lo := stored.KeyOf(p.Execution)
	var secret string
	var replied bool
	found, err := t.first(`SELECT f.secret, f.reply FROM flows f JOIN executions e ON e.k = f.k WHERE f.k = $1 AND e.lo = $2 AND e.status < 2`, []any{k, lo}, func(r *stored.Row) {
		secret, replied = r.Text(), r.Take() != nil
	})
	switch {
	case err != nil:
		return err
	case !found || secret == "" || secret != p.Secret:
		return job.Errorf(job.NotFound, "nobody waits for that reply")
	case replied:
		return job.Errorf(job.Conflict, "there was a reply already")
	}
	if _, err := t.Exec(`UPDATE flows SET reply = $1 WHERE k = $2`, []byte(p.Reply), k); err != nil {
		return err
	}
	_, err = t.Exec(ready, p.Now.UnixMicro(), k)
	return err
}

// AddStep notes that the execution k is a step of a flow.
func AddStep(t Tx, k int64, s *store.StepOf) error {
	parent, _ := stored.KeyOf(s.Flow)
	_, err := t.Exec(`INSERT INTO flow_steps (k, parent, round, step, item) VALUES ($1, $2, $3, $4, $5)`, k, parent, s.Round, s.Step, s.Item)
	return err
}

// WakeFlows makes flows ready by the adapter's statement, as in ReplyFlow.
func WakeFlows(t Tx, found *reads.FlowNews, now int64, ready string) (woken int, err error) {
	for _, parent := range found.Parents {
		n, err := t.Exec(ready, now, parent)
		if err != nil {
			return woken, err
		}
		woken += int(n)
	}
	for _, k := range found.Steps {
		if _, err := t.Exec(`UPDATE flow_steps SET seen = 1 WHERE k = $1`, k); err != nil {
			return woken, err
		}
	}
	return woken, nil
}
