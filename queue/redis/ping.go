package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// oldest is the first major version that is known to work.
const oldest = 7

// Ping asks Redis for an answer, its version and whether the keys of the queue are
// what they should be. What may lose messages is a warning.
func (q *Queue) Ping(ctx context.Context) (queue.Info, error) {
	if q.closed.Load() {
		return queue.Info{}, errClosed()
	}
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	info := queue.Info{Server: "redis", Strays: q.strays.Load()}
	began := time.Now()
	if err := q.client.Ping(ctx).Err(); err != nil {
		return info, q.failed("ping", err)
	}
	info.Latency = time.Since(began)

	types := make(map[string]*redis.StatusCmd)
	var about *redis.StringCmd
	_, err := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		about = p.Info(ctx)
		for _, key := range q.keys {
			types[key] = p.Type(ctx, key)
		}
		types[q.held] = p.Type(ctx, q.held)
		return nil
	})
	if err != nil && !hasPrefix(err, "NOPERM") {
		return info, q.failed("ping", err)
	}
	for key, is := range types {
		want := "stream"
		if key == q.held {
			want = "hash"
		}
		if got := is.Val(); got != "none" && got != "" && got != want {
			return info, job.Errorf(job.Unavailable, "the key %s in Redis is a %s and must be a %s", key, got, want).WithHint("delete it: redis-cli DEL %s", key)
		}
	}
	if err := about.Err(); err != nil {
		info.Warnings = append(info.Warnings, "the user of Redis may not ask INFO: version and maxmemory-policy are unknown")
		return info, nil
	}
	return info, describe(&info, about.Val())
}

// describe reads the answer to INFO.
func describe(info *queue.Info, text string) error {
	facts := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[name] = value
		}
	}
	info.Version, info.Eviction = facts["redis_version"], facts["maxmemory_policy"]
	if name := facts["server_name"]; name != "" {
		info.Server = name
	}
	if info.Eviction != "noeviction" {
		info.Warnings = append(info.Warnings, fmt.Sprintf("maxmemory-policy of Redis is %q: with anything but noeviction it may drop the queue", info.Eviction))
	}
	major, _, _ := strings.Cut(info.Version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldest {
		return job.Errorf(job.Unavailable, "Redis %s is too old: version %d or newer is needed", info.Version, oldest)
	}
	return nil
}
