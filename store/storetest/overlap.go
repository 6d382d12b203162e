package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// overlapTests are about runs that are due while others of their job are not over.
func overlapTests() []test {
	return []test{
		{"skip records the slot", testOverlapSkips},
		{"a run that waits for a worker or a retry is not over", testOverlapWaiting},
		{"queue_one keeps one", testOverlapQueueOne},
		{"queue_all keeps all, in order", testOverlapQueueAll},
		{"cancel_running stops what runs", testOverlapCancelRunning},
		{"allow runs up to concurrency", testOverlapAllow},
		{"manual runs overlap too", testOverlapManual},
		{"a manual run may ask for another policy", testOverlapOverride},
		{"what is queued cannot be claimed", testOverlapQueuedClaim},
		{"every end gives the place to the next", testOverlapPromotion},
		{"a place is given once", testOverlapOnePlace},
		{"slots after the queue drained run again", testOverlapAfter},
	}
}

// blocked stores a secondly job that runs since slot 1, and plans up to slot n.
func (b *bench) blocked(n int, edits ...func(*job.Job)) (job.Job, int64, store.Claimed) {
	b.Helper()
	j := b.job(secondly, edits...)
	s := b.session()
	b.pass(time.Second)
	got := b.plan(born(s)).Claimed
	if len(got) != 1 {
		b.Fatalf("%d executions were born claimed, want 1", len(got))
	}
	for range n - 1 {
		b.pass(time.Second)
		if got := b.plan(born(s)).Claimed; len(got) != 0 {
			b.Fatalf("%d executions were born claimed while another runs, want none", len(got))
		}
	}
	b.wantSlots(j.ID, at(1), at(float64(n)), time.Second)
	return j, s, got[0]
}

func testOverlapSkips(_ *testing.T, b *bench) {
	j, s, c := b.blocked(3)
	b.wantSame("statuses", []job.Status{job.Running, job.Skipped, job.Skipped}, b.statuses(j.ID))
	e := b.executions(j.ID)[1]
	wantEqual(b, "skip_reason", e.SkipReason, job.SkipOverlap)
	wantEqual(b, "occurrence of a skip", e.Occurrence, 0)
	b.wantCounts(j.ID, 1, 0, 0, 2)
	b.end(s, c, job.EventSucceed)
	b.pass(time.Second)
	b.plan()
	b.wantSame("statuses", []job.Status{job.Success, job.Skipped, job.Skipped, job.Pending}, b.statuses(j.ID))
}

func testOverlapWaiting(_ *testing.T, b *bench) {
	j := b.job(secondly)
	b.now = at(1)
	b.plan()
	b.now = at(2)
	b.plan()
	b.wantSame("statuses while the first waits for a worker", []job.Status{job.Pending, job.Skipped}, b.statuses(j.ID))
	s := b.session()
	c := b.take(s, b.executions(j.ID)[0].ID)
	b.end(s, c, job.EventRetry)
	b.now = at(3)
	b.plan()
	b.wantSame("statuses while the first waits for its retry", []job.Status{job.Pending, job.Skipped, job.Skipped}, b.statuses(j.ID))
}

func testOverlapQueueOne(_ *testing.T, b *bench) {
	j, s, c := b.blocked(4, overlapping(job.OverlapQueueOne, 1))
	b.wantSame("statuses", []job.Status{job.Running, job.Pending, job.Skipped, job.Skipped}, b.statuses(j.ID))
	b.wantTime("ready_at of the queued run", b.executions(j.ID)[1].ReadyAt, time.Time{})
	got := b.settle(b.ending(s, c, job.EventSucceed))
	wantEqual(b, "promoted", got.Promoted, 1)
	next := b.executions(j.ID)[1]
	b.wantTime("ready_at of the promoted run", next.ReadyAt, b.now)
	b.end(s, b.take(s, next.ID), job.EventSucceed)
	b.wantCounts(j.ID, 2, 2, 0, 2)
}

