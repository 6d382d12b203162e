package postgres_test

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// TestHold keeps nodes out of a store, and is kept out by them.
func TestHold(t *testing.T) {
	t.Parallel()
	url := database(t, false)
	s := open(t, postgres.Options{URL: url})
	now := time.Now().UTC()
	session := store.Session{ID: 7, Node: "node-a", StartedAt: now, HeartbeatAt: now, LeaseUntil: now.Add(time.Minute)}
	if err := s.OpenSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Hold(t.Context()); !inUse(err, "node-a") {
		t.Errorf("Hold = %v, want that node-a uses it", err)
	}
	if _, err := s.Import(t.Context(), none); !inUse(err, "node-a") {
		t.Errorf("Import = %v, want that node-a uses it", err)
	}
	if err := s.CloseSession(t.Context(), 7, now); err != nil {
		t.Fatal(err)
	}
	release, err := s.Hold(t.Context())
	if err != nil {
		t.Fatalf("Hold of an idle store = %v, want no error", err)
	}
	session.ID = 8
	began := make(chan error, 1)
	go func() { began <- s.OpenSession(t.Context(), session) }()
	if !testbed.Poll(20*time.Second, func() bool {
		return number(t, url, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'sessions'::regclass") == 1
	}) {
		t.Error("OpenSession does not wait while the store is held")
	}
	if err := release(); err != nil {
		t.Errorf("release = %v, want no error", err)
	}
	if err := <-began; err != nil {
		t.Errorf("OpenSession after the release = %v, want no error", err)
	}
}

func inUse(err error, node string) bool {
	used, ok := errors.AsType[*postgres.InUseError](err)
	return ok && slices.Equal(used.Nodes, []string{node})
}

func none(func(dump.Row, error) bool) {}

// TestImportLosesItsConnection ends the server's process under an import: nothing of it
// is left, and the next one succeeds.
func TestImportLosesItsConnection(t *testing.T) {
	t.Parallel()
	from := open(t, postgres.Options{URL: database(t, false)})
	storetest.NewLife(t, from)
	url := database(t, false)
	to := open(t, postgres.Options{URL: url})
	admin := connect(t, url)
	rows := func(yield func(dump.Row, error) bool) {
		n := 0
		for row, err := range from.Export(t.Context()) {
			if n++; row.Table.Name == "executions" && n > 0 {
				if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`); err != nil {
					yield(row, err)
					return
				}
				n = -1 << 40
			}
			if !yield(row, err) {
				return
			}
		}
	}
	if _, err := to.Import(t.Context(), iter.Seq2[dump.Row, error](rows)); job.CodeOf(err) != job.Unavailable {
		t.Errorf("Import = %v, want unavailable", err)
	}
	if jobs := strs(t, admin, `SELECT name FROM jobs`); len(jobs) > 0 {
		t.Errorf("there are jobs %v, want none", jobs)
	}
	if _, err := to.Import(t.Context(), from.Export(t.Context())); err != nil {
		t.Errorf("Import again = %v, want no error", err)
	}
}

// TestStatementTimeout bounds statements as the options say.
func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	url := database(t, false)
	for _, mode := range []string{"cache_statement", "exec"} {
		s := open(t, postgres.Options{URL: url, ExecMode: mode, StatementTimeout: 1234 * time.Millisecond})
		if got, err := postgres.Setting(t.Context(), s, "statement_timeout"); err != nil || got != "1234ms" {
			t.Errorf("%s: statement_timeout = %s, %v; want 1234ms", mode, got, err)
		}
	}
}
