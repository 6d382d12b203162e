package exec

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/supervise"
)

// Runner starts commands; *supervise.Client is one.
type Runner interface {
	Run(ctx context.Context, cmd supervise.Command) (supervise.Exit, error)
}

// Options configure the handlers of this package.
type Options struct {
	// Runner starts the commands. Required.
	Runner Runner
	// Environ is the daemon's environment, "NAME=value", e.g. os.Environ().
	Environ []string
	// PassEnv names the variables of Environ that commands see; nil is
	// DefaultPassEnv. Names of SCHEDD_*, TRACEPARENT and LD_* are ignored.
	PassEnv []string
	// Shell runs scripts as "Shell -c script"; default /bin/sh.
	Shell string
	// Dir is the working directory where the payload names none; default "/".
	Dir string
	// Grace is the time between SIGTERM and SIGKILL when an attempt is stopped;
	// default 4 s, so that Run returns before the executor gives up on it (5 s).
	Grace time.Duration
	// Limits are set for every command; the zero value sets none.
	Limits supervise.Limits
}

// NamedOptions fix a command in the configuration.
type NamedOptions struct {
	// Argv is the command; the first item is an absolute path. Required. In the others
	// {{payload.NAME}} stands for a parameter.
	Argv []string
	// Params are what the payload may say; nothing without them.
	Params []Param
	// Env is set on top of Options.PassEnv; the same names are refused as in payloads.
	Env map[string]string
	// Dir is the working directory, absolute; default Options.Dir.
	Dir string
	// Timeout ends an attempt earlier than the job's own; 0 = only the job's.
	Timeout time.Duration
	// PayloadStdin gives the payload, one line of JSON, to the command's stdin.
	// Without it a payload that is not empty is refused.
	PayloadStdin bool
}

// DefaultPassEnv lists what commands see of the daemon's environment.
func DefaultPassEnv() []string {
	return []string{"HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"}
}
