package storetest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// createTests are about CreateJob and Job.
func createTests() []test {
	return []test{
		{"a job is read as it was created", testCreateRoundTrip},
		{"a job with nothing but what it needs keeps its gaps", testCreateSparse},
		{"the cursor is where the opening says", testCreateCursor},
		{"a paused job has no cursor", testCreatePaused},
		{"a job is found by id and by name", testJobByRef},
		{"a live name is taken", testCreateNameTaken},
		{"names are free on other platforms", testCreateOtherPlatform},
		{"names differ by case and by accent", testCreateNamesDiffer},
		{"the name of a deleted job is free", testCreateNameOfDeleted},
		{"the name of a cancelled job is free", testCreateNameOfCancelled},
		{"an id is taken for ever", testCreateIDTaken},
		{"what does not exist is not found", testJobNotFound},
		{"a purged job is gone with its history", testPurge},
		{"a job with a live execution cannot be purged", testPurgeLive},
	}
}

func testCreateRoundTrip(t *testing.T, b *bench) {
	want := b.build("*/5 9-17 * * MON-FRI", func(j *job.Job) {
		j.Name, j.Description = "reindex", "Reindexes the knowledge base.\nSecond line."
		j.Type, j.Timezone, j.DSTPolicy = job.TypeRecurring, "America/New_York", "wall"
		j.StartDate, j.EndDate, j.MaxExecutions = ptr(at(86_400)), ptr(at(86_400*30)), ptr(int64(90))
		j.JitterMS, j.Misfire, j.MisfireGrace = 1500, job.MisfireFireAll, ptr(int64(60_000))
		j.HandlerName, j.HandlerType = "reindex-collection", job.HandlerWorkflow
		j.Payload = json.RawMessage(`{"collection_id":"kb-1","deep":{"list":[1,2.5,null,true,"x"]}}`)
		j.MaxRetries, j.RetryDelayMS, j.RetryBackoff, j.RetryMaxDelayMS = 7, 1, job.BackoffLinear, 86_400_000
		j.TimeoutMS, j.Priority = 0, job.PriorityCritical
		j.Concurrency, j.AllowOverlap, j.Overlap, j.OnLost = 4, true, job.OverlapAllow, job.OnLostFail
		j.Tags, j.Metadata = []string{"b", "a", "c"}, json.RawMessage(`{"team":"search"}`)
		j.CreatedBy, j.Seed = "token:ci", "other/seed"
	})
	created := b.put(want)
	want.NextRun = created.NextRun
	if want.NextRun == nil {
		t.Error("CreateJob answered without next_run, want the first slot")
	}
	b.wantSame("the created job", want, created)
	b.wantSame("the job read again", want, b.get(want.ID))
}

func testCreateSparse(t *testing.T, b *bench) {
	want := b.build("", func(j *job.Job) {
		j.Name, j.Tags, j.Metadata, j.Description = "sparse", nil, nil, ""
		j.MaxRetries, j.RetryDelayMS, j.RetryMaxDelayMS, j.CreatedBy = 0, 0, 0, ""
	})
	got := b.put(want)
	if got.Tags == nil {
		t.Error("Tags of a job without tags are nil, want an empty list")
	}
	want.Tags = []string{}
	b.wantSame("the created job", want, got)
	b.wantSame("the job read again", want, b.get(want.ID))
}

func testCreateCursor(t *testing.T, b *bench) {
	j := b.job(minutely)
	b.wantTime("next_run", j.NextRun, at(60))
	b.wantTime("next_run read again", b.get(j.ID).NextRun, at(60))
	once := b.once(at(90))
	b.wantTime("next_run of a one-time job", b.get(once.ID).NextRun, at(90))
	event := b.job("")
	b.wantTime("next_run of an event job", b.get(event.ID).NextRun, time.Time{})
}

func testCreatePaused(_ *testing.T, b *bench) {
	j := b.job(minutely, paused)
	b.wantTime("next_run", b.get(j.ID).NextRun, time.Time{})
	wantEqual(b, "status", b.get(j.ID).Status, job.JobPaused)
}

func testJobByRef(t *testing.T, b *bench) {
	j := b.job("", named("nightly backup"))
	for _, ref := range []string{j.ID.String(), "nightly backup", strings.ToUpper(j.ID.String())} {
		got, err := b.store.Job(b.ctx, b.platform, ref)
		if err != nil || got.ID != j.ID {
			t.Errorf("Job(%q) = %v, %v; want %v, no error", ref, got.ID, err, j.ID)
		}
	}
}

func testCreateNameTaken(t *testing.T, b *bench) {
	first := b.job("", named("backup"))
	j := b.build("", named("backup"))
	_, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Now: b.now})
	b.wantCode("a second job of that name", err, job.Conflict)
	if fault, ok := errors.AsType[*job.Error](err); !ok || !strings.Contains(fault.Hint, first.ID.String()) {
		t.Errorf("the hint is %+v, want it to name %s", fault, first.ID)
	}
	_, err = b.store.Job(b.ctx, b.platform, j.ID.String())
	b.wantCode("the refused job", err, job.NotFound)
}

