package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ledgerTests are about Book and Entries, and about audits that balance.
func ledgerTests() []test {
	return []test{
		{"the first book says how planning starts", testBookFresh},
		{"the book counts", testBookCounts},
		{"entries are bounded, after exclusive and upto inclusive", testEntriesBounds},
		{"a range that reaches into the window is told", testEntriesRange},
		{"entries say what became of each slot", testEntriesFields},
		{"an error of the caller stops the entries", testEntriesStop},
		{"a read by the caller while entries come is possible", testEntriesNested},
		{"an audit balances after everything that happens to a job", testAudit},
		{"a resume after the clock went back plans nothing twice", testResumeEarlier},
	}
}

func testBookFresh(_ *testing.T, b *bench) {
	j := b.job("*/10 * * * * *", func(j *job.Job) {
		j.Timezone, j.DSTPolicy, j.StartDate, j.EndDate, j.Anchor, j.Seed = "Europe/Prague", "wall", ptr(at(35)), ptr(at(900)), at(-5), "seed"
	})
	book := b.book(j.ID)
	want := store.Book{
		Job: j, NextRun: at(40),
		Epochs: []job.Epoch{{
			Seq: 1, After: Base, Type: job.TypeCron, Schedule: j.Schedule, Timezone: "Europe/Prague", DSTPolicy: "wall",
			StartDate: ptr(at(35)), EndDate: ptr(at(900)), Anchor: at(-5), Seed: "seed", Reason: "created",
		}},
	}
	b.wantSame("the book", want, book)
	once := b.book(b.once(at(77)).ID)
	b.wantTime("execute_at of the epoch", once.Epochs[0].ExecuteAt, at(77))
	event := b.book(b.job("").ID)
	wantEqual(b, "epochs of an event job", len(event.Epochs), 0)
	b.wantTime("cursor of an event job", nonZero(event.NextRun), time.Time{})
}

func nonZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func testBookCounts(_ *testing.T, b *bench) {
	j, s, c := b.blocked(5)
	b.trigger(j.ID) // skipped, and no slot
	b.end(s, c, job.EventSucceed)
	book := b.book(j.ID)
	wantEqual(b, "numbers", book.Numbers, 6)
	wantEqual(b, "rows", book.Rows, 6)
	wantEqual(b, "occurrences", book.Occurrences, 1)
	wantEqual(b, "pruned", book.Pruned, 0)
	b.wantTime("cursor", nonZero(book.NextRun), at(6))
}

func testEntriesBounds(_ *testing.T, b *bench) {
	j := b.flood(10)
	slots := func(after, upto time.Time) (out []int) {
		for _, e := range b.entries(j.ID, after, upto) {
			out = append(out, int(e.Slot.Sub(Base)/time.Second))
		}
		return out
	}
	b.wantSame("from 3 to 6", []int{4, 5, 6}, slots(at(3), at(6)))
	b.wantSame("from before 3 to before 6", []int{3, 4, 5}, slots(at(2.9), at(5.9)))
	b.wantSame("all", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, slots(time.Time{}, at(1000)))
	b.wantSame("nothing", []int(nil), slots(at(10), at(1000)))
	b.wantSame("an empty window", []int(nil), slots(at(5), at(5)))
}

func testEntriesRange(_ *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.Misfire = job.MisfireSkip })
	b.now = at(60 * 500)
	b.plan()
	first, last := at(60), at(60*499)
	for _, w := range [][2]time.Time{{Base, b.now}, {at(600), at(700)}, {first, last}, {last.Add(-time.Second), last}, {Base, first}} {
		got := b.entries(j.ID, w[0], w[1])
		if len(got) == 0 || got[0].Range == nil || !got[0].Slot.Equal(first) {
			b.Errorf("entries in (%v, %v] are %+v, want the range first", w[0], w[1], got)
			continue
		}
		b.wantSame("the range", job.SkipRange{From: first, To: last, Count: 499, Reason: job.SkipMissed}, *got[0].Range)
	}
	for _, e := range b.entries(j.ID, last, b.now) {
		if e.Range != nil {
			b.Errorf("entries after the range have %+v", *e.Range)
		}
	}
}

func testEntriesFields(_ *testing.T, b *bench) {
	j, s, c := b.blocked(2)
	b.end(s, c, job.EventFail)
	all := b.executions(j.ID)
	want := []store.Entry{
		{Slot: at(1), ID: all[0].ID, Number: 1, Status: job.Failed},
		{Slot: at(2), ID: all[1].ID, Number: 2, Status: job.Skipped, Reason: job.SkipOverlap},
	}
	b.wantSame("entries", want, b.entries(j.ID, Base, b.now))
}

