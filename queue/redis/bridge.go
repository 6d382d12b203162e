package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
)

// Channels know no groups: every node would hear every message. So one node at a time
// holds a lock, subscribes, and moves what it hears to the stream of events, by a script
// that looks whether the lock is its own still.
const (
	bridgeLock  = "scheduler:events.bridge" // the name of the node that holds it
	bridgeLease = 5 * time.Second
	bridgeRenew = time.Second
	// maxBridged is about how many messages wait in the stream, the newest.
	maxBridged = 1_000_000
)

var (
	// holdLock takes the lock, or prolongs it; 1 = it is ours.
	holdLock = redis.NewScript(`local holder = redis.call('GET', KEYS[1])
		if holder and holder ~= ARGV[1] then return 0 end
		redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
		return 1`)
	dropLock = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0`)
	// moveMessage adds a message to the stream if the lock is ours.
	moveMessage = redis.NewScript(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
		redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[3], 'data', ARGV[4])
		return 1`)
)

func (x *Inbox) lock() string { return x.o.Prefix + bridgeLock }

// bridge moves messages of channels to the stream whenever it is this node's turn, until
// ctx ends.
func (x *Inbox) bridge(ctx context.Context) {
	wait := time.NewTicker(bridgeRenew)
	defer wait.Stop()
	for ctx.Err() == nil {
		if x.hold(ctx) {
			x.move(ctx)
		}
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.o.Timeout)
	defer cancel()
	_ = dropLock.Run(own, x.client, []string{x.lock()}, x.o.Consumer).Err() // it ends by itself anyhow
}

// hold takes or prolongs the lock.
func (x *Inbox) hold(ctx context.Context) bool {
	own, cancel := context.WithTimeout(ctx, x.o.Timeout)
	defer cancel()
	held, err := holdLock.Run(own, x.client, []string{x.lock()}, x.o.Consumer, bridgeLease.Milliseconds()).Int()
	return err == nil && held == 1
}

// move moves messages until the lock is another's, or the connection breaks.
func (x *Inbox) move(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patterns := make([]string, len(x.o.Channels))
	for i, glob := range x.o.Channels {
		patterns[i] = pattern(x.o.Prefix + glob)
	}
	sub := x.client.PSubscribe(ctx, patterns...)
	defer sub.Close()
	messages := sub.Channel(redis.WithChannelSize(DefaultBuffer), redis.WithChannelHealthCheckInterval(silent))
	renew := time.NewTicker(bridgeRenew)
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			if !x.hold(ctx) {
				return
			}
		case m, open := <-messages:
			if !open || !x.moveOne(ctx, m) {
				return
			}
		}
	}
}

// moveOne moves one message; false when it is not this node's turn any more.
func (x *Inbox) moveOne(ctx context.Context, m *redis.Message) bool {
	own, cancel := context.WithTimeout(ctx, x.o.Timeout)
	defer cancel()
	name := m.Channel[min(len(x.o.Prefix), len(m.Channel)):]
	if job.IsSystemEvent(name) { // our own bus, which a wide pattern hears, too
		return true
	}
	moved, err := moveMessage.Run(own, x.client, []string{x.lock(), x.stream()}, x.o.Consumer, maxBridged, name, m.Payload).Int()
	if err != nil {
		x.log.warn(ctx, "a message of a channel could not be taken", "channel", m.Channel, "err", err)
		return hasPrefix(err, "OOM")
	}
	return moved == 1
}
