package redis

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Listen reads the inbox and the heartbeats until ctx ends. While Redis is away it tries
// again, ever more slowly.
func (a *Agents) Listen(ctx context.Context, reply func(queue.AgentReply), beat func(platform, name string)) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		repeat(ctx, func() error { return a.readBeats(ctx, beat) })
	}()
	inbox, from := a.inbox(a.o.Inbox), "0"
	repeat(ctx, func() error {
		var err error
		from, err = a.readReplies(ctx, inbox, from, reply)
		return err
	})
	<-done
	clean, cancel := a.within(context.WithoutCancel(ctx))
	defer cancel()
	_ = a.client.Del(clean, inbox).Err() // it ends by itself anyhow
	return nil
}

// readReplies hands on what came to the inbox, and returns from where to read on.
func (a *Agents) readReplies(ctx context.Context, inbox, from string, reply func(queue.AgentReply)) (string, error) {
	own, cancel := context.WithTimeout(ctx, maxBlock+a.o.Timeout)
	defer cancel()
	if from == "0" { // it must be there for others to forward to it
		if err := a.client.XGroupCreateMkStream(own, inbox, agentGroup, "0").Err(); err != nil && !hasPrefix(err, "BUSYGROUP") {
			return from, err
		}
	}
	a.client.Expire(own, inbox, repliesFor)
	streams, err := a.client.XRead(own, &redis.XReadArgs{Streams: []string{inbox, from}, Count: 100, Block: maxBlock}).Result()
	if errors.Is(err, redis.Nil) {
		if n, err := a.client.Exists(own, inbox).Result(); err == nil && n == 0 {
			return "0", nil // Redis lost it: it begins anew
		}
		return from, nil
	}
	for _, s := range streams {
		for _, m := range s.Messages {
			from = m.ID
			reply(replyOf(m.Values))
			a.client.XDel(own, inbox, m.ID)
		}
	}
	return from, err
}

// readBeats hands on signs of life; each is taken by one process.
func (a *Agents) readBeats(ctx context.Context, beat func(platform, name string)) error {
	own, cancel := context.WithTimeout(ctx, maxBlock+a.o.Timeout)
	defer cancel()
	stream := a.o.Prefix + agentBeats
	streams, err := a.client.XReadGroup(own, &redis.XReadGroupArgs{Group: DefaultGroup, Consumer: a.o.Inbox, Streams: []string{stream, ">"}, Count: 100, Block: maxBlock, NoAck: true}).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case groupLost(err):
		return a.client.XGroupCreateMkStream(own, stream, DefaultGroup, "$").Err()
	case err != nil:
		return err
	}
	seen := map[[2]string]bool{} // each once, however often it came
	for _, s := range streams {
		for _, m := range s.Messages {
			name, _ := m.Values["agent"].(string)
			platform, _ := m.Values["platform_id"].(string)
			seen[[2]string{orElse(platform, job.DefaultPlatform), name}] = true
			a.client.XDel(own, stream, m.ID)
		}
	}
	for who := range seen {
		beat(who[0], who[1])
	}
	return nil
}
