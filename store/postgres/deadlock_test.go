package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestDeadlock: every operation that the server gives up as the victim of a deadlock is
// done all the same, once, within its caller's patience. The server takes a second to
// notice, which is all the patience of plans and claims.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	// first is a table that the operation writes before last.
	tests := []struct {
		name        string
		first, last string
		do          func(t *testing.T, r *rig) error
		query       string // counts what it made
		want        int64
	}{
		{"create", "jobs", "outbox", func(_ *testing.T, r *rig) error { r.secondly("fresh"); return nil }, `SELECT count(*) FROM jobs`, 2},
		{"pause", "jobs", "outbox", func(_ *testing.T, r *rig) error {
			_, err := r.ChangeJob(ctx, store.ChangeJob{Platform: job.DefaultPlatform, Ref: "job0", Now: r.now, By: "t", NewID: r.newID, Change: job.Pause(job.Act{By: "t", Now: r.now}, "", false)})
			return err
		}, `SELECT count(*) FROM cursors WHERE status = 2`, 1},
		{"plan", "cursors", "outbox", func(t *testing.T, r *rig) error {
			if planned := r.plan(10, true); len(planned.Claimed) != 1 || len(planned.Untaken) != 0 {
				t.Errorf("PlanDue = %d claimed, %d untaken; want 1, 0", len(planned.Claimed), len(planned.Untaken))
			}
			return nil
		}, `SELECT count(*) FROM executions WHERE status = 1 AND token = 1`, 1},
		{"trigger", "cursors", "waiting", func(_ *testing.T, r *rig) error {
			_, err := r.Trigger(ctx, store.Trigger{Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Now: r.now, NewID: r.newID})
			return err
		}, `SELECT count(*) FROM executions`, 1},
		{"claim", "waiting", "outbox", func(t *testing.T, r *rig) error {
			waiting, err := r.Waiting(ctx, r.now, 10)
			if err != nil || len(waiting) != 1 {
				t.Fatalf("Waiting = %d, %v; want 1", len(waiting), err)
			}
			got, err := r.Claim(ctx, store.Claim{Session: r.session, IDs: []job.ID{waiting[0].ID}, Now: r.now})
			if len(got.Claimed) != 1 {
				t.Errorf("Claim = %d, want 1", len(got.Claimed))
			}
			return err
		}, `SELECT count(*) FROM executions WHERE status = 1 AND token = 1 AND attempt = 1`, 1},
		{"settle", "executions", "outbox", func(_ *testing.T, r *rig) error { r.settle(r.plan(10, true).Claimed); return nil },
			`SELECT count(*) FROM executions WHERE status = 2`, 1},
		{"cancel", "waiting", "outbox", func(_ *testing.T, r *rig) error {
			_, err := r.CancelExecution(ctx, store.CancelExecution{Platform: job.DefaultPlatform, Ref: "job0/1", Now: r.now, By: "t"})
			return err
		}, `SELECT count(*) FROM executions WHERE status = 5`, 1},
		{"reap", "claims", "outbox", func(_ *testing.T, r *rig) error {
			r.plan(10, true)
			_, err := r.Reap(ctx, r.now.AddDate(20, 0, 0), 100)
			return err
		}, `SELECT count(*) FROM executions WHERE status = 0`, 1},
		{"retain", "executions", "counters", func(_ *testing.T, r *rig) error {
			r.settle(r.plan(10, true).Claimed)
			_, _, err := r.Retain(ctx, store.AnyPlatform, store.Retention{Success: time.Hour, Failed: time.Hour}, r.now.Add(2*time.Hour), 100)
			return err
		}, `SELECT count(*) FROM ranges WHERE count = 1`, 1},
		{"purge", "cursors", "jobs", func(_ *testing.T, r *rig) error { return r.PurgeJob(ctx, job.DefaultPlatform, "job0", r.now, "t") },
			`SELECT 1 - count(*) FROM jobs`, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := database(t, false)
			r := newRig(t, open(t, postgres.Options{URL: url}), 1)
			r.now = r.now.Add(time.Second)
			switch tt.name {
			case "claim", "cancel":
				r.plan(10, false)
			}
			other := lockUntilDeadlock(t, url, tt.first, tt.last)
			begun := time.Now()
			if err := tt.do(t, r); err != nil {
				t.Errorf("the victim of a deadlock ends with %v, want no error", err)
			}
			if took := time.Since(begun); took < 900*time.Millisecond || took > 4*time.Second {
				t.Errorf("it took %v, want about the second after which the server looks for deadlocks", took)
			}
			if err := <-other; err != nil {
				t.Fatalf("there was no deadlock: %v", err)
			}
			if got := number(t, url, tt.query); got != tt.want {
				t.Errorf("%s = %d, want %d", tt.query, got, tt.want)
			}
		})
	}
}

// lockUntilDeadlock locks the table last against writers. Once somebody waits for it, it
// wants the table first, which that one wrote: a deadlock, which only the other side
// looks for. It answers nil when it got both, so that the other side was given up.
func lockUntilDeadlock(t *testing.T, url, first, last string) <-chan error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	conn, look := connect(t, url), connect(t, url)
	if _, err := conn.Exec(ctx, "BEGIN; SET LOCAL deadlock_timeout = '1h'; LOCK TABLE "+last+" IN SHARE ROW EXCLUSIVE MODE", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		for waits := false; !waits && ctx.Err() == nil; {
			if err := look.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = $1::text::regclass AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`, last).Scan(&waits); err != nil {
				got <- err
				return
			}
		}
		_, err := conn.Exec(ctx, "LOCK TABLE "+first+" IN EXCLUSIVE MODE; ROLLBACK", pgx.QueryExecModeSimpleProtocol)
		got <- err
	}()
	return got
}

// TestIsolation: a role or database whose transactions are serializable by default does
// not make operations fail each other.
func TestIsolation(t *testing.T) {
	t.Parallel()
	url := database(t, false)
	exec(t, url, "ALTER DATABASE "+name(url)+" SET default_transaction_isolation = 'serializable'")
	r := newRig(t, open(t, postgres.Options{URL: url}), 1, func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 1000, true })
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 20 {
				if _, err := r.Trigger(context.Background(), store.Trigger{Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Now: r.now, NewID: r.newID}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	if got := number(t, url, `SELECT count(*) FROM executions`); got != 160 {
		t.Errorf("%d executions, want 160", got)
	}
	if level, err := postgres.Setting(t.Context(), r.Store, "transaction_isolation"); err != nil || level != "read committed" {
		t.Errorf("a write has the isolation %q, %v; want read committed", level, err)
	}
}
