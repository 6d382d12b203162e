//go:build linux

package crash

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// marked lists the processes with the text in their arguments, put together; not those
// that only wait to be collected.
func marked(mark string) (pids []int) {
	return matching(func(pid int, args [][]byte) bool { return bytes.Contains(bytes.Join(args, nil), []byte(mark)) })
}

// supervisors lists the processes between the daemon and its commands.
func (s *site) supervisors() []int {
	ours := map[int]bool{s.proc.cmd.Process.Pid: true}
	var chain []int
	for range 3 { // daemon, guard, supervisor
		for _, pid := range matching(func(pid int, args [][]byte) bool {
			return !ours[pid] && ours[parent(pid)] && len(args) > 1 && string(args[1]) == "supervise"
		}) {
			ours[pid], chain = true, append(chain, pid)
		}
	}
	return chain
}

// killAll kills the newest life together with its supervisors.
func (s *site) killAll() {
	s.t.Helper()
	chain := s.supervisors()
	if len(chain) < 2 {
		s.t.Fatalf("schedd has %d supervisors, want a guard and a supervisor", len(chain))
	}
	for _, pid := range append(chain, s.proc.cmd.Process.Pid) { // stop all first: none may see another die
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	for _, pid := range chain {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	s.kill()
}

// matching lists processes by their arguments.
func matching(fits func(pid int, args [][]byte) bool) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		text, err := os.ReadFile(file)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && len(text) > 0 && fits(pid, bytes.Split(text, []byte{0})) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parent reads the parent of a process; 0 when it is gone.
func parent(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := bytes.Cut(text, []byte(") "))
	if fields := bytes.Fields(rest); len(fields) > 1 {
		n, _ := strconv.Atoi(string(fields[1]))
		return n
	}
	return 0
}
