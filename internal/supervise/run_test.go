//go:build linux

package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

func TestRunOutcome(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, tt := range []struct {
		script string
		status int
		signal syscall.Signal
	}{
		{"exit 0", 0, 0},
		{"exit 1", 1, 0},
		{"exit 2", 2, 0},
		{"exit 126", 126, 0},
		{"exit 127", 127, 0},
		{"exit 255", 255, 0},
		{"kill -9 $$", -1, syscall.SIGKILL},
		{"kill -TERM $$", -1, syscall.SIGTERM},
		{"kill -SEGV $$", -1, syscall.SIGSEGV},
	} {
		exit, out, err := run(t.Context(), t, c, shell("echo hello; "+tt.script))
		if err != nil || exit.Status != tt.status || exit.Signal != tt.signal || out != "hello\n" {
			t.Errorf("%s: %+v, %q, %v; want status %d, signal %v", tt.script, exit, out, err, tt.status, tt.signal)
		}
		if exit.PID <= 0 || exit.MaxRSS <= 0 || exit.Killed {
			t.Errorf("%s: %+v", tt.script, exit)
		}
	}
}

func TestRunFailsToStart(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	text := filepath.Join(t.TempDir(), "text")
	os.WriteFile(text, []byte("text"), 0o644)
	noFormat := filepath.Join(t.TempDir(), "noformat")
	os.WriteFile(noFormat, []byte("\x01\x02"), 0o755)
	noInterpreter := filepath.Join(t.TempDir(), "nointerpreter")
	os.WriteFile(noInterpreter, []byte("#!/no/such/interpreter\n"), 0o755)
	for _, tt := range []struct {
		name  string
		cmd   Command
		errno unix.Errno
	}{
		{"no such file", Command{Path: "/no/such/file", Argv: []string{"x"}}, unix.ENOENT},
		{"no such directory", Command{Path: "/bin/true", Argv: []string{"x"}, Dir: "/no/such"}, unix.ENOENT},
		{"not executable", Command{Path: text, Argv: []string{"x"}}, unix.EACCES},
		{"a directory", Command{Path: "/tmp", Argv: []string{"x"}}, unix.EACCES},
		{"no format", Command{Path: noFormat, Argv: []string{"x"}}, unix.ENOEXEC},
		{"no interpreter", Command{Path: noInterpreter, Argv: []string{"x"}}, unix.ENOENT},
		{"one long variable", Command{Path: "/bin/true", Argv: []string{"x"}, Env: []string{"A=" + strings.Repeat("x", 1<<20)}}, unix.E2BIG},
		{"no argv", Command{Path: "/bin/true"}, unix.EINVAL},
		{"NUL", Command{Path: "/bin/true", Argv: []string{"x", "a\x00b"}}, unix.EINVAL},
	} {
		if _, err := c.Run(t.Context(), tt.cmd); !isStartError(err, tt.errno) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.errno)
		}
	}
	if _, _, err := run(t.Context(), t, c, shell("true")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// withoutReserved clears, in a line of /proc/PID/status, the two signals that the C
// library keeps for itself (32 and 33): whether they are ignored is the affair of
// whoever started the tests.
func withoutReserved(t *testing.T, line string) string {
	t.Helper()
	text, ok := strings.CutPrefix(line, "SigIgn:\t")
	if !ok {
		return line
	}
	set, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("SigIgn:\t%016x", set&^(3<<31))
}

// TestSurroundings is what a command finds: environment, files, directory, signals,
// session.
func TestSurroundings(t *testing.T) {
	t.Parallel()
	leak, err := unix.Open("/dev/zero", unix.O_RDONLY, 0) // not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	c := newClient(t)
	dir := t.TempDir()
	stderr, err := os.CreateTemp(dir, "stderr")
	if err != nil {
		t.Fatal(err)
	}
	exit, out, err := run(t.Context(), t, c, Command{
		Path: "/bin/sh", Dir: dir, Env: []string{"A=1", "B=x y"}, Stdin: []byte("one\ntwo\n"), Stderr: stderr,
		Argv: []string{"sh", "-c", `/usr/bin/env; /bin/pwd; /bin/cat; /bin/ls /proc/self/fd; /bin/grep Sig[BI] /proc/self/status; ` +
			`/usr/bin/cut -d' ' -f5-7 /proc/$$/stat; echo $$; echo oops >&2`},
	})
	if err != nil || exit.Status != 0 {
		t.Fatalf("%+v, %v", exit, err)
	}
	want := []string{
		"SCHEDD_SUPERVISOR=" + mark{c.o.Cookie, living(t, c).mark.life, 1}.String(), "A=1", "B=x y", "PWD=" + dir,
		dir, "one", "two", "0", "1", "2", "3", // ls itself opened 3
		"SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000",
		fmt.Sprintf("%d %d 0", exit.PID, exit.PID), fmt.Sprint(exit.PID),
	}
	got := strings.Split(strings.TrimSpace(out), "\n")
	got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "_=") || strings.HasPrefix(s, "OLDPWD=") })
	for i, line := range got {
		got[i] = withoutReserved(t, line)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, filepath.Base(stderr.Name()))); string(b) != "oops\n" {
		t.Errorf("stderr = %q", b)
	}
}

