package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// crowd measures how much of the machine other processes take. Figures of lateness
// taken in a crowd are the crowd's.
type crowd struct{ total, busy, own float64 }

// others starts to measure.
func others() crowd {
	total, busy := ticks()
	return crowd{total: total, busy: busy, own: (used(syscall.RUSAGE_SELF) + used(syscall.RUSAGE_CHILDREN)).Seconds()}
}

// share returns the part of all CPUs that others took since, in percent.
func (c crowd) share() float64 {
	now := others()
	if now.total <= c.total {
		return 0
	}
	const hertz = 100 // of /proc/stat, on every Linux that Go runs on
	return max(0, 100*(now.busy-c.busy-hertz*(now.own-c.own))/(now.total-c.total))
}

// ticks reads the time that all CPUs together had, and spent on work or lost to other
// machines on the same metal.
func ticks() (total, busy float64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(first) {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil || i > 8 { // the name; the time of guests, which is counted already
			continue
		}
		total += n
		if i != 4 && i != 5 { // idle and waiting for a disk
			busy += n
		}
	}
	return total, busy
}

// used is the CPU time of this process or of its children that ended.
func used(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spent is the CPU time that fn takes, which must stay on its goroutine: what others
// do to the machine meanwhile does not count.
func spent(fn func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &before)
	fn()
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &after)
	return time.Duration(after.Nano() - before.Nano())
}