func testOverlapQueueAll(_ *testing.T, b *bench) {
	j, s, c := b.blocked(4, overlapping(job.OverlapQueueAll, 1))
	b.wantSame("statuses", []job.Status{job.Running, job.Pending, job.Pending, job.Pending}, b.statuses(j.ID))
	for i := 1; i < 4; i++ {
		wantEqual(b, "promoted", b.settle(b.ending(s, c, job.EventSucceed)).Promoted, 1)
		waiting := slices.DeleteFunc(b.executions(j.ID), func(e job.Execution) bool { return e.ReadyAt == nil })
		if len(waiting) != 1 || !waiting[0].ScheduledAt.Equal(at(float64(i+1))) {
			b.Fatalf("after %d ends %d executions are ready, want slot %d alone", i, len(waiting), i+1)
		}
		c = b.take(s, waiting[0].ID)
	}
	wantEqual(b, "promoted at the end", b.settle(b.ending(s, c, job.EventSucceed)).Promoted, 0)
	b.wantCounts(j.ID, 4, 4, 0, 0)
}

func testOverlapCancelRunning(_ *testing.T, b *bench) {
	j, s, c := b.blocked(3, overlapping(job.OverlapCancelRunning, 1))
	if got := b.heartbeat(s); len(got) != 1 || got[0] != c.ID {
		b.Errorf("Heartbeat = %v, want a cancel of %v", got, c.ID)
	}
	statuses := b.statuses(j.ID)
	wantEqual(b, "status of the first", statuses[0], job.Running)
	wantEqual(b, "status of the second", statuses[1], job.Pending)
	wantEqual(b, "promoted", b.settle(b.ending(s, c, job.EventCancel)).Promoted, 1)
	b.wantStatus(c.ID, job.Cancelled)
	next := b.take(s, b.executions(j.ID)[1].ID)
	if got := b.heartbeat(s); len(got) != 0 {
		b.Errorf("Heartbeat after the next run started = %v, want none", got)
	}
	b.end(s, next, job.EventSucceed)
}

func testOverlapAllow(_ *testing.T, b *bench) {
	j := b.job(secondly, overlapping(job.OverlapAllow, 3))
	s := b.session()
	b.now = at(5)
	got := b.plan(born(s)).Claimed
	if len(got) != 3 {
		b.Fatalf("%d executions were born claimed, want 3", len(got))
	}
	b.wantSlots(j.ID, at(1), at(5), time.Second)
	wantEqual(b, "reason of the fourth", b.entries(j.ID, at(3), at(4))[0].Reason, job.SkipConcurrency)
	b.end(s, got[1], job.EventSucceed)
	b.now = at(7)
	b.plan()
	var statuses []job.Status
	for _, e := range b.entries(j.ID, Base, b.now) {
		statuses = append(statuses, e.Status)
	}
	b.wantSame("statuses by slot", []job.Status{
		job.Running, job.Success, job.Running, job.Skipped, job.Skipped, job.Pending, job.Skipped,
	}, statuses)
}

func testOverlapManual(_ *testing.T, b *bench) {
	j := b.job(secondly)
	first := b.trigger(j.ID)
	wantEqual(b, "status of the first", first.Status, job.Pending)
	second := b.trigger(j.ID)
	wantEqual(b, "status of the second", second.Status, job.Skipped)
	wantEqual(b, "skip_reason of the second", second.SkipReason, job.SkipOverlap)
	b.wantSame("the second read again", second, b.execution(second.ID))
	b.now = at(1)
	b.plan()
	slot := b.executions(j.ID)[2]
	wantEqual(b, "status of the slot", slot.Status, job.Skipped)

	queue := b.job("", overlapping(job.OverlapQueueAll, 1))
	b.trigger(queue.ID)
	e := b.trigger(queue.ID)
	wantEqual(b, "status of a queued manual run", e.Status, job.Pending)
	b.wantTime("ready_at of a queued manual run", e.ReadyAt, time.Time{})

	allow := b.job("", overlapping(job.OverlapAllow, 2))
	for i, want := range []job.Status{job.Pending, job.Pending, job.Skipped} {
		if got := b.trigger(allow.ID); got.Status != want {
			b.Errorf("manual run %d is %s, want %s", i+1, got.Status, want)
		}
	}
}

func testOverlapOverride(_ *testing.T, b *bench) {
	with := func(o job.Overlap) func(*store.Trigger) { return func(t *store.Trigger) { t.Overlap = o } }
	j := b.job("")
	b.trigger(j.ID)
	e := b.trigger(j.ID, with(job.OverlapQueueOne))
	wantEqual(b, "status with queue_one", e.Status, job.Pending)
	b.wantTime("ready_at with queue_one", e.ReadyAt, time.Time{})
	wantEqual(b, "status with queue_one again", b.trigger(j.ID, with(job.OverlapQueueOne)).Status, job.Skipped)
	queue := b.job("", overlapping(job.OverlapQueueAll, 1))
	b.trigger(queue.ID)
	wantEqual(b, "status with skip", b.trigger(queue.ID, with(job.OverlapSkip)).Status, job.Skipped)
}

