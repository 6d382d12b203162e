package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// retainTests are about Retain.
func retainTests() []test {
	return []test{
		{"old entries of the audit log are forgotten", testAuditForgotten},
		{"old history goes, by how it ended", testRetainAges},
		{"the newest executions of a job stay", testRetainKeepLast},
		{"what is not over stays", testRetainLive},
		{"slots of removed executions stay accounted for", testRetainLedger},
		{"the ledger balances however retention bites", testRetainAudit},
		{"counters do not change", testRetainCounters},
		{"a batch is bounded", testRetainLimit},
		{"logs, attempts and dead letters go with their execution", testRetainBelongings},
		{"ended one-time jobs go whole", testRetainOneTime},
		{"a retry still names what it retried", testRetainRetryOf},
		{"zero keeps for ever", testRetainForever},
		{"what is too old is counted, and only the platform's goes", testRetainCounted},
	}
}

const day = 24 * time.Hour

// retain runs retention to its end and returns how many executions went.
func (b *bench) retain(r store.Retention) int {
	b.Helper()
	sum := 0
	for range 1000 {
		removed, more, err := b.store.Retain(b.ctx, store.AnyPlatform, r, b.now, 1000)
		if err != nil {
			b.Fatalf("Retain = %v, want no error", err)
		}
		sum += int(removed.Executions)
		if !more {
			return sum
		}
	}
	b.Fatalf("Retain does not end")
	return 0
}

func testRetainAges(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	for _, event := range []job.Event{job.EventSucceed, job.EventFail, job.EventExpire, job.EventCancel} {
		b.run(s, j.ID, event)
	}
	busy := b.start(s, j.ID)
	b.trigger(j.ID) // skipped
	b.end(s, busy, job.EventSucceed)
	b.pass(7*day - time.Hour)
	rule := store.Retention{Success: 7 * day, Failed: 30 * day}
	wantEqual(b, "removed within seven days", b.retain(rule), 0)
	b.pass(2 * time.Hour)
	wantEqual(b, "removed after seven days", b.retain(rule), 3)
	b.wantSame("what is left", []job.Status{job.Failed, job.TimedOut, job.Cancelled}, b.statuses(j.ID))
	b.pass(23 * day)
	wantEqual(b, "removed after thirty days", b.retain(rule), 3)
	wantEqual(b, "executions left", len(b.executions(j.ID)), 0)
	book := b.book(j.ID)
	b.wantSame("numbers, rows, pruned", []int64{6, 0, 6}, []int64{book.Numbers, book.Rows, book.Pruned})
	wantEqual(b, "run number of the next", b.trigger(j.ID).RunNumber, 7)
}

func testRetainKeepLast(_ *testing.T, b *bench) {
	first, second := b.job(""), b.job("")
	s := b.session()
	for range 5 {
		b.run(s, first.ID, job.EventSucceed)
	}
	b.run(s, second.ID, job.EventSucceed)
	b.pass(30 * day)
	wantEqual(b, "removed", b.retain(store.Retention{Success: day, Failed: day, KeepLast: 2}), 3)
	b.wantSame("runs left", []int64{4, 5}, numbers(b.executions(first.ID)))
	b.wantSame("runs of the other job", []int64{1}, numbers(b.executions(second.ID)))
}

func testRetainLive(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapQueueAll, 1))
	s := b.session()
	c := b.start(s, j.ID)
	b.trigger(j.ID) // queued
	retrying := b.job("")
	b.end(s, b.start(s, retrying.ID), job.EventRetry)
	b.trigger(b.job("").ID) // waiting
	b.pass(365 * day)
	wantEqual(b, "removed", b.retain(store.Retention{Success: day, Failed: day, OneTime: day}), 0)
	b.heartbeat(s)
	b.end(s, c, job.EventSucceed)
	wantEqual(b, "removed right after the end", b.retain(store.Retention{Success: day, Failed: day}), 0)
}

// past plans and settles a secondly job up to second n: every third run fails, and
// the slot after it is skipped.
func (b *bench) past(n int) job.Job {
	b.Helper()
	j := b.job(secondly, retries(0))
	s := b.session()
	var open []store.Claimed
	for i := range n {
		b.pass(time.Second)
		got := b.plan(born(s)).Claimed
		for _, c := range open {
			b.end(s, c, job.EventFail)
		}
		open = nil
		for _, c := range got {
			if i%3 == 2 {
				open = append(open, c)
				continue
			}
			b.end(s, c, job.EventSucceed)
		}
		b.heartbeat(s)
	}
	for _, c := range open {
		b.end(s, c, job.EventFail)
	}
	b.pause(j.ID)
	return j
}

