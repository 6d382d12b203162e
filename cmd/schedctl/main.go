// Command schedctl drives schedd, the job scheduler.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // so that zones are known on machines without them

	"github.com/agentic-sdlc/scheduler/cli"
)

func main() { os.Exit(run()) }

// run ends the command softly at the first signal; the second one kills.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, os.Args[1:], cli.System())
}