func testEntriesStop(t *testing.T, b *bench) {
	j := b.flood(5)
	stop := errors.New("enough")
	seen := 0
	err := b.store.Entries(b.ctx, b.platform, j.ID.String(), Base, b.now, func(store.Entry) error {
		seen++
		if seen == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || seen != 2 {
		t.Errorf("Entries = %v after %d entries, want the caller's error after 2", err, seen)
	}
	wantEqual(b, "entries afterwards", len(b.entries(j.ID, Base, b.now)), 5)
}

func testEntriesNested(_ *testing.T, b *bench) {
	j := b.flood(3)
	err := b.store.Entries(b.ctx, b.platform, j.ID.String(), Base, b.now, func(e store.Entry) error {
		_, err := b.store.Execution(b.ctx, b.platform, e.ID.String())
		return err
	})
	b.wantCode("Entries with a read inside", err, "")
}

// wantBalanced audits a job: every planned slot has exactly one record.
func (b *bench) wantBalanced(id job.ID) job.Audit {
	b.Helper()
	audit, err := job.AuditSlots(b.book(id), func(yield func(store.Entry) error) error {
		return b.store.Entries(b.ctx, b.platform, id.String(), time.Time{}, b.now.Add(time.Hour), yield)
	})
	if err != nil {
		b.Errorf("audit = %v, want no error", err)
	}
	for _, f := range audit.Findings {
		b.Errorf("audit of %s: %s: %s", id, f.Kind, f.Message)
	}
	return audit
}

func testAudit(_ *testing.T, b *bench) {
	j := b.job("*/10 * * * * *", func(j *job.Job) { j.MaxExecutions = ptr(int64(200)) })
	s := b.session()
	work := func(d time.Duration) {
		for until := b.now.Add(d); b.now.Before(until); b.pass(7 * time.Second) {
			b.heartbeat(s)
			for i, c := range b.plan(born(s)).Claimed {
				if i%3 != 2 {
					b.end(s, c, job.EventSucceed)
				}
			}
		}
	}
	work(2 * time.Minute)
	b.pass(3 * time.Hour) // an outage
	work(time.Minute)
	b.pause(j.ID)
	b.pass(time.Hour)
	b.resume(j.ID)
	work(time.Minute)
	b.reschedule(j.ID, minutely)
	work(5 * time.Minute)
	b.pass(30 * time.Minute)
	b.change(j.ID, func(c *job.Changed, st job.State) {
		b.account(c, st)
		c.Job.Description, c.NextRun, c.CloseEpoch = "an edit that moves nothing", c.Plan.NextRun, nil
	})
	work(5 * time.Minute)
	b.lose()
	b.plan()
	audit := b.wantBalanced(j.ID)
	if audit.Ran < 20 || audit.Skipped < 100 {
		b.Errorf("the audit saw %d runs and %d skips, want more of both", audit.Ran, audit.Skipped)
	}
	b.cancel(j.ID)
	b.pass(time.Hour)
	b.wantBalanced(j.ID)
}

// testResumeEarlier pauses a job and resumes it at an instant before: what was
// planned up to the pause keeps its records, and no slot gets a second one.
func testResumeEarlier(_ *testing.T, b *bench) {
	for _, catchUp := range job.CatchUps() {
		b.now = at(0)
		j := b.job(minutely)
		by := func(change func(job.Act) job.Change) {
			b.Helper()
			if _, err := b.store.ChangeJob(b.ctx, store.ChangeJob{
				Platform: b.platform, Ref: j.ID.String(), Now: b.now, By: "uid:0", NewID: b.newID,
				Change: change(job.Act{By: "uid:0", Now: b.now, Policy: job.DefaultPolicy()}),
			}); err != nil {
				b.Fatalf("ChangeJob at %v = %v, want no error", b.now, err)
			}
		}
		for b.now.Before(at(20 * 60)) {
			b.pass(time.Minute)
			b.plan()
		}
		by(func(a job.Act) job.Change { return job.Pause(a, "", false) })
		b.now = at(10 * 60) // back by ten minutes
		by(func(a job.Act) job.Change { return job.Resume(a, catchUp) })
		if next := b.get(j.ID).NextRun; next == nil || !next.Equal(at(21*60)) {
			b.Errorf("with catch-up %s the next slot is %v, want the first that has no record", catchUp, next)
		}
		for b.now.Before(at(25 * 60)) {
			b.pass(time.Minute)
			b.plan()
		}
		if audit := b.wantBalanced(j.ID); audit.Planned != 25 {
			b.Errorf("with catch-up %s there are %d slots, want 25", catchUp, audit.Planned)
		}
	}
}
