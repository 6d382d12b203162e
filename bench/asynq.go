package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// asynqCompleted is where asynq lists the results that it keeps.
const asynqCompleted = "asynq:{default}:completed"

// asynqDrain measures how many waiting tasks asynq works off a second and keeps the
// results of, with so many workers.
func asynqDrain(ctx context.Context, sv *servers, on *testbed.RedisServer, n, workers int) (v speed, err error) {
	if err := emptyRedis(ctx, on); err != nil {
		return v, err
	}
	c, err := dialRedis(on)
	if err != nil {
		return v, err
	}
	defer c.Close()
	if err := asynqEnqueue(ctx, c, n); err != nil {
		return v, err
	}
	server := asynq.NewServerFromRedisClient(c, asynq.Config{
		Concurrency: workers, TaskCheckInterval: time.Millisecond, LogLevel: asynq.FatalLevel, Logger: mute{log.New(io.Discard, "", 0)},
	})
	var ran atomic.Int64
	m := measureSpeed(sv)
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { ran.Add(1); return nil })); err != nil {
		return v, err
	}
	defer server.Shutdown()
	err = poll(ctx, "asynq", func() (bool, error) {
		if ran.Load() < int64(n) {
			return false, nil
		}
		kept, err := c.ZCard(ctx, asynqCompleted).Result()
		return kept >= int64(n), err
	})
	v = m.end(n)
	if r := ran.Load(); err == nil && r != int64(n) {
		err = fmt.Errorf("asynq ran %d tasks, want %d", r, n)
	}
	return v, err
}

// asynqEnqueue makes tasks wait whose results are to be kept for a day.
func asynqEnqueue(ctx context.Context, c *redis.Client, n int) error {
	client := asynq.NewClientFromRedisClient(c)
	const writers = 32
	g, ctx := errgroup.WithContext(ctx)
	for w := range writers {
		g.Go(func() error {
			for i := w; i < n; i += writers {
				if _, err := client.EnqueueContext(ctx, asynq.NewTask(handlerName, nil), asynq.Retention(day)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// mute is a logger that asynq takes; it writes nowhere.
type mute struct{ *log.Logger }

func (m mute) Debug(...any)      {}
func (m mute) Info(...any)       {}
func (m mute) Warn(...any)       {}
func (m mute) Error(...any)      {}
func (m mute) Fatal(args ...any) { m.Panic(args...) }
