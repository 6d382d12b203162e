package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/store"
)

// first makes a database as the first schema had it, with a job, a run that a session
// holds, and a dead letter.
func first(t *testing.T, path string, id job.ID, runs [2]job.ID, at time.Time) {
	t.Helper()
	db, err := sql.Open("sqlite", (&Store{}).dsn(Options{Path: path}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	folder, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithVerbose(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	spec, err := json.Marshal(job.Spec{
		Name: "backup", Type: job.TypeCron, Schedule: "* * * * *", Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce, HandlerName: "noop",
		HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 2, AllowOverlap: true, Overlap: job.OverlapAllow, OnLost: job.OnLostRetry,
	})
	if err != nil {
		t.Fatal(err)
	}
	us := at.UnixMicro()
	held, heldLo := keyOf(runs[0])
	dead, deadLo := keyOf(runs[1])
	for _, row := range []struct {
		text string
		args []any
	}{
		{`INSERT INTO meta (key, value) VALUES ('instance', 'old')`, nil},
		{`INSERT INTO jobs (seq, id, platform, name, live, type, status, priority, handler, revision, spec, anchor, seed, created_by, created_at, updated_at)
			VALUES (1, ?, 'default', 'backup', 1, 0, 1, 2, 'noop', 1, ?, ?, 'backup', 'uid:0', ?, ?)`, []any{id[:], spec, us, us, us}},
		{`INSERT INTO cursors (job, next_run, revision, numbers, runs, occurrences, live) VALUES (1, ?, 1, 2, 2, 2, ?)`, []any{us + 60_000_000, held}},
		{`INSERT INTO sessions (id, node, version, started_at, heartbeat_at, lease_until) VALUES (9, 'node-a', 'v1', ?, ?, ?)`, []any{us, us, us + 3_600_000_000}},
		{`INSERT INTO claims (session, data) VALUES (9, ?)`, []any{packBlob([]int64{held})}},
		{`INSERT INTO executions (k, lo, job, n, at, trigger, status, attempt, token, session, occurrence, revision, created_at, started_at)
			VALUES (?, ?, 1, 1, ?, 0, 1, 1, 1, 9, 1, 1, ?, ?)`, []any{held, heldLo, us - 120_000_000, us, us}},
		{`INSERT INTO executions (k, lo, job, n, at, trigger, status, attempt, token, session, occurrence, revision, created_at, started_at, finished_at)
			VALUES (?, ?, 1, 2, ?, 0, 3, 1, 1, 9, 2, 1, ?, ?, ?)`, []any{dead, deadLo, us - 60_000_000, us, us, us}},
		{`INSERT INTO failures (job, n, status, k) VALUES (1, 2, 3, ?)`, []any{dead}},
		{`INSERT INTO dead_letters (k, job, at, reason) VALUES (?, 1, ?, 'permanent')`, []any{dead, us}},
	} {
		if _, err := db.Exec(row.text, row.args...); err != nil {
			t.Fatalf("%s: %v", row.text, err)
		}
	}
}

// TestUpgrade opens a database of the first schema: nothing is lost, and what came
// since works on it.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	ids := &job.IDs{Rand: zeros{}}
	id, runs := ids.New(at), [2]job.ID{ids.New(at), ids.New(at)}
	path := filepath.Join(t.TempDir(), "schedd.db")
	first(t, path, id, runs, at)

	s, err := Open(ctx, Options{Path: path, Instance: "new", Synchronous: "normal"})
	if err != nil {
		t.Fatalf("Open = %v, want no error", err)
	}
	defer s.Close()
	if info, err := s.Info(ctx); err != nil || info.Schema < 2 || info.Instance != "old" {
		t.Errorf("Info = %+v, %v; want schema 2 or later of the instance old", info, err)
	}
	sessions, err := s.ListSessions(ctx, at)
	if err != nil || len(sessions) != 1 || sessions[0].Node != "node-a" || sessions[0].Roles == nil || sessions[0].Slots != 0 || sessions[0].Draining {
		t.Errorf("ListSessions = %+v, %v; want node-a that tells nothing", sessions, err)
	}
	if err := s.DrainNode(ctx, store.DrainNode{Node: "node-a", Drain: true, Now: at}); err != nil {
		t.Errorf("DrainNode = %v, want no error", err)
	}
	if reaped, err := s.Reap(ctx, at, 10); err != nil || reaped != (store.Reaped{Sessions: 1, Restarted: 1}) {
		t.Errorf("Reap = %+v, %v; want the run of the earlier life restarted", reaped, err)
	}
	now := at.Add(time.Minute)
	if err := s.OpenSession(ctx, store.Session{ID: 10, Node: "node-b", StartedAt: now, LeaseUntil: now.Add(time.Hour), Roles: []string{"worker"}, Slots: 4}); err != nil {
		t.Fatalf("OpenSession = %v, want no error", err)
	}
	planned, err := s.PlanDue(ctx, store.PlanDue{
		Now: now, Limit: 10, Policy: job.DefaultPolicy(), NewID: func() job.ID { return ids.New(now) }, Session: 10, Take: func(*job.Job) bool { return true },
	})
	if err != nil || len(planned.Claimed) != 1 || planned.Claimed[0].Number != 3 {
		t.Errorf("PlanDue = %+v, %v; want run 3 born claimed", planned, err)
	}
	claims, err := s.Claim(ctx, store.Claim{Session: 10, IDs: runs[:], Now: now})
	if claimed := claims.Claimed; err != nil || len(claimed) != 1 || claimed[0].ID != runs[0] || claimed[0].Attempt != 2 {
		t.Errorf("Claim = %+v, %v; want attempt 2 of run 1", claimed, err)
	}
	if e, err := s.DropDead(ctx, store.DropDead{Platform: job.DefaultPlatform, Ref: "backup/2", Now: now}); err != nil || e.Dead || e.Status != job.Failed {
		t.Errorf("DropDead = %+v, %v; want a failed execution that is not dead any more", e, err)
	}
}

// zeros is no randomness.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
