package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// settleTests are about Settle and who may.
func settleTests() []test {
	return []test{
		{"a success is written whole", testSettleSuccess},
		{"each event leads where the table says", testSettleEvents},
		{"a failure keeps what is known of it", testSettleFailure},
		{"a dead letter keeps its reason", testSettleDead},
		{"an attempt that never started has no start", testSettleNeverStarted},
		{"figures follow how executions end", testSettleCounts},
		{"a stale token changes nothing", testSettleStaleToken},
		{"another session changes nothing", testSettleOtherSession},
		{"the second settlement of an attempt changes nothing", testSettleTwice},
		{"only the first of two in one batch counts", testSettleTwiceInOne},
		{"an attempt of an earlier claim is fenced", testSettleEarlierClaim},
		{"what is unknown or not running is fenced", testSettleUnknown},
		{"fenced settlements do not disturb the rest", testSettleMixed},
		{"a batch spans jobs and platforms", testSettleAcross},
		{"last_run is the newest start", testSettleLastRun},
	}
}

func dead(reason string) func(*store.Settlement) {
	return func(s *store.Settlement) { s.DeadReason = reason }
}

func testSettleSuccess(_ *testing.T, b *bench) {
	j := b.job("")
	e := b.trigger(j.ID)
	s := b.session()
	b.pass(250 * time.Millisecond)
	c := b.take(s, e.ID)
	result := json.RawMessage(`{"rows":9007199254740993,"ok":true,"list":[1.50]}`)
	b.end(s, c, job.EventSucceed, func(s *store.Settlement) { s.Result, s.ExitCode = result, ptr(0) })
	want := e
	want.Status, want.ReadyAt, want.Attempt, want.Token, want.WorkerID = job.Success, nil, 1, 1, "node-"+b.platform
	want.StartedAt, want.CompletedAt = ptr(at(0.25)), ptr(at(1.75))
	want.DurationMS, want.StartDelay = ptr(int64(1500)), ptr(int64(250))
	want.Result, want.ExitCode = result, ptr(0)
	want.Attempts = []job.Attempt{{
		ExecutionID: e.ID, Attempt: 1, Token: 1, WorkerID: "node-" + b.platform, Status: "success",
		StartedAt: at(0.25), CompletedAt: ptr(at(1.75)), DurationMS: ptr(int64(1500)), ExitCode: ptr(0),
	}}
	after := b.execution(e.ID)
	want.SpanID = after.SpanID // of the attempt
	b.wantSame("the execution", want, after)
	b.wantCounts(j.ID, 1, 1, 0, 0)
	got := b.get(j.ID)
	if got.AvgDurationMS == nil || *got.AvgDurationMS != 1500 {
		b.Errorf("avg_duration_ms = %v, want 1500", got.AvgDurationMS)
	}
}

func testSettleEvents(t *testing.T, b *bench) {
	tests := []struct {
		event   job.Event
		status  job.Status
		attempt string
	}{
		{job.EventSucceed, job.Success, "success"},
		{job.EventFail, job.Failed, "failed"},
		{job.EventExpire, job.TimedOut, "timeout"},
		{job.EventCancel, job.Cancelled, "cancelled"},
		{job.EventAbandon, job.Failed, ""},
		{job.EventRetry, job.Pending, "failed"},
		{job.EventReturn, job.Pending, "handed_back"},
	}
	for _, tt := range tests {
		s := b.session()
		c := b.start(s, b.job("").ID)
		b.end(s, c, tt.event)
		e := b.wantStatus(c.ID, tt.status)
		if len(e.Attempts) != 1 || tt.attempt != "" && e.Attempts[0].Status != tt.attempt {
			t.Errorf("%s: attempts are %+v, want one that is %s", tt.event, e.Attempts, tt.attempt)
		}
		if over := e.CompletedAt != nil; over != tt.status.Terminal() {
			t.Errorf("%s: completed_at is %v", tt.event, e.CompletedAt)
		}
		if waits := e.ReadyAt != nil; waits == tt.status.Terminal() {
			t.Errorf("%s: ready_at is %v", tt.event, e.ReadyAt)
		}
	}
}

