package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// postgresSettings are the same for everybody: commits are durable, and checkpoints
// and memory are what anybody sets before a system is in earnest.
var postgresSettings = []string{
	"fsync=on", "synchronous_commit=on", "full_page_writes=on", "wal_level=replica",
	"shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min",
}

// poolSize is how many connections to PostgreSQL each contender may have.
const poolSize = 20

// servers are a private PostgreSQL and Redis that all contenders of a part share.
type servers struct {
	pg    *testbed.PostgresServer
	redis *testbed.RedisServer // keeps nothing
	aof   *testbed.RedisServer // appends to a file that is synchronised each second
	made  atomic.Int64
}

// withServers runs fn with servers whose data is in a folder under dir.
func withServers(dir string, fn func(sv *servers) ([]Figure, error)) (figures []Figure, err error) {
	sv := &servers{}
	defer func() { err = errors.Join(err, sv.close()) }()
	settings := postgresSettings
	if statements {
		settings = append(settings[:len(settings):len(settings)], "shared_preload_libraries=pg_stat_statements")
	}
	if sv.pg, err = testbed.StartPostgres(dir, testbed.PostgresOptions{Settings: settings}); err != nil {
		return nil, err
	}
	if sv.redis, err = testbed.StartRedis(dir, testbed.RedisOptions{}); err != nil {
		return nil, err
	}
	if sv.aof, err = testbed.StartRedis(dir, testbed.RedisOptions{AOF: true, Settings: []string{"appendfsync everysec"}}); err != nil {
		return nil, err
	}
	return fn(sv)
}

// close stops the servers in order, so that the CPU time of their processes counts as
// ours and not as the crowd's.
func (sv *servers) close() error {
	var errs []error
	if sv.pg != nil {
		errs = append(errs, sv.pg.Stop(), sv.pg.Close())
	}
	for _, r := range []*testbed.RedisServer{sv.redis, sv.aof} {
		if r != nil {
			errs = append(errs, r.Stop(), r.Close())
		}
	}
	return errors.Join(errs...)
}

// inDatabase measures in a database of its own, which goes afterwards.
func inDatabase[T any](ctx context.Context, sv *servers, measure func(dsn string) (T, error)) (v T, err error) {
	name := fmt.Sprintf("bench%d", sv.made.Add(1))
	if err := sv.pg.Exec("CREATE DATABASE " + name); err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, sv.pg.Exec("DROP DATABASE "+name+" WITH (FORCE)")) }()
	if statements {
		defer func() { err = errors.Join(err, showStatements(ctx, sv.pg.DSN(name))) }()
	}
	return measure(sv.pg.DSN(name))
}

// calmDown leaves the server nothing to do that belongs to the preparation: the
// planner knows the tables and what is dirty is written.
func calmDown(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	steps := []string{"VACUUM ANALYZE", "CHECKPOINT"}
	if statements {
		steps = append(steps, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", "SELECT pg_stat_statements_reset()")
	}
	for _, sql := range steps {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// emptyRedis removes what an earlier round left, and the file it was appended to.
func emptyRedis(ctx context.Context, r *testbed.RedisServer) error {
	if err := r.RestartEmpty(); err != nil {
		return err
	}
	c, err := dialRedis(r)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Ping(ctx).Err()
}

// dialRedis returns a client with as many connections as any contender needs.
func dialRedis(r *testbed.RedisServer) (*redis.Client, error) {
	o, err := redis.ParseURL(r.URL())
	if err != nil {
		return nil, err
	}
	o.PoolSize = 64
	return redis.NewClient(o), nil
}

// poll calls done until it says true, every few milliseconds: seldom enough not to
// be in the way of what it waits for.
func poll(ctx context.Context, what string, done func() (bool, error)) error {
	for end := time.Now().Add(patience); ; {
		ok, err := done()
		switch {
		case err != nil || ok:
			return err
		case time.Now().After(end):
			return fmt.Errorf("%s: nothing came of it within %s", what, patience)
		}
		if err := until(ctx, time.Now().Add(4*time.Millisecond)); err != nil {
			return err
		}
	}
}
