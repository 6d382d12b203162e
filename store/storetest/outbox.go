package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// outboxTests are about events.
func outboxTests() []test {
	return []test{
		{"every turn of a job and a run has its event", testOutboxEvents},
		{"an event names what it is about", testOutboxFields},
		{"reading again gives the same events", testOutboxStable},
		{"positions rise, and reading goes on behind one", testOutboxPositions},
		{"trimmed events do not come back", testOutboxTrim},
		{"what was refused has no event", testOutboxRefused},
	}
}

func (b *bench) outbox(after int64) []store.OutboxRow {
	b.Helper()
	rows, err := b.store.Outbox(b.ctx, after, 1000)
	if err != nil {
		b.Fatalf("Outbox(%d) = %v, want no error", after, err)
	}
	return rows
}

// events returns the events after the position and the newest position.
func (b *bench) events(after int64) ([]store.Event, int64) {
	b.Helper()
	var out []store.Event
	for _, row := range b.outbox(after) {
		out = append(out, row.Events...)
		after = row.Position
	}
	return out, after
}

// wantEvents runs fn and checks which events it makes, in any order.
func (b *bench) wantEvents(what string, fn func(), want ...string) {
	b.Helper()
	_, position := b.events(0)
	fn()
	events, _ := b.events(position)
	var got []string
	for _, e := range events {
		got = append(got, e.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	b.wantSame("events of "+what, want, got)
}

func testOutboxEvents(_ *testing.T, b *bench) {
	const (
		started, completed = "scheduler:execution.started", "scheduler:execution.completed"
		failed, skipped    = "scheduler:execution.failed", "scheduler:execution.skipped"
	)
	s := b.session()
	var j job.Job
	var c store.Claimed
	b.wantEvents("a creation", func() { j = b.job(minutely, retries(1)) }, "scheduler:job.created")
	b.wantEvents("a pause", func() { b.pause(j.ID) }, "scheduler:job.paused")
	b.wantEvents("a resume", func() { b.resume(j.ID) }, "scheduler:job.resumed")
	b.wantEvents("a change", func() { b.reschedule(j.ID, secondly) }, "scheduler:job.updated")
	b.pass(time.Second)
	b.wantEvents("a birth", func() { c = b.plan(born(s)).Claimed[0] }, started)
	b.pass(time.Second)
	b.wantEvents("a skipped slot", func() { b.plan() }, skipped)
	b.wantEvents("a failure that is retried", func() { b.end(s, c, job.EventRetry, func(s *store.Settlement) { s.RetryAt = b.now }) }, failed)
	b.wantEvents("a claim", func() { c = b.take(s, c.ID) }, started)
	b.wantEvents("a final failure", func() { b.end(s, c, job.EventFail, dead("retries_exhausted")) }, failed, completed)
	b.wantEvents("a manual run", func() { c = b.start(s, j.ID) }, started)
	b.wantEvents("a skipped manual run", func() { b.trigger(j.ID) }, skipped)
	b.wantEvents("a success", func() { b.end(s, c, job.EventSucceed) }, completed)
	b.wantEvents("a fenced settlement", func() { b.wantFenced("again", b.ending(s, c, job.EventSucceed)) })
	b.wantEvents("a cancelled run", func() { b.cancelExecution(b.trigger(j.ID).ID) }, completed)
	b.wantEvents("a cancel", func() { b.cancel(j.ID) }, "scheduler:job.cancelled")
	once := b.once(b.now)
	b.pass(time.Second)
	c = b.plan(born(s)).Claimed[0]
	b.wantEvents("the end of a job", func() {
		b.end(s, c, job.EventSucceed)
		_, _ = b.store.CompleteJobs(b.ctx, b.now)
	}, completed, "scheduler:job.completed")
	wantEqual(b, "status of the one-time job", b.get(once.ID).Status, job.JobCompleted)
	b.job(minutely, func(j *job.Job) { j.Misfire = job.MisfireSkip })
	b.pass(24 * time.Hour)
	b.wantEvents("a range of missed slots", func() { b.plan() }, skipped)
}

func testOutboxFields(_ *testing.T, b *bench) {
	j := b.job("", named("backup"))
	s := b.session()
	_, position := b.events(0)
	b.now = at(5.000123)
	e := b.run(s, j.ID, job.EventSucceed)
	events, _ := b.events(position)
	if len(events) != 2 {
		b.Fatalf("a run made %d events, want 2", len(events))
	}
	for _, got := range events {
		wantEqual(b, got.Name+": job_id", got.JobID, j.ID)
		wantEqual(b, got.Name+": execution_id", got.ExecutionID, e.ID)
		b.wantTime(got.Name+": at", &got.At, b.now)
		var data struct {
			JobID       job.ID     `json:"job_id"`
			JobName     string     `json:"job_name"`
			ExecutionID job.ID     `json:"execution_id"`
			Status      job.Status `json:"status"`
			DurationMS  int64      `json:"duration_ms"`
		}
		if err := json.Unmarshal(got.Data, &data); err != nil {
			b.Errorf("%s: data is %s: %v", got.Name, got.Data, err)
		}
		if data.JobID != j.ID || data.ExecutionID != e.ID || data.JobName != "backup" {
			b.Errorf("%s: data is %s, want it to name the job and the execution", got.Name, got.Data)
		}
		if got.Name == "scheduler:execution.completed" && (data.Status != job.Success || data.DurationMS != 1500) {
			b.Errorf("%s: data is %s, want status success and duration 1500", got.Name, got.Data)
		}
	}
}

func testOutboxStable(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("")
	for range 5 {
		b.run(s, j.ID, job.EventFail)
	}
	first := b.outbox(0)
	b.wantSame("events read again", first, b.outbox(0))
	seen := map[string]bool{}
	for _, row := range first {
		if len(row.Events) == 0 {
			b.Errorf("row %d has no events", row.Position)
		}
		for _, e := range row.Events {
			if e.ID == "" || seen[e.ID] {
				b.Errorf("event id %q comes twice or is empty", e.ID)
			}
			seen[e.ID] = true
		}
	}
}

func testOutboxPositions(_ *testing.T, b *bench) {
	for range 7 {
		b.job("")
	}
	all := b.outbox(0)
	if len(all) != 7 {
		b.Fatalf("seven creations made %d rows, want 7", len(all))
	}
	var after int64
	for i := 0; i < len(all); i += 2 {
		rows, err := b.store.Outbox(b.ctx, after, 2)
		if err != nil {
			b.Fatalf("Outbox = %v, want no error", err)
		}
		b.wantSame(fmt.Sprintf("rows behind %d", after), all[i:min(i+2, len(all))], rows)
		if rows[0].Position <= after {
			b.Errorf("position %d comes after %d", rows[0].Position, after)
		}
		after = rows[len(rows)-1].Position
	}
	wantEqual(b, "rows at the end", len(b.outbox(after)), 0)
	for _, from := range []int64{0, all[3].Position, after, after + 7} {
		end, err := b.store.OutboxEnd(b.ctx, from)
		if err != nil || end != max(from, after) {
			b.Errorf("OutboxEnd(%d) = %d, %v, want %d", from, end, err, max(from, after))
		}
	}
}

func testOutboxTrim(_ *testing.T, b *bench) {
	for range 4 {
		b.job("")
	}
	all := b.outbox(0)
	if err := b.store.TrimOutbox(b.ctx, all[1].Position); err != nil {
		b.Fatalf("TrimOutbox = %v, want no error", err)
	}
	b.wantSame("what is left", all[2:], b.outbox(0))
	last := all[3].Position
	if err := b.store.TrimOutbox(b.ctx, last); err != nil {
		b.Fatalf("TrimOutbox = %v, want no error", err)
	}
	b.job("")
	if rows := b.outbox(0); len(rows) != 1 || rows[0].Position <= last {
		b.Errorf("after trimming all, the next rows are %+v, want one behind %d", rows, last)
	}
}

func testOutboxRefused(_ *testing.T, b *bench) {
	j := b.job("", named("backup"))
	b.pause(j.ID)
	b.wantEvents("refusals", func() {
		_, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: b.build("", named("backup")), Now: b.now})
		b.wantCode("CreateJob", err, job.Conflict)
		_, _, err = b.tryTrigger(j.ID)
		b.wantCode("Trigger", err, job.Conflict)
		_, err = b.tryChange(j.ID, func(c *job.Changed, _ job.State) { c.Unchanged, c.Event = true, "scheduler:job.paused" })
		b.wantCode("ChangeJob", err, "")
		_, err = b.tryCancelExecution(b.newID().String())
		b.wantCode("CancelExecution", err, job.NotFound)
	})
}