func testRetainLedger(_ *testing.T, b *bench) {
	j := b.past(30)
	last := b.now
	b.wantSlots(j.ID, at(1), last, time.Second)
	before := b.entries(j.ID, Base, last)
	b.pass(8 * day)
	removed := b.retain(store.Retention{Success: 7 * day, Failed: 30 * day})
	if removed == 0 {
		b.Fatalf("nothing was removed")
	}
	b.wantSlots(j.ID, at(1), last, time.Second)
	var pruned, kept int64
	for _, e := range b.entries(j.ID, Base, last) {
		switch {
		case e.Range == nil && e.Status != job.Failed:
			b.Errorf("slot %v is still a row with status %s, want it pruned", e.Slot, e.Status)
		case e.Range == nil:
			kept++
		case e.Range.Reason != job.RangePruned:
			b.Errorf("the range at %v has reason %s, want pruned", e.Slot, e.Range.Reason)
		default:
			pruned += e.Range.Count
		}
	}
	wantEqual(b, "pruned slots", pruned, int64(removed))
	wantEqual(b, "slots in all", pruned+kept, int64(len(before)))
	b.pass(30 * day)
	b.retain(store.Retention{Success: 7 * day, Failed: 30 * day})
	b.wantSlots(j.ID, at(1), last, time.Second)
	b.wantBalanced(j.ID)
}

func testRetainAudit(_ *testing.T, b *bench) {
	j := b.job("*/10 * * * * *")
	s := b.session()
	stretch := func(n int) {
		for range n {
			b.pass(10 * time.Second)
			b.heartbeat(s)
			for i, c := range b.plan(born(s)).Claimed {
				b.end(s, c, []job.Event{job.EventSucceed, job.EventFail}[(i+n)%2])
			}
		}
	}
	rule := store.Retention{Success: time.Minute, Failed: 5 * time.Minute, KeepLast: 3}
	for i := range 6 {
		stretch(5 + i)
		if i%2 == 1 {
			b.pass(40 * time.Minute) // an outage: a range of missed slots
			b.plan()
		}
		b.retain(rule)
		b.wantBalanced(j.ID)
		b.pause(j.ID)
		b.pass(time.Minute)
		b.resume(j.ID)
	}
	b.pass(day)
	b.plan()
	b.retain(rule)
	b.wantBalanced(j.ID)
}

func testRetainCounters(_ *testing.T, b *bench) {
	j := b.past(12)
	before := b.get(j.ID)
	b.pass(100 * day)
	b.retain(store.Retention{Success: day, Failed: day})
	wantEqual(b, "rows left", b.book(j.ID).Rows, 0)
	b.wantSame("the job", before, b.get(j.ID))
	if err := b.store.Fold(b.ctx); err != nil {
		b.Errorf("Fold = %v, want no error", err)
	}
	b.wantSame("the job after a fold", before, b.get(j.ID))
}

func testRetainLimit(_ *testing.T, b *bench) {
	j := b.past(20)
	rows := int(b.book(j.ID).Rows)
	b.pass(100 * day)
	sum := 0
	for calls := 0; ; calls++ {
		removed, more, err := b.store.Retain(b.ctx, store.AnyPlatform, store.Retention{Success: day, Failed: day}, b.now, 6)
		if err != nil || removed.Executions > 6 || calls > 20 {
			b.Fatalf("Retain = %+v, %v; want at most 6 and no error", removed, err)
		}
		sum += int(removed.Executions)
		b.wantSlots(j.ID, at(1), at(20), time.Second)
		if !more {
			break
		}
	}
	wantEqual(b, "removed in all", sum, rows)
}

func testRetainBelongings(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.end(s, c, job.EventRetry, func(s *store.Settlement) { s.RetryAt = b.now })
	b.end(s, b.take(s, c.ID), job.EventFail, dead("permanent"))
	b.appendLogs(b.line(c.ID, 1, "hello"))
	b.pass(100 * day)
	wantEqual(b, "removed", b.retain(store.Retention{Success: day, Failed: day}), 1)
	_, err := b.store.Execution(b.ctx, b.platform, c.ID.String())
	b.wantCode("the removed execution", err, job.NotFound)
	_, err = b.store.Execution(b.ctx, b.platform, j.Name+"/last-failed")
	b.wantCode("its job's last-failed", err, job.NotFound)
	_, err = b.store.ListLogs(b.ctx, store.LogFilter{Platform: b.platform, Ref: c.ID.String()})
	b.wantCode("its logs", err, job.NotFound)
	wantEqual(b, "dead letters", len(b.history(store.ExecutionFilter{Dead: true}).Items), 0)
	b.wantLogBytes(0)
	totals, err := b.store.Totals(b.ctx, store.AnyPlatform, b.now)
	if err != nil || totals.Dead != 0 {
		b.Errorf("Totals = %+v, %v; want no dead letters", totals, err)
	}
}

