// Package command is the command line of schedd: flags, signals and exit status. What
// the daemon does is behind Serve, which cmd/schedd wires in.
//
// Exit status: 0 success, 1 failure, 2 wrong usage, 78 configuration that cannot be
// used; and what an error of Serve asks for: 3 already running, 4 store unusable,
// 5 schema too new.
package command
