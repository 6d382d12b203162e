package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// node is one schedd: its files and its lives. It is kept alive: whoever ends it says
// so by hold.
type node struct {
	t      *testing.T
	name   string
	dir    string
	schedd string // the build of the next life
	client *client.Client

	mu     sync.Mutex
	proc   *os.Process
	done   chan struct{} // of the newest life
	up     bool          // it has answered
	killed bool          // the newest life was ended by us
	lives  int
	deaths []string  // lives that ended by themselves
	newer  time.Time // when it answered as the newer build
	env    []string
}

func newNode(t *testing.T, dir, name, schedd, config string, env ...string) *node {
	t.Helper()
	n := &node{t: t, name: name, dir: filepath.Join(dir, name), schedd: schedd, env: env}
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("node_id: %s\ndata_dir: %s\nlisten: {socket: %s}\nlog: {format: json, redact: [password]}\n%s", name, n.path("data"), n.path("sock"), config)
	if err := os.WriteFile(n.path("schedd.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if n.client, err = client.New(client.Options{Server: "unix://" + n.path("sock"), Timeout: 3 * time.Second}); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) path(name string) string { return filepath.Join(n.dir, name) }

// clock is the file that moves the node's clock.
func (n *node) clock() string { return filepath.Join(filepath.Dir(n.dir), "clock-"+n.name) }

// start starts a life.
func (n *node) start() {
	n.t.Helper()
	log, err := os.OpenFile(n.path("log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		n.t.Error(err)
		return
	}
	defer log.Close()
	cmd := exec.Command(n.schedd, "serve", "--config", n.path("schedd.yaml"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = n.dir, log, log
	cmd.Env = append(os.Environ(), n.env...)
	if err := cmd.Start(); err != nil {
		n.t.Error(err)
		return
	}
	if err := testbed.Watch(cmd.Process.Pid); err != nil {
		n.t.Error(err)
	}
	n.mu.Lock()
	n.proc, n.done, n.up, n.killed = cmd.Process, make(chan struct{}), false, false
	n.lives++
	done := n.done
	n.mu.Unlock()
	go func() {
		err := cmd.Wait()
		_ = testbed.Unwatch(cmd.Process.Pid)
		n.mu.Lock()
		if !n.killed && err != nil {
			n.deaths = append(n.deaths, fmt.Sprintf("%s pid %d: %v", stamp(time.Now()), cmd.Process.Pid, err))
		}
		n.mu.Unlock()
		close(done)
	}()
}

// ready waits until the node answers, starting it anew when it ends. A start may fail
// while the store is away.
func (n *node) ready(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-n.ended():
			pause(ctx, 100*time.Millisecond)
			n.start()
		default:
		}
		try, cancel := context.WithTimeout(ctx, time.Second)
		err := n.client.Ready(try)
		cancel()
		if err == nil {
			n.mu.Lock()
			n.up = true
			n.mu.Unlock()
			return
		}
		pause(ctx, 50*time.Millisecond)
	}
}

func (n *node) ended() chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.done
}

func (n *node) signal(sig syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if sig == syscall.SIGKILL || sig == syscall.SIGTERM {
		n.killed = true
	}
	select {
	case <-n.done: // its pid may be another's by now
	default:
		_ = n.proc.Signal(sig)
	}
}

// kill ends the newest life with SIGKILL.
func (n *node) kill() {
	n.signal(syscall.SIGKILL)
	<-n.ended()
	n.client.Close()
}

// stop ends the newest life in peace.
func (n *node) stop(within time.Duration) error {
	n.signal(syscall.SIGTERM)
	select {
	case <-n.ended():
		return nil
	case <-time.After(within):
		return fmt.Errorf("%s goes on %s after SIGTERM", n.name, within)
	}
}

// tail is the end of its log.
func (n *node) tail(lines int) string {
	text, _ := os.ReadFile(n.path("log"))
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
