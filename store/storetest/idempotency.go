package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// idempotencyTests are about the keys of CreateJob and Trigger.
func idempotencyTests() []test {
	return []test{
		{"the same key and body make one job", testKeyReplay},
		{"a replay answers after the job changed", testKeyReplayChanged},
		{"the same key with another body is a conflict", testKeyOtherBody},
		{"keys belong to a platform", testKeyPlatform},
		{"a key is forgotten after a day", testKeyAge},
		{"a refused create does not use up its key", testKeyRefused},
		{"the same key and body make one execution", testKeyTrigger},
		{"a trigger's key with another body is a conflict", testKeyTriggerOtherBody},
	}
}

func (b *bench) create(j job.Job, key, hash string) (job.Job, bool, error) {
	return b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Open: b.opening(&j, "created"), IdempotencyKey: key, BodyHash: hash, Now: b.now})
}

func testKeyReplay(t *testing.T, b *bench) {
	first, replayed, err := b.create(b.build(minutely, named("backup")), "k1", "h1")
	if err != nil || replayed {
		t.Fatalf("first CreateJob = replayed %t, %v; want false, no error", replayed, err)
	}
	b.pass(23 * time.Hour)
	again, replayed, err := b.create(b.build(minutely, named("backup")), "k1", "h1")
	if err != nil || !replayed {
		t.Fatalf("second CreateJob = replayed %t, %v; want true, no error", replayed, err)
	}
	b.wantSame("the replayed answer", first, again)
	page, err := b.store.ListJobs(b.ctx, store.JobFilter{Platform: b.platform})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("ListJobs = %d jobs, %v; want 1, no error", len(page.Items), err)
	}
}

func testKeyReplayChanged(t *testing.T, b *bench) {
	first, _, err := b.create(b.build("", named("backup")), "k1", "h1")
	b.wantCode("CreateJob", err, "")
	b.change(first.ID, func(c *job.Changed, _ job.State) { c.Job.Name = "renamed" })
	again, replayed, err := b.create(b.build("", named("backup")), "k1", "h1")
	if err != nil || !replayed || again.ID != first.ID {
		t.Errorf("CreateJob = %v, replayed %t, %v; want %v, true, no error", again.ID, replayed, err, first.ID)
	}
}

func testKeyOtherBody(_ *testing.T, b *bench) {
	_, _, err := b.create(b.build("", named("backup")), "k1", "h1")
	b.wantCode("first CreateJob", err, "")
	j := b.build("", named("other"))
	_, _, err = b.create(j, "k1", "h2")
	b.wantCode("CreateJob with another body", err, job.Conflict)
	_, err = b.store.Job(b.ctx, b.platform, "other")
	b.wantCode("the refused job", err, job.NotFound)
}

func testKeyPlatform(t *testing.T, b *bench) {
	first, _, err := b.create(b.build(""), "k1", "h1")
	b.wantCode("first CreateJob", err, "")
	other := b.build("", func(j *job.Job) { j.Platform = b.platform + "-b" })
	second, replayed, err := b.create(other, "k1", "h2")
	if err != nil || replayed || second.ID == first.ID {
		t.Errorf("CreateJob on another platform = %v, replayed %t, %v; want a new job", second.ID, replayed, err)
	}
}

func testKeyAge(t *testing.T, b *bench) {
	first, _, err := b.create(b.build("", named("one")), "k1", "h1")
	b.wantCode("first CreateJob", err, "")
	b.pass(25 * time.Hour)
	second, replayed, err := b.create(b.build("", named("two")), "k1", "h2")
	if err != nil || replayed || second.ID == first.ID {
		t.Fatalf("CreateJob after a day = %v, replayed %t, %v; want a new job", second.ID, replayed, err)
	}
	again, replayed, err := b.create(b.build("", named("two")), "k1", "h2")
	if err != nil || !replayed || again.ID != second.ID {
		t.Errorf("CreateJob = %v, replayed %t, %v; want a replay of %v", again.ID, replayed, err, second.ID)
	}
}

func testKeyRefused(t *testing.T, b *bench) {
	b.job("", named("backup"))
	_, _, err := b.create(b.build("", named("backup")), "k1", "h1")
	b.wantCode("CreateJob with a taken name", err, job.Conflict)
	_, replayed, err := b.create(b.build("", named("other")), "k1", "h2")
	if err != nil || replayed {
		t.Errorf("CreateJob with the same key = replayed %t, %v; want a new job", replayed, err)
	}
}

func keyed(key, hash string) func(*store.Trigger) {
	return func(t *store.Trigger) { t.IdempotencyKey, t.BodyHash = key, hash }
}

func testKeyTrigger(t *testing.T, b *bench) {
	j := b.job("")
	first, replayed, err := b.tryTrigger(j.ID, keyed("k1", "h1"))
	if err != nil || replayed {
		t.Fatalf("first Trigger = replayed %t, %v; want false, no error", replayed, err)
	}
	again, replayed, err := b.tryTrigger(j.ID, keyed("k1", "h1"))
	if err != nil || !replayed || again.ID != first.ID {
		t.Errorf("second Trigger = %v, replayed %t, %v; want a replay of %v", again.ID, replayed, err, first.ID)
	}
	if got := b.executions(j.ID); len(got) != 1 {
		t.Errorf("the job has %d executions, want 1", len(got))
	}
	b.pass(25 * time.Hour)
	_, replayed, err = b.tryTrigger(j.ID, keyed("k1", "h1"))
	if err != nil || replayed {
		t.Errorf("Trigger after a day = replayed %t, %v; want a new execution", replayed, err)
	}
}

func testKeyTriggerOtherBody(t *testing.T, b *bench) {
	j := b.job("")
	b.trigger(j.ID, keyed("k1", "h1"))
	_, _, err := b.tryTrigger(j.ID, keyed("k1", "h2"))
	b.wantCode("Trigger with another body", err, job.Conflict)
	if got := b.executions(j.ID); len(got) != 1 {
		t.Errorf("the job has %d executions, want 1", len(got))
	}
}
