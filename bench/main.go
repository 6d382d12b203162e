package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/agentic-sdlc/scheduler/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what the arguments ask for, prints the table and writes the samples.
func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.list {
		return list(os.Stdout, o.parts)
	}
	daemon.SpendMemory() // as schedd does; the peers in this process gain as much
	stop, err := profile(o.cpuProfile, o.memProfile)
	if err != nil {
		return err
	}
	if o.child != "" {
		return errors.Join(child(ctx, o), stop())
	}
	report, err := measure(ctx, o)
	err = errors.Join(err, stop())
	report.print(os.Stdout)
	if o.out != "" {
		err = errors.Join(err, report.write(o.out))
	}
	if missed := report.missed(); err == nil && o.check && missed > 0 {
		return fmt.Errorf("%d bars missed", missed)
	}
	return err
}
