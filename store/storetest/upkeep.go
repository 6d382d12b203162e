package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// upkeepTests are about Fold, CompleteJobs and Totals.
func upkeepTests() []test {
	return []test{
		{"a fold changes no figure", testFold},
		{"folding while others settle loses nothing", testFoldRace},
		{"totals count by state", testTotals},
		{"the oldest ready execution has an age", testTotalsOldest},
		{"completing jobs leaves others alone", testCompleteOthers},
	}
}

func testFold(_ *testing.T, b *bench) {
	s := b.session()
	var jobs []job.Job
	for range 3 {
		j := b.job("")
		b.run(s, j.ID, job.EventSucceed)
		b.run(s, j.ID, job.EventFail)
		jobs = append(jobs, b.get(j.ID))
	}
	for range 3 {
		if err := b.store.Fold(b.ctx); err != nil {
			b.Fatalf("Fold = %v, want no error", err)
		}
		for _, j := range jobs {
			b.wantSame("the job after a fold", j, b.get(j.ID))
		}
	}
	b.pass(time.Second)
	b.run(s, jobs[0].ID, job.EventExpire)
	b.wantCounts(jobs[0].ID, 3, 1, 2, 0)
	b.wantTime("last_run", b.get(jobs[0].ID).LastRun, b.now)
}

func testFoldRace(t *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	s := b.session()
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := b.store.Fold(b.ctx); err != nil {
				t.Errorf("Fold = %v, want no error", err)
			}
		}
	}()
	for i := range int64(25) {
		b.run(s, j.ID, job.EventSucceed)
		b.wantCounts(j.ID, i+1, i+1, 0, 0)
	}
	cancel()
	<-done
	b.wantCounts(j.ID, 25, 25, 0, 0)
}

func testTotals(_ *testing.T, b *bench) {
	s := b.session()
	queue := b.job("", overlapping(job.OverlapQueueAll, 1))
	b.start(s, queue.ID)  // running
	b.trigger(queue.ID)   // queued
	retrying := b.job("") // delayed
	b.end(s, b.start(s, retrying.ID), job.EventRetry)
	b.trigger(b.job("").ID) // waiting
	b.trigger(b.job("").ID) // waiting
	over := b.job("")
	b.end(s, b.start(s, over.ID), job.EventFail, dead("permanent"))
	b.job("", paused)
	b.cancel(b.job("").ID)
	b.remove(b.job("").ID)
	got, err := b.store.Totals(b.ctx, store.AnyPlatform, b.now)
	if err != nil {
		b.Fatalf("Totals = %v, want no error", err)
	}
	want := store.Totals{
		Jobs:    map[job.JobStatus]int64{job.JobActive: 5, job.JobPaused: 1, job.JobCancelled: 1},
		Waiting: 2, Delayed: 1, Running: 1, Dead: 1,
	}
	b.wantSame("totals", want, got)
}

func testTotalsOldest(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	b.pass(time.Minute)
	b.trigger(b.job("").ID)
	oldest := func() time.Duration {
		got, err := b.store.Totals(b.ctx, store.AnyPlatform, b.now)
		if err != nil {
			b.Fatalf("Totals = %v, want no error", err)
		}
		return got.OldestReady
	}
	wantEqual(b, "oldest ready", oldest(), time.Minute)
	b.take(b.session(), e.ID)
	wantEqual(b, "oldest ready without the first", oldest(), 0)
}

func testCompleteOthers(_ *testing.T, b *bench) {
	active, event, stopped := b.job(minutely), b.job(""), b.job(minutely, paused)
	s := b.session()
	b.run(s, event.ID, job.EventSucceed)
	before := []job.Job{b.get(active.ID), b.get(event.ID), b.get(stopped.ID)}
	b.wantEnded(0)
	b.wantSame("jobs", before, []job.Job{b.get(active.ID), b.get(event.ID), b.get(stopped.ID)})
}
