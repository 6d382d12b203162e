package main

import (
	"context"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/daemon/command"
)

// tools are what the commands do.
func tools() command.Tools {
	return command.Tools{Serve: serve, Bootstrap: daemon.Bootstrap, Reach: daemon.Reach, Store: command.StoreTools{
		Schema: daemon.Schema, Migrate: daemon.Migrate, Move: daemon.MoveStore, Export: daemon.ExportStore, Import: daemon.ImportStore,
		Verify: daemon.VerifyBackup, Restore: daemon.RestoreBackup,
	}}
}

// serve runs the daemon.
func serve(ctx context.Context, s command.Service) error {
	return daemon.Run(ctx, daemon.Options{
		Config: s.Config, Logger: s.Logger, Build: s.Build, Reloads: s.Reloads, Ready: s.Ready, Watch: s.Watch, Migrating: s.Migrating, Status: s.Status,
	})
}
