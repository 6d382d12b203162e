package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestLogPartitions: lines of the days to come get a partition each, which goes when
// retention has emptied it.
func TestLogPartitions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := database(t, false)
	r := newRig(t, open(t, postgres.Options{URL: url}), 1)
	retain := func() {
		t.Helper()
		rule := store.Retention{Success: 24 * time.Hour, Failed: 24 * time.Hour}
		if _, more, err := r.Retain(ctx, store.AnyPlatform, rule, r.now, 1000); err != nil || more {
			t.Fatalf("Retain = more %t, %v; want no more, no error", more, err)
		}
	}
	partitions := func(want int64) {
		t.Helper()
		if got := number(t, url, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'logs'::regclass"); got != want {
			t.Errorf("%d partitions, want %d", got, want)
		}
	}
	retain()
	partitions(1 + 3)
	r.now = r.now.AddDate(0, 0, 2)
	made, err := r.Trigger(ctx, store.Trigger{Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Now: r.now, NewID: r.newID})
	if err != nil {
		t.Fatal(err)
	}
	e := made.Execution
	if err := r.AppendLogs(ctx, []job.LogEntry{{ExecutionID: e.ID, Seq: 1, Attempt: 1, Timestamp: r.now, Level: job.LogInfo, Stream: job.StreamStdout, Message: "hello"}}); err != nil {
		t.Fatal(err)
	}
	if got := number(t, url, "SELECT count(*) FROM logs_"+r.now.Format("20060102")); got != 1 {
		t.Errorf("%d lines in the partition of their day, want 1", got)
	}
	retain()
	partitions(1 + 5)
	r.now = r.now.AddDate(0, 0, 5)
	retain()
	partitions(1 + 1 + 3) // empty ones are gone, the one with the line is not
	claims, err := r.Claim(ctx, store.Claim{Session: r.session, IDs: []job.ID{e.ID}, Now: r.now})
	if err != nil || len(claims.Claimed) != 1 {
		t.Fatalf("Claim = %d, %v; want 1", len(claims.Claimed), err)
	}
	r.settle(claims.Claimed)
	r.now = r.now.AddDate(0, 0, 2)
	retain() // the line goes, and the partition with it
	partitions(1 + 5)
	if got := number(t, url, "SELECT count(*) FROM logs"); got != 0 {
		t.Errorf("%d lines are left, want none", got)
	}
}
