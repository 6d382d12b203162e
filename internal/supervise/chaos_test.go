//go:build linux

package supervise

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// TestChaos kills guards and supervisors while commands start, end and are stopped:
// every Run returns, in one of the ways that it may, and nothing is left.
func TestChaos(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := newToken()
	self, _ := readProcess(os.Getpid())
	read, write, err := os.Pipe() // by which a daemon without environment is told
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	go io.Copy(io.Discard, read)
	var done atomic.Bool
	var ends, losses atomic.Int64
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for !done.Load() {
				ctx, cancel := context.WithTimeout(context.Background(), rand.N(60*time.Millisecond))
				cmd := shell(children(token) + "sleep 0.0" + string(rune('0'+rand.IntN(8))))
				cmd.Grace = rand.N(20*time.Millisecond) - 1
				fd, _ := unix.FcntlInt(write.Fd(), unix.F_DUPFD_CLOEXEC, 0)
				cmd.Stdout = os.NewFile(uintptr(fd), "stdout")
				_, err := c.Run(ctx, cmd)
				cancel()
				switch {
				case err == nil, errors.Is(err, context.DeadlineExceeded):
					ends.Add(1)
				case errors.Is(err, ErrLost):
					losses.Add(1)
				default:
					t.Errorf("Run = %v", err)
				}
			}
		})
	}
	for range 3 {
		before := ends.Load()
		testbed.Eventually(t, "commands end", patience, func() bool { return ends.Load() > before+20 })
		ch := living(t, c)
		switch rand.IntN(3) {
		case 0:
			unix.Kill(ch.guard.Pid, unix.SIGKILL)
		case 1:
			unix.Kill(ch.pid, unix.SIGKILL)
		case 2:
			unix.Kill(ch.pid, unix.SIGKILL)
			unix.Kill(ch.guard.Pid, unix.SIGKILL)
		}
		testbed.Eventually(t, "there is a new chain", patience, func() bool { return living(t, c) != ch })
	}
	done.Store(true)
	wg.Wait()
	write.Close()
	t.Logf("%d ends, %d losses", ends.Load(), losses.Load())
	c.Close()
	if n := sleepers(token); n != 0 {
		t.Errorf("%d processes are left", n)
	}
	testbed.Eventually(t, "no child of a child is left, not even as a zombie", patience, func() bool {
		for _, pid := range childrenOf(os.Getpid()) {
			if p, ok := readProcess(pid); ok && p.session != p.pid && p.session != self.session {
				return false
			}
		}
		return true
	})
}