func testSettleFailure(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.end(s, c, job.EventFail, func(s *store.Settlement) {
		s.Error, s.ErrorClass, s.ErrorStack, s.ExitCode = "exit status 137: \"killed\"\n\tsecond line", "signal", "goroutine 1 [running]:\n…", ptr(137)
		s.Result = json.RawMessage(`{"partial":true}`)
	})
	e := b.wantStatus(c.ID, job.Failed)
	wantEqual(b, "error", e.Error, "exit status 137: \"killed\"\n\tsecond line")
	wantEqual(b, "error_class", e.ErrorClass, "signal")
	wantEqual(b, "error_stack", e.ErrorStack, "goroutine 1 [running]:\n…")
	b.wantSame("exit_code", ptr(137), e.ExitCode)
	b.wantSame("result", json.RawMessage(`{"partial":true}`), e.Result)
	wantEqual(b, "will_retry", e.WillRetry, false)
	wantEqual(b, "dead", e.Dead, false)
	if len(e.Attempts) != 1 || e.Attempts[0].Error != e.Error || e.Attempts[0].ErrorClass != "signal" {
		b.Errorf("attempts are %+v, want one with the error", e.Attempts)
	}
}

func testSettleDead(_ *testing.T, b *bench) {
	for _, reason := range []string{"retries_exhausted", "permanent", "handler_missing"} {
		s := b.session()
		j := b.job("")
		c := b.start(s, j.ID)
		b.end(s, c, job.EventFail, dead(reason))
		e := b.wantStatus(c.ID, job.Failed)
		wantEqual(b, "dead", e.Dead, true)
		wantEqual(b, "dead_reason", e.DeadReason, reason)
		page, err := b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: b.platform, Job: j.ID.String(), Dead: true})
		if err != nil || len(page.Items) != 1 || page.Items[0].DeadReason != reason {
			b.Errorf("dead letters are %+v, %v; want this one", page.Items, err)
		}
	}
}

func testSettleNeverStarted(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("")
	c := b.start(s, j.ID)
	b.end(s, c, job.EventFail, dead("handler_missing"), func(s *store.Settlement) { s.StartedAt = time.Time{} })
	e := b.wantStatus(c.ID, job.Failed)
	b.wantTime("started_at", e.StartedAt, time.Time{})
	b.wantSame("duration_ms", (*int64)(nil), e.DurationMS)
	b.wantSame("start_delay_ms", (*int64)(nil), e.StartDelay)
	b.wantTime("completed_at", e.CompletedAt, at(1.5))
	b.wantCounts(j.ID, 1, 0, 1, 0)
}

func testSettleCounts(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	for _, event := range []job.Event{
		job.EventSucceed, job.EventSucceed, job.EventFail, job.EventExpire, job.EventCancel, job.EventAbandon,
	} {
		b.run(s, j.ID, event)
	}
	c := b.start(s, j.ID)
	b.end(s, c, job.EventReturn)
	b.end(s, b.take(s, c.ID), job.EventRetry, func(s *store.Settlement) { s.RetryAt = b.now })
	b.wantCounts(j.ID, 7, 2, 3, 0)
	b.end(s, b.take(s, c.ID), job.EventSucceed, func(s *store.Settlement) { s.CompletedAt = b.now.Add(4500 * time.Millisecond) })
	b.wantCounts(j.ID, 7, 3, 3, 0)
	before := b.get(j.ID)
	if before.AvgDurationMS == nil || *before.AvgDurationMS != 2500 {
		b.Errorf("avg_duration_ms = %v, want 2500: of successes only", before.AvgDurationMS)
	}
	if err := b.store.Fold(b.ctx); err != nil {
		b.Errorf("Fold = %v, want no error", err)
	}
	b.wantSame("the job after a fold", before, b.get(j.ID))
}

// wantFenced checks that a settlement changes nothing.
func (b *bench) wantFenced(what string, s store.Settlement) {
	b.Helper()
	var owner job.Job
	before, err := b.store.Execution(b.ctx, b.platform, s.ID.String())
	known := err == nil
	if known {
		owner = b.get(before.JobID)
	}
	got, err := b.store.Settle(b.ctx, b.now, []store.Settlement{s})
	if err != nil || len(got.Fenced) != 1 || got.Fenced[0] != 0 || got.Promoted != 0 || got.Ended != 0 {
		b.Errorf("%s: Settle = %+v, %v; want index 0 fenced and nothing done", what, got, err)
	}
	if known {
		b.wantSame(what+": the execution", before, b.execution(s.ID))
		b.wantSame(what+": the job", owner, b.get(before.JobID))
	}
}

func testSettleStaleToken(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	for _, token := range []int64{0, c.Token - 1, c.Token + 1, 1 << 40} {
		for _, event := range []job.Event{job.EventSucceed, job.EventFail, job.EventRetry, job.EventReturn, job.EventCancel} {
			b.wantFenced("another token", b.ending(s, c, event, func(s *store.Settlement) { s.Token = token }))
		}
	}
	b.wantCounts(j.ID, 1, 0, 0, 0)
	b.end(s, c, job.EventSucceed)
}

