package supervise

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// What a process of the chain is; the first argument after Verb.
const (
	roleGuard      = "guard"
	roleSupervisor = "supervisor"
	roleLimits     = "limits"
)

// Files that guard and supervisor are started with, beside stdin, stdout, stderr.
const (
	linkFD     = 3
	lifelineFD = 4
)

const exeSelf = "/proc/self/exe"

// Main is the guard, the supervisor, or the shim that sets limits, depending on
// args: the command line after Verb. It returns the exit status of the process.
func Main(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "schedd supervise: an internal command, started by schedd itself")
		return 2
	}
	var err error
	switch args[0] {
	case roleGuard:
		err = smallProcess(runGuard)
	case roleSupervisor:
		err = smallProcess(runSupervisor)
	case roleLimits:
		return limitAndExec(args[1:])
	default:
		err = fmt.Errorf("unknown role %q", args[0])
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "schedd supervise: %v\n", err)
		return 1
	}
	return 0
}

// smallProcess runs a role of the chain in a process that needs little.
func smallProcess(role func(link, lifeline *os.File, chld <-chan os.Signal) error) error {
	debug.SetGCPercent(25)
	runtime.GOMAXPROCS(2)
	guardFiles()
	link := os.NewFile(linkFD, "link")
	lifeline := os.NewFile(lifelineFD, "lifeline")
	if _, err := lifeline.Stat(); err != nil {
		return errors.New("an internal command, started by schedd itself")
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	return role(link, lifeline, deafen())
}
