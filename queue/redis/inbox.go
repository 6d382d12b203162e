package redis

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Names and bounds of what other programs send.
const (
	// EventStream takes events: fields event (the name), data (a JSON object), and perhaps
	// id, platform_id, execution_id and traceparent.
	EventStream = "stream:scheduler:events"

	inboxBatch   = 250
	reclaimEvery = 16 // reads between looks for what a node that died had read
)

// InboxOptions configure an Inbox. URL and Consumer are needed.
type InboxOptions struct {
	URL      string // as Options.URL
	Prefix   string // before every key and channel
	Consumer string // name of this node
	// Channels are patterns of pub/sub channels, without the prefix: a message is an event
	// with the channel's name, and its text the data.
	Channels  []string
	ClaimIdle time.Duration    // what another node read is taken over after this
	Timeout   time.Duration    // bounds one request; 0 = DefaultTimeout
	Logger    *slog.Logger     // nil = no log
	Now       func() time.Time // of the log; nil = time.Now
}

// Inbox is queue.Inbox over a stream, and over channels whose messages one node at a time
// moves to the stream. What is settled is deleted from the stream.
type Inbox struct {
	o             InboxOptions
	client        *redis.Client
	log           limitedLog
	dropped, dead atomic.Int64
}

var _ queue.Inbox = (*Inbox)(nil)

// NewInbox returns an inbox; it does not connect. An error is about the URL.
func NewInbox(o InboxOptions) (*Inbox, error) {
	o.Timeout = orElse(o.Timeout, DefaultTimeout)
	client, err := connect(o.URL, o.Timeout)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Inbox{o: o, client: client, log: limitedLog{logger: o.Logger, now: o.Now}}, nil
}

// Strays counts what was dropped and what is dead.
func (x *Inbox) Strays() (dropped, dead int64) { return x.dropped.Load(), x.dead.Load() }

// Close ends the connections.
func (x *Inbox) Close() error { return x.client.Close() }

func (x *Inbox) stream() string { return x.o.Prefix + EventStream }

// takeEvents is what Listen hands events to.
type takeEvents = func(ctx context.Context, batch []queue.SentEvent) (faults map[int]error, err error)

// Listen reads the stream until ctx ends, and moves messages of channels when it is this
// node's turn. What this node had read and not settled comes first.
func (x *Inbox) Listen(ctx context.Context, take takeEvents) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if len(x.o.Channels) > 0 {
			x.bridge(ctx)
		}
	}()
	l, reads := &later{}, 0
	l.anew()
	repeat(ctx, func() error {
		err := x.round(ctx, l, reads%reclaimEvery == 0, take)
		if reads++; err != nil {
			l.anew()
			if !groupLost(err) {
				x.log.warn(ctx, "events from Redis wait", "err", err)
			}
		}
		return err
	})
	<-done
	return nil
}

// round takes what is next: perhaps what another node left, some of what waits, and what
// is new.
func (x *Inbox) round(ctx context.Context, l *later, reclaim bool, take takeEvents) error {
	if reclaim {
		if err := x.takeOver(ctx, l, take); err != nil {
			return err
		}
	}
	if l.walking {
		if err := x.walk(ctx, l, take); err != nil || l.only {
			return err
		}
	}
	return x.read(ctx, l, take)
}

// read takes one batch of what is new.
func (x *Inbox) read(ctx context.Context, l *later, take takeEvents) error {
	own, cancel := context.WithTimeout(ctx, maxBlock+x.o.Timeout)
	defer cancel()
	streams, err := x.client.XReadGroup(own, &redis.XReadGroupArgs{
		Group: DefaultGroup, Consumer: x.o.Consumer, Streams: []string{x.stream(), ">"}, Count: inboxBatch, Block: l.block(),
	}).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case groupLost(err):
		if err := x.client.XGroupCreateMkStream(own, x.stream(), DefaultGroup, "0").Err(); err != nil && !hasPrefix(err, "BUSYGROUP") {
			return err
		}
		return nil
	case err != nil:
		return err
	}
	for _, s := range streams {
		if err := x.settle(ctx, s.Messages, l, l.held, take); err != nil {
			return err
		}
	}
	return nil
}

