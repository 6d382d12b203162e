package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/failover"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/queue/redis"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// bed is what a scheduler runs on.
type bed struct {
	store  *counted
	queue  queue.Queue
	bus    queue.Bus
	shared bool // others may use the store

	observed *observed // who looks at it; nil = nobody
}

// close releases it all.
func (b *bed) close() error {
	err := errors.Join(b.queue.Close(), b.store.Close())
	if c, ok := b.bus.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}

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

// openShared opens a database and a queue as each of several nodes does.
func openShared(ctx context.Context, sv *servers, dsn string) (*bed, error) {
	if err := emptyRedis(ctx, sv.aof); err != nil {
		return nil, err
	}
	primary, err := redis.New(redis.Options{URL: sv.aof.URL()})
	if err != nil {
		return nil, err
	}
	bus, err := redis.NewBus(redis.BusOptions{URL: sv.aof.URL()})
	if err != nil {
		return nil, errors.Join(err, primary.Close())
	}
	s, err := openPostgres(ctx, dsn)
	if err != nil {
		return nil, errors.Join(err, primary.Close(), bus.Close())
	}
	q := failover.New(failover.Options{Primary: primary, Local: memory.New(memory.Options{}), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	return &bed{store: &counted{Store: s}, queue: q, bus: bus, shared: true}, nil
}

// openPostgres opens a database with as many connections as the peers have.
func openPostgres(ctx context.Context, dsn string) (store.Store, error) {
	return postgres.Open(ctx, postgres.Options{URL: dsn, MaxConns: poolSize, Instance: "bench"})
}

func database(dir string) string { return filepath.Join(dir, "schedd.db") }
