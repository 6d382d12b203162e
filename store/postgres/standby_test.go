package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestReadOnly: a server that must not be written is refused at the start; one that turns
// so later is unavailable, and used again once it may be.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := testbed.NewPostgres(t, testbed.PostgresOptions{})
	s := open(t, postgres.Options{URL: server.DSN("postgres")})
	r := newRig(t, s, 1)
	turn := func(on string) {
		t.Helper()
		for _, statement := range []string{"ALTER SYSTEM SET default_transaction_read_only = " + on, "SELECT pg_reload_conf()"} {
			if err := server.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	turn("on")
	testbed.Eventually(t, "Ping says so", 5*time.Second, func() bool { return job.CodeOf(s.Ping(ctx)) == job.Unavailable })
	begun := time.Now()
	err := s.PurgeJob(ctx, job.DefaultPlatform, "job0", r.now, "t")
	if took := time.Since(begun); job.CodeOf(err) != job.Unavailable || took > 8*time.Second {
		t.Errorf("a write after %v = %v, want unavailable within seconds", took, err)
	}
	if _, err := s.Job(ctx, job.DefaultPlatform, "job0"); err != nil {
		t.Errorf("a read = %v, want no error", err)
	}
	_, err = postgres.Open(ctx, postgres.Options{URL: server.DSN("postgres"), Instance: "test"})
	if fault, ok := errors.AsType[*postgres.ServerError](err); !ok || !strings.Contains(fault.Reason, "read-only") {
		t.Errorf("Open = %v, want a *ServerError that says read-only", err)
	}
	turn("off")
	testbed.Eventually(t, "Ping is well", 5*time.Second, func() bool { return s.Ping(ctx) == nil })
	r.now = r.now.Add(time.Second)
	r.settle(r.plan(10, true).Claimed)
}

// TestStandby: a standby is refused, and said to be one. With several hosts in the address
// the primary is found, also when another server becomes it.
func TestStandby(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	primary := testbed.NewPostgres(t, testbed.PostgresOptions{})
	standby := primary.Standby(t)
	r := newRig(t, open(t, postgres.Options{URL: primary.DSN("postgres")}), 1) // its schema goes to the standby
	caughtUp := func() bool {
		return number(t, standby.DSN("postgres"), "SELECT coalesce((SELECT count(*) FROM pg_class WHERE relname = 'jobs'), 0)") == 1
	}
	testbed.Eventually(t, "the standby follows", 20*time.Second, caughtUp)

	_, err := postgres.Open(ctx, postgres.Options{URL: standby.DSN("postgres"), Instance: "test"})
	if fault, ok := errors.AsType[*postgres.ServerError](err); !ok || !strings.Contains(fault.Reason, "standby") {
		t.Fatalf("Open of a standby = %v, want a *ServerError that says so", err)
	}

	both := "postgres://schedd@/postgres?sslmode=disable&target_session_attrs=read-write&host=" + url.QueryEscape(standby.Dir()+","+primary.Dir())
	s := open(t, postgres.Options{URL: both})
	rig := &rig{TB: t, Store: s, ids: r.ids, now: r.now.Add(time.Second), session: r.session}
	rig.settle(rig.plan(10, true).Claimed)
	testbed.Eventually(t, "the standby has it", 20*time.Second, func() bool {
		return number(t, standby.DSN("postgres"), "SELECT count(*) FROM executions WHERE status = 2") == 1
	})
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if code := job.CodeOf(s.Ping(ctx)); code != job.Unavailable {
		t.Errorf("Ping without a primary has code %q, want unavailable", code)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the store is back", 10*time.Second, func() bool { return s.Ping(ctx) == nil })
	rig.now = rig.now.Add(time.Second)
	rig.settle(rig.plan(10, true).Claimed)
	if n := number(t, standby.DSN("postgres"), "SELECT count(*) FROM executions WHERE status = 2"); n != 2 {
		t.Errorf("%d executions, want 2", n)
	}
}
