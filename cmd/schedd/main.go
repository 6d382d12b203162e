// Command schedd is the daemon of the job scheduler.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // so that zones are known on machines without them

	"github.com/agentic-sdlc/scheduler/daemon/command"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
)

func main() {
	// The processes that start commands are this binary too, told apart by a verb.
	if len(os.Args) > 1 && os.Args[1] == supervise.Verb {
		os.Exit(supervise.Main(os.Args[2:]))
	}
	// A log whose reader has gone is an error of a write, not the end of the daemon.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	os.Exit(command.Main(context.Background(), command.Env{
		Args: os.Args[1:], Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Signals: signals,
	}, tools()))
}
