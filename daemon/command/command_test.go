package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
)

// world is an Env whose output is kept.
type world struct {
	Env
	out, err *buffer
	signals  chan os.Signal
}

func newWorld(args ...string) *world {
	w := &world{out: newBuffer(), err: newBuffer(), signals: make(chan os.Signal)}
	w.Env = Env{Args: args, Out: w.out, Err: w.err, Signals: w.signals}
	return w
}

// buffer is a bytes.Buffer for several goroutines, one of which may wait for text.
type buffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	written sync.Cond
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.written.Broadcast()
	return b.b.Write(p)
}

// wait returns once text was written n times.
func (b *buffer) wait(text string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for strings.Count(b.b.String(), text) < n {
		b.written.Wait()
	}
}

func newBuffer() *buffer {
	b := &buffer{}
	b.written.L = &b.mu
	return b
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schedd.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type coded int

func (c coded) Error() string { return fmt.Sprintf("coded %d", int(c)) }
func (c coded) ExitCode() int { return int(c) }

func TestExitStatus(t *testing.T) {
	t.Parallel()
	good := write(t, "timezone: UTC\n")
	bad := write(t, "timezone: Mars\nlisten: {sokcet: x}\n")
	dev := []string{"--dev"}
	tests := []struct {
		name   string
		args   []string
		serve  error
		want   int
		stdout string // beginning
		stderr string // somewhere
	}{
		{"serve", dev, nil, 0, "", `msg=stopped`},
		{"serve by name", []string{"serve", "--dev"}, nil, 0, "", ""},
		{"failure", dev, errors.New("broke"), 1, "", "broke"},
		{"already running, by the socket", dev, fmt.Errorf("x: %w", listen.ErrRunning), 3, "", "already running"},
		{"already running, by the store", dev, fmt.Errorf("x: %w", coded(3)), 3, "", "coded 3"},
		{"store unusable", dev, coded(4), 4, "", ""},
		{"schema", dev, coded(5), 5, "", ""},
		{"bad configuration", []string{"-c", bad}, nil, 78, "", ":2:10: listen.sokcet: unknown key (did you mean listen.socket?)\n"},
		{"missing configuration", []string{"serve", "-c", "/no/such/file"}, nil, 78, "", "/no/such/file: cannot read it"},
		{"check", []string{"--check-config", "-c", good}, nil, 0, "configuration ok\n", ""},
		{"check by name", []string{"config", "check", "-c", good}, nil, 0, "configuration ok\n", ""},
		{"check of serve", []string{"serve", "--check-config", "-c", bad}, nil, 78, "", `timezone: "Mars" is not a zone`},
		{"check with a bad flag", []string{"config", "check", "-c", good, "--log-level", "loud"}, nil, 78, "", `--log-level: log.level: "loud" is not one of`},
		{"show", []string{"config", "show", "-c", good}, nil, 0, "node_id: ", ""},
		{"show bad", []string{"config", "show", "-c", bad}, nil, 78, "", "Mars"},
		{"init", []string{"config", "init"}, nil, 0, "# schedd.yaml", ""},
		{"init over a file", []string{"config", "init", "-o", good}, nil, 1, "", "exists already"},
		{"schema", []string{"config", "schema"}, nil, 0, "{\n  \"$schema\": ", ""},
		{"strict", []string{"config", "check", "--strict", "-c", good}, nil, 78, "", "store: away\nqueue: away\n"},
		{"strict with a bad configuration", []string{"config", "check", "--strict", "-c", bad}, nil, 78, "", "Mars"},
		{"nobody to ask", []string{"healthcheck", "-c", good, "--socket", "/no/such.sock"}, nil, 1, "", "schedd does not answer at /no/such.sock: "},
		{"nobody to ask, with a bad configuration", []string{"healthcheck", "-c", bad}, nil, 1, "", "Mars"},
		{"no time to ask", []string{"healthcheck", "-c", good, "--wait", "0s"}, nil, 2, "", "--wait"},
		{"flags of keys", []string{"config", "show", "-c", good, "--listen", "127.0.0.1:7070", "--worker-slots", "3"}, nil, 0, "node_id: ", ""},
		{"flag of a key, out of bounds", []string{"config", "show", "-c", good, "--worker-slots", "0"}, nil, 78, "", "--worker-slots: worker.slots: "},
		{"env", []string{"config", "env"}, nil, 0, "VARIABLE ", ""},
		{"version", []string{"version"}, nil, 0, "schedd ", ""},
		{"version flag with a bad configuration", []string{"--version", "-c", bad}, nil, 0, "schedd ", ""},
		{"help with a bad configuration", []string{"--help", "-c", bad}, nil, 0, "schedd plans and runs jobs", ""},
		{"help of a command", []string{"config", "check", "--help"}, nil, 0, "Reads the configuration", ""},

		{"unknown command", []string{"sevre"}, nil, 2, "", `unknown command "sevre" (did you mean "serve"?)`},
		{"unknown command of a group", []string{"config", "chekc"}, nil, 2, "", `did you mean "check"?`},
		{"unknown flag", []string{"--sokcet", "x"}, nil, 2, "", "unknown flag: --sokcet (did you mean --socket?)"},
		{"what others call it", []string{"start"}, nil, 2, "", `unknown command "start" (did you mean "serve"?)`},
		{"number for a truth", []string{"--dev=maybe"}, nil, 2, "", "invalid argument"},
		{"one argument too many", []string{"serve", "now"}, nil, 2, "", `schedd serve takes no argument "now"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(append(tt.args, "--log-format=text")...)
			w.Environ = []string{"SCHEDD_CONFIG=" + bad}
			got := Main(t.Context(), w.Env, Tools{
				Serve: func(context.Context, Service) error { return tt.serve },
				Reach: func(context.Context, config.Config) []error {
					return []error{errors.New("store: away"), errors.New("queue: away")}
				},
			})
			if got != tt.want {
				t.Errorf("status = %d, want %d; stderr:\n%s", got, tt.want, w.err)
			}
			if !strings.HasPrefix(w.out.String(), tt.stdout) || tt.stdout == "" && w.out.String() != "" {
				t.Errorf("stdout = %q, want it to begin with %q", w.out, tt.stdout)
			}
			if !strings.Contains(w.err.String(), tt.stderr) {
				t.Errorf("stderr = %q, want %q in it", w.err, tt.stderr)
			}
		})
	}
}

func TestProblemsAreOneALine(t *testing.T) {
	t.Parallel()
	path := write(t, "timezone: Mars\nlisten: {sokcet: x}\n")
	w := newWorld("config", "check", "-c", path)
	w.Environ = []string{"SCHEDD_X=1"}
	if got := Main(t.Context(), w.Env, Tools{}); got != 78 {
		t.Errorf("status = %d, want 78", got)
	}
	want := "warning: SCHEDD_X: ignored: no such key\n" +
		path + ":2:10: listen.sokcet: unknown key (did you mean listen.socket?)\n" +
		path + ":1:11: timezone: \"Mars\" is not a zone name such as UTC or Europe/Berlin\n"
	if diff := cmp.Diff(want, w.err.String()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func TestDevUsesATemporaryFolder(t *testing.T) {
	t.Parallel()
	w := newWorld("--dev", "--log-level=debug")
	w.Environ = []string{"SCHEDD_CONFIG=/no/such/file"}
	var dir string
	code := Main(t.Context(), w.Env, Tools{Serve: func(_ context.Context, s Service) error {
		dir = s.Config.DataDir
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("the folder is not there: %v", err)
		}
		got := []string{s.Config.Listen.Socket, s.Config.Log.Format, s.Config.Log.Level}
		if diff := cmp.Diff([]string{"./schedd.sock", "pretty", "debug"}, got); diff != "" {
			t.Errorf("socket, format, level (-want +got):\n%s", diff)
		}
		return nil
	}})
	if code != 0 {
		t.Fatalf("status = %d:\n%s", code, w.err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}

	kept := t.TempDir()
	w = newWorld("--dev", "--data-dir", kept)
	Main(t.Context(), w.Env, Tools{Serve: func(_ context.Context, s Service) error {
		if s.Config.DataDir != kept {
			t.Errorf("data_dir = %s, want %s", s.Config.DataDir, kept)
		}
		return nil
	}})
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the operator's folder was removed: %v", err)
	}
}

// gone is output whose reader has left.
type gone struct{}

func (gone) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

func TestReaderThatLeftIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"config", "show", "--dev"}, {"config", "env"}, {"config", "init"}, {"version"}} {
		w := newWorld(args...)
		w.Out = gone{}
		if got := Main(t.Context(), w.Env, Tools{}); got != 0 || w.err.String() != "" {
			t.Errorf("%v: status = %d, stderr %q, want 0 and silence", args, got, w.err)
		}
	}
}

// start runs Main in the background, waits until it serves and returns its status.
func start(t *testing.T, w *world, serve Serve) <-chan int {
	t.Helper()
	status, serving := make(chan int, 1), make(chan struct{})
	go func() {
		status <- Main(t.Context(), w.Env, Tools{Serve: func(ctx context.Context, s Service) error {
			close(serving)
			return serve(ctx, s)
		}})
	}()
	<-serving
	return status
}

func TestFirstSignalAsksToStop(t *testing.T) {
	t.Parallel()
	for sig, cause := range map[os.Signal]error{syscall.SIGTERM: errTerminated, os.Interrupt: errInterrupted} {
		w := newWorld("--dev")
		status := start(t, w, func(ctx context.Context, s Service) error {
			s.Ready("unix:./schedd.sock")
			<-ctx.Done()
			if got := context.Cause(ctx); !errors.Is(got, cause) {
				t.Errorf("cause = %v, want %v", got, cause)
			}
			return nil
		})
		w.signals <- sig
		if got := <-status; got != 0 {
			t.Errorf("status after %v = %d, want 0:\n%s", sig, got, w.err)
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("--dev")
		release := make(chan struct{})
		defer close(release)
		status := start(t, w, func(context.Context, Service) error {
			<-release // a drain that takes for ever
			return nil
		})
		w.signals <- syscall.SIGTERM
		time.Sleep(bounce)
		w.signals <- syscall.SIGHUP // means nothing now
		w.signals <- os.Interrupt
		if got := <-status; got != 1 {
			t.Errorf("status = %d, want 1", got)
		}
		if !strings.Contains(w.err.String(), "told to stop twice") {
			t.Errorf("the log does not say why:\n%s", w.err)
		}
	})
}

// TestDoubledSignalIsOne sends what timeout(1) sends.
func TestDoubledSignalIsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("--dev")
		drained := false
		status := start(t, w, func(ctx context.Context, _ Service) error {
			<-ctx.Done()
			time.Sleep(time.Minute)
			drained = true
			return nil
		})
		w.signals <- syscall.SIGTERM
		w.signals <- syscall.SIGTERM
		if got := <-status; got != 0 || !drained {
			t.Errorf("status = %d, drained = %v, want 0 after the drain", got, drained)
		}
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	path := write(t, "log: {level: warn, format: text}\n")
	w := newWorld("-c", path)
	reloads := make(chan config.Config)
	status := start(t, w, func(ctx context.Context, s Service) error {
		for {
			select {
			case cfg := <-s.Reloads:
				reloads <- cfg
			case <-ctx.Done():
				return nil
			}
		}
	})
	hup := func(text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		w.signals <- syscall.SIGHUP
	}
	hup("log: {level: info}\nretention: {keep_last: 1}\nworker: {slots: 2}\n", 0o600)
	cfg := <-reloads
	if cfg.Retention.KeepLast != 1 || cfg.Worker.Slots != 64 {
		t.Errorf("keep_last = %d, slots = %d, want the new 1 and the old 64, which needs a restart", cfg.Retention.KeepLast, cfg.Worker.Slots)
	}
	bad := []struct {
		text string
		mode os.FileMode
	}{{"log: [\n", 0o600}, {"log: {level: loud}\n", 0o600}, {"retention: {keep_last: 2}\n", 0o602}}
	for i, f := range bad {
		hup(f.text, f.mode)
		w.err.wait("reload failed, the old configuration holds", i+1)
	}
	hup("retention: {keep_last: 3}\n", 0o600)
	if cfg := <-reloads; cfg.Retention.KeepLast != 3 {
		t.Errorf("keep_last = %d after three bad files and a good one, want 3", cfg.Retention.KeepLast)
	}
	w.signals <- syscall.SIGTERM
	if got := <-status; got != 0 {
		t.Errorf("status = %d, want 0", got)
	}
	for _, want := range []string{"msg=reloaded", "some changes need a restart", "keys=", "log.format", "worker.slots"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, w.err)
		}
	}
}

// TestReloadsNeverBlock sends many while the daemon takes none; the last one counts.
func TestReloadsNeverBlock(t *testing.T) {
	t.Parallel()
	path := write(t, "retention: {keep_last: 1}\n")
	w := newWorld("-c", path, "--log-level=error")
	let := make(chan struct{})
	status := start(t, w, func(_ context.Context, s Service) error {
		<-let
		if cfg := <-s.Reloads; cfg.Retention.KeepLast != 42 {
			t.Errorf("keep_last = %d, want 42 of the last reload", cfg.Retention.KeepLast)
		}
		return nil
	})
	for range 20 {
		w.signals <- syscall.SIGHUP
	}
	if err := os.WriteFile(path, []byte("retention: {keep_last: 42}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.signals <- syscall.SIGHUP // taken only after the reloads before it are done
	w.signals <- syscall.SIGTERM
	close(let)
	if got := <-status; got != 0 {
		t.Errorf("status = %d, want 0", got)
	}
}

func TestEveryCommandHelps(t *testing.T) {
	t.Parallel()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Example == "" || cmd.Args == nil {
			t.Errorf("%s: Short %q, Example %q, Args set %v: want all three", cmd.CommandPath(), cmd.Short, cmd.Example, cmd.Args != nil)
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(newRoot(newWorld().Env, Tools{}))
}
