package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// triggerTests are about Trigger.
func triggerTests() []test {
	return []test{
		{"a manual run is an execution outside the slots", testTriggerManual},
		{"a run keeps its payload and its trace", testTriggerInputs},
		{"a job may be run by its name", testTriggerByName},
		{"every kind of trigger is kept", testTriggerKinds},
		{"a backfill has the instant of its slot and leaves the ledger alone", testTriggerSlot},
		{"runs start beside each other as far as the trigger says", testTriggerBeside},
		{"a paused job runs only when forced", testTriggerPaused},
		{"a cancelled or deleted job does not run", testTriggerCancelled},
		{"what does not exist does not run", testTriggerNotFound},
		{"a retry is a new row of its own", testTriggerRetry},
		{"only what ended badly can be retried", testTriggerRetryState},
		{"an execution is retried once", testTriggerRetryTwice},
		{"a retry obeys overlap", testTriggerRetryOverlap},
	}
}

func testTriggerManual(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.now = at(12.345678)
	got := b.trigger(j.ID)
	want := job.Execution{
		ID: got.ID, JobID: j.ID, JobName: j.Name, RunNumber: 1, Platform: b.platform, PlatformID: &b.platform,
		Status: job.Pending, Trigger: job.TriggerManual, TriggeredBy: "uid:1000", ScheduledAt: b.now, ReadyAt: &b.now,
		MaxRetries: 3, JobRevision: 1, CreatedAt: b.now, TraceID: got.TraceID, SpanID: got.SpanID,
	}
	b.wantSame("the execution", want, got)
	b.wantSame("the execution read again", want, b.execution(got.ID))
	after := b.get(j.ID)
	b.wantTime("next_run", after.NextRun, at(60))
	wantEqual(b, "revision", after.Revision, 1)
	b.wantCounts(j.ID, 1, 0, 0, 0)
	if entries := b.entries(j.ID, at(-1000), at(1000)); len(entries) != 0 {
		b.Errorf("the ledger has %d entries, want none: a manual run is no slot", len(entries))
	}
	wantEqual(b, "run number of the next", b.trigger(j.ID).RunNumber, 2)
}

