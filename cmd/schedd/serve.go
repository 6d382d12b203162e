package main

import (
	"context"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/daemon/command"
)

// serve runs the daemon.
func serve(ctx context.Context, s command.Service) error {
	return daemon.Run(ctx, daemon.Options{Config: s.Config, Logger: s.Logger, Build: s.Build, Reloads: s.Reloads, Ready: s.Ready})
}
