package command

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// supervised stands in for systemd: it listens where the daemon tells how it goes.
func supervised(t *testing.T, watchdog string) <-chan string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", watchdog)
	t.Setenv("WATCHDOG_PID", "")
	told := make(chan string, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			told <- string(b[:n])
		}
	}()
	t.Cleanup(func() { conn.Close(); <-ended })
	return told
}

// await reads until the daemon tells something with the prefix.
func await(t *testing.T, told <-chan string, prefix string) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case s := <-told:
			if strings.HasPrefix(s, prefix) {
				return
			}
		case <-limit:
			t.Fatalf("systemd was not told %s", prefix)
		}
	}
}

func TestWatchdog(t *testing.T) {
	told := supervised(t, "100000") // 100 ms
	w := newWorld("--dev")
	var rounds [2]atomic.Uint64
	var stuck atomic.Bool
	status := start(t, w, func(ctx context.Context, s Service) error {
		s.Watch(func() map[string]uint64 {
			if !stuck.Load() {
				rounds[1].Add(1)
			}
			return map[string]uint64{"timer": rounds[0].Add(1), "life": rounds[1].Load()}
		})
		s.Ready("unix:./schedd.sock")
		<-ctx.Done()
		return nil
	})
	await(t, told, "READY=1")
	await(t, told, "WATCHDOG=1")
	await(t, told, "WATCHDOG=1")

	stuck.Store(true)
	logged := func() bool { return strings.Contains(w.err.String(), "stands still") }
	for limit := time.Now().Add(30 * time.Second); !logged(); {
		if time.Now().After(limit) {
			t.Fatalf("the log does not say which loop stands still:\n%s", w.err)
		}
		<-time.After(time.Millisecond)
	}
	for before := 0; ; before++ { // some may be on their way from before it stood still
		select {
		case s := <-told:
			if before < 5 {
				continue
			}
			t.Errorf("systemd was told %q while a loop stood still", s)
		case <-time.After(300 * time.Millisecond): // six rounds of the watchdog
		}
		break
	}
	w.signals <- syscall.SIGTERM
	await(t, told, "STOPPING=1")
	if got := <-status; got != 0 {
		t.Errorf("status = %d, want 0", got)
	}
}

// TestServiceManagerIsTold: how the daemon is, that a reload failed, and that a migration
// needs its time.
func TestServiceManagerIsTold(t *testing.T) {
	told := supervised(t, "")
	path := write(t, "log: {level: warn}\n")
	w := newWorld("-c", path)
	next := make(chan string)
	status := start(t, w, func(ctx context.Context, s Service) error {
		done := s.Migrating(12, 14)
		await(t, told, "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=migrating 12→14")
		done()
		s.Ready("unix:./schedd.sock")
		for {
			select {
			case text := <-next:
				s.Status(text)
			case <-ctx.Done():
				return nil
			}
		}
	})
	await(t, told, "READY=1\nSTATUS=ready")
	next <- "ready, 3 running"
	await(t, told, "STATUS=ready, 3 running")
	if err := os.WriteFile(path, []byte("log: {level: loud}\nworker: {slots: many}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.signals <- syscall.SIGHUP
	failed := "STATUS=reload failed: " + path + `:2:17: worker.slots: "many" is not a whole number (and 1 more); the old configuration holds; ready, `
	await(t, told, "READY=1\n"+failed)
	next <- "ready, none running"
	await(t, told, failed)
	if err := os.WriteFile(path, []byte("log: {level: error}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.signals <- syscall.SIGHUP
	await(t, told, "READY=1\nSTATUS=ready, none running")
	w.signals <- syscall.SIGTERM
	await(t, told, "STOPPING=1\nSTATUS=stopping")
	if got := <-status; got != 0 {
		t.Errorf("status = %d, want 0", got)
	}
}
