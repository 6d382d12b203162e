package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// watchdogScript ends what the test process leaves behind. Its standard input is a
// pipe whose other end only the test process holds: it ends with that process, be it
// by a panic or by SIGKILL, and with it go the servers and the folders named so far.
const watchdogScript = `
pids= nl='
' dirs=
while read -r verb arg; do
	case $verb in
	started) pids="$pids $arg" ;;
	ended) left=; for p in $pids; do [ "$p" = "$arg" ] || left="$left $p"; done; pids=$left ;;
	made) dirs="$dirs$arg$nl" ;;
	esac
done
lives() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$1/status"; }
for signal in QUIT CONT; do [ -z "$pids" ] || kill -$signal $pids 2>/dev/null; done
for p in $pids; do
	n=0
	while lives "$p" && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
	kill -KILL "$p" 2>/dev/null
done
IFS=$nl
for d in $dirs; do rm -rf "$d"; done
`

// watchdog is the one watchdog of this process.
var watchdog struct {
	mu   sync.Mutex
	pipe *os.File
}

// tell sends the watchdog a line, and starts it first if need be.
func tell(verb string, arg any) error {
	watchdog.mu.Lock()
	defer watchdog.mu.Unlock()
	if watchdog.pipe == nil {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		cmd := exec.Command("sh", "-c", watchdogScript)
		cmd.Dir, cmd.Stdin = "/", r
		// A session of its own: an interrupt from the terminal is for the test.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			w.Close()
			return fmt.Errorf("start the watchdog: %w", err)
		}
		_ = cmd.Process.Release() // it ends after us
		watchdog.pipe = w
	}
	_, err := fmt.Fprintf(watchdog.pipe, "%s %v\n", verb, arg)
	return err
}

// Watch has a process that the caller started end with this one, however that ends.
func Watch(pid int) error { return tell("started", pid) }

// Unwatch forgets a process, so that another of its number is left alone.
func Unwatch(pid int) error { return tell("ended", pid) }

// Remove has a folder removed when this process is gone.
func Remove(dir string) error { return tell("made", dir) }