// takeOver takes what another node read long ago and did not settle.
func (x *Inbox) takeOver(ctx context.Context, l *later, take takeEvents) error {
	for start := "0-0"; ; {
		own, cancel := context.WithTimeout(ctx, x.o.Timeout)
		claimed, next, err := x.client.XAutoClaim(own, &redis.XAutoClaimArgs{
			Stream: x.stream(), Group: DefaultGroup, Consumer: x.o.Consumer, MinIdle: x.o.ClaimIdle, Start: start, Count: inboxBatch,
		}).Result()
		cancel()
		switch {
		case noKey(err):
			return nil
		case err != nil:
			return err
		}
		if err := x.settle(ctx, claimed, l, l.held, take); err != nil || next == "0-0" {
			return err
		}
		start = next
	}
}

// settle hands entries over, and deletes those that are taken. Those of
// platforms to skip, and those that come too early, stay as they are.
func (x *Inbox) settle(ctx context.Context, entries []redis.XMessage, l *later, skip map[string]bool, take takeEvents) error {
	var batch []queue.SentEvent
	var ids []string
	var at []int // place in the batch → among the entries
	for i := range entries {
		e := sentEvent(&entries[i])
		switch {
		case job.IsSystemEvent(e.Name):
			x.dropped.Add(1)
			x.log.warn(ctx, "events from Redis with names of the scheduler's own are dropped", "event", e.Name)
			ids = append(ids, entries[i].ID)
		case skip[e.Platform]:
			l.wait(e.Platform)
		default:
			at, batch = append(at, i), append(batch, e)
		}
	}
	var dead map[int]error
	if len(batch) > 0 {
		faults, err := take(ctx, batch)
		if err != nil {
			return err
		}
		var waits map[int]bool
		dead, waits = l.sort(faults, batch)
		for i := range batch {
			if !waits[i] {
				ids = append(ids, entries[at[i]].ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.o.Timeout)
	defer cancel()
	if _, err := x.client.TxPipelined(own, func(p redis.Pipeliner) error {
		for i, fault := range dead {
			p.XAdd(own, x.deadLetter(&entries[at[i]], fault))
		}
		p.XAck(own, x.stream(), DefaultGroup, ids...)
		p.XDel(own, x.stream(), ids...)
		return nil
	}); err != nil {
		return err
	}
	for i, fault := range dead {
		x.dead.Add(1)
		x.log.warn(ctx, "an entry of the stream of events is no event: it is a dead letter now", "entry", entries[at[i]].ID, "err", fault)
	}
	return nil
}

// deadLetter is an entry that is no event, as it was.
func (x *Inbox) deadLetter(m *redis.XMessage, fault error) *redis.XAddArgs {
	values := []any{"reason", fault.Error(), "stream", EventStream, "entry", m.ID, "at", x.o.Now().UTC().Format(time.RFC3339Nano)}
	for _, name := range []string{"event", "id", "platform_id", "data"} {
		text, _ := m.Values[name].(string)
		values = append(values, name, text[:min(len(text), maxAgentData)])
	}
	return &redis.XAddArgs{Stream: x.o.Prefix + DefaultDead, MaxLen: DefaultMaxDead, Approx: true, Values: values}
}

// sentEvent is what an entry says.
func sentEvent(m *redis.XMessage) queue.SentEvent {
	text := func(name string) string {
		s, _ := m.Values[name].(string)
		return s
	}
	e := queue.SentEvent{
		ID: text("id"), Name: text("event"), Platform: text("platform_id"), ExecutionID: text("execution_id"), TraceParent: text("traceparent"),
	}
	if data := text("data"); data != "" {
		e.Data = json.RawMessage(data)
	}
	if e.ID == "" {
		e.ID = "redis:" + m.ID
	}
	return e
}
