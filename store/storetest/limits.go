package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// limitTests are about how jobs end by themselves.
func limitTests() []test {
	return []test{
		{"max_executions is exact", testMaxExecutions},
		{"skips and manual runs do not count against max_executions", testMaxExecutionsCounts},
		{"end_date is exclusive", testEndDate},
		{"a one-time job that succeeds is completed", testOnceCompleted},
		{"a one-time job that runs out of retries is failed", testOnceFailed},
		{"a one-time job whose run is cancelled is over", testOnceCancelled},
		{"a job is over when its last execution is", testEndsWithLast},
		{"a job whose last slots are skipped is completed", testEndsWithSkips},
		{"a job that ended stays as it is", testEndedStays},
	}
}

// wantEnded finishes what CompleteJobs has to finish, and checks that settling and it
// have ended so many jobs together.
func (b *bench) wantEnded(want int, settled ...store.Settled) {
	b.Helper()
	got, err := b.store.CompleteJobs(b.ctx, b.now)
	if err != nil {
		b.Fatalf("CompleteJobs = %v, want no error", err)
	}
	for _, s := range settled {
		got += s.Ended
	}
	wantEqual(b, "jobs ended", got, want)
}

func testMaxExecutions(_ *testing.T, b *bench) {
	j := b.job(secondly, func(j *job.Job) { j.MaxExecutions = ptr(int64(3)) }, overlapping(job.OverlapAllow, 10))
	s := b.session()
	b.pass(2 * time.Second)
	claimed := b.plan(born(s)).Claimed
	b.pass(8 * time.Second)
	claimed = append(claimed, b.plan(born(s)).Claimed...)
	if len(claimed) != 3 {
		b.Fatalf("%d executions were planned, want 3", len(claimed))
	}
	j = b.get(j.ID)
	b.wantTime("next_run at the limit", j.NextRun, time.Time{})
	wantEqual(b, "status while executions run", j.Status, job.JobActive)
	b.wantSame("PlanDue beyond the limit", store.Planned{}, b.plan())
	b.wantEnded(0)
	var settled []store.Settled
	for _, c := range claimed {
		wantEqual(b, "status before the last settles", b.get(j.ID).Status, job.JobActive)
		settled = append(settled, b.settle(b.ending(s, c, job.EventSucceed)))
	}
	b.wantEnded(1, settled...)
	j = b.get(j.ID)
	wantEqual(b, "status", j.Status, job.JobCompleted)
	b.wantTime("completed_at", j.CompletedAt, b.now)
	b.wantCounts(j.ID, 3, 3, 0, 0)
	b.wantSlots(j.ID, at(1), at(3), time.Second)
}

func testMaxExecutionsCounts(_ *testing.T, b *bench) {
	j := b.job(secondly, func(j *job.Job) { j.MaxExecutions = ptr(int64(2)) })
	s := b.session()
	manual := b.start(s, j.ID)
	b.pass(time.Second)
	b.plan() // skipped: the manual run is not over
	b.end(s, manual, job.EventFail)
	b.pass(time.Second)
	first := b.plan(born(s)).Claimed
	b.pass(time.Second)
	b.plan() // skipped: the first run is not over
	if len(first) != 1 {
		b.Fatalf("%d executions were born claimed, want 1", len(first))
	}
	b.end(s, first[0], job.EventRetry, func(s *store.Settlement) { s.RetryAt = b.now })
	b.end(s, b.take(s, first[0].ID), job.EventSucceed)
	b.wantEnded(0)
	wantEqual(b, "status after one of two", b.get(j.ID).Status, job.JobActive)
	b.pass(time.Second)
	second := b.plan(born(s)).Claimed
	if len(second) != 1 || second[0].Occurrence != 2 {
		b.Fatalf("born claimed are %+v, want occurrence 2", second)
	}
	b.wantEnded(1, b.settle(b.ending(s, second[0], job.EventSucceed)))
	b.pass(10 * time.Second)
	b.wantSame("PlanDue beyond the limit", store.Planned{}, b.plan())
	book := b.book(j.ID)
	wantEqual(b, "occurrences", book.Occurrences, 2)
	wantEqual(b, "run numbers", book.Numbers, 5)
	b.wantSlots(j.ID, at(1), at(4), time.Second)
}

