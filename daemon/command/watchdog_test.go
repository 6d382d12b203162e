package command

import (
	"context"
	"net"
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
