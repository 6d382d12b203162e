package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestServerAway: while the server is away every call says so soon, and when it is
// back the store works without being opened again.
func TestServerAway(t *testing.T) {
	t.Parallel()
	server := testbed.NewPostgres(t, testbed.PostgresOptions{})
	s := open(t, postgres.Options{URL: server.DSN("postgres")})
	r := newRig(t, s, 1)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	calls := map[string]func() error{
		"Job":      func() error { _, err := s.Job(ctx, job.DefaultPlatform, "job0"); return err },
		"PurgeJob": func() error { return s.PurgeJob(ctx, job.DefaultPlatform, "job0", r.now, "test") },
		"Ping":     func() error { return s.Ping(ctx) },
	}
	for name, call := range calls {
		start := time.Now()
		if code := job.CodeOf(call()); code != job.Unavailable {
			t.Errorf("%s while the server is away has code %q, want unavailable", name, code)
		}
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("%s while the server is away took %v, want about five seconds at most", name, took)
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Job(ctx, job.DefaultPlatform, "job0"); err != nil {
		t.Errorf("Job after the crash = %v, want no error", err)
	}
	r.now = r.now.Add(time.Second)
	r.settle(r.plan(10, true).Claimed)
}