func testEndDate(_ *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.Type, j.StartDate, j.EndDate = job.TypeRecurring, ptr(at(120)), ptr(at(240)) })
	b.wantTime("next_run", j.NextRun, at(120))
	s := b.session()
	var settled []store.Settled
	for b.now.Before(at(400)) {
		b.pass(30 * time.Second)
		for _, c := range b.plan(born(s)).Claimed {
			settled = append(settled, b.settle(b.ending(s, c, job.EventSucceed)))
		}
		b.heartbeat(s)
	}
	b.wantEnded(1, settled...)
	b.wantSlots(j.ID, at(120), at(180), time.Minute)
	j = b.get(j.ID)
	wantEqual(b, "status", j.Status, job.JobCompleted)
	b.wantTime("next_run", j.NextRun, time.Time{})
}

// onceRunning stores a one-time job without retries and starts it.
func (b *bench) onceRunning(edits ...func(*job.Job)) (job.Job, int64, store.Claimed) {
	b.Helper()
	j := b.once(at(10), edits...)
	s := b.session()
	b.now = at(10)
	got := b.plan(born(s)).Claimed
	if len(got) != 1 {
		b.Fatalf("%d executions were born claimed, want 1", len(got))
	}
	return j, s, got[0]
}

func testOnceCompleted(_ *testing.T, b *bench) {
	j, s, c := b.onceRunning()
	b.wantEnded(1, b.settle(b.ending(s, c, job.EventSucceed)))
	got := b.get(j.ID)
	wantEqual(b, "status", got.Status, job.JobCompleted)
	b.wantTime("completed_at", got.CompletedAt, b.now)
	wantEqual(b, "revision", got.Revision, 2)
}

func testOnceFailed(_ *testing.T, b *bench) {
	for _, event := range []job.Event{job.EventFail, job.EventExpire} {
		b.now = Base
		j, s, c := b.onceRunning(retries(1))
		first := b.settle(b.ending(s, c, job.EventRetry))
		b.pass(time.Minute)
		b.wantEnded(0, first)
		wantEqual(b, "status while a retry waits", b.get(j.ID).Status, job.JobActive)
		b.heartbeat(s)
		c = b.take(s, c.ID)
		b.wantEnded(1, b.settle(b.ending(s, c, event, dead("retries_exhausted"))))
		got := b.get(j.ID)
		wantEqual(b, "status after "+string(event), got.Status, job.JobFailed)
		if got.CompletedAt == nil {
			b.Errorf("the failed job has no completed_at")
		}
	}
}

func testOnceCancelled(_ *testing.T, b *bench) {
	j, s, c := b.onceRunning()
	b.wantEnded(1, b.settle(b.ending(s, c, job.EventCancel)))
	if got := b.get(j.ID); !got.Status.Terminal() {
		b.Errorf("the job is %s, want it to be over", got.Status)
	}
}

func testEndsWithLast(_ *testing.T, b *bench) {
	j := b.job(secondly, func(j *job.Job) { j.MaxExecutions = ptr(int64(2)) }, overlapping(job.OverlapAllow, 10))
	s := b.session()
	b.now = at(2)
	got := b.plan(born(s)).Claimed
	manual := b.start(s, j.ID)
	first := b.settle(b.ending(s, got[1], job.EventSucceed), b.ending(s, got[0], job.EventFail))
	b.wantEnded(0, first)
	wantEqual(b, "status while a manual run goes on", b.get(j.ID).Status, job.JobActive)
	b.wantEnded(1, b.settle(b.ending(s, manual, job.EventSucceed)))
	wantEqual(b, "status", b.get(j.ID).Status, job.JobCompleted)
}

func testEndsWithSkips(_ *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.EndDate, j.Misfire = ptr(at(200)), job.MisfireSkip })
	b.pass(time.Hour)
	b.plan()
	b.wantSlots(j.ID, at(60), at(180), time.Minute)
	if _, err := b.store.CompleteJobs(b.ctx, b.now); err != nil {
		b.Errorf("CompleteJobs = %v, want no error", err)
	}
	wantEqual(b, "status", b.get(j.ID).Status, job.JobCompleted)
	b.wantCounts(j.ID, 0, 0, 0, 3)
}

func testEndedStays(_ *testing.T, b *bench) {
	j, s, c := b.onceRunning()
	b.wantEnded(1, b.settle(b.ending(s, c, job.EventSucceed)))
	before := b.get(j.ID)
	b.pass(time.Hour)
	b.wantEnded(0)
	b.plan()
	b.wantSame("the job", before, b.get(j.ID))
}