func testCreateOtherPlatform(_ *testing.T, b *bench) {
	b.job("", named("backup"))
	for _, platform := range []string{b.platform + "-b", job.DefaultPlatform} {
		j := b.build("", named("backup"), func(j *job.Job) { j.Platform = platform })
		_, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Now: b.now})
		b.wantCode("the name on "+platform, err, "")
		got, err := b.store.Job(b.ctx, platform, "backup")
		b.wantCode("the job on "+platform, err, "")
		b.wantSame("the job on "+platform, j, got)
	}
}

func testCreateNamesDiffer(t *testing.T, b *bench) {
	for _, name := range []string{"backup", "Backup", "bäckup", "ba\u0308ckup", "backup ", " backup"} {
		j := b.job("", named(name))
		if got, err := b.store.Job(b.ctx, b.platform, name); err != nil || got.ID != j.ID {
			t.Errorf("Job(%q) = %s %v, %v; want %v, no error", name, got.Name, got.ID, err, j.ID)
		}
	}
}

func testCreateNameOfDeleted(t *testing.T, b *bench) {
	old := b.job("", named("backup"))
	b.remove(old.ID)
	_, err := b.store.Job(b.ctx, b.platform, "backup")
	b.wantCode("the name of a deleted job", err, job.NotFound)
	fresh := b.job("", named("backup"))
	if got, err := b.store.Job(b.ctx, b.platform, "backup"); err != nil || got.ID != fresh.ID {
		t.Errorf("Job(backup) = %v, %v; want the new one, %v", got.ID, err, fresh.ID)
	}
	if got := b.get(old.ID); got.DeletedAt == nil {
		t.Error("the deleted job read by id has no deleted_at")
	}
}

func testCreateNameOfCancelled(t *testing.T, b *bench) {
	old := b.job("", named("backup"))
	b.cancel(old.ID)
	fresh := b.job("", named("backup"))
	if got, err := b.store.Job(b.ctx, b.platform, "backup"); err != nil || got.ID != fresh.ID {
		t.Errorf("Job(backup) = %v, %v; want the live one, %v", got.ID, err, fresh.ID)
	}
}

func testCreateIDTaken(_ *testing.T, b *bench) {
	j := b.job("")
	b.remove(j.ID)
	again := b.build("", func(n *job.Job) { n.ID = j.ID })
	_, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: again, Now: b.now})
	b.wantCode("a job with an id that exists", err, job.Conflict)
}

func testJobNotFound(_ *testing.T, b *bench) {
	for _, ref := range []string{"nobody", "", b.newID().String(), "%", "*", "' OR 1=1 --"} {
		_, err := b.store.Job(b.ctx, b.platform, ref)
		b.wantCode("Job("+ref+")", err, job.NotFound)
	}
}

func testPurge(t *testing.T, b *bench) {
	j := b.job("", named("backup"))
	s := b.session()
	e := b.run(s, j.ID, job.EventSucceed)
	b.run(s, j.ID, job.EventFail)
	if err := b.store.AppendLogs(b.ctx, []job.LogEntry{b.line(e.ID, 1, "hello")}); err != nil {
		t.Fatalf("AppendLogs = %v, want no error", err)
	}
	if err := b.store.PurgeJob(b.ctx, b.platform, "backup", b.now, "uid:0"); err != nil {
		t.Fatalf("PurgeJob = %v, want no error", err)
	}
	_, err := b.store.Job(b.ctx, b.platform, j.ID.String())
	b.wantCode("the purged job", err, job.NotFound)
	_, err = b.store.Execution(b.ctx, b.platform, e.ID.String())
	b.wantCode("an execution of the purged job", err, job.NotFound)
	_, err = b.store.ListLogs(b.ctx, store.LogFilter{Platform: b.platform, Ref: e.ID.String()})
	b.wantCode("logs of the purged job", err, job.NotFound)
	b.wantCode("PurgeJob again", b.store.PurgeJob(b.ctx, b.platform, j.ID.String(), b.now, "uid:0"), job.NotFound)
	page, err := b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: b.platform})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("ListExecutions = %d, %v; want none, no error", len(page.Items), err)
	}
	b.job("", named("backup"))
}

func testPurgeLive(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	e := b.trigger(j.ID)
	purge := func() error { return b.store.PurgeJob(b.ctx, b.platform, j.ID.String(), b.now, "uid:0") }
	b.wantCode("PurgeJob while an execution waits", purge(), job.Conflict)
	c := b.take(s, e.ID)
	b.wantCode("PurgeJob while an execution runs", purge(), job.Conflict)
	b.end(s, c, job.EventSucceed)
	b.wantCode("PurgeJob after it", purge(), "")
}
