package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// precisionTests are about instants: UTC, microseconds, cut off and never rounded.
func precisionTests() []test {
	return []test{
		{"instants of a job", testPrecisionJob},
		{"instants of an execution", testPrecisionExecution},
		{"instants of a session", testPrecisionSession},
		{"instants of a line", testPrecisionLine},
		{"instants of the ledger and of events", testPrecisionLedger},
		{"slots are whole seconds", testPrecisionSlots},
		{"far instants are kept", testPrecisionFar},
	}
}

// fine returns an instant with nanoseconds that would round up, in a zone.
func fine(seconds int) time.Time {
	return at(float64(seconds)).Add(999_999_999 * time.Nanosecond).In(time.FixedZone("Kathmandu", 20_700))
}

// cut returns fine as stores give it back.
func cut(seconds int) time.Time {
	return at(float64(seconds)).Add(999_999 * time.Microsecond)
}

// wantFine checks every instant inside v: UTC and no finer than a microsecond.
func (b *bench) wantFine(what string, v any) {
	b.Helper()
	instants(what, reflect.ValueOf(v), func(path string, v reflect.Value) {
		t := v.Interface().(time.Time)
		if t.IsZero() {
			return
		}
		if t.Location() != time.UTC {
			b.Errorf("%s = %v is in zone %v, want UTC", path, t, t.Location())
		}
		if !t.Equal(t.Truncate(time.Microsecond)) {
			b.Errorf("%s = %v is finer than a microsecond", path, t)
		}
	})
}

func testPrecisionJob(_ *testing.T, b *bench) {
	us := 123_457 * time.Microsecond
	j := b.build(minutely, paused, func(j *job.Job) {
		j.StartDate, j.EndDate, j.ExecuteAt = ptr(at(1).Add(us)), ptr(at(2000).Add(us)), ptr(at(3).Add(us)) // the API has made them so
		j.CreatedAt, j.UpdatedAt, j.PausedAt, j.Anchor = fine(4), fine(5), ptr(fine(6)), fine(7)
	})
	created, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Now: fine(8)})
	if err != nil {
		b.Fatalf("CreateJob = %v, want no error", err)
	}
	want := j
	want.CreatedAt, want.UpdatedAt, want.PausedAt, want.Anchor = cut(4), cut(5), ptr(cut(6)), cut(7)
	b.wantSame("the created job", want, created)
	b.wantFine("created", created)
	b.now = fine(9)
	got := b.change(j.ID, func(c *job.Changed, _ job.State) {
		c.Job.Status, c.Job.PausedAt = job.JobCancelled, nil
		c.Job.CompletedAt, c.Job.CancelledAt, c.Job.DeletedAt = ptr(fine(10)), ptr(fine(11)), ptr(fine(12))
	})
	want.Status, want.Revision, want.UpdatedBy, want.UpdatedAt, want.PausedAt = job.JobCancelled, 2, "uid:0", cut(9), nil
	want.CompletedAt, want.CancelledAt, want.DeletedAt = ptr(cut(10)), ptr(cut(11)), ptr(cut(12))
	b.wantSame("the changed job", want, got)
	b.wantSame("the job read again", want, b.get(j.ID))
	b.wantFine("read", b.get(j.ID))
}

func testPrecisionExecution(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	b.now = fine(1)
	e := b.trigger(j.ID)
	b.wantTime("scheduled_at", &e.ScheduledAt, cut(1))
	b.wantTime("created_at", &e.CreatedAt, cut(1))
	b.wantTime("ready_at", e.ReadyAt, cut(1))
	b.wantFine("triggered", e)
	waiting := b.waiting(10)
	b.wantTime("ready_at of the window", &waiting[0].ReadyAt, cut(1))
	b.wantFine("waiting", waiting)
	next, err := b.store.NextReady(b.ctx, Base)
	b.wantInstant("NextReady", next, err, cut(1))
	b.wantFine("next ready", next)
	b.now = fine(2)
	c := b.take(s, e.ID)
	b.wantTime("scheduled_at of the claim", &c.ScheduledAt, cut(1))
	b.wantTime("created_at of the claim", &c.CreatedAt, cut(1))
	b.wantFine("claim", c)
	times := func(s *store.Settlement) { s.StartedAt, s.CompletedAt, s.RetryAt = fine(3), fine(4), fine(5) }
	b.now = fine(4)
	b.end(s, c, job.EventRetry, times)
	got := b.execution(e.ID)
	b.wantTime("next_retry_at", got.NextRetryAt, cut(5))
	b.wantFine("waiting for its retry", got)
	b.now = fine(6)
	c = b.take(s, e.ID)
	b.now = fine(7)
	b.wantTime("cancel_requested_at", b.cancelExecution(e.ID).CancelRequestedAt, cut(7))
	b.end(s, c, job.EventCancel, func(s *store.Settlement) { s.StartedAt, s.CompletedAt = fine(8), fine(9) })
	got = b.execution(e.ID)
	b.wantTime("started_at", got.StartedAt, cut(8))
	b.wantTime("completed_at", got.CompletedAt, cut(9))
	b.wantTime("started_at of the first attempt", &got.Attempts[0].StartedAt, cut(3))
	b.wantTime("completed_at of the first attempt", got.Attempts[0].CompletedAt, cut(4))
	b.wantTime("next_retry_at of the first attempt", got.Attempts[0].NextRetryAt, cut(5))
	b.wantFine("ended", got)
	last := b.get(j.ID).LastRun
	b.wantTime("last_run", last, cut(8))
	b.wantFine("job", b.get(j.ID))
}

