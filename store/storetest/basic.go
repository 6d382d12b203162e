package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// basicTests are about the store as a whole.
func basicTests() []test {
	return []test{
		{"an open store answers", testPing},
		{"info names the driver and the instance", testInfo},
		{"an empty store has nothing to do", testEmptyStore},
		{"the clock goes forward", testClock},
		{"close may be called twice", testCloseTwice},
		{"a call whose context has ended harms nobody", testEndedContext},
	}
}

func testPing(t *testing.T, b *bench) {
	if err := b.store.Ping(b.ctx); err != nil {
		t.Errorf("Ping() = %v, want no error", err)
	}
}

func testInfo(t *testing.T, b *bench) {
	info, err := b.store.Info(b.ctx)
	if err != nil || info.Driver == "" || info.Version == "" || info.Schema < 1 {
		t.Errorf("Info() = %+v, %v; want a driver, a version, a schema, no error", info, err)
	}
	again, err := b.store.Info(b.ctx)
	if err != nil || again.Instance != info.Instance {
		t.Errorf("Info().Instance = %q, then %q, %v; want the same", info.Instance, again.Instance, err)
	}
}

func testClock(t *testing.T, b *bench) {
	first, err := b.store.Clock(b.ctx)
	if err != nil || first.Location() != time.UTC || first.Year() < 2020 {
		t.Fatalf("Clock() = %v, %v; want a time of these days in UTC, no error", first, err)
	}
	if again, err := b.store.Clock(b.ctx); err != nil || again.Before(first) || again.Sub(first) > time.Minute {
		t.Errorf("Clock() = %v, then %v, %v; want it to go on", first, again, err)
	}
}

func testEmptyStore(t *testing.T, b *bench) {
	if next, err := b.store.NextDue(b.ctx); err != nil || !next.IsZero() {
		t.Errorf("NextDue() = %v, %v; want the zero time, no error", next, err)
	}
	if next, err := b.store.NextReady(b.ctx, b.now); err != nil || !next.IsZero() {
		t.Errorf("NextReady() = %v, %v; want the zero time, no error", next, err)
	}
	b.wantSame("PlanDue", store.Planned{}, b.plan())
	b.wantSame("Reap", store.Reaped{}, b.reap())
	if got, err := b.store.Waiting(b.ctx, b.now, 10); err != nil || len(got) != 0 {
		t.Errorf("Waiting() = %d, %v; want none, no error", len(got), err)
	}
	if n, err := b.store.CompleteJobs(b.ctx, b.now); err != nil || n != 0 {
		t.Errorf("CompleteJobs() = %d, %v; want 0, no error", n, err)
	}
	if err := b.store.Fold(b.ctx); err != nil {
		t.Errorf("Fold() = %v, want no error", err)
	}
	if got, err := b.store.Settle(b.ctx, b.now, nil); err != nil || len(got.Fenced) != 0 {
		t.Errorf("Settle(nothing) = %+v, %v; want nothing fenced, no error", got, err)
	}
	if got := b.claim(b.session()); len(got) != 0 {
		t.Errorf("Claim(nothing) = %d, want none", len(got))
	}
	if err := b.store.AppendLogs(b.ctx, nil); err != nil {
		t.Errorf("AppendLogs(nothing) = %v, want no error", err)
	}
	if n, err := b.store.TrimLogs(b.ctx, store.LogCaps{Job: 1, Total: 1}); err != nil || n != 0 {
		t.Errorf("TrimLogs() = %d, %v; want 0, no error", n, err)
	}
	if n, more, err := b.store.Retain(b.ctx, store.AnyPlatform, store.Retention{Success: 1, Failed: 1, OneTime: 1}, b.now, 10); err != nil || n != (store.Retained{}) || more {
		t.Errorf("Retain() = %d, %t, %v; want 0, false, no error", n, more, err)
	}
	if got, err := b.store.Holds(b.ctx, b.now); err != nil || len(got) != 0 {
		t.Errorf("Holds() = %v, %v; want none, no error", got, err)
	}
	totals, err := b.store.Totals(b.ctx, store.AnyPlatform, b.now)
	if err != nil || totals.Waiting+totals.Delayed+totals.Running+totals.Dead != 0 || totals.OldestReady != 0 {
		t.Errorf("Totals() = %+v, %v; want zeros, no error", totals, err)
	}
}

func testCloseTwice(t *testing.T, b *bench) {
	j := b.job("")
	for range 2 {
		if err := b.store.Close(); err != nil {
			t.Errorf("Close() = %v, want no error", err)
		}
	}
	_, err := b.store.Job(b.ctx, b.platform, j.ID.String())
	b.wantCode("Job on a closed store", err, job.Unavailable)
	_, _, err = b.tryTrigger(j.ID)
	b.wantCode("Trigger on a closed store", err, job.Unavailable)
	_, err = b.store.Clock(b.ctx)
	b.wantCode("Clock of a closed store", err, job.Unavailable)
}

func testEndedContext(t *testing.T, b *bench) {
	j := b.job("")
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	b.ctx = ctx
	_, _, err := b.tryTrigger(j.ID)
	b.ctx = t.Context()
	if err != nil { // done or not, nobody waits for the answer
		b.wantCode("Trigger with an ended context", err, job.Timeout)
	} else if got := b.executions(j.ID); len(got) != 1 {
		t.Errorf("a call that answered without an error left %d executions, want 1", len(got))
	}
	b.trigger(b.job("").ID)
}