func testOverlapQueuedClaim(_ *testing.T, b *bench) {
	j, s, _ := b.blocked(3, overlapping(job.OverlapQueueAll, 1))
	queued := ids(b.executions(j.ID)[1:])
	if got := b.claim(s, queued...); len(got) != 0 {
		b.Errorf("%d queued executions were claimed, want none", len(got))
	}
	if got, err := b.store.Waiting(b.ctx, b.now, 10); err != nil || len(got) != 0 {
		b.Errorf("Waiting() = %d, %v; want none, no error", len(got), err)
	}
}

func testOverlapPromotion(t *testing.T, b *bench) {
	ends := map[string]func(s int64, c store.Claimed){
		"succeed": func(s int64, c store.Claimed) { b.end(s, c, job.EventSucceed) },
		"fail":    func(s int64, c store.Claimed) { b.end(s, c, job.EventFail) },
		"expire":  func(s int64, c store.Claimed) { b.end(s, c, job.EventExpire) },
		"cancel":  func(s int64, c store.Claimed) { b.end(s, c, job.EventCancel) },
		"abandon": func(s int64, c store.Claimed) { b.end(s, c, job.EventAbandon, dead("worker_lost")) },
		"cancel of a waiting retry": func(s int64, c store.Claimed) {
			b.end(s, c, job.EventRetry)
			if _, err := b.store.CancelExecution(b.ctx, store.CancelExecution{Platform: b.platform, Ref: c.ID.String(), Now: b.now}); err != nil {
				t.Errorf("CancelExecution = %v, want no error", err)
			}
		},
		"loss of the worker": func(int64, store.Claimed) { b.lose() },
	}
	for name, end := range ends {
		j := b.job("", overlapping(job.OverlapQueueAll, 1), func(j *job.Job) { j.OnLost = job.OnLostFail })
		s := b.session()
		c := b.start(s, j.ID)
		queued := b.trigger(j.ID)
		end(s, c)
		if e := b.execution(c.ID); !e.Status.Terminal() {
			t.Errorf("%s: the first run is %s, want it to be over", name, e.Status)
		}
		if e := b.execution(queued.ID); e.ReadyAt == nil || e.ReadyAt.After(b.now) {
			t.Errorf("%s: the queued run has ready_at %v, want now", name, e.ReadyAt)
		}
		if got := b.claim(b.session(), queued.ID); len(got) != 1 {
			t.Errorf("%s: the queued run cannot be claimed", name)
		}
	}
	for _, event := range []job.Event{job.EventRetry, job.EventReturn} {
		j := b.job("", overlapping(job.OverlapQueueAll, 1))
		s := b.session()
		c := b.start(s, j.ID)
		queued := b.trigger(j.ID)
		b.end(s, c, event)
		b.wantTime("ready_at of the queued run after "+string(event), b.execution(queued.ID).ReadyAt, time.Time{})
	}
}

func testOverlapOnePlace(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 2))
	s := b.session()
	first, second := b.start(s, j.ID), b.start(s, j.ID)
	queue := func(t *store.Trigger) { t.Overlap = job.OverlapQueueAll }
	for range 3 {
		b.trigger(j.ID, queue)
	}
	got := b.settle(b.ending(s, first, job.EventSucceed), b.ending(s, second, job.EventFail))
	wantEqual(b, "promoted by two ends", got.Promoted, 2)
	var ready []int64
	for _, e := range b.executions(j.ID) {
		if e.ReadyAt != nil {
			ready = append(ready, e.RunNumber)
		}
	}
	b.wantSame("runs that are ready", []int64{3, 4}, ready)
}

func testOverlapAfter(_ *testing.T, b *bench) {
	j, s, c := b.blocked(2, overlapping(job.OverlapQueueOne, 1))
	b.end(s, c, job.EventSucceed)
	b.pass(time.Second)
	b.plan() // queued behind the promoted one
	b.wantSame("statuses", []job.Status{job.Success, job.Pending, job.Pending}, b.statuses(j.ID))
	for _, e := range b.executions(j.ID)[1:] {
		b.end(s, b.take(s, e.ID), job.EventSucceed)
	}
	b.pass(time.Second)
	wantEqual(b, "born claimed after the queue drained", len(b.plan(born(s)).Claimed), 1)
}
