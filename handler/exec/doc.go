// Package exec holds the handlers that run commands.
//
// New makes the built-in "exec", whose payload spells out the command:
//
//	{"command": ["/usr/local/bin/backup", "--full"]}
//	{"shell": "pg_dump app | gzip > /backup/app.gz", "shell_path": "/bin/bash"}
//
// Exactly one of command (a program and its arguments, no shell) and shell (a
// script for "sh -c") is given. Optional for both:
//
//	"env":       {"NAME": "value"}   on top of the environment below
//	"clean_env": true                nothing of the daemon's own environment
//	"dir":       "/srv/app"          absolute; default: Options.Dir
//	"stdin":     "text"              default: nothing (/dev/null)
//
// Named makes a handler whose command the operator fixed in the configuration.
//
// # Environment
//
// A command sees the variables of Options.PassEnv that the daemon has, PATH even
// when the daemon has none, then those of the payload, then SCHEDD_JOB_ID,
// SCHEDD_JOB_NAME, SCHEDD_PLATFORM, SCHEDD_EXECUTION_ID, SCHEDD_ATTEMPT,
// SCHEDD_FENCING_TOKEN, SCHEDD_SCHEDULED_AT (RFC 3339, UTC), SCHEDD_RUN_NUMBER,
// SCHEDD_OCCURRENCE and TRACEPARENT; package supervise adds its mark,
// SCHEDD_SUPERVISOR. Nothing else is inherited. Payloads and configuration cannot
// set SCHEDD_*, TRACEPARENT or LD_*.
//
// # Outcome
//
// Status 0 is success. Everything else is a *handler.Failure, with these classes:
//
//	exit_status      the command exited with another status
//	signal           a signal ended it; the exit code is 128 + its number
//	not_found        no such program; the exit code is 127, as in a shell
//	not_executable   it may not be run; the exit code is 126
//	start_failed     the system could not start it (memory, processes, sizes)
//	timeout          the deadline passed; wraps context.DeadlineExceeded
//	cancelled        the context was cancelled; wraps context.Canceled
//	supervisor_lost  the supervisor died, and the command with it
//	unkillable       the command goes on after SIGKILL; nobody waits for it any more
//	bad_payload      the payload is not what ValidatePayload accepts; permanent
//
// When a command ends, whatever it left running is killed: see package supervise.
package exec
