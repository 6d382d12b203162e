package redis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Heard asks Redis whether anybody is subscribed to a pattern, or to a channel of
// this bus. It does not know of subscribers of a replica, nor what it may not ask: then
// somebody may be.
func (b *Bus) Heard(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, b.o.Timeout)
	defer cancel()
	var patterns *redis.IntCmd
	var channels *redis.StringSliceCmd
	var role *redis.Cmd
	_, err := b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		patterns, channels, role = p.PubSubNumPat(ctx), p.PubSubChannels(ctx, pattern(b.o.Prefix)+"*"), p.Do(ctx, "ROLE")
		return nil
	})
	switch {
	case refused(err):
		return true, nil
	case err != nil:
		return false, failed("listeners", err)
	}
	return patterns.Val() > 0 || len(channels.Val()) > 0 || !alone(role.Val()), nil
}

// alone reports whether the answer to ROLE is that of a master without replicas.
func alone(role any) bool {
	answer, _ := role.([]any)
	if len(answer) < 3 || answer[0] != "master" {
		return false
	}
	replicas, ok := answer[2].([]any)
	return ok && len(replicas) == 0
}
