//go:build linux

package supervise

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// TestKilled kills every set of the three processes that leaves one alive: whoever
// is left must take along everything that a command started.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, victims := range [][]string{
		{"daemon"},
		{"supervisor"},
		{"guard"},
		{"daemon", "guard"},
		{"daemon", "supervisor"},
		{"guard", "supervisor"},
	} {
		name := victims[0]
		if len(victims) > 1 {
			name += "+" + victims[1]
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, cookie := newToken(), newCookie()
			script, size := hermit(token)+family(token), familySize+1
			if name == "guard+supervisor" {
				script, size = family(token), familySize // the daemon cannot tell a hermit
			}
			daemon := startDaemon(t, cookie, token, script, size)
			roles := rolesOf(t, daemon.Process.Pid, cookie)
			all := slices.Concat(withCookie(cookie, false), withArg(token))
			all = slices.DeleteFunc(all, func(p process) bool { return p.pid == daemon.Process.Pid })

			// All are stopped before the first one dies, as if at one instant.
			for _, v := range victims {
				unix.Kill(roles[v], unix.SIGSTOP)
			}
			began := time.Now()
			for _, v := range victims {
				unix.Kill(roles[v], unix.SIGKILL)
			}
			if slices.Contains(victims, "daemon") {
				daemon.Wait()
			}
			goneWithin(t, "every descendant is gone", all)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v, want at most 5s", took)
			}
		})
	}
}

// rolesOf finds guard and supervisor of a daemon.
func rolesOf(t *testing.T, daemon int, cookie string) map[string]int {
	t.Helper()
	roles := map[string]int{"daemon": daemon}
	for _, p := range withCookie(cookie, true) {
		if p.parent == daemon {
			roles["guard"] = p.pid
		} else {
			roles["supervisor"] = p.pid
		}
	}
	if len(roles) != 3 {
		t.Fatalf("chain of %d: %v", daemon, roles)
	}
	return roles
}

// TestSweep kills all three at once; nobody is left to clean up but the next daemon.
func TestSweep(t *testing.T) {
	t.Parallel()
	token, cookie := newToken(), newCookie()
	daemon := startDaemon(t, cookie, token, family(token), familySize)
	other, otherToken := newCookie(), newToken()
	startDaemon(t, other, otherToken, family(otherToken), familySize)
	roles := rolesOf(t, daemon.Process.Pid, cookie)
	for _, pid := range roles {
		unix.Kill(pid, unix.SIGSTOP)
	}
	for _, pid := range roles {
		unix.Kill(pid, unix.SIGKILL)
	}
	daemon.Wait()
	all := withCookie(cookie, false)

	killed, err := Sweep(t.Context(), cookie)
	if err != nil || killed < familySize-1 {
		t.Errorf("Sweep = %d, %v; want at least %d", killed, err, familySize-1)
	}
	goneWithin(t, "what carried the mark is gone", all)
	if n := sleepers(otherToken); n != familySize {
		t.Errorf("%d processes of another daemon are left, want %d", n, familySize)
	}
	if killed, err := Sweep(t.Context(), cookie); killed != 0 || err != nil {
		t.Errorf("second Sweep = %d, %v; want 0", killed, err)
	}
}

// TestSweepWaits lets a supervisor that still lives do it, as it knows more.
func TestSweepWaits(t *testing.T) {
	t.Parallel()
	token, cookie := newToken(), newCookie()
	daemon := startDaemon(t, cookie, token, family(token), familySize)
	all := withArg("sleep\x00" + token)
	daemon.Process.Kill()
	if _, err := Sweep(t.Context(), cookie); err != nil {
		t.Fatal(err)
	}
	goneWithin(t, "the family is gone", all)
	daemon.Wait()
}

