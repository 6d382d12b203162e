package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// revisionTests are about what a job was.
func revisionTests() []test {
	return []test{
		{"a new job is its only revision", testRevisionFirst},
		{"every change leaves what was before", testRevisionChange},
		{"a change of nothing leaves nothing", testRevisionUnchanged},
		{"old revisions are forgotten", testRevisionOld},
		{"a purged job leaves none", testRevisionPurged},
		{"apply leaves what was before", testRevisionApply},
	}
}

// revisions are those of a job, the newest first.
func (b *bench) revisions(ref string, upto int64, limit int) []store.Revision {
	b.Helper()
	list, err := b.store.Revisions(b.ctx, b.platform, ref, upto, limit)
	b.wantCode("Revisions", err, "")
	return list
}

func testRevisionFirst(t *testing.T, b *bench) {
	j := b.job("")
	list := b.revisions(j.ID.String(), 0, 10)
	if len(list) != 1 {
		t.Fatalf("Revisions = %d, want 1", len(list))
	}
	if v := list[0]; v.Number != 1 || v.By != j.CreatedBy || !v.At.Equal(j.CreatedAt) || v.Status != job.JobActive {
		t.Errorf("revision 1 = %+v, want by %s at %s, active", v, j.CreatedBy, j.CreatedAt)
	}
	b.wantSame("its definition", j.Spec, list[0].Spec)
}

func testRevisionChange(t *testing.T, b *bench) {
	j := b.job("")
	at := []time.Time{b.now}
	for _, text := range []string{"one", "two"} {
		b.pass(time.Minute)
		at = append(at, b.now)
		b.change(j.ID, func(c *job.Changed, _ job.State) {
			c.Job.Description, c.Job.UpdatedAt = text, b.now
		}, func(c *store.ChangeJob) { c.By = "by " + text })
	}
	b.pass(time.Minute)
	b.change(j.ID, func(c *job.Changed, _ job.State) {
		c.Job.Status, c.Job.PausedAt, c.Job.PauseReason, c.NextRun = job.JobPaused, &b.now, "outage", time.Time{}
	})
	list := b.revisions(j.ID.String(), 0, 10)
	want := []struct {
		by, description, reason string
		status                  job.JobStatus
	}{{"uid:0", "two", "outage", job.JobPaused}, {"by two", "two", "", job.JobActive}, {"by one", "one", "", job.JobActive}, {j.CreatedBy, "", "", job.JobActive}}
	if len(list) != len(want) {
		t.Fatalf("Revisions = %d, want %d", len(list), len(want))
	}
	for i, w := range want {
		if v := list[i]; v.Number != int64(len(want)-i) || v.By != w.by || v.Spec.Description != w.description || v.Status != w.status || v.Reason != w.reason {
			t.Errorf("revision %d = %+v, want %+v", len(want)-i, v, w)
		}
	}
	if !list[1].At.Equal(at[2]) || !list[2].At.Equal(at[1]) {
		t.Errorf("revisions are of %s and %s, want %s and %s", list[1].At, list[2].At, at[2], at[1])
	}
	if page := b.revisions(j.ID.String(), 3, 2); len(page) != 2 || page[0].Number != 3 || page[1].Number != 2 {
		t.Errorf("Revisions up to 3, 2 at most = %+v", page)
	}
	if page := b.revisions(j.Name, 4, 1); len(page) != 1 || page[0].Number != 4 {
		t.Errorf("Revisions up to 4, 1 at most = %+v", page)
	}
}

func testRevisionUnchanged(t *testing.T, b *bench) {
	j := b.job("")
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Unchanged = true })
	if list := b.revisions(j.ID.String(), 0, 10); len(list) != 1 {
		t.Errorf("Revisions = %d, want 1", len(list))
	}
}

func testRevisionOld(t *testing.T, b *bench) {
	j := b.job("")
	for range store.KeptRevisions + 5 {
		b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Description += "x" })
	}
	list := b.revisions(j.ID.String(), 0, store.KeptRevisions+50)
	if oldest := list[len(list)-1]; len(list) != store.KeptRevisions+1 || oldest.Number != 6 || len(oldest.Spec.Description) != 5 {
		t.Errorf("%d revisions down to %d, want %d down to 6", len(list), oldest.Number, store.KeptRevisions+1)
	}
}

func testRevisionPurged(t *testing.T, b *bench) {
	j := b.job("")
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Description = "x" })
	b.wantCode("PurgeJob", b.store.PurgeJob(b.ctx, b.platform, j.ID.String(), b.now, "uid:0"), "")
	_, err := b.store.Revisions(b.ctx, b.platform, j.ID.String(), 0, 10)
	b.wantCode("Revisions of a purged job", err, job.NotFound)
}

func testRevisionApply(t *testing.T, b *bench) {
	j := b.job("")
	_, err := b.store.ApplyJobs(b.ctx, store.ApplyJobs{Now: b.now, By: "uid:7", NewID: b.newID, Steps: []store.ApplyStep{{
		Platform: b.platform, Ref: j.ID.String(),
		Change: func(cur job.Job, st job.State) (job.Changed, error) {
			cur.Description = "applied"
			return job.Changed{Job: cur, NextRun: st.NextRun}, nil
		},
	}}})
	b.wantCode("ApplyJobs", err, "")
	if list := b.revisions(j.ID.String(), 0, 10); len(list) != 2 || list[0].By != "uid:7" || list[1].Spec.Description != "" {
		t.Errorf("Revisions = %+v, want what it was and what uid:7 made of it", list)
	}
}