func testPrecisionSession(_ *testing.T, b *bench) {
	err := b.store.OpenSession(b.ctx, store.Session{ID: 5, Node: "n", StartedAt: fine(1), HeartbeatAt: fine(1), LeaseUntil: fine(31)})
	b.wantCode("OpenSession", err, "")
	got, _ := b.listed(5)
	b.wantTime("started_at", &got.StartedAt, cut(1))
	b.wantTime("heartbeat_at", &got.HeartbeatAt, cut(1))
	b.wantTime("lease_until", &got.LeaseUntil, cut(31))
	b.now = fine(2)
	b.heartbeat(5)
	got, _ = b.listed(5)
	b.wantTime("heartbeat_at after a heartbeat", &got.HeartbeatAt, cut(2))
	b.wantTime("lease_until after a heartbeat", &got.LeaseUntil, cut(2).Add(lease))
	b.wantCode("CloseSession", b.store.CloseSession(b.ctx, 5, fine(3)), "")
	got, _ = b.listed(5)
	b.wantTime("closed_at", got.ClosedAt, cut(3))
	b.wantFine("session", got)
}

func testPrecisionLine(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	line := b.line(e.ID, 1, "x")
	line.Timestamp = fine(1)
	b.appendLogs(line)
	got := b.logs(e.ID)
	b.wantTime("timestamp", &got[0].Timestamp, cut(1))
	b.wantFine("line", got)
}

func testPrecisionLedger(_ *testing.T, b *bench) {
	b.now = fine(0)
	j := b.job(minutely, func(j *job.Job) { j.Misfire = job.MisfireSkip })
	b.now = fine(60 * 500)
	b.pause(j.ID)
	book := b.book(j.ID)
	b.wantTime("start of the epoch", &book.Epochs[0].After, cut(0))
	b.wantTime("end of the epoch", book.Epochs[0].Until, cut(60*500))
	b.wantFine("book", book)
	b.wantFine("entries", b.entries(j.ID, Base, b.now))
	rows := b.outbox(0)
	b.wantTime("at of the last event", &rows[len(rows)-1].Events[0].At, cut(60*500))
	b.wantFine("outbox", rows)
	b.wantBalanced(j.ID)
}

func testPrecisionSlots(_ *testing.T, b *bench) {
	b.now = fine(0)
	j := b.job(secondly, overlapping(job.OverlapAllow, 9))
	b.wantTime("next_run", j.NextRun, at(1))
	b.now = fine(2)
	got := b.plan(born(b.session()))
	if len(got.Claimed) != 2 {
		b.Fatalf("%d executions were born claimed, want 2", len(got.Claimed))
	}
	b.wantFine("claims", got.Claimed)
	b.wantSlots(j.ID, at(1), at(2), time.Second)
	b.wantTime("next_run", b.get(j.ID).NextRun, at(3))
}

func testPrecisionFar(_ *testing.T, b *bench) {
	far := time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	j := b.job(hourly, func(j *job.Job) { j.StartDate, j.EndDate = ptr(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)), &far })
	got := b.get(j.ID)
	b.wantTime("start_date", got.StartDate, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC))
	b.wantTime("end_date", got.EndDate, far)
	once := b.once(far)
	got = b.get(once.ID)
	b.wantTime("next_run", got.NextRun, far)
	page := b.list(store.JobFilter{NextRunAfter: far, SortBy: store.SortNextRun, Descending: true})
	b.wantSame("jobs next run then", []string{once.Name}, jobNames(page.Items))
	b.now = far
	wantEqual(b, "planned then", b.plan().Waiting >= 1, true)
	b.wantSame("entries of the one-time job", 1, len(b.entries(once.ID, far.Add(-time.Second), far)))
}
