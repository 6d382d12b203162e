package redis

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// silent is how long a subscription may hear nothing before it asks, and then how
// long the answer may take.
const silent = 3 * time.Second

// run hands on what comes until ctx ends or the bus closes, and subscribes again when
// a connection is lost.
func (b *Bus) run(ctx context.Context, glob string, sub *redis.PubSub, out chan queue.Event) {
	defer close(out)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.life, cancel)()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := firstPause; ctx.Err() == nil; wait = min(2*wait, maxPause) {
		if sub != nil {
			b.listen(ctx, sub, out)
			wait = firstPause
		}
		pause.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		sub, _ = b.subscribe(ctx, glob)
	}
	if sub != nil {
		_ = sub.Close()
	}
}

// listen hands on what a subscription gives, and ends it when it is broken, when it
// falls silent or when ctx ends.
func (b *Bus) listen(ctx context.Context, sub *redis.PubSub, out chan queue.Event) {
	listening, cancel := context.WithCancel(ctx)
	context.AfterFunc(listening, func() { _ = sub.Close() })
	var heard atomic.Bool
	heard.Store(true)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		b.watch(listening, sub, &heard)
		cancel()
	}()
	for listening.Err() == nil {
		m, err := sub.Receive(listening)
		if err != nil {
			break
		}
		heard.Store(true)
		if m, ok := m.(*redis.Message); ok && listening.Err() == nil {
			b.hand(out, m.Payload)
		}
	}
	cancel()
	<-watched
	_ = sub.Close()
}

// watch asks for a sign of life now and then, and returns when there was none or
// when ctx ends. A connection that the network lost reports no error for minutes.
func (b *Bus) watch(ctx context.Context, sub *redis.PubSub, heard *atomic.Bool) {
	ticker := time.NewTicker(silent)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !heard.Swap(false) || sub.Ping(ctx) != nil {
			return
		}
	}
}

// repeat calls fn until ctx ends, and pauses when it fails.
func repeat(ctx context.Context, fn func() error) {
	wait := firstPause
	pause := time.NewTimer(0)
	defer pause.Stop()
	for ctx.Err() == nil {
		if fn() == nil {
			wait = firstPause
			continue
		}
		pause.Reset(wait)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		wait = min(2*wait, maxPause)
	}
}
