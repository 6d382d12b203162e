package supervise

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// process is one line of /proc/PID/stat. pid and start together name a process for
// good: start is in clock ticks since boot.
type process struct {
	pid, parent, group, session int
	state                       byte // 'Z' is a zombie
	start                       uint64
}

// readProcess looks a process up; false when there is none.
func readProcess(pid int) (process, bool) {
	stat, err := readProc(strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	end := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if end < 0 {
		return process{}, false
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 20 {
		return process{}, false
	}
	p := process{pid: pid, state: fields[0][0]}
	for i, to := range map[int]*int{1: &p.parent, 2: &p.group, 3: &p.session} {
		if *to, err = strconv.Atoi(fields[i]); err != nil {
			return process{}, false
		}
	}
	p.start, err = strconv.ParseUint(fields[19], 10, 64)
	return p, err == nil
}

// mark reads the mark of a process. Zombies and processes of other users have none.
func (p process) mark() (mark, bool) {
	environ, err := readProc(strconv.Itoa(p.pid) + "/environ")
	if err != nil {
		return mark{}, false
	}
	return findMark(environ)
}

// pipes returns the inodes of the pipes that a process has as stdout and stderr.
func (p process) pipes() []uint64 {
	var inodes []uint64
	for _, fd := range []string{"1", "2"} {
		var st unix.Stat_t
		err := unix.Stat("/proc/"+strconv.Itoa(p.pid)+"/fd/"+fd, &st)
		if err == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO {
			inodes = append(inodes, st.Ino)
		}
	}
	return inodes
}

// pipesOf returns the inodes of those files that are pipes.
func pipesOf(fds []int) []uint64 {
	var inodes []uint64
	for _, fd := range fds {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO {
			inodes = append(inodes, st.Ino)
		}
	}
	return inodes
}

// signal sends a signal to exactly this process, never to another one that got its
// number since. A process that is gone is no error.
func (p process) signal(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return nil
	case err != nil: // before Linux 5.3, or forbidden: take the small risk
		return ignoreGone(unix.Kill(p.pid, sig))
	}
	defer unix.Close(fd)
	if now, ok := readProcess(p.pid); !ok || now.start != p.start {
		return nil
	}
	return ignoreGone(unix.PidfdSendSignal(fd, sig, nil, 0))
}

func ignoreGone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// everyone lists the numbers of all processes.
func everyone() []int { return numbersIn("") }

// childrenOf lists the children of a process.
func childrenOf(pid int) []int {
	tasks := strconv.Itoa(pid) + "/task/"
	var pids []int
	for _, thread := range numbersIn(tasks) {
		list, err := readProc(tasks + strconv.Itoa(thread) + "/children")
		if errors.Is(err, unix.ENOENT) && thread == pid {
			return searchChildren(pid) // a kernel without CONFIG_PROC_CHILDREN
		}
		for word := range bytes.FieldsSeq(list) {
			if child, err := strconv.Atoi(string(word)); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func searchChildren(parent int) []int {
	var pids []int
	for _, pid := range everyone() {
		if p, ok := readProcess(pid); ok && p.parent == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// readProc reads a file below /proc. Package os would do, but it asks the kernel more
// questions about a file than it takes to read one, and this is done for each command.
func readProc(name string) ([]byte, error) {
	fd, err := openProc(name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	content := make([]byte, 0, 4096)
	for {
		if len(content) == cap(content) {
			content = slices.Grow(content, cap(content))
		}
		n, err := unix.Read(fd, content[len(content):cap(content)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, err
		case n == 0:
			return content, nil
		default:
			content = content[:len(content)+n]
		}
	}
}

// numbersIn lists the entries of a folder below /proc that are numbers. What cannot
// be read is left out.
func numbersIn(folder string) []int {
	fd, err := openProc(folder, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var names []string
	buf := make([]byte, 8192)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
	numbers := make([]int, 0, len(names))
	for _, name := range names {
		if number, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

func openProc(name string, flags int) (int, error) {
	for {
		fd, err := unix.Open("/proc/"+name, flags|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// tree lists a process and everything below it, parents first.
func (p process) tree() []process {
	all := []process{p}
	for i := 0; i < len(all); i++ {
		for _, pid := range childrenOf(all[i].pid) {
			if child, ok := readProcess(pid); ok && child.parent == all[i].pid {
				all = append(all, child)
			}
		}
	}
	return all
}

// reapChild collects a zombie child of this process; false while it lives.
func reapChild(pid int) (unix.WaitStatus, unix.Rusage, bool) {
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		got, err := unix.Wait4(pid, &status, unix.WNOHANG, &usage)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return status, usage, err == nil && got == pid
	}
}

// exited says whether a child has ended, and leaves it a zombie, so that neither
// its number nor its group's can be given to another process.
func exited(pid int) bool {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return err == nil && info.Signo != 0
	}
}
