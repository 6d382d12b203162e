package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// cancelTests are about CancelExecution.
func cancelTests() []test {
	return []test{
		{"what waits is cancelled at once", testCancelWaiting},
		{"what waits for its retry is cancelled at once", testCancelRetrying},
		{"what is queued is cancelled at once", testCancelQueued},
		{"what runs is asked to stop", testCancelRunning},
		{"asking twice is asking once", testCancelTwice},
		{"a run that was asked to stop may still succeed", testCancelTooLate},
		{"a run that was asked to stop is not started again", testCancelNotAgain},
		{"what is over cannot be cancelled", testCancelOver},
		{"an execution is cancelled by its run number", testCancelByNumber},
		{"what does not exist cannot be cancelled", testCancelNotFound},
	}
}

func (b *bench) tryCancelExecution(ref string) (job.Execution, error) {
	return b.store.CancelExecution(b.ctx, store.CancelExecution{Platform: b.platform, Ref: ref, Now: b.now, By: "uid:0", Reason: "operator"})
}

func (b *bench) cancelExecution(id job.ID) job.Execution {
	b.Helper()
	e, err := b.tryCancelExecution(id.String())
	if err != nil {
		b.Fatalf("CancelExecution(%s) = %v, want no error", id, err)
	}
	return e
}

func testCancelWaiting(_ *testing.T, b *bench) {
	j := b.job("")
	e := b.trigger(j.ID)
	b.pass(time.Second)
	got := b.cancelExecution(e.ID)
	wantEqual(b, "status", got.Status, job.Cancelled)
	b.wantTime("completed_at", got.CompletedAt, b.now)
	b.wantTime("started_at", got.StartedAt, time.Time{})
	b.wantTime("ready_at", got.ReadyAt, time.Time{})
	b.wantSame("the execution read again", got, b.execution(e.ID))
	wantEqual(b, "claimed after the cancel", len(b.claim(b.session(), e.ID)), 0)
	b.wantCounts(j.ID, 1, 0, 0, 0)
}

func testCancelRetrying(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.end(s, c, job.EventRetry)
	got := b.cancelExecution(c.ID)
	wantEqual(b, "status", got.Status, job.Cancelled)
	wantEqual(b, "will_retry", got.WillRetry, false)
	b.wantTime("next_retry_at", got.NextRetryAt, time.Time{})
	wantEqual(b, "attempts", len(b.execution(c.ID).Attempts), 1)
	b.pass(time.Hour)
	wantEqual(b, "claimed after the cancel", len(b.claim(b.session(), c.ID)), 0)
}

func testCancelQueued(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapQueueAll, 1))
	s := b.session()
	running := b.start(s, j.ID)
	first, second := b.trigger(j.ID), b.trigger(j.ID)
	wantEqual(b, "status", b.cancelExecution(first.ID).Status, job.Cancelled)
	b.wantTime("ready_at of the next", b.execution(second.ID).ReadyAt, time.Time{})
	b.end(s, running, job.EventSucceed)
	b.take(s, second.ID)
	b.wantStatus(first.ID, job.Cancelled)
}

func testCancelRunning(_ *testing.T, b *bench) {
	j := b.job("")
	s, other := b.session(), b.session()
	c := b.start(s, j.ID)
	b.pass(time.Second)
	got := b.cancelExecution(c.ID)
	wantEqual(b, "status", got.Status, job.Running)
	b.wantTime("cancel_requested_at", got.CancelRequestedAt, b.now)
	b.wantSame("cancels of its session", []job.ID{c.ID}, b.heartbeat(s))
	b.wantSame("cancels of its session again", []job.ID{c.ID}, b.heartbeat(s))
	wantEqual(b, "cancels of another session", len(b.heartbeat(other)), 0)
	b.end(s, c, job.EventCancel)
	e := b.wantStatus(c.ID, job.Cancelled)
	if e.CompletedAt == nil || e.DurationMS == nil {
		b.Errorf("completed_at %v, duration %v; want both", e.CompletedAt, e.DurationMS)
	}
	wantEqual(b, "cancels after the end", len(b.heartbeat(s)), 0)
	b.wantCounts(j.ID, 1, 0, 0, 0)
}

func testCancelTwice(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.cancelExecution(c.ID)
	first := b.now
	b.pass(time.Second)
	got := b.cancelExecution(c.ID)
	b.wantTime("cancel_requested_at", got.CancelRequestedAt, first)
	b.wantSame("cancels", []job.ID{c.ID}, b.heartbeat(s))
}

func testCancelTooLate(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.cancelExecution(c.ID)
	b.end(s, c, job.EventSucceed)
	b.wantStatus(c.ID, job.Success)
	wantEqual(b, "cancels after the end", len(b.heartbeat(s)), 0)
	b.wantCounts(j.ID, 1, 1, 0, 0)
}

// testCancelNotAgain: a run that was asked to stop is handed back by a draining
// node, or fails while it is being asked. Nobody may start it again.
func testCancelNotAgain(_ *testing.T, b *bench) {
	for _, event := range []job.Event{job.EventReturn, job.EventRetry} {
		s := b.session()
		c := b.start(s, b.job("").ID)
		b.cancelExecution(c.ID)
		b.end(s, c, event, func(s *store.Settlement) { s.RetryAt = b.now })
		b.wantStatus(c.ID, job.Cancelled)
		wantEqual(b, "claimed again after "+string(event), len(b.claim(b.session(), c.ID)), 0)
	}
}

func testCancelOver(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("")
	for event, code := range map[job.Event]job.Code{
		job.EventSucceed: job.Conflict, job.EventFail: job.Conflict, job.EventExpire: job.Conflict,
		job.EventCancel: "", // the same state asked for again
	} {
		before := b.run(s, j.ID, event)
		_, err := b.tryCancelExecution(before.ID.String())
		b.wantCode("a cancel of what is "+string(before.Status), err, code)
		b.wantSame("the execution", before, b.execution(before.ID))
	}
}

func testCancelByNumber(_ *testing.T, b *bench) {
	j := b.job("", named("backup"))
	e := b.trigger(j.ID)
	got, err := b.tryCancelExecution("backup/1")
	if err != nil || got.ID != e.ID || got.Status != job.Cancelled {
		b.Errorf("CancelExecution(backup/1) = %v %s, %v; want %v cancelled, no error", got.ID, got.Status, err, e.ID)
	}
}

func testCancelNotFound(_ *testing.T, b *bench) {
	b.job("", named("backup"))
	for _, ref := range []string{b.newID().String(), "backup/1", "nobody/1"} {
		_, err := b.tryCancelExecution(ref)
		b.wantCode("CancelExecution("+ref+")", err, job.NotFound)
	}
}
