package supervise

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes this process the one that the descendants of its children are
// handed to when their parents die.
func adoptOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become a child subreaper: %w", err)
	}
	return nil
}

// killBelow sends SIGKILL to every descendant of this process until wait says that
// there is none. As a subreaper it cannot lose one: whoever's parent dies turns up
// among its own children. chld ticks when a child ended.
//
// It returns only when all are gone, however long a system call holds one of them:
// its caller has nothing else to do.
func killBelow(chld <-chan os.Signal) {
	pause := poll
	for {
		for _, pid := range childrenOf(os.Getpid()) {
			if child, ok := readProcess(pid); ok {
				for _, p := range child.tree() {
					_ = p.signal(unix.SIGKILL) // not ours to kill, or gone: the next round tells
				}
			}
		}
		if !reapAny() {
			return
		}
		waitFor(chld, pause)
		pause = min(2*pause, slowPoll)
	}
}

// reapAny collects all zombies; false when there are no children at all.
func reapAny() bool {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			return false
		case err != nil || pid == 0:
			return true
		}
	}
}

func waitFor(chld <-chan os.Signal, d time.Duration) {
	timer := after(d)
	defer timer.Stop()
	select {
	case <-chld:
	case <-timer.C:
	}
}

// deafen makes this process survive the signals that end a daemon: it lives and
// dies by its link alone. Unlike ignored ones, the signals are back at their
// defaults in the commands it starts, also when the daemon was started with nohup.
// The channel ticks for each ended child.
func deafen() <-chan os.Signal {
	signal.Notify(make(chan os.Signal, 1),
		unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2,
		unix.SIGPIPE, unix.SIGALRM, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	chld := make(chan os.Signal, 1)
	signal.Notify(chld, unix.SIGCHLD)
	return chld
}

// guardFiles marks every open file but the standard ones close-on-exec, whatever
// the daemon was started with.
func guardFiles() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	open, _ := filepath.Glob("/proc/self/fd/*") // before Linux 5.11
	for _, name := range open {
		if fd, err := strconv.Atoi(filepath.Base(name)); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// whenClosed returns a channel that is closed when the other end of a pipe is.
func whenClosed(lifeline *os.File) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var b [1]byte
		for {
			if _, err := lifeline.Read(b[:]); err != nil {
				return
			}
		}
	}()
	return gone
}
