package supervise

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"
)

// Verb is the hidden first argument with which the daemon re-executes itself.
// main must check for it before anything else, and exit with what Main returns
// for the arguments after it.
const Verb = "supervise"

// Variable is the environment variable that marks the processes of a chain.
const Variable = "SCHEDD_SUPERVISOR"

// Errors of Start and Run. A command that could not be started is a *StartError.
var (
	ErrLost        = errors.New("supervisor lost") // it died, the command with it
	ErrClosed      = errors.New("supervisor closed")
	ErrUnkillable  = errors.New("command survives SIGKILL") // in a system call, or it is another user's
	ErrUnsupported = errors.New("commands are supported on Linux only")
)

// Options configure a Client.
type Options struct {
	// Exe is the binary to re-execute; it must call Main. Default /proc/self/exe.
	Exe string
	// Cookie names this daemon among all that ever ran on this machine: 1 to 64
	// letters, digits, "-" or "_". It must outlive restarts, for Sweep, and no two
	// live daemons may share one: derive it from the data directory, or from store
	// and node. Required.
	Cookie string
	// Logger takes the loss and restart of the supervisor; nil discards.
	Logger *slog.Logger

	silence time.Duration // for tests; default silentFor
}

// Command is what Run runs.
type Command struct {
	// Path is the program's file; relative to Dir when it holds a slash. Run does
	// not search PATH.
	Path string
	// Argv holds the arguments, the program's name first. Required.
	Argv []string
	// Env is the whole environment, "NAME=value"; the mark is added to it.
	Env []string
	// Dir is the working directory; "" is the daemon's.
	Dir string
	// Stdin is what the command reads; nil is /dev/null.
	Stdin []byte
	// Stdout and Stderr are the files the command writes to, usually the write
	// ends of pipes; nil is /dev/null. Run closes them as soon as the command
	// has them, and in every other case too.
	Stdout, Stderr *os.File
	// Grace is the time between SIGTERM and SIGKILL once the context of Run ends;
	// default 5 s, negative = SIGKILL at once.
	Grace time.Duration
	// Limits are set in the command before it starts; the zero value sets none.
	Limits Limits
}

// Limits are resource limits, soft and hard, of a command; 0 leaves a limit as it
// is, None sets it to zero. See setrlimit(2).
type Limits struct {
	Files        uint64 // open files
	Processes    uint64 // processes of the user, not of the command alone
	FileSize     uint64 // bytes of one file
	AddressSpace uint64 // bytes of one process
	CPU          uint64 // seconds of processor time of one process
	Core         uint64 // bytes of a core dump
}

// None as a limit means zero, since 0 means "leave it".
const None = ^uint64(0)

// Exit is how a command ended.
type Exit struct {
	PID        int
	Status     int            // exit status, 0 to 255; -1 when a signal ended it
	Signal     syscall.Signal // what ended it; 0 when it exited
	CoreDumped bool
	UserTime   time.Duration // processor time, with that of children it waited for
	SystemTime time.Duration
	MaxRSS     int64 // bytes, of the largest process
	Killed     bool  // SIGKILL was sent, as Grace had passed
	Leftovers  int   // processes it left running; they are dead now, or see Stuck
	Stuck      int   // of which survive SIGKILL
}

// StartError says why a command could not be started.
type StartError struct {
	Path string
	Err  error // a syscall.Errno, usually
}

// Error names the program and the reason.
func (e *StartError) Error() string { return fmt.Sprintf("start %s: %v", e.Path, e.Err) }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }
