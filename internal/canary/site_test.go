package canary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// patience is how long something may take that comes about by itself.
const patience = 2 * time.Minute

// programs are the builds of schedd and schedctl, by mutant; each is built once.
var programs struct {
	sync.Mutex
	dirs map[string]string
}

// build makes both programs, "" for the sound ones, and returns their folder.
func build(t *testing.T, mutant string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if dir := programs.dirs[mutant]; dir != "" {
		return dir
	}
	dir, err := os.MkdirTemp("", "canary-bin-")
	if err != nil {
		t.Fatal(err)
	}
	if err := testbed.Remove(dir); err != nil {
		t.Fatal(err)
	}
	args := []string{"build", "-ldflags", "-s -w", "-o", dir, "../../cmd/schedd", "../../cmd/schedctl"}
	if mutant != "" {
		args = append([]string{"build", "-tags", "mutant_" + mutant}, args[1:]...)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if programs.dirs == nil {
		programs.dirs = map[string]string{}
	}
	programs.dirs[mutant] = dir
	return dir
}

// site is one schedd amid everything that it talks to.
type site struct {
	*testing.T
	*aviary

	dir, bin string
	address  string // where it answers on the network
	token    string // of an admin
	env      []string
	process  *exec.Cmd
	ended    chan struct{}
	local    *http.Client // over the socket
	postgres *testbed.PostgresServer
	redis    *testbed.RedisServer
	world    *world
}

func newSite(t *testing.T, mutant string) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "cnry") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{T: t, aviary: newAviary(t), dir: dir, bin: build(t, mutant), address: l.Addr().String()}
	_ = l.Close()
	s.local = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", s.path("s"))
	}}}
	s.world = newWorld(s)
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// variables are the environment of a program.
func (s *site) variables(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir, "LANG=C.UTF-8", "TZ=UTC"}, more...)
}

// run runs a program to its end; what it prints is searched, under the words that it was
// called with, or a shorter name.
func (s *site) run(place string, env []string, program string, args ...string) (out string, status int) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir, cmd.Env = s.dir, s.variables(env...)
	text, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.Errorf("%s: %v", place, err)
		return "", -1
	}
	s.search(place, text)
	return string(text), cmd.ProcessState.ExitCode()
}

// start starts schedd and waits until it is well.
func (s *site) start() {
	s.Helper()
	log, err := os.OpenFile(s.path("log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "schedd"), "serve", "--config", s.path("schedd.yaml"))
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = s.dir, log, log, s.variables(s.env...)
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	if err := testbed.Watch(cmd.Process.Pid); err != nil {
		s.Fatal(err)
	}
	ended := make(chan struct{})
	s.process, s.ended = cmd, ended
	go func() {
		_ = cmd.Wait()
		_ = testbed.Unwatch(cmd.Process.Pid)
		close(ended)
	}()
	s.Cleanup(func() {
		s.signal(syscall.SIGKILL)
		if s.Failed() {
			text, _ := os.ReadFile(s.path("log"))
			lines := slices.DeleteFunc(strings.Split(string(text), "\n"), func(l string) bool { return strings.Contains(l, `"msg":"request"`) })
			s.Logf("the end of the log:\n%s", strings.Join(lines[max(0, len(lines)-40):], "\n"))
		}
	})
	s.until("schedd is ready", func() bool {
		select {
		case <-ended:
			text, _ := os.ReadFile(s.path("log"))
			s.Fatalf("schedd ended:\n%s", text)
		default:
		}
		status, _ := s.get("/readyz")
		return status == http.StatusOK
	})
}

// signal sends a signal that ends schedd, and waits.
func (s *site) signal(sig syscall.Signal) {
	select {
	case <-s.ended:
		return
	default:
	}
	_ = s.process.Process.Signal(sig)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.process.Process.Kill()
		s.Errorf("schedd goes on after %v", sig)
	}
}

func (s *site) until(what string, is func() bool) {
	s.Helper()
	testbed.Eventually(s.T, what, patience, is)
}

// get asks on the socket, as root or whoever runs the test.
func (s *site) get(path string) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(s.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://schedd"+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	resp, err := s.local.Do(r)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	body, _ = io.ReadAll(resp.Body)
	return resp.StatusCode, body
}

// prefix is how the paths of most routes begin.
const prefix = "/api/v1/scheduler"

// send sends a body and wants a status; the answer is searched at "answer: METHOD PATH".
func (s *site) send(method, path string, body any, want int) []byte {
	s.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.Context(), method, "http://schedd"+prefix+path, bytes.NewReader(raw))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return s.exchange(s.local, r, want)
}

// exchange makes a request; headers and body of the answer are searched.
func (s *site) exchange(c *http.Client, r *http.Request, want int) []byte {
	s.Helper()
	resp, err := c.Do(r)
	if err != nil {
		s.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	s.search("answer: "+r.Method+" "+strings.TrimPrefix(r.URL.Path, prefix), fmt.Appendf(nil, "%v\n%s", resp.Header, body))
	if resp.StatusCode != want {
		s.Errorf("%s %s: %s, want %d: %s", r.Method, r.URL.Path, resp.Status, want, body)
	}
	return body
}

// job makes a job from a definition; it runs when it is asked to.
func (s *site) job(name, handler string, payload any, more map[string]any) {
	s.Helper()
	def := map[string]any{"name": name, "schedule": "0 0 1 1 *", "handler_name": handler, "payload": payload, "max_retries": 0, "timeout_ms": 1500}
	for k, v := range more {
		def[k] = v
	}
	s.send(http.MethodPost, "/jobs/cron", def, http.StatusCreated)
}