func testTriggerInputs(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	payload := json.RawMessage(`{"id":9007199254740993,"text":"\u00e9\ud83d\ude00","list":[]}`)
	e := b.trigger(j.ID, func(t *store.Trigger) {
		t.Payload, t.TraceID, t.ParentSpanID = payload, "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	})
	for _, got := range []job.Execution{e, b.execution(e.ID)} {
		b.wantSame("payload", payload, got.Payload)
		wantEqual(b, "trace_id", got.TraceID, "4bf92f3577b34da6a3ce929d0e0e4736")
		wantEqual(b, "parent_span_id", got.ParentSpanID, "00f067aa0ba902b7")
	}
	c := b.take(b.session(), e.ID)
	b.wantSame("payload of the claim", payload, c.Payload)
	wantEqual(b, "trace_id of the claim", c.TraceID, "4bf92f3577b34da6a3ce929d0e0e4736")
	plain := b.trigger(j.ID)
	b.wantSame("payload of a plain run", json.RawMessage(nil), plain.Payload)
	b.wantSame("payload of its claim", json.RawMessage(nil), b.take(b.session(), plain.ID).Payload)
}

func testTriggerByName(_ *testing.T, b *bench) {
	j := b.job("", named("backup"))
	e := b.trigger(j.ID, func(t *store.Trigger) { t.Ref = "backup" })
	wantEqual(b, "job_id", e.JobID, j.ID)
}

func testTriggerKinds(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	for _, kind := range []job.Trigger{job.TriggerManual, job.TriggerEvent, job.TriggerBackfill} {
		e := b.trigger(j.ID, func(t *store.Trigger) { t.Kind = kind })
		wantEqual(b, "trigger", b.execution(e.ID).Trigger, kind)
	}
}

func testTriggerSlot(_ *testing.T, b *bench) {
	j := b.job(minutely, overlapping(job.OverlapQueueAll, 1))
	b.now = at(600.5)
	fill := func(slot time.Time) job.Execution {
		return b.trigger(j.ID, func(t *store.Trigger) { t.Kind, t.Slot = job.TriggerBackfill, slot })
	}
	first, second := fill(at(120)), fill(at(180))
	b.wantTime("scheduled_at", &first.ScheduledAt, at(120))
	b.wantTime("scheduled_at of the one that waits", &second.ScheduledAt, at(180))
	b.wantTime("created_at", &first.CreatedAt, at(600.5))
	b.wantTime("ready_at", first.ReadyAt, at(600.5))
	if second.ReadyAt != nil {
		b.Errorf("ready_at of the one that waits = %v, want none", second.ReadyAt)
	}
	s := b.session()
	b.end(s, b.take(s, first.ID), job.EventSucceed)
	b.end(s, b.take(s, second.ID), job.EventSucceed)
	b.wantSame("the backfill read again", job.TriggerBackfill, b.execution(second.ID).Trigger)
	if entries := b.entries(j.ID, at(0), at(600)); len(entries) != 0 {
		b.Errorf("the ledger has %d entries, want none: a backfill is no slot", len(entries))
	}
}

// testTriggerBeside: runs of a job that allows one at a time start beside each other as
// the trigger says, now and when a place becomes free.
func testTriggerBeside(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.now = at(600.5)
	fill := func(n, parallel int) job.Execution {
		return b.trigger(j.ID, func(t *store.Trigger) {
			t.Kind, t.Slot, t.Overlap, t.Parallel = job.TriggerBackfill, at(float64(60*n)), job.OverlapQueueAll, parallel
		})
	}
	var runs []job.Execution
	for n := range 5 {
		runs = append(runs, fill(n+1, 3))
	}
	last := fill(6, 0) // as the job has it: alone
	ready := func(what string, want ...bool) {
		b.Helper()
		for i, e := range append(runs, last) {
			if got := b.execution(e.ID); (got.ReadyAt != nil) != want[i] {
				b.Errorf("%s: run %d ready at %v, want ready %v", what, i, got.ReadyAt, want[i])
			}
		}
	}
	ready("at first", true, true, true, false, false, false)
	s := b.session()
	claimed := b.claim(s, runs[0].ID, runs[1].ID, runs[2].ID)
	if len(claimed) != 3 {
		b.Fatalf("%d of 3 runs are claimed side by side", len(claimed))
	}
	b.end(s, claimed[0], job.EventSucceed)
	ready("when one is over", false, false, false, true, false, false)
	b.end(s, claimed[1], job.EventSucceed)
	ready("when two are over", false, false, false, true, true, false)
	b.end(s, claimed[2], job.EventSucceed)
	b.end(s, b.take(s, runs[3].ID), job.EventSucceed)
	ready("while one is under way", false, false, false, false, true, false)
	b.end(s, b.take(s, runs[4].ID), job.EventSucceed)
	b.end(s, b.take(s, last.ID), job.EventSucceed)
}

func testTriggerPaused(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pause(j.ID)
	_, _, err := b.tryTrigger(j.ID)
	b.wantCode("Trigger of a paused job", err, job.Conflict)
	e := b.trigger(j.ID, func(t *store.Trigger) { t.Force = true })
	s := b.session()
	b.end(s, b.take(s, e.ID), job.EventSucceed)
	b.wantStatus(e.ID, job.Success)
	got := b.get(j.ID)
	wantEqual(b, "status", got.Status, job.JobPaused)
	b.wantTime("next_run", got.NextRun, time.Time{})
}

func testTriggerCancelled(_ *testing.T, b *bench) {
	cancelled, removed := b.job(minutely), b.job(minutely, named("removed"))
	b.cancel(cancelled.ID)
	b.remove(removed.ID)
	force := func(t *store.Trigger) { t.Force = true }
	_, _, err := b.tryTrigger(cancelled.ID)
	b.wantCode("Trigger of a cancelled job", err, job.Conflict)
	_, _, err = b.tryTrigger(cancelled.ID, force)
	b.wantCode("forced Trigger of a cancelled job", err, job.Conflict)
	_, _, err = b.tryTrigger(removed.ID, func(t *store.Trigger) { t.Ref = "removed" })
	b.wantCode("Trigger by the name of a deleted job", err, job.NotFound)
	if len(b.executions(cancelled.ID))+len(b.executions(removed.ID)) != 0 {
		b.Errorf("a refused trigger left an execution")
	}
}

func testTriggerNotFound(_ *testing.T, b *bench) {
	_, _, err := b.tryTrigger(b.newID())
	b.wantCode("Trigger of nothing", err, job.NotFound)
}

func retryOf(e job.Execution) func(*store.Trigger) {
	return func(t *store.Trigger) { t.Kind, t.RetryOf = job.TriggerRetry, &e }
}

func testTriggerRetry(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	for _, event := range []job.Event{job.EventFail, job.EventExpire, job.EventCancel} {
		failed := b.run(s, j.ID, event)
		b.pass(time.Second)
		e := b.trigger(j.ID, retryOf(failed), func(t *store.Trigger) { t.Payload = json.RawMessage(`{"n":1}`) })
		wantEqual(b, "trigger", e.Trigger, job.TriggerRetry)
		wantEqual(b, "retry_count", e.RetryCount, 0)
		wantEqual(b, "run number", e.RunNumber, failed.RunNumber+1)
		if e.RetryOf == nil || *e.RetryOf != failed.ID || e.ID == failed.ID {
			b.Errorf("retry_of = %v, want %v", e.RetryOf, failed.ID)
		}
		b.wantSame("the retry read again", e, b.execution(e.ID))
		b.wantSame("the execution that was retried", failed, b.execution(failed.ID))
		b.end(s, b.take(s, e.ID), job.EventSucceed)
	}
	b.wantCounts(j.ID, 6, 3, 2, 0)
}

func testTriggerRetryState(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	waiting := b.trigger(j.ID)
	refused := func(e job.Execution) {
		_, _, err := b.tryTrigger(j.ID, retryOf(e))
		b.wantCode("a retry of what is "+string(e.Status), err, job.Conflict)
	}
	refused(waiting)
	refused(b.trigger(j.ID)) // skipped
	c := b.take(s, waiting.ID)
	refused(b.execution(c.ID))
	b.end(s, c, job.EventRetry)
	refused(b.execution(c.ID))
	b.pass(time.Minute)
	b.heartbeat(s)
	b.end(s, b.take(s, c.ID), job.EventSucceed)
	refused(b.execution(c.ID))
	_, _, err := b.tryTrigger(j.ID, retryOf(job.Execution{ID: b.newID(), JobID: j.ID, Status: job.Failed}))
	b.wantCode("a retry of nothing", err, job.NotFound)
}

func testTriggerRetryTwice(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	failed := b.run(s, j.ID, job.EventFail)
	e := b.trigger(j.ID, retryOf(failed))
	b.end(s, b.take(s, e.ID), job.EventFail)
	_, _, err := b.tryTrigger(j.ID, retryOf(failed))
	b.wantCode("a second retry of the same execution", err, job.Conflict)
	b.trigger(j.ID, retryOf(b.execution(e.ID)))
}

func testTriggerRetryOverlap(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	failed := b.run(s, j.ID, job.EventFail)
	b.trigger(j.ID)
	e := b.trigger(j.ID, retryOf(failed))
	wantEqual(b, "status of a retry that overlaps", e.Status, job.Skipped)
}
