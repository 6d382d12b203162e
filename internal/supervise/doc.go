// Package supervise starts commands in a small child of the daemon that dies
// with it and takes every descendant along.
//
// # Chain
//
// The daemon re-executes its own binary twice:
//
//	daemon (Client) → guard → supervisor → commands
//
// All three are child subreapers, so whatever a command leaves behind, setsid
// and double fork included, is handed to the nearest of them that lives. A
// seqpacket socket links daemon and supervisor; a command's stdin, stdout and
// stderr travel over it, so that its output goes straight to the daemon.
//
//   - The daemon dies: the link ends; the supervisor kills every descendant.
//   - The supervisor dies: the guard kills every descendant and ends; the Client
//     kills what was handed to the daemon, fails the running commands with
//     ErrLost and starts a new chain.
//   - The guard dies: the supervisor ends as if the daemon had died.
//   - All three die at once: the next daemon calls Sweep before it runs anything.
//
// # Marks
//
// Each process below a guard carries SCHEDD_SUPERVISOR=COOKIE.LIFE.N in its
// environment: the cookie of the daemon (stable, Options.Cookie), a random word
// for each chain, and the number of the command, 0 for guard and supervisor.
//
// # Leftovers
//
// When a command ends, everything it started and left running is killed, like
// systemd's KillMode=control-group and with no exception: its session and process
// group, what carries its mark or writes to its pipes, and everything below these.
// Run returns when nothing of it is left. A process that cast off its parents, its
// session, its environment and its files cannot be told from that of another
// command: it is killed when every command that ran at the time has ended. It is the
// only kind that can survive, when guard and supervisor are killed at one instant:
// the daemon cannot tell that it came from them. Sweep goes by the mark alone.
//
// Only Linux is supported; elsewhere Start returns ErrUnsupported.
package supervise
