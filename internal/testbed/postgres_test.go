package testbed

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// query runs statements and returns the first value of the last result.
func query(ctx context.Context, dsn, sql string) (string, error) {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 || len(results[len(results)-1].Rows) == 0 {
		return "", err
	}
	return string(results[len(results)-1].Rows[0][0]), nil
}

func wantValue(t *testing.T, dsn, sql, want string) {
	t.Helper()
	if got, err := query(t.Context(), dsn, sql); err != nil || got != want {
		t.Errorf("%s = %q, %v; want %q", sql, got, err, want)
	}
}

func TestPostgresGivesEachTestADatabase(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 4 {
		dsn := Postgres(t)
		wg.Go(func() {
			if _, err := query(t.Context(), dsn, "CREATE TABLE mine (a int)"); err != nil {
				t.Errorf("the database is not fresh: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[dsn] = true
		})
	}
	wg.Wait()
	if len(seen) != 4 {
		t.Errorf("got %d different databases, want 4", len(seen))
	}
}

func TestPostgresIsDurable(t *testing.T) {
	t.Parallel()
	dsn := Postgres(t)
	for name, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "200", "listen_addresses": ""} {
		wantValue(t, dsn, "SHOW "+name, want)
	}
}

func TestPostgresDropsTheDatabase(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("the test", func(t *testing.T) { dsn = Postgres(t) })
	if _, err := query(t.Context(), dsn, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("after its test the database answers %v, want that it does not exist", err)
	}
}

func TestPostgresSurvivesKill(t *testing.T) {
	t.Parallel()
	p := NewPostgres(t, PostgresOptions{Settings: []string{"max_connections=17"}})
	dsn := p.DSN("postgres")
	wantValue(t, dsn, "SHOW max_connections", "17")
	if _, err := query(t.Context(), dsn, "CREATE TABLE kept AS SELECT 7 AS a"); err != nil {
		t.Fatal(err)
	}
	pid := p.Pid()
	for _, end := range []func() error{p.Kill, p.Stop} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if _, err := query(t.Context(), dsn, "SELECT 1"); err == nil {
			t.Error("it answers after its end")
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		wantValue(t, dsn, "SELECT a FROM kept", "7")
	}
	if p.Pid() == pid {
		t.Error("the process is still the first")
	}
	if err := p.Start(); err == nil {
		t.Error("a second start of a running server succeeds")
	}
	dir := p.Dir()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestPostgresThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	p, err := StartPostgres("", PostgresOptions{Settings: []string{"max_connections=many"}})
	if err == nil {
		_ = p.Close()
		t.Fatal("it starts with a wrong setting")
	}
	if !strings.Contains(err.Error(), "max_connections") {
		t.Errorf("the error does not show the log: %v", err)
	}
}

// TestCutReplyHidesACommit shows what the proxy is for: the client cannot know, and
// the server has it.
func TestCutReplyHidesACommit(t *testing.T) {
	t.Parallel()
	p := NewPostgres(t, PostgresOptions{})
	proxy := NewProxy(t, "unix", p.Socket())
	dsn := p.DSNAt(proxy.Addr(), "postgres")
	for _, step := range []struct {
		text string
		cut  func(string)
		want string
	}{
		{"1", proxy.CutReply, "1"},
		{"2", proxy.CutBefore, "1"},
	} {
		conn, err := pgconn.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS t (a int); BEGIN; INSERT INTO t VALUES ("+step.text+")").Close(); err != nil {
			t.Fatal(err)
		}
		step.cut("COMMIT")
		if err := conn.Exec(t.Context(), "COMMIT").Close(); err == nil {
			t.Error("the commit was answered")
		}
		_ = conn.Close(t.Context())
		wantValue(t, p.DSN("postgres"), "SELECT count(*) FROM t", step.want)
	}
	if proxy.Cuts() != 2 {
		t.Errorf("Cuts() = %d, want 2", proxy.Cuts())
	}
}
