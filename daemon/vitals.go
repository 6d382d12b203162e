package daemon

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// usage measures what this process takes of its machine. Make it with newUsage.
type usage struct {
	now func() time.Time
	cpu func() time.Duration // that the process used so far

	mu      sync.Mutex
	at      time.Time
	used    time.Duration
	percent float64
}

// usageWindow is how long the processor's time is measured over, at least.
const usageWindow = time.Second

func newUsage(started time.Time, now func() time.Time) *usage {
	return &usage{now: now, cpu: processorTime, at: started}
}

// vitals returns what is used: of the processor since it was asked for last, a second at
// least.
func (u *usage) vitals() control.Vitals {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	if span := now.Sub(u.at); span >= usageWindow {
		used := u.cpu()
		u.percent = 100 * float64(used-u.used) / float64(span)
		u.at, u.used = now, used
	}
	return control.Vitals{Resident: resident(), CPU: u.percent}
}

// processorTime is what all threads of this process used, in user and system mode;
// handlers' commands are not in it.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// disk is the room where the embedded store is, or else data_dir, in bytes: what is left
// for this user, and all.
func (n *node) disk() (free, total int64, err error) {
	dir := n.cfg.DataDir
	if !n.shared() {
		dir = filepath.Dir(n.cfg.File())
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, err
	}
	return int64(fs.Bavail) * fs.Bsize, int64(fs.Blocks) * fs.Bsize, nil
}

// diskFull is how little room makes this node refuse new work, in bytes; 0 where another
// machine's disk is the one that counts.
func (n *node) diskFull() int64 {
	if n.shared() {
		return 0
	}
	return int64(n.cfg.Health.DiskFullBytes)
}

// keepsOutput reports whether there is room for what handlers print.
func (n *node) keepsOutput() bool { return n.control.Room() == nil }

// resident is the memory that this process has, in bytes; 0 where the kernel does not
// say.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
