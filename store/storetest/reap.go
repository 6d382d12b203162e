package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// reapTests are about what becomes of a dead session's work.
func reapTests() []test {
	return []test{
		{"a lost execution is started again", testReapRestart},
		{"a lost execution that must not start twice has failed", testReapFail},
		{"the third loss is poison", testReapPoison},
		{"only dead sessions are reaped", testReapDeadOnly},
		{"what ended before is left alone", testReapPartial},
		{"fenced settlements do not hide work from the reaper", testReapFenced},
		{"what another session has now is left alone", testReapMoved},
		{"what was born claimed is reaped", testReapBorn},
		{"what was asked to stop is not started again", testReapCancelled},
		{"a paused job's lost execution is held", testReapPaused},
		{"a cancelled job's lost execution is not started again", testReapCancelledJob},
		{"the limit bounds one call", testReapLimit},
		{"reaping twice changes nothing", testReapTwice},
		{"an ended job's last execution may be lost", testReapEnds},
	}
}

func testReapRestart(_ *testing.T, b *bench) {
	j := b.job("", retries(0))
	s := b.session()
	c := b.start(s, j.ID)
	b.wantSame("Reap", store.Reaped{Sessions: 1, Restarted: 1}, b.lose())
	e := b.wantStatus(c.ID, job.Pending)
	wantEqual(b, "lost_count", e.LostCount, 1)
	wantEqual(b, "retry_count", e.RetryCount, 0)
	wantEqual(b, "dead", e.Dead, false)
	if e.ReadyAt == nil || e.ReadyAt.After(b.now) {
		b.Errorf("ready_at = %v, want now", e.ReadyAt)
	}
	if len(e.Attempts) != 1 || e.Attempts[0].Status != "lost" || e.Attempts[0].Token != c.Token {
		b.Errorf("attempts are %+v, want one that is lost", e.Attempts)
	}
	b.wantFenced("the lost worker", b.ending(s, c, job.EventSucceed))
	next := b.session()
	again := b.take(next, c.ID)
	if again.Token <= c.Token || again.Attempt != 2 || again.LostCount != 1 || again.RetryCount != 0 {
		b.Errorf("second claim is %+v, want a higher token, attempt 2, one loss, no retry", again)
	}
	b.wantFenced("the lost worker while another runs it", b.ending(s, c, job.EventFail))
	b.end(next, again, job.EventSucceed)
	b.wantFenced("the lost worker after the end", b.ending(s, c, job.EventFail))
	b.wantStatus(c.ID, job.Success)
	b.wantCounts(j.ID, 1, 1, 0, 0)
}

func testReapFail(_ *testing.T, b *bench) {
	j := b.job("", func(j *job.Job) { j.OnLost = job.OnLostFail })
	s := b.session()
	c := b.start(s, j.ID)
	b.wantSame("Reap", store.Reaped{Sessions: 1, Failed: 1}, b.lose())
	e := b.wantStatus(c.ID, job.Failed)
	wantEqual(b, "dead", e.Dead, true)
	wantEqual(b, "dead_reason", e.DeadReason, "worker_lost")
	wantEqual(b, "lost_count", e.LostCount, 1)
	if e.CompletedAt == nil || e.Error == "" {
		b.Errorf("completed_at %v, error %q; want both", e.CompletedAt, e.Error)
	}
	if len(e.Attempts) != 1 || e.Attempts[0].Status != "lost" {
		b.Errorf("attempts are %+v, want one that is lost", e.Attempts)
	}
	wantEqual(b, "claimed again", len(b.claim(b.session(), c.ID)), 0)
	b.wantCounts(j.ID, 1, 0, 1, 0)
}

func testReapPoison(_ *testing.T, b *bench) {
	j := b.job("", retries(100))
	e := b.trigger(j.ID)
	for i := 1; i <= job.MaxLost; i++ {
		s := b.session()
		b.take(s, e.ID)
		got := b.lose()
		want := store.Reaped{Sessions: 1, Restarted: 1}
		if i == job.MaxLost {
			want = store.Reaped{Sessions: 1, Failed: 1}
		}
		b.wantSame("Reap", want, got)
	}
	got := b.wantStatus(e.ID, job.Failed)
	wantEqual(b, "dead_reason", got.DeadReason, "poison")
	wantEqual(b, "lost_count", got.LostCount, job.MaxLost)
	wantEqual(b, "attempts", len(got.Attempts), job.MaxLost)
	b.wantCounts(j.ID, 1, 0, 1, 0)
}

func testReapDeadOnly(_ *testing.T, b *bench) {
	dies := b.session()
	b.pass(lease / 2)
	lives := b.session()
	first, second := b.start(dies, b.job("").ID), b.start(lives, b.job("").ID)
	b.pass(lease/2 + time.Second)
	b.wantSame("Reap", store.Reaped{Sessions: 1, Restarted: 1}, b.reap())
	b.wantStatus(first.ID, job.Pending)
	b.wantStatus(second.ID, job.Running)
	b.end(lives, second, job.EventSucceed)
}