func testRetainOneTime(_ *testing.T, b *bench) {
	done, s, c := b.onceRunning()
	b.end(s, c, job.EventSucceed)
	cancelled := b.once(at(86_400 * 365))
	b.cancel(cancelled.ID)
	waits := b.once(at(86_400 * 400))
	cron := b.job(hourly)
	b.cancel(cron.ID)
	rule := store.Retention{OneTime: 90 * day}
	b.pass(89 * day)
	b.retain(rule)
	b.get(done.ID)
	b.pass(2 * day)
	b.retain(rule)
	for _, id := range []job.ID{done.ID, cancelled.ID} {
		_, err := b.store.Job(b.ctx, b.platform, id.String())
		b.wantCode("an ended one-time job after 90 days", err, job.NotFound)
	}
	_, err := b.store.Execution(b.ctx, b.platform, c.ID.String())
	b.wantCode("its execution", err, job.NotFound)
	b.get(waits.ID)
	b.get(cron.ID)
}

func testRetainRetryOf(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	failed := b.run(s, j.ID, job.EventFail)
	b.pass(2 * day)
	e := b.trigger(j.ID, retryOf(failed))
	wantEqual(b, "removed", b.retain(store.Retention{Success: day, Failed: day}), 1)
	b.wantSame("retry_of", &failed.ID, b.execution(e.ID).RetryOf)
}

func testRetainForever(_ *testing.T, b *bench) {
	j := b.past(6)
	done, s, c := b.onceRunning()
	b.end(s, c, job.EventSucceed)
	rows := b.book(j.ID).Rows
	b.pass(5000 * day)
	wantEqual(b, "removed", b.retain(store.Retention{KeepLast: 1}), 0)
	wantEqual(b, "removed failures", b.retain(store.Retention{Failed: day, KeepLast: 1000}), 0)
	wantEqual(b, "rows", b.book(j.ID).Rows, rows)
	b.get(done.ID)
}

func testRetainCounted(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	b.run(s, j.ID, job.EventSucceed)
	failed := b.start(s, j.ID)
	b.end(s, failed, job.EventFail, dead("permanent"))
	done, s, c := b.onceRunning()
	b.end(s, c, job.EventSucceed)
	b.rule("watch")
	b.send("ticket:created", "1")
	b.listening().act()
	b.pass(100 * day)
	b.send("ticket:created", "2") // stays: nobody decided about it
	b.pass(3 * time.Hour)
	b.run(b.session(), j.ID, job.EventSucceed) // stays: it is young
	rule := store.Retention{Success: 2 * time.Hour, Failed: 2 * time.Hour, OneTime: 2 * time.Hour, Events: 2 * time.Hour}
	for _, platform := range []string{b.platform + "-b", "", "%"} {
		counted, err := b.store.CountOld(b.ctx, platform, rule, b.now)
		removed, more, err2 := b.store.Retain(b.ctx, platform, rule, b.now, 100)
		if err != nil || err2 != nil || more || counted != (store.Retained{}) || removed != counted {
			b.Errorf("on platform %q: CountOld = %+v, %v; Retain = %+v, %t, %v; want nothing", platform, counted, err, removed, more, err2)
		}
	}
	want := store.Retained{Executions: 3, DeadLetters: 1, Jobs: 1, Events: 1}
	counted, err := b.store.CountOld(b.ctx, store.AnyPlatform, rule, b.now)
	if err != nil || counted != want {
		b.Errorf("CountOld of any platform = %+v, %v; want %+v", counted, err, want)
	}
	if counted, err = b.store.CountOld(b.ctx, b.platform, store.Retention{}, b.now); err != nil || counted != (store.Retained{}) {
		b.Errorf("CountOld of what is kept for ever = %+v, %v; want nothing", counted, err)
	}
	var removed store.Retained
	for more := true; more; {
		var some store.Retained
		if some, more, err = b.store.Retain(b.ctx, b.platform, rule, b.now, 2); err != nil || some.Executions > 2 {
			b.Fatalf("Retain = %+v, %v; want at most two executions", some, err)
		}
		removed.Add(some)
	}
	if removed != want {
		b.Errorf("removed %+v, counted %+v", removed, want)
	}
	if counted, err = b.store.CountOld(b.ctx, b.platform, rule, b.now); err != nil || counted != (store.Retained{}) {
		b.Errorf("CountOld after Retain = %+v, %v; want nothing", counted, err)
	}
	_, err = b.store.Job(b.ctx, b.platform, done.ID.String())
	b.wantCode("the one-time job", err, job.NotFound)
	wantEqual(b, "executions left", len(b.executions(j.ID)), 1)
}
