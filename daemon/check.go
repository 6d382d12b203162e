package daemon

import (
	"context"
	"fmt"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// Reach connects to the configured store and queue, and returns what is wrong with each:
// it does not answer, or has a schema that this schedd cannot start on. It changes nothing.
func Reach(ctx context.Context, cfg config.Config) []error {
	var wrong []error
	note := func(what string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", what, err))
		}
	}
	note("store", reachStore(ctx, cfg))
	if cfg.Queue.Driver == config.DriverRedis {
		note("queue", reachRedis(ctx, cfg))
	}
	return wrong
}

func reachStore(ctx context.Context, cfg config.Config) error {
	steps, have, err := Schema(ctx, cfg)
	if err != nil {
		return err
	}
	if known := migrations.Newest(steps); have > known || have < known && !cfg.Store.AutoMigrate {
		return &migrations.SchemaError{Have: have, Known: known}
	}
	return nil
}

func reachRedis(ctx context.Context, cfg config.Config) error {
	c := cfg.Queue.Redis
	q, err := redis.New(redis.Options{URL: c.URL, Prefix: c.Prefix, MaxLen: int64(c.MaxLen), Now: now})
	if err != nil {
		return err
	}
	_, err = q.Ping(ctx)
	_ = q.Close() // nothing was sent
	return err
}