func TestSweepRefusesCookies(t *testing.T) {
	t.Parallel()
	for _, cookie := range []string{"", "a.b", "a b", "a/b", "ä"} {
		if _, err := Sweep(t.Context(), cookie); err == nil {
			t.Errorf("Sweep(%q) = nil, want an error", cookie)
		}
		if _, err := Start(t.Context(), Options{Cookie: cookie}); err == nil {
			t.Errorf("Start(%q) = nil, want an error", cookie)
		}
	}
}

// TestRestart kills supervisor, guard or both under a daemon that goes on.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, victims := range [][]string{{"supervisor"}, {"guard"}, {"supervisor", "guard"}} {
		t.Run(victims[len(victims)-1], func(t *testing.T) {
			t.Parallel()
			token := newToken()
			c := newClient(t)
			result := make(chan error, 1)
			go func() {
				_, _, err := run(context.Background(), t, c, shell(family(token)))
				result <- err
			}()
			testbed.Eventually(t, "the family is there", patience, func() bool { return sleepers(token) == familySize })
			ch := living(t, c)
			roles := map[string]int{"guard": ch.guard.Pid, "supervisor": ch.pid}
			before := withCookie(c.o.Cookie, false)
			for _, v := range victims {
				unix.Kill(roles[v], unix.SIGSTOP)
			}
			for _, v := range victims {
				unix.Kill(roles[v], unix.SIGKILL)
			}
			if err := <-result; !errors.Is(err, ErrLost) {
				t.Errorf("Run = %v, want ErrLost", err)
			}
			for _, p := range before { // nothing is left by the time that Run returns
				if now, ok := readProcess(p.pid); ok && now.start == p.start {
					t.Errorf("process %d is left in state %c", p.pid, now.state)
				}
			}
			if exit, out, err := run(t.Context(), t, c, shell("echo again")); err != nil || out != "again\n" || exit.Status != 0 {
				t.Errorf("after the restart: %+v, %q, %v", exit, out, err)
			}
		})
	}
}

// TestHang stops the supervisor, so that it neither answers nor dies.
func TestHang(t *testing.T) {
	t.Parallel()
	c := newClientWith(t, Options{Cookie: newCookie(), silence: 300 * time.Millisecond})
	token := newToken()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, Command{Path: "/bin/sleep", Argv: []string{"sleep", token}, Grace: -1})
		result <- err
	}()
	testbed.Eventually(t, "the command runs", patience, func() bool { return sleepers(token) == 1 })
	unix.Kill(living(t, c).pid, unix.SIGSTOP)
	cancel()
	if err := <-result; !errors.Is(err, ErrLost) {
		t.Errorf("Run = %v, want ErrLost", err)
	}
	if n := sleepers(token); n != 0 {
		t.Errorf("%d commands are left, want 0", n)
	}
	if _, out, err := run(t.Context(), t, c, shell("echo again")); err != nil || out != "again\n" {
		t.Errorf("after the restart: %q, %v", out, err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := newToken()
	result := make(chan error, 1)
	go func() {
		_, err := c.Run(context.Background(), shell(family(token)))
		result <- err
	}()
	testbed.Eventually(t, "the family is there", patience, func() bool { return sleepers(token) == familySize })
	all := append(withCookie(c.o.Cookie, false), withArg("sleep\x00"+token)...)
	c.Close()
	c.Close()
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("Run = %v, want ErrClosed", err)
	}
	for _, p := range all {
		if now, ok := readProcess(p.pid); ok && now.start == p.start {
			t.Errorf("process %d is left in state %c", p.pid, now.state)
		}
	}
	if _, err := c.Run(t.Context(), shell("true")); !errors.Is(err, ErrClosed) {
		t.Errorf("Run after Close = %v, want ErrClosed", err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	for _, exe := range []string{"/no/such/file", "/bin/true", "/bin/false", "/dev/null"} {
		if c, err := Start(t.Context(), Options{Exe: exe, Cookie: newCookie()}); err == nil {
			c.Close()
			t.Errorf("Start with %s = nil, want an error", exe)
		}
	}
}
