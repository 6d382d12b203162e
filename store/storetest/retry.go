package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// retryTests are about attempts of one execution.
func retryTests() []test {
	return []test{
		{"a retry waits on the same row until its time", testRetryWaits},
		{"each attempt is kept", testRetryAttempts},
		{"a success after retries shows the last attempt", testRetrySuccess},
		{"a hand-back is no failure and waits for nothing", testRetryReturn},
		{"a timed out attempt may be retried", testRetryTimeout},
		{"start_delay is of the first start", testRetryStartDelay},
	}
}

func testRetryWaits(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.end(s, c, job.EventRetry)
	e := b.wantStatus(c.ID, job.Pending)
	wantEqual(b, "will_retry", e.WillRetry, true)
	b.wantTime("next_retry_at", e.NextRetryAt, at(60))
	b.wantTime("ready_at", e.ReadyAt, at(60))
	b.wantTime("completed_at", e.CompletedAt, time.Time{})
	wantEqual(b, "retry_count", e.RetryCount, 1)
	wantEqual(b, "attempt", e.Attempt, 1)
	wantEqual(b, "run number", e.RunNumber, 1)
	wantEqual(b, "dead", e.Dead, false)
	wantEqual(b, "worker_id", e.WorkerID, "node-"+b.platform)
	b.wantCounts(j.ID, 1, 0, 0, 0)
	b.pass(time.Minute)
	b.heartbeat(s)
	b.take(s, c.ID)
	e = b.wantStatus(c.ID, job.Running)
	wantEqual(b, "will_retry while it runs", e.WillRetry, false)
	b.wantTime("next_retry_at while it runs", e.NextRetryAt, time.Time{})
	wantEqual(b, "rows", len(b.executions(j.ID)), 1)
}

func testRetryAttempts(_ *testing.T, b *bench) {
	s := b.session()
	e := b.trigger(b.job("").ID)
	soon := func(s *store.Settlement) { s.RetryAt = b.now.Add(2 * time.Second) }
	exit := func(code int) func(*store.Settlement) {
		return func(s *store.Settlement) { s.ExitCode = &code }
	}
	node := "node-" + b.platform
	var want []job.Attempt
	for i, event := range []job.Event{job.EventRetry, job.EventRetry, job.EventFail} {
		c := b.take(s, e.ID)
		b.end(s, c, event, soon, exit(i+1))
		a := job.Attempt{
			ExecutionID: e.ID, Attempt: i + 1, Token: c.Token, WorkerID: node, Status: "failed", StartedAt: b.now,
			CompletedAt: ptr(b.now.Add(1500 * time.Millisecond)), DurationMS: ptr(int64(1500)), ExitCode: ptr(i + 1),
			Error: "it failed", ErrorClass: "exit",
		}
		if event == job.EventRetry {
			a.NextRetryAt = ptr(b.now.Add(2 * time.Second))
		}
		want = append(want, a)
		b.pass(2 * time.Second)
	}
	got := b.wantStatus(e.ID, job.Failed)
	b.wantSame("attempts", want, got.Attempts)
	wantEqual(b, "attempt", got.Attempt, 3)
	wantEqual(b, "retry_count", got.RetryCount, 2)
	b.wantSame("exit_code", ptr(3), got.ExitCode)
}

func testRetrySuccess(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.end(s, c, job.EventRetry, func(s *store.Settlement) { s.RetryAt, s.ExitCode = b.now, ptr(3) })
	b.pass(10 * time.Second)
	b.end(s, b.take(s, c.ID), job.EventSucceed)
	e := b.wantStatus(c.ID, job.Success)
	wantEqual(b, "error", e.Error, "")
	wantEqual(b, "error_class", e.ErrorClass, "")
	b.wantSame("exit_code", (*int)(nil), e.ExitCode)
	b.wantTime("started_at", e.StartedAt, at(10))
	b.wantTime("completed_at", e.CompletedAt, at(11.5))
	wantEqual(b, "will_retry", e.WillRetry, false)
	b.wantTime("next_retry_at", e.NextRetryAt, time.Time{})
	b.wantCounts(j.ID, 1, 1, 0, 0)
}

func testRetryReturn(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.end(s, c, job.EventReturn)
	e := b.wantStatus(c.ID, job.Pending)
	wantEqual(b, "retry_count", e.RetryCount, 0)
	wantEqual(b, "lost_count", e.LostCount, 0)
	if e.ReadyAt == nil || e.ReadyAt.After(b.now) {
		b.Errorf("ready_at = %v, want now", e.ReadyAt)
	}
	again := b.take(b.session(), c.ID)
	wantEqual(b, "retry_count of the next claim", again.RetryCount, 0)
	if again.Token <= c.Token {
		b.Errorf("token = %d after %d, want it to rise", again.Token, c.Token)
	}
	b.wantCounts(j.ID, 1, 0, 0, 0)
}

func testRetryTimeout(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.end(s, c, job.EventRetry, func(s *store.Settlement) { s.Error, s.ErrorClass = "timed out after 1s", "timeout" })
	e := b.wantStatus(c.ID, job.Pending)
	if len(e.Attempts) != 1 || e.Attempts[0].Status != "timeout" {
		b.Errorf("attempts are %+v, want one that timed out", e.Attempts)
	}
}

func testRetryStartDelay(_ *testing.T, b *bench) {
	s := b.session()
	e := b.trigger(b.job("").ID)
	b.pass(2 * time.Second)
	b.end(s, b.take(s, e.ID), job.EventRetry)
	b.pass(time.Minute)
	b.heartbeat(s)
	b.end(s, b.take(s, e.ID), job.EventSucceed)
	got := b.wantStatus(e.ID, job.Success)
	b.wantSame("start_delay_ms", ptr(int64(2000)), got.StartDelay)
	b.wantSame("duration_ms", ptr(int64(1500)), got.DurationMS)
	b.wantTime("started_at", got.StartedAt, at(62))
}
