package command

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/store/dump"
)

// TestStoreCommands runs the commands over tools that only answer.
func TestStoreCommands(t *testing.T) {
	t.Parallel()
	steps := []migrations.Step{{Version: 1, Name: "init", SQL: "CREATE x;", AppliedAt: time.Unix(0, 0).UTC()}, {Version: 2, Name: "more", SQL: "ALTER x;"}}
	have := int64(1)
	unbalanced := dump.Moved{Sums: dump.Sums{"jobs": {Rows: 3}}, Balance: dump.Balance{Jobs: 3, Slots: 7, Unbalanced: 1, First: "odd"}}
	tools := StoreTools{
		Schema: func(context.Context, config.Config) ([]migrations.Step, int64, error) { return steps, have, nil },
		Move: func(_ context.Context, from, to config.Config, progress dump.Progress) (dump.Moved, error) {
			progress("jobs", 100_000, false)
			progress("jobs", 100_003, true)
			if to.Store.Driver != config.DriverPostgres || from.Store.Driver != config.DriverSQLite {
				return dump.Moved{}, errors.New("the wrong way")
			}
			return unbalanced, nil
		},
		Export: func(_ context.Context, _ config.Config, w io.Writer, _ dump.Progress) (dump.Sums, error) {
			_, _ = io.WriteString(w, "half a row")
			return nil, coded(4)
		},
		Import: func(_ context.Context, _ config.Config, r io.Reader, _ dump.Progress) (dump.Sums, error) {
			text, err := io.ReadAll(r)
			return dump.Sums{"jobs": {Rows: int64(len(text))}}, err
		},
	}
	good, file := write(t, "timezone: UTC\n"), filepath.Join(t.TempDir(), "file")
	tests := []struct {
		name   string
		args   []string
		want   int
		stdout string // somewhere
		stderr string // somewhere
	}{
		{"move", []string{"store", "migrate", "--to", "postgres://u:secret@h/d"}, 0, "copied 3 rows of 1 tables", "jobs               100000 …\njobs               100003\n"},
		{"move says what is wrong already", []string{"store", "migrate", "--to", "host=h"}, 0, "warning: 1 jobs do not balance, as before, odd first", ""},
		{"move says which lines to change", []string{"store", "migrate", "--to", "host=h"}, 0, "  store:\n    driver: postgres\n    postgres:\n      dsn: \"host=h\"\n", ""},
		{"move nowhere", []string{"store", "migrate"}, 2, "", "missing flag --to"},
		{"move to what is no store", []string{"store", "migrate", "--to", "mysql://h"}, 2, "", `--to: "mysql://h" is no store`},
		{"move with an argument", []string{"store", "migrate", "x", "--to", "host=h"}, 2, "", `takes no argument "x"`},
		{"export that fails", []string{"store", "export", file}, 4, "", "coded 4"},
		{"export over a file", []string{"store", "export", good}, 1, "", "file exists"},
		{"export of nothing", []string{"store", "export"}, 2, "", "needs a FILE, or -"},
		{"export to two", []string{"store", "export", "a", "b"}, 2, "", `takes no second argument "b"`},
		{"export to no name", []string{"store", "export", ""}, 2, "", "the name of the file is empty"},
		{"import", []string{"store", "import", "-"}, 0, "read 5 rows of 1 tables into ", ""},
		{"import of what is not there", []string{"store", "import", "/no/such/file"}, 1, "", "/no/such/file"},
		{"typo", []string{"store", "exprot"}, 2, "", `did you mean "export"`},
		{"status", []string{"migrate", "status"}, 0, "VERSION  NAME  APPLIED\n1        init  1970-01-01T00:00:00Z\n2        more  pending\n", ""},
		{"version", []string{"migrate", "version"}, 0, "1\n", ""},
		{"plan", []string{"migrate", "plan"}, 0, "-- 2 more\nALTER x;", ""},
		{"down", []string{"migrate", "down", "--to", "1", "--yes"}, 1, "", "the schema goes forward only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(append(tt.args, "-c", good)...)
			w.In = strings.NewReader("12345")
			got := Main(t.Context(), w.Env, Tools{Store: tools})
			if got != tt.want || !strings.Contains(w.out.String(), tt.stdout) || !strings.Contains(w.err.String(), tt.stderr) {
				t.Errorf("status = %d, want %d\nstdout %q, want %q\nstderr %q, want %q", got, tt.want, w.out, tt.stdout, w.err, tt.stderr)
			}
			if strings.Contains(w.out.String(), "secret") {
				t.Errorf("the password is shown:\n%s", w.out)
			}
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("half a file is left: %v", err)
			}
		})
	}
}

// TestNewerSchema says so after the list.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	w := newWorld("migrate", "status", "--dev")
	got := Main(t.Context(), w.Env, Tools{Store: StoreTools{Schema: func(context.Context, config.Config) ([]migrations.Step, int64, error) {
		return []migrations.Step{{Version: 1, Name: "init"}}, 9, nil
	}}})
	if got != 5 || !strings.Contains(w.err.String(), "database schema 9, this schedd knows 1: upgrade schedd") {
		t.Errorf("status = %d, stderr %q; want 5 and why", got, w.err)
	}
}

// TestInterruptedMove stops at the first signal.
func TestInterruptedMove(t *testing.T) {
	t.Parallel()
	w := newWorld("store", "migrate", "--dev", "--to", "host=h")
	status, moving := make(chan int, 1), make(chan struct{})
	go func() {
		status <- Main(t.Context(), w.Env, Tools{Store: StoreTools{
			Move: func(ctx context.Context, _, _ config.Config, _ dump.Progress) (dump.Moved, error) {
				close(moving)
				<-ctx.Done()
				return dump.Moved{}, errors.New("nothing was changed")
			},
		}})
	}()
	<-moving
	w.signals <- syscall.SIGHUP
	w.signals <- syscall.SIGTERM
	if got := <-status; got != 1 || !strings.Contains(w.err.String(), "schedd: terminated: nothing was changed\n") {
		t.Errorf("status = %d, stderr %q; want 1 and what became of it", got, w.err)
	}
}
