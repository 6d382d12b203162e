package supervise

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// runGuard starts the supervisor and waits for its end, or the daemon's. Whichever
// comes first, it then kills all that is left below itself.
func runGuard(link, lifeline *os.File, chld <-chan os.Signal) error {
	pid, own, err := startSupervisor(link)
	if err != nil {
		return err
	}
	defer own.Close()
	link.Close() // or the daemon would not see the supervisor's end
	daemonGone := whenClosed(lifeline)
	for {
		select {
		case <-daemonGone:
			killBelow(chld)
			return nil
		case <-chld:
		}
		if _, _, ended := reapChild(pid); ended {
			killBelow(chld)
			return nil
		}
		// Nobody else can be handed to the guard while the supervisor lives.
	}
}

// startSupervisor returns the supervisor's pid and the lifeline to it, which says
// that the guard died once it is closed.
func startSupervisor(link *os.File) (pid int, own *os.File, err error) {
	theirs, own, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer theirs.Close()
	process, err := os.StartProcess(exeSelf, []string{os.Args[0], Verb, roleSupervisor}, &os.ProcAttr{
		Env:   os.Environ(),
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, link, theirs},
		Sys:   &unix.SysProcAttr{},
	})
	if err != nil {
		own.Close()
		return 0, nil, fmt.Errorf("start supervisor: %w", err)
	}
	pid = process.Pid
	return pid, own, process.Release()
}
