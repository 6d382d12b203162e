package supervise

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exit statuses of a command that could not be run, as shells have them.
const (
	statusNotExecutable = 126
	statusNotFound      = 127
)

type limit struct {
	name     string
	resource int
	value    uint64
}

func (l Limits) list() []limit {
	return []limit{
		{"files", unix.RLIMIT_NOFILE, l.Files},
		{"processes", unix.RLIMIT_NPROC, l.Processes},
		{"filesize", unix.RLIMIT_FSIZE, l.FileSize},
		{"cpu", unix.RLIMIT_CPU, l.CPU},
		{"core", unix.RLIMIT_CORE, l.Core},
		{"addressspace", unix.RLIMIT_AS, l.AddressSpace}, // last: the shim has to live until it is set
	}
}

// args writes the limits for the command line of the shim, "name=value".
func (l Limits) args() []string {
	var args []string
	for _, limit := range l.list() {
		switch limit.value {
		case 0:
		case None:
			args = append(args, limit.name+"=0")
		default:
			args = append(args, limit.name+"="+strconv.FormatUint(limit.value, 10))
		}
	}
	return args
}

// limitAndExec is the shim: it sets the limits on itself and becomes the command.
// args are limits, "--", the path and the arguments. It returns only on failure.
func limitAndExec(args []string) int {
	split := slices.Index(args, "--")
	if split < 0 || len(args) < split+3 {
		fmt.Fprintln(os.Stderr, "schedd supervise limits: an internal command")
		return statusNotExecutable
	}
	path, argv := args[split+1], args[split+2:]
	for _, arg := range args[:split] {
		if err := setLimit(arg); err != nil {
			fmt.Fprintf(os.Stderr, "schedd: set limit %s: %v\n", arg, err)
			return statusNotExecutable
		}
	}
	err := syscall.Exec(path, argv, os.Environ())
	fmt.Fprintf(os.Stderr, "schedd: start %s: %v\n", path, err)
	if errors.Is(err, os.ErrNotExist) {
		return statusNotFound
	}
	return statusNotExecutable
}

func setLimit(arg string) error {
	name, text, _ := strings.Cut(arg, "=")
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	for _, limit := range (Limits{}).list() {
		if limit.name == name {
			return lower(limit.resource, value)
		}
	}
	return errors.New("unknown limit")
}

// lower sets soft and hard limit, never above the hard limit of today.
func lower(resource int, value uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: value, Max: value})
}
