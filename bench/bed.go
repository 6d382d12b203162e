package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// bed is what a scheduler runs on.
type bed struct {
	store *counted
	queue queue.Queue
	bus   queue.Bus
}

// close releases it all.
func (b *bed) close() error { return errors.Join(b.queue.Close(), b.store.Close()) }

// alone is a machine of its own: a store and queues in this process.
func alone(s store.Store) *bed {
	return &bed{store: &counted{Store: s}, queue: memory.New(memory.Options{}), bus: memory.NewBus(memory.BusOptions{})}
}

// openStore opens the store in a folder as the daemon does: WAL, synchronous=FULL.
func openStore(ctx context.Context, path string) (store.Store, error) {
	return sqlite.Open(ctx, sqlite.Options{Path: path, Instance: "bench"})
}

// openAlone opens the store in a folder, with queues in this process.
func openAlone(ctx context.Context, dir string) (*bed, error) {
	s, err := openStore(ctx, database(dir))
	if err != nil {
		return nil, err
	}
	return alone(s), nil
}

// openShared opens a database and a queue as one of several nodes does.
func openShared(ctx context.Context, sv *servers, dsn string) (*bed, error) {
	if err := emptyRedis(ctx, sv.redis); err != nil {
		return nil, err
	}
	s, err := postgres.Open(ctx, postgres.Options{URL: dsn, MaxConns: 20, Instance: "bench"})
	if err != nil {
		return nil, err
	}
	return alone(s), nil
}

func database(dir string) string { return filepath.Join(dir, "schedd.db") }
