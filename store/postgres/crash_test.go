package postgres_test

import (
	"context"
	"errors"
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
	server := testbed.NewPostgres(t, testbed.PostgresOptions{Settings: []string{"wal_writer_delay=10s", "autovacuum=off"}})
	if err := server.Exec("CREATE DATABASE crash"); err != nil {
		t.Fatal(err)
	}
	open(t, postgres.Options{URL: server.DSN("crash")}) // makes the schema, which takes more than one connection
	proxy := testbed.NewProxy(t, "unix", server.Socket())
	s := open(t, postgres.Options{URL: server.DSNAt(proxy.Addr(), "crash"), ExecMode: "exec", MaxConns: 1})
	r := newRig(t, s, 1)

	if err := r.crashAtCommit(server, proxy); job.CodeOf(err) != job.Unavailable {
		t.Errorf("Trigger = %v, want that nobody knows", err)
	}
	if n := number(t, server.DSN("crash"), "SELECT count(*) FROM executions"); n != 0 {
		t.Errorf("%d executions, want none", n)
	}

	// A heartbeat begins the server's next life: outcomes are known again.
	if _, err := s.Heartbeat(t.Context(), store.Beat{Session: r.session, Now: r.now, Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	proxy.CutReply("COMMIT")
	if err := r.runByHand(); err != nil {
		t.Errorf("Trigger = %v, want no error", err)
	}
	if n := number(t, server.DSN("crash"), "SELECT count(*) FROM executions"); n != 1 {
		t.Errorf("%d executions, want 1", n)
	}
}

// crashAtCommit asks for a run, breaks the connection before its COMMIT, crashes the
// server, and lets other transactions have the number. It returns what the caller heard.
func (r *rig) crashAtCommit(server *testbed.PostgresServer, proxy *testbed.Proxy) error {
	r.Helper()
	before := transaction(r, server)
	if err := server.SuspendLogWriter(); err != nil {
		r.Fatal(err)
	}
	proxy.CutBefore("COMMIT")
	proxy.Refuse(true) // what became of it cannot be asked before the server is back
	answered := make(chan error, 1)
	go func() { answered <- r.runByHand() }()
	testbed.Eventually(r, "the connection is cut", time.Minute, func() bool { return proxy.Cuts() > 0 })
	if err := errors.Join(server.Kill(), server.Start()); err != nil {
		r.Fatal(err)
	}
	if after := transaction(r, server); after > before+1 {
		r.Fatalf("the server went on with transaction %d after %d: it forgot none", after, before)
	}
	for range 100 { // one of them has the number
		transaction(r, server)
	}
	proxy.Refuse(false)
	return <-answered
}

func (r *rig) runByHand() error {
	_, err := r.Trigger(context.Background(), store.Trigger{Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Overlap: job.OverlapQueueAll, Now: r.now, NewID: r.newID})
	return err
}

// transaction commits a transaction and returns its number.
func transaction(t testing.TB, server *testbed.PostgresServer) (id int64) {
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
