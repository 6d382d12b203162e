package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestCrashGivesNumbersAgain: the connection breaks before COMMIT, the server crashes,
// and gives the number of the transaction to another one, which is committed. What was
// asked for must not pass for done.
func TestCrashGivesNumbersAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := testbed.NewPostgres(t, testbed.PostgresOptions{Settings: []string{"wal_writer_delay=10s", "autovacuum=off"}})
	if err := server.Exec("CREATE DATABASE crash"); err != nil {
		t.Fatal(err)
	}
	open(t, postgres.Options{URL: server.DSN("crash")}) // makes the schema, which takes more than one connection
	proxy := testbed.NewProxy(t, "unix", server.Socket())
	s := open(t, postgres.Options{URL: server.DSNAt(proxy.Addr(), "crash"), ExecMode: "exec", MaxConns: 1})
	r := newRig(t, s, 1)

	before := transaction(t, server)
	proxy.CutBefore("COMMIT")
	proxy.Refuse(true) // what became of it cannot be asked before the server is back
	answered := make(chan error, 1)
	go func() {
		_, err := s.Trigger(context.WithoutCancel(ctx), store.Trigger{Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Now: r.now, NewID: r.newID})
		answered <- err
	}()
	testbed.Eventually(t, "the connection is cut", time.Minute, func() bool { return proxy.Cuts() > 0 })
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if after := transaction(t, server); after > before+1 {
		t.Fatalf("the server went on with transaction %d after %d: it forgot none", after, before)
	}
	for range 100 { // one of them has the number
		transaction(t, server)
	}
	proxy.Refuse(false)
	if err := <-answered; job.CodeOf(err) != job.Unavailable {
		t.Errorf("Trigger = %v, want that nobody knows", err)
	}
	if n := number(t, server.DSN("crash"), "SELECT count(*) FROM executions"); n != 0 {
		t.Errorf("%d executions, want none", n)
	}

	// A heartbeat begins the server's next life; from then on outcomes are known again.
	if _, err := s.Heartbeat(ctx, store.Beat{Session: r.session, Now: r.now, Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	proxy.CutReply("COMMIT")
	if _, err := s.Trigger(ctx, store.Trigger{Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Now: r.now, NewID: r.newID}); err != nil {
		t.Errorf("Trigger = %v, want no error", err)
	}
	if n := number(t, server.DSN("crash"), "SELECT count(*) FROM executions"); n != 1 {
		t.Errorf("%d executions, want 1", n)
	}
}

// transaction commits a transaction and returns its number.
func transaction(t *testing.T, server *testbed.PostgresServer) (id int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN("crash"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), "SELECT pg_current_xact_id()::text::bigint").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}
