package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// rehearsalAt names the variable with the instant that it is when a schedd starts.
const rehearsalAt = "REHEARSAL_AT"

// rehearsalClock is the clock of a schedd that a rehearsal started; nil of others.
func rehearsalClock() *daemon.Clock {
	at, err := time.Parse(time.RFC3339, os.Getenv(rehearsalAt))
	if err != nil {
		return nil
	}
	return daemon.ClockAt(at)
}

// rehearsal is an example of examples/ at work: its files, its schedd, and a clock that
// moves with every restart.
type rehearsal struct {
	t      *testing.T
	dir    string
	client *client.Client
	daemon *exec.Cmd // nil = none runs
	more   string    // of its configuration
	log    bytes.Buffer
}

// backends are what an example is tried on: more of a configuration.
var backends = map[string]func(t *testing.T) string{
	"sqlite": func(*testing.T) string { return "" },
	"postgres": func(t *testing.T) string {
		return fmt.Sprintf("store: {driver: postgres, postgres: {dsn: %q}}\nqueue: {driver: redis, redis: {url: %q}}\n", testbed.Postgres(t), testbed.Redis(t).URL())
	},
}

// rehearse runs a test of an example on every backend.
func rehearse(t *testing.T, name string, fn func(r *rehearsal)) {
	t.Parallel()
	for backend, config := range backends {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			fn(newRehearsal(t, name, config(t)))
		})
	}
}

// newRehearsal copies an example; more is added to its configuration.
func newRehearsal(t *testing.T, name, more string) *rehearsal {
	t.Helper()
	dir, err := os.MkdirTemp("", "reh") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &rehearsal{t: t, dir: dir, more: more}
	if err := os.CopyFS(dir, os.DirFS("../../examples/"+name)); err != nil {
		t.Fatal(err)
	}
	if r.client, err = client.New(client.Options{Server: "unix://" + r.path("s")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Logf("schedd said:\n%s", r.log.String())
		}
	})
	return r
}

func (r *rehearsal) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rehearsal) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// configure adds to the example's configuration where schedd is, and puts ports in place of
// those that it names.
func (r *rehearsal) configure(ports map[string]int) {
	r.t.Helper()
	text := r.read("schedd.yaml")
	for old, port := range ports {
		if !strings.Contains(text, old) {
			r.t.Fatalf("schedd.yaml names no port %s", old)
		}
		text = strings.ReplaceAll(text, old, strconv.Itoa(port))
	}
	text += fmt.Sprintf("data_dir: %s\nlisten: {socket: %s}\nworker: {drain_timeout: 1s}\n%s", r.path("data"), r.path("s"), r.more)
	if err := os.WriteFile(r.path("schedd.yaml"), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// at starts schedd anew at an instant.
func (r *rehearsal) at(instant time.Time) {
	r.t.Helper()
	r.stop()
	cmd := exec.Command("schedd", "serve", "--config", "schedd.yaml")
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, &r.log, &r.log
	cmd.Env = append(os.Environ(), canary, "SCHEDD_LOG_LEVEL=debug", rehearsalAt+"="+instant.UTC().Format(time.RFC3339))
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.daemon = cmd
	testbed.Eventually(r.t, "schedd is ready", 3*time.Minute, func() bool {
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
		defer cancel()
		_, err := r.client.Version(ctx)
		return err == nil
	})
}

// stop ends schedd as an operator does.
func (r *rehearsal) stop() {
	if r.daemon == nil {
		return
	}
	_ = r.daemon.Process.Signal(syscall.SIGTERM)
	if err := r.daemon.Wait(); err != nil {
		r.t.Errorf("schedd ended with %v, want status 0", err)
	}
	if found := leak(r.log.Bytes()); found != "" {
		r.t.Errorf("%s is in the log", found)
	}
	r.daemon = nil
	r.client.Close()
}

// sh types a line in the folder of the example, and returns what it prints.
func (r *rehearsal) sh(line string) string {
	r.t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-c", line)
	cmd.Dir = r.dir
	cmd.Env = []string{"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TZ=UTC", "SCHEDCTL_SERVER=unix://" + r.path("s"), "TMPDIR=" + os.TempDir(), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// readme types what the console blocks of README.md say, but for the lines that hold one
// of the texts.
func (r *rehearsal) readme(but ...string) {
	r.t.Helper()
	commands := consoleCommands(r.read("README.md"))
	if len(commands) == 0 {
		r.t.Error("README.md has no commands")
	}
lines:
	for _, c := range commands {
		for _, text := range but {
			if strings.Contains(c.text, text) {
				continue lines
			}
		}
		r.sh(c.text)
	}
}

// runs returns the executions of a job, the oldest first; of one that does not exist none.
func (r *rehearsal) runs(name string) []job.Execution {
	r.t.Helper()
	page, err := r.client.JobExecutions(r.t.Context(), name, client.ExecutionQuery{SortOrder: "asc", Limit: 100})
	if err != nil {
		return nil
	}
	return page.Items
}

// await waits until the n-th run of a job has ended, and returns it.
func (r *rehearsal) await(name string, n int) job.Execution {
	r.t.Helper()
	var runs []job.Execution
	testbed.Eventually(r.t, fmt.Sprintf("run %d of %s has ended", n, name), time.Minute, func() bool {
		runs = r.runs(name)
		return len(runs) >= n && runs[n-1].Status.Terminal()
	})
	e, err := r.client.Execution(r.t.Context(), runs[n-1].ID.String())
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

// want fails the test when a job is not there, or has another status.
func (r *rehearsal) want(name string, want job.JobStatus) {
	r.t.Helper()
	j, err := r.client.Job(r.t.Context(), name)
	if err != nil && want == "" && job.CodeOf(err) == job.NotFound {
		return
	}
	if err != nil || j.Status != want {
		r.t.Errorf("job %s is %q, %v; want %q", name, j.Status, err, want)
	}
}

// heard waits until so many events have been decided about.
func (r *rehearsal) heard(trigger string, n int64) {
	r.t.Helper()
	testbed.Eventually(r.t, fmt.Sprintf("%s heard %d events", trigger, n), time.Minute, func() bool {
		h, err := r.client.EventHandler(r.t.Context(), trigger)
		return err == nil && h.TriggerCount >= n
	})
}