func TestMebibyteOfEnvironment(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	var env []string
	for i := range 16 {
		env = append(env, fmt.Sprintf("V%d=%s", i, strings.Repeat("x", 64<<10)))
	}
	_, out, err := run(t.Context(), t, c, Command{Path: "/usr/bin/env", Argv: []string{"env"}, Env: env})
	if err != nil || len(out) < 1<<20 || !strings.Contains(out, env[15]) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, tt := range []struct {
		name   string
		script string
		grace  time.Duration
		killed bool
		signal syscall.Signal
		status int
		out    string
	}{
		{"dies of SIGTERM", "SLEEP", time.Minute, false, syscall.SIGTERM, -1, ""},
		{"ends in peace", "trap 'echo bye; exit 3' TERM; SLEEP & wait", time.Minute, false, 0, 3, "bye\n"},
		{"child ends in peace", "sh -c 'trap \"sleep 0.3; echo child; exit\" TERM; SLEEP & wait' & wait", time.Minute, false, syscall.SIGTERM, -1, "child\n"},
		{"ignores SIGTERM", "trap '' TERM; SLEEP; SLEEP", 200 * time.Millisecond, true, syscall.SIGKILL, -1, ""},
		{"at once", "trap 'echo bye' TERM; SLEEP; SLEEP", -1, true, syscall.SIGKILL, -1, ""},
		{"stopped", "SLEEP & kill -STOP $$; wait", time.Minute, false, syscall.SIGTERM, -1, ""},
		{"family", "FAMILY", 200 * time.Millisecond, true, syscall.SIGKILL, -1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := newToken()
			cmd := shell(strings.ReplaceAll(strings.ReplaceAll(tt.script, "SLEEP", "sleep "+token), "FAMILY", "trap '' TERM\n"+family(token)))
			cmd.Grace = tt.grace
			cause := errors.New("the cause")
			ctx, cancel := context.WithCancelCause(t.Context())
			size := 1
			if tt.script == "FAMILY" {
				size = familySize
			}
			go func() {
				testbed.Eventually(t, "it runs", patience, func() bool { return sleepers(token) == size })
				cancel(cause)
			}()
			began := time.Now()
			exit, out, err := run(ctx, t, c, cmd)
			if !errors.Is(err, cause) || exit.Killed != tt.killed || exit.Signal != tt.signal || exit.Status != tt.status || out != tt.out {
				t.Errorf("%+v, %q, %v", exit, out, err)
			}
			if n := sleepers(token); n != 0 {
				t.Errorf("%d processes are left", n)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestLeftovers ends a command that left its family behind.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token, other := newToken(), newToken()
	// A neighbour must not suffer, nor may what it daemonised.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	neighbour := make(chan struct{})
	go func() {
		defer close(neighbour)
		cmd := shell(family(other))
		cmd.Grace = -1
		c.Run(ctx, cmd)
	}()
	testbed.Eventually(t, "the neighbour is there", patience, func() bool { return sleepers(other) == familySize })

	mayEnd := filepath.Join(t.TempDir(), "go")
	go func() {
		testbed.Eventually(t, "the family is there", patience, func() bool { return sleepers(token) == familySize+1 })
		os.WriteFile(mayEnd, nil, 0o600)
	}()
	exit, out, err := run(t.Context(), t, c, shell(hermit(token)+children(token)+"until [ -e "+mayEnd+" ]; do sleep 0.02; done; echo done"))
	if err != nil || exit.Status != 0 || out != "done\n" {
		t.Fatalf("%+v, %q, %v", exit, out, err)
	}
	if n := sleepers(token); n != 1 { // the hermit may be the neighbour's
		t.Errorf("%d processes are left, want 1", n)
	}
	if exit.Leftovers < 4 || exit.Stuck != 0 {
		t.Errorf("%+v, want at least 4 leftovers", exit)
	}
	if n := sleepers(other); n != familySize {
		t.Errorf("%d processes of the neighbour are left, want %d", n, familySize)
	}
	cancel()
	<-neighbour
	testbed.Eventually(t, "all are gone", patience, func() bool { return sleepers(token) == 0 && sleepers(other) == 0 })
	testbed.Eventually(t, "no zombie is left", patience, func() bool { return len(childrenOf(living(t, c).pid)) == 0 })
}

// TestSettle lets a process at the end of a pipe finish what the command wrote.
func TestSettle(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	file := filepath.Join(t.TempDir(), "log")
	_, _, err := run(t.Context(), t, c, Command{
		Path: "/bin/bash", Argv: []string{"bash", "-c", `exec > >(sleep 0.05; cat > "$1"); echo last words`, "bash", file},
		Env: []string{"PATH=/bin:/usr/bin"},
	})
	if b, _ := os.ReadFile(file); err != nil || string(b) != "last words\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			exit, out, err := run(t.Context(), t, c, shell(fmt.Sprintf("(true &); echo %d; exit %d", i, i)))
			if err != nil || exit.Status != i || out != fmt.Sprintf("%d\n", i) {
				t.Errorf("%d: %+v, %q, %v", i, exit, out, err)
			}
		})
	}
	wg.Wait()
	testbed.Eventually(t, "no zombie is left", patience, func() bool { return len(childrenOf(living(t, c).pid)) == 0 })
	if n := living(t, c).count(); n != 0 {
		t.Errorf("%d commands are remembered, want 0", n)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	cmd := shell("ulimit -n; ulimit -c; ulimit -f; ulimit -t; ulimit -v; echo $0 $1")
	cmd.Argv = append(cmd.Argv, "--", "x")
	cmd.Argv[3] = "name"
	cmd.Limits = Limits{Files: 77, Core: None, FileSize: 1 << 20, CPU: 9, AddressSpace: 1 << 30}
	exit, out, err := run(t.Context(), t, c, cmd)
	if err != nil || exit.Status != 0 || out != "77\n0\n2048\n9\n1048576\nname x\n" {
		t.Errorf("%+v, %q, %v", exit, out, err)
	}
	cmd = Command{Path: "/no/such/file", Argv: []string{"x"}, Limits: Limits{Files: 77}}
	if exit, _, err := run(t.Context(), t, c, cmd); err != nil || exit.Status != statusNotFound {
		t.Errorf("%+v, %v; want %d", exit, err, statusNotFound)
	}
}

// TestMemory bounds what the chain takes from the machine.
func TestMemory(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, p := range withCookie(c.o.Cookie, true) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
		for line := range bytes.Lines(status) {
			if bytes.HasPrefix(line, []byte("RssAnon:")) {
				t.Logf("%d: %s", p.pid, line)
			}
		}
	}
}

func TestRunEndedContext(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := c.Run(ctx, Command{Path: "/bin/true", Argv: []string{"true"}, Stdout: write}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want Canceled", err)
	}
	if _, err := write.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("stdout is still open: %v", err)
	}
}
