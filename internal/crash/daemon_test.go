//go:build linux

package crash

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// site is the home of one schedd: its data, its configuration and its lives.
type site struct {
	t                *testing.T
	dir              string
	schedd, schedctl string
	client           *client.Client
	starts           int
	proc             *process // the newest life
}

// process is one life of a daemon.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // it ended and was collected
	err  error         // of Wait; read it after done
}

// newSite writes a configuration; more is added at its end.
func newSite(t *testing.T, more string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.schedd, s.schedctl = build(t)
	text := fmt.Sprintf("data_dir: %s\nlisten: {socket: %s}\nlog: {format: text}\n%s", s.path("data"), s.path("sock"), more)
	if err := os.WriteFile(s.path("schedd.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.client, err = client.New(client.Options{Server: "unix://" + s.path("sock"), Timeout: 5 * time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		s.client.Close()
		if t.Failed() {
			s.tail()
		}
	})
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// start starts a life, with more variables; it does not wait until it is ready.
func (s *site) start(env ...string) *process {
	s.t.Helper()
	log, err := os.OpenFile(s.path("log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(s.schedd, "serve", "--config", s.path("schedd.yaml"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.starts++
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	s.proc = p
	return p
}

// ready waits until the newest life answers; false when it ended before.
func (s *site) ready() bool {
	s.t.Helper()
	alive := true
	testbed.Eventually(s.t, "schedd to be ready", 30*time.Second, func() bool {
		select {
		case <-s.proc.done:
			alive = false
			return true
		default:
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		return s.client.Ready(ctx) == nil
	})
	return alive
}

// up starts a life and waits until it is ready.
func (s *site) up(env ...string) {
	s.t.Helper()
	s.start(env...)
	if !s.ready() {
		s.t.Fatalf("schedd ended at its start: %v", s.proc.err)
	}
}

// kill ends the newest life with SIGKILL.
func (s *site) kill() {
	if s.proc == nil {
		return
	}
	_ = s.proc.cmd.Process.Kill()
	<-s.proc.done
	s.client.Close() // its connections lead nowhere
}

// stop ends the newest life in peace, and says how long it took.
func (s *site) stop(within time.Duration) time.Duration {
	s.t.Helper()
	began := time.Now()
	_ = s.proc.cmd.Process.Signal(syscall.SIGTERM)
	if !s.ended(within) {
		s.t.Fatalf("schedd goes on %s after SIGTERM", within)
	}
	if s.proc.err != nil {
		s.t.Fatalf("schedd stopped with %v, want status 0", s.proc.err)
	}
	s.client.Close()
	return time.Since(began)
}

// ended waits for the end of the newest life.
func (s *site) ended(within time.Duration) bool {
	select {
	case <-s.proc.done:
		return true
	case <-time.After(within):
		return false
	}
}
