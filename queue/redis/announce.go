package redis

import (
	"cmp"
	"context"
	_ "embed" // the scripts
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

const (
	// perScript bounds the messages of one script: Redis does nothing else meanwhile.
	perScript = 500
	// flight is how long an execution that was received is not announced again: its
	// claim is on the way.
	flight = 2 * time.Second
)

//go:embed announce.lua
var announceText string

var announceScript = redis.NewScript(announceText)

// leveled is a message with its effective level.
type leveled struct {
	*queue.Message
	level int64
}

// Announce adds messages to the stream of their effective priority, those of higher
// priority first, else in order. One for an execution that waits there, or was
// received less than two seconds ago, is dropped.
func (q *Queue) Announce(ctx context.Context, messages []queue.Message) error {
	if q.closed.Load() {
		return errClosed()
	}
	now := q.o.Now()
	order := make([]leveled, len(messages))
	for i := range messages {
		order[i] = leveled{&messages[i], level(&messages[i], now)}
	}
	slices.SortStableFunc(order, func(a, b leveled) int { return cmp.Compare(b.level, a.level) })
	keys := append([]string{q.held}, q.keys...)
	args := make([]any, 0, 3+19*min(len(messages), perScript))
	for some := range slices.Chunk(order, perScript) {
		args = append(args[:0], q.o.Group, q.o.MaxLen, flight.Milliseconds())
		for _, m := range some {
			execution := m.ExecutionID.String()
			args = append(args, min(m.level, int64(len(q.keys)-1)), execution, 0)
			words := len(args)
			args = appendFields(args, m.Message, execution)
			args[words-1] = len(args) - words
		}
		if err := q.runAnnounce(ctx, keys, args); err != nil {
			return q.failed("announce", err)
		}
	}
	return nil
}

func (q *Queue) runAnnounce(ctx context.Context, keys []string, args []any) error {
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	return announceScript.Run(ctx, q.client, keys, args...).Err()
}

// level is the rank of a message and what its waiting has added.
func level(m *queue.Message, now time.Time) int64 {
	rank := queue.Rank(m.Priority)
	if m.ReadyAt.IsZero() || m.ReadyAt.After(now) {
		return rank
	}
	return rank + int64(now.Sub(m.ReadyAt)/queue.Ageing)
}
