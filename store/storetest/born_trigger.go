package storetest

import (
	"encoding/json"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// bornTriggerTests are about manual runs that a session is given at birth.
func bornTriggerTests() []test {
	return []test{
		{"a manual run is given to the session that takes it", testBornTrigger},
		{"a manual run that is not taken waits", testBornTriggerRefused},
		{"a manual run that may not start is not offered", testBornTriggerHeld},
		{"a manual run is not given to a dead session", testBornTriggerDead},
		{"a manual run is not given to anybody while dispatch is held", testBornTriggerStopped},
		{"a replayed run is not started again", testBornTriggerReplayed},
		{"a retry is given with what it retries", testBornTriggerRetry},
	}
}

// taken triggers a run that the session takes, and counts how often it was asked.
func (b *bench) taken(j job.Job, session int64, answer bool, edits ...func(t *store.Trigger)) (made store.Triggered, asked int) {
	b.Helper()
	t := store.Trigger{Platform: b.platform, Ref: j.ID.String(), Kind: job.TriggerManual, By: "uid:1000", Now: b.now, NewID: b.newID, Session: session}
	t.Take = func(def *job.Job) bool {
		if asked++; def == nil || def.ID != j.ID {
			b.Errorf("Take was asked for %+v, want the job's definition", def)
		}
		return answer
	}
	for _, edit := range edits {
		edit(&t)
	}
	made, err := b.store.Trigger(b.ctx, t)
	if err != nil {
		b.Fatalf("Trigger(%s) = %v, want no error", j.ID, err)
	}
	return made, asked
}

func testBornTrigger(t *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	s := b.session()
	payload := json.RawMessage(`{"a":1}`)
	made, _ := b.taken(j, s, true, func(t *store.Trigger) {
		t.Payload, t.TraceID, t.ParentSpanID = payload, "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	})
	c := made.Claimed
	if c == nil {
		t.Fatal("Trigger gave no claim, want one")
	}
	want := store.Claimed{
		ID: made.Execution.ID, Job: c.Job, Number: 1, Attempt: 1, Token: 1, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends,
		ScheduledAt: b.now, CreatedAt: b.now, Trigger: job.TriggerManual, Payload: payload,
		TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7",
	}
	b.wantSame("the claim", want, *c)
	wantEqual(b, "status of the answer", made.Execution.Status, job.Running)
	e := b.wantStatus(c.ID, job.Running)
	wantEqual(b, "worker_id", e.WorkerID, "node-"+b.platform)
	if again := b.claim(b.session(), c.ID); len(again) != 0 {
		t.Error("another session claimed a run that was born claimed")
	}
	b.end(s, *c, job.EventSucceed)
	b.wantStatus(c.ID, job.Success)
	b.wantCounts(j.ID, 1, 1, 0, 0)
}

func testBornTriggerRefused(t *testing.T, b *bench) {
	j := b.job("")
	made, asked := b.taken(j, b.session(), false)
	if made.Claimed != nil || asked != 1 {
		t.Errorf("Trigger claimed %v after %d questions, want nothing after 1", made.Claimed, asked)
	}
	b.wantStatus(made.Execution.ID, job.Pending)
	if got := b.claim(b.session(), made.Execution.ID); len(got) != 1 {
		t.Errorf("Claim gave %d executions, want the one that waits", len(got))
	}
}

func testBornTriggerHeld(t *testing.T, b *bench) {
	for _, overlap := range []job.Overlap{job.OverlapSkip, job.OverlapQueueOne} {
		j := b.job("", overlapping(overlap, 1))
		b.trigger(j.ID)
		made, asked := b.taken(j, b.session(), true)
		if made.Claimed != nil || asked != 0 {
			t.Errorf("overlap %s: Trigger claimed %v after %d questions, want nothing, unasked", overlap, made.Claimed, asked)
		}
	}
}

func testBornTriggerDead(t *testing.T, b *bench) {
	dead := b.session()
	b.lose()
	j := b.job("")
	made, asked := b.taken(j, dead, true)
	if made.Claimed != nil || asked != 0 {
		t.Errorf("Trigger gave %v to a dead session after %d questions, want nothing, unasked", made.Claimed, asked)
	}
	b.wantStatus(made.Execution.ID, job.Pending)
}

func testBornTriggerStopped(t *testing.T, b *bench) {
	for _, kind := range []store.HoldKind{store.HoldDispatch, store.HoldMaintenance} {
		h := store.Hold{Kind: kind, Since: b.now, By: "uid:0"}
		if err := b.store.SetHold(b.ctx, h); err != nil {
			t.Fatal(err)
		}
		made, asked := b.taken(b.job(""), b.session(), true)
		if made.Claimed != nil || asked != 0 {
			t.Errorf("%s: Trigger claimed %v after %d questions, want nothing, unasked", kind, made.Claimed, asked)
		}
		b.wantStatus(made.Execution.ID, job.Pending)
		if _, err := b.store.ReleaseHold(b.ctx, kind, "", b.now); err != nil {
			t.Fatal(err)
		}
	}
}

func testBornTriggerReplayed(t *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	first, _ := b.taken(j, s, true, keyed("k1", "h1"))
	again, asked := b.taken(j, s, true, keyed("k1", "h1"))
	if !again.Replayed || again.Claimed != nil || asked != 0 {
		t.Errorf("the replay is %v, claimed %v, after %d questions; want a replay, nothing claimed, unasked", again.Replayed, again.Claimed, asked)
	}
	wantEqual(b, "id of the replay", again.Execution.ID, first.Execution.ID)
}

func testBornTriggerRetry(t *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	made, _ := b.taken(j, s, true)
	b.end(s, *made.Claimed, job.EventFail)
	again, _ := b.taken(j, s, true, retryOf(b.execution(made.Execution.ID)))
	if again.Claimed == nil {
		t.Fatal("the retry was not given to the session")
	}
	wantEqual(b, "trigger", again.Claimed.Trigger, job.TriggerRetry)
	wantEqual(b, "number", again.Claimed.Number, 2)
	b.wantStatus(again.Execution.ID, job.Running)
}