func testReapPartial(_ *testing.T, b *bench) {
	s := b.session()
	var all []job.ID
	for range 4 {
		all = append(all, b.trigger(b.job("").ID).ID)
	}
	got := b.claim(s, all...)
	b.end(s, got[1], job.EventSucceed)
	b.end(s, got[2], job.EventRetry)
	before := []job.Execution{b.execution(got[1].ID), b.execution(got[2].ID)}
	b.wantSame("Reap", store.Reaped{Sessions: 1, Restarted: 2}, b.lose())
	b.wantSame("what ended before", before, []job.Execution{b.execution(got[1].ID), b.execution(got[2].ID)})
	b.wantStatus(got[0].ID, job.Pending)
	b.wantStatus(got[3].ID, job.Pending)
}

// testReapFenced: an answer that got lost makes a worker settle the same attempt
// again. That must not be taken for the end of what it runs beside.
func testReapFenced(_ *testing.T, b *bench) {
	s := b.session()
	first, second := b.trigger(b.job("").ID), b.trigger(b.job("").ID)
	got := b.claim(s, first.ID, second.ID)
	b.end(s, got[0], job.EventSucceed)
	for range 3 {
		b.wantFenced("the same again", b.ending(s, got[0], job.EventSucceed))
	}
	b.heartbeat(s)
	b.end(s, b.start(s, b.job("").ID), job.EventSucceed)
	b.wantSame("Reap", store.Reaped{Sessions: 1, Restarted: 1}, b.lose())
	b.wantStatus(got[1].ID, job.Pending)
}

func testReapMoved(_ *testing.T, b *bench) {
	dies := b.session()
	c := b.start(dies, b.job("").ID)
	b.end(dies, c, job.EventReturn)
	b.pass(lease / 2)
	lives := b.session()
	again := b.take(lives, c.ID)
	b.pass(lease/2 + time.Second)
	b.wantSame("Reap", store.Reaped{Sessions: 1}, b.reap())
	b.end(lives, again, job.EventSucceed)
}

func testReapBorn(_ *testing.T, b *bench) {
	for range 3 {
		b.job(minutely)
	}
	b.pass(time.Minute)
	s := b.session()
	got := b.plan(born(s)).Claimed
	b.end(s, got[0], job.EventSucceed)
	b.wantSame("Reap", store.Reaped{Sessions: 1, Restarted: 2}, b.lose())
	b.wantStatus(got[0].ID, job.Success)
	b.wantStatus(got[1].ID, job.Pending)
	b.wantStatus(got[2].ID, job.Pending)
}

func testReapCancelled(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.cancelExecution(c.ID)
	b.lose()
	b.wantStatus(c.ID, job.Cancelled)
	wantEqual(b, "claimed again", len(b.claim(b.session(), c.ID)), 0)
}

func testReapPaused(_ *testing.T, b *bench) {
	j := b.job(hourly)
	s := b.session()
	c := b.start(s, j.ID)
	b.pause(j.ID)
	b.lose()
	b.wantStatus(c.ID, job.Pending)
	wantEqual(b, "claimed while the job is paused", len(b.claim(b.session(), c.ID)), 0)
	b.resume(j.ID)
	b.take(b.session(), c.ID)
}

func testReapCancelledJob(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.cancel(j.ID)
	b.lose()
	if e := b.execution(c.ID); !e.Status.Terminal() {
		b.Errorf("the lost execution is %s, want it to be over", e.Status)
	}
	wantEqual(b, "claimed again", len(b.claim(b.session(), c.ID)), 0)
}

func testReapLimit(_ *testing.T, b *bench) {
	s := b.session()
	for range 10 {
		b.start(s, b.job("").ID)
	}
	b.pass(lease + time.Second)
	calls, restarted := 0, 0
	for more := true; more; calls++ {
		got, err := b.store.Reap(b.ctx, b.now, 3)
		if err != nil || got.Restarted > 3 || calls > 20 {
			b.Fatalf("Reap = %+v, %v; want at most 3 and no error", got, err)
		}
		restarted += got.Restarted
		more = got.More
	}
	wantEqual(b, "restarted", restarted, 10)
	if calls < 4 {
		b.Errorf("ten executions took %d calls of at most three, want four or more", calls)
	}
}

func testReapTwice(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.lose()
	before := b.execution(c.ID)
	b.wantSame("Reap again", store.Reaped{}, b.reap())
	b.pass(time.Hour)
	b.wantSame("Reap an hour later", store.Reaped{}, b.reap())
	b.wantSame("the execution", before, b.execution(c.ID))
	if got, _ := b.listed(s); got.ClosedAt == nil {
		b.Errorf("the dead session has no closed_at")
	}
}

func testReapEnds(_ *testing.T, b *bench) {
	j := b.once(at(10), func(j *job.Job) { j.OnLost = job.OnLostFail })
	b.now = at(10)
	got := b.plan(born(b.session())).Claimed
	b.lose()
	b.wantStatus(got[0].ID, job.Failed)
	if _, err := b.store.CompleteJobs(b.ctx, b.now); err != nil {
		b.Errorf("CompleteJobs = %v, want no error", err)
	}
	wantEqual(b, "status of the job", b.get(j.ID).Status, job.JobFailed)
}
