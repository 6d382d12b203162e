package redis

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// Bounds of the bus when BusOptions say nothing.
const (
	DefaultBuffer  = 1024
	DefaultDead    = "stream:scheduler:dlq"
	DefaultMaxDead = 10_000
)

// BusOptions configure a Bus. Only URL is needed.
type BusOptions struct {
	URL    string // as Options.URL
	Prefix string // before every channel and key
	// Buffer is how many events are kept for a subscriber that does not read; 0 =
	// DefaultBuffer. Beyond it the subscriber loses its oldest.
	Buffer int
	// Dead is the stream of dead letters; "" = DefaultDead. It keeps about MaxDead, 0
	// = DefaultMaxDead.
	Dead    string
	MaxDead int64
	Timeout time.Duration // bounds one request; 0 = DefaultTimeout
}

// Bus is a queue.Bus over channels of Redis, one for each event name.
type Bus struct {
	o       BusOptions
	client  *redis.Client
	life    context.Context // ends with Close
	end     context.CancelFunc
	dropped atomic.Int64
	strays  atomic.Int64
}

var _ queue.Bus = (*Bus)(nil)

// NewBus returns a bus; it does not connect. An error is about the URL.
func NewBus(o BusOptions) (*Bus, error) {
	o.Timeout = orElse(o.Timeout, DefaultTimeout)
	o.Buffer = orElse(o.Buffer, DefaultBuffer)
	o.Dead = o.Prefix + orElse(o.Dead, DefaultDead)
	o.MaxDead = orElse(o.MaxDead, DefaultMaxDead)
	client, err := connect(o.URL, o.Timeout)
	if err != nil {
		return nil, err
	}
	b := &Bus{o: o, client: client}
	b.life, b.end = context.WithCancel(context.Background())
	return b, nil
}

// Publish hands events to all subscribers at this moment, in order.
func (b *Bus) Publish(ctx context.Context, events []queue.Event) error {
	if len(events) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, b.o.Timeout)
	defer cancel()
	p := b.client.Pipeline()
	room := 0
	for i := range events {
		room += len(events[i].Data) + 160
	}
	all := make([]byte, 0, room)
	for i := range events {
		from := len(all)
		all = appendEvent(all, &events[i])
		p.Publish(ctx, b.o.Prefix+events[i].Name, all[from:len(all):len(all)])
	}
	_, err := p.Exec(ctx)
	return failed("publish", err)
}

// DeadLetter copies events about dead letters to their stream, for people and programs
// that watch it. The store has the truth.
func (b *Bus) DeadLetter(ctx context.Context, events []queue.Event) error {
	if len(events) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, b.o.Timeout)
	defer cancel()
	_, err := b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, e := range events {
			p.XAdd(ctx, &redis.XAddArgs{Stream: b.o.Dead, MaxLen: b.o.MaxDead, Approx: true, Values: []any{
				"event", e.Name, "id", e.ID, "platform_id", e.Platform, "at", e.At.UTC().Format(time.RFC3339Nano), "data", string(e.Data),
			}})
		}
		return nil
	})
	return failed("dead letter", err)
}

// Subscribe returns events whose name matches the glob (* stands for any text, ? for
// one byte) until ctx ends. Events published while the connection is away are lost;
// it is made again. An error says that Redis does not answer now.
func (b *Bus) Subscribe(ctx context.Context, glob string) (<-chan queue.Event, error) {
	out := make(chan queue.Event, b.o.Buffer)
	if ctx.Err() != nil {
		close(out)
		return out, nil
	}
	sub, err := b.subscribe(ctx, glob)
	if err != nil {
		return nil, failed("subscribe", err)
	}
	go b.run(ctx, glob, sub, out)
	return out, nil
}

// subscribe waits for the confirmation: what is published from then on comes.
func (b *Bus) subscribe(ctx context.Context, glob string) (*redis.PubSub, error) {
	ctx, cancel := context.WithTimeout(ctx, b.o.Timeout)
	defer cancel()
	sub := b.client.PSubscribe(ctx, pattern(b.o.Prefix+glob))
	if _, err := sub.ReceiveTimeout(ctx, b.o.Timeout); err != nil {
		_ = sub.Close()
		return nil, err
	}
	return sub, nil
}

// hand puts an event into the buffer and pushes out older ones.
func (b *Bus) hand(out chan queue.Event, payload string) {
	var e queue.Event
	if json.Unmarshal([]byte(payload), &e) != nil || e.Name == "" {
		b.strays.Add(1)
		return
	}
	for {
		select {
		case out <- e:
			return
		default:
		}
		select {
		case <-out:
			b.dropped.Add(1)
		default: // the subscriber was quicker
		}
	}
}

// Dropped returns how many events slow subscribers have lost.
func (b *Bus) Dropped() int64 { return b.dropped.Load() }

// Strays returns how many messages on the channels were no events.
func (b *Bus) Strays() int64 { return b.strays.Load() }

// Close ends all subscriptions.
func (b *Bus) Close() error {
	if b.life.Err() != nil {
		return nil
	}
	b.end()
	return b.client.Close()
}

// pattern writes a glob for Redis, which knows more signs.
func pattern(glob string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(glob)
}
