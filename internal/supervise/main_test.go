//go:build linux

package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// testDaemon is the first argument of a process that plays the daemon.
const testDaemon = "test-daemon"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case Verb:
			os.Exit(Main(os.Args[2:]))
		case testDaemon:
			os.Exit(playDaemon(os.Args[2], os.Args[3]))
		}
	}
	goleak.VerifyTestMain(m)
}

// playDaemon runs a shell script under a supervisor until somebody kills it.
func playDaemon(cookie, script string) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	c, err := Start(context.Background(), Options{Cookie: cookie, Logger: log})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cmd := shell(script)
	read, write, err := os.Pipe()
	if err != nil {
		return 1
	}
	go io.Copy(io.Discard, read)
	cmd.Stdout = write
	c.Run(context.Background(), cmd)
	select {} // stays, like a daemon
}

// shell is a command that runs a script.
func shell(script string) Command {
	return Command{Path: "/bin/sh", Argv: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}}
}

func newClient(t *testing.T) *Client {
	t.Helper()
	return newClientWith(t, Options{Cookie: newCookie()})
}

func newClientWith(t *testing.T, o Options) *Client {
	t.Helper()
	if testing.Verbose() {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// living returns the client's chain of the moment.
func living(t *testing.T, c *Client) *chain {
	t.Helper()
	ch, err := c.chain(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func newCookie() string { return "test-" + strconv.FormatUint(rand.Uint64(), 36) }

// newToken is an argument of sleep by which a test finds its processes again: hours,
// with a fraction that nobody else has.
func newToken() string { return fmt.Sprintf("7200.%015d", rand.Uint64N(1e15)) }

// run runs a command and returns what it wrote to stdout.
func run(ctx context.Context, t *testing.T, c *Client, cmd Command) (Exit, string, error) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.Stdout = write
	out := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		io.Copy(&b, read)
		out <- b.String()
	}()
	exit, err := c.Run(ctx, cmd)
	if err := read.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return exit, <-out, err
}

// withArg lists the living processes that have word in their command line.
func withArg(word string) []process {
	var all []process
	for _, pid := range everyone() {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if pid == os.Getpid() || !strings.Contains(string(line), word) {
			continue
		}
		if p, ok := readProcess(pid); ok && p.state != 'Z' {
			all = append(all, p)
		}
	}
	return all
}

// withCookie lists the living processes that carry the mark of a cookie; with only
// set, of guard and supervisor alone.
func withCookie(cookie string, only bool) []process {
	var all []process
	for _, pid := range everyone() {
		p, ok := readProcess(pid)
		if !ok {
			continue
		}
		if m, ok := p.mark(); ok && m.cookie == cookie && (!only || m.id == 0) {
			all = append(all, p)
		}
	}
	return all
}

// sleepers counts the processes "sleep token", and not the shells that speak of it.
func sleepers(token string) int { return len(withArg("sleep\x00" + token)) }

// patience is how long anything may take that must happen, however slow the machine is.
const patience = 30 * time.Second

// goneWithin polls until none of the processes is there, not even as a zombie.
func goneWithin(t *testing.T, what string, all []process) {
	t.Helper()
	testbed.Eventually(t, what, patience, func() bool {
		for _, p := range all {
			reapChild(p.pid) // this process may have been handed it
			if now, ok := readProcess(p.pid); ok && now.start == p.start {
				return false
			}
		}
		return true
	})
}

// children is a script that starts processes which try every way of getting away.
// Each sleeps for token seconds; there are familySize of them.
func children(token string) string {
	return strings.ReplaceAll(`
sleep TOKEN &                                  # a child
(sleep TOKEN &)                                # an orphan in the group
setsid sleep TOKEN &                           # a child in a session of its own
setsid sh -c '(sleep TOKEN &)' &               # double-forked: a daemon
env -i setsid sh -c '(/bin/sleep TOKEN &)' &   # a daemon without the environment
sh -c 'trap "" TERM HUP INT; sleep TOKEN; :' & # one that ignores signals, and its child
`, "TOKEN", token)
}

// family is a script that starts children and waits.
func family(token string) string { return children(token) + "wait\nsleep " + newToken() }

const familySize = 6

// hermit is a script that starts a daemon without environment and files: nothing
// but its parents tells whose it is, while they live.
func hermit(token string) string {
	return strings.ReplaceAll("env -i setsid sh -c '(/bin/sleep TOKEN <&- >&- 2>&- &)' &\n", "TOKEN", token)
}

// startDaemon starts a process that plays the daemon and runs the script, and waits
// until size processes sleep.
func startDaemon(t *testing.T, cookie, token, script string, size int) *exec.Cmd {
	t.Helper()
	if err := adoptOrphans(); err != nil { // so that no zombie escapes the test's look
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], testDaemon, cookie, script)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		for _, p := range append(withCookie(cookie, false), withArg(token)...) {
			p.signal(unix.SIGKILL)
		}
	})
	testbed.Eventually(t, "the family is there", patience, func() bool { return sleepers(token) == size })
	return cmd
}

func isStartError(err error, errno unix.Errno) bool {
	start, ok := errors.AsType[*StartError](err)
	return ok && errors.Is(start, errno)
}
