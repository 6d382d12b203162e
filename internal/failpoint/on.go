//go:build failpoint

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Enabled reports whether this build has failpoints.
const Enabled = true

// point is what happens at one place.
type point struct {
	action string
	left   int // hits until it happens
}

var (
	mu     sync.Mutex
	points = parse(os.Getenv("SCHEDD_FAILPOINTS"))
)

// parse reads "name=action@n,name=action"; n is 1 when absent.
func parse(text string) map[string]*point {
	found := map[string]*point{}
	for item := range strings.SplitSeq(text, ",") {
		name, rest, ok := strings.Cut(item, "=")
		if !ok {
			continue
		}
		action, count, counted := strings.Cut(rest, "@")
		n := 1
		if counted {
			n, _ = strconv.Atoi(count)
		}
		found[name] = &point{action: action, left: n}
	}
	return found
}

// Hit passes the place called name, and does what the environment asks for there.
// The name is written to the file SCHEDD_FAILPOINT_LOG first, so that a test can
// count what really happened.
func Hit(name string) {
	mu.Lock()
	defer mu.Unlock()
	p := points[name]
	if p == nil {
		return
	}
	p.left--
	if p.left != 0 {
		return
	}
	Note(name)
	act(p.action)
}

// Note writes a line to the file SCHEDD_FAILPOINT_LOG, for tests that want to know
// everything that happened; the daemon's log leaves repetitions out.
func Note(name string) {
	path := os.Getenv("SCHEDD_FAILPOINT_LOG")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = fmt.Fprintln(f, name)
	_ = f.Close()
}

func act(action string) {
	switch action {
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal arrives; nothing after this place runs
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "panic":
		panic("failpoint")
	case "exit":
		os.Exit(99)
	}
}