func testSettleOtherSession(_ *testing.T, b *bench) {
	s, other := b.session(), b.session()
	c := b.start(s, b.job("").ID)
	b.wantFenced("another session", b.ending(other, c, job.EventSucceed))
	b.wantFenced("no session", b.ending(0, c, job.EventSucceed))
	b.end(s, c, job.EventSucceed)
}

func testSettleTwice(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	for i, event := range []job.Event{job.EventSucceed, job.EventFail, job.EventCancel, job.EventRetry, job.EventReturn} {
		c := b.start(s, j.ID)
		b.end(s, c, event)
		b.wantFenced("the same again", b.ending(s, c, event))
		b.wantFenced("another end", b.ending(s, c, job.EventSucceed))
		if i == 3 { // let the next one have the place
			b.cancelExecution(c.ID)
		}
	}
	b.wantCounts(j.ID, 5, 1, 1, 0)
}

func testSettleTwiceInOne(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	got, err := b.store.Settle(b.ctx, b.now, []store.Settlement{b.ending(s, c, job.EventFail), b.ending(s, c, job.EventSucceed)})
	if err != nil {
		b.Fatalf("Settle = %v, want no error", err)
	}
	b.wantSame("fenced", []int{1}, got.Fenced)
	b.wantStatus(c.ID, job.Failed)
	b.wantCounts(j.ID, 1, 0, 1, 0)
}

func testSettleEarlierClaim(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.end(s, c, job.EventReturn)
	again := b.take(s, c.ID)
	b.wantFenced("the earlier claim", b.ending(s, c, job.EventSucceed))
	b.end(s, again, job.EventSucceed)
}

func testSettleUnknown(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.wantFenced("an unknown execution", b.ending(s, c, job.EventSucceed, func(s *store.Settlement) { s.ID = b.newID() }))
	waiting := b.trigger(b.job("").ID)
	b.wantFenced("a waiting execution", b.ending(s, store.Claimed{ID: waiting.ID}, job.EventSucceed))
	b.wantFenced("a waiting execution's next token", b.ending(s, store.Claimed{ID: waiting.ID, Token: 1}, job.EventSucceed))
}

func testSettleMixed(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 10))
	s := b.session()
	var batch []store.Settlement
	var good []job.ID
	for i := range 6 {
		c := b.start(s, j.ID)
		settlement := b.ending(s, c, job.EventSucceed)
		if i%3 == 1 {
			settlement.Token = 99
		} else {
			good = append(good, c.ID)
		}
		batch = append(batch, settlement)
	}
	got, err := b.store.Settle(b.ctx, b.now, batch)
	if err != nil {
		b.Fatalf("Settle = %v, want no error", err)
	}
	b.wantSame("fenced", []int{1, 4}, got.Fenced)
	for _, id := range good {
		b.wantStatus(id, job.Success)
	}
	b.wantStatus(batch[1].ID, job.Running)
	b.wantCounts(j.ID, 6, 4, 0, 0)
}

func testSettleAcross(_ *testing.T, b *bench) {
	s := b.session()
	home := b.platform
	var batch []store.Settlement
	var jobs []job.Job
	for _, platform := range []string{home, home + "-b", job.DefaultPlatform} {
		b.platform = platform
		j := b.job("")
		jobs = append(jobs, j)
		batch = append(batch, b.ending(s, b.start(s, j.ID), job.EventSucceed))
	}
	b.settle(batch...)
	for i, j := range jobs {
		b.platform = j.Platform
		b.wantStatus(batch[i].ID, job.Success)
		b.wantCounts(j.ID, 1, 1, 0, 0)
	}
	b.platform = home
}

func testSettleLastRun(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 2))
	s := b.session()
	b.wantTime("last_run before the first", b.get(j.ID).LastRun, time.Time{})
	old := b.start(s, j.ID)
	started := b.now
	b.pass(10 * time.Second)
	b.end(s, b.start(s, j.ID), job.EventFail)
	b.wantTime("last_run", b.get(j.ID).LastRun, at(10))
	b.end(s, old, job.EventSucceed, func(s *store.Settlement) { s.StartedAt = started })
	b.wantTime("last_run after an older one ended", b.get(j.ID).LastRun, at(10))
	b.wantTime("updated_at", ptr(b.get(j.ID).UpdatedAt), Base)
}
