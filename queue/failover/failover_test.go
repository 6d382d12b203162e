package failover_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/failover"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errAway = errors.New("connection refused")

// shaky is a queue whose server goes away and comes back.
type shaky struct {
	queue.Queue

	away  atomic.Bool
	calls atomic.Int64
}

func (s *shaky) err() error {
	s.calls.Add(1)
	if s.away.Load() {
		return errAway
	}
	return nil
}

func (s *shaky) Announce(ctx context.Context, m []queue.Message) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Queue.Announce(ctx, m)
}

func (s *shaky) Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Queue.Receive(ctx, consumer, limit, block)
}

func (s *shaky) Ack(ctx context.Context, receipts []string) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Queue.Ack(ctx, receipts)
}

func (s *shaky) Reclaim(ctx context.Context, consumer string, idle time.Duration, limit int) ([]queue.Delivery, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Queue.Reclaim(ctx, consumer, idle, limit)
}

func (s *shaky) Depth(ctx context.Context) (queue.Depth, error) {
	if err := s.err(); err != nil {
		return queue.Depth{}, err
	}
	return s.Queue.Depth(ctx)
}

func (s *shaky) Peek(ctx context.Context, n int) ([]queue.Message, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Queue.Peek(ctx, n)
}

func open(away bool) (*failover.Queue, *shaky) {
	primary := &shaky{Queue: memory.New(memory.Options{})}
	primary.away.Store(away)
	return failover.New(failover.Options{Primary: primary, Local: memory.New(memory.Options{}), Logger: slog.New(slog.DiscardHandler), Now: time.Now}), primary
}

func TestQueue(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]bool{"the primary is there": false, "the primary is away": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queuetest.Run(t, func(*testing.T) queue.Queue { q, _ := open(away); return q },
				queuetest.Features{Ageing: true, Turns: true, Unique: true, Bubble: true})
		})
	}
}

// TestSwitch: what is announced while the primary is away is received at once, and the
// primary is used again within a second or two of its return.
func TestSwitch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, primary := open(false)
		defer func() { _ = q.Close() }()
		ctx := t.Context()
		announce := func() job.ID {
			id := job.ID{byte(time.Now().Nanosecond()), byte(primary.calls.Load()), 1}
			if err := q.Announce(ctx, []queue.Message{{ExecutionID: id}}); err != nil {
				t.Fatalf("Announce() = %v, want no error", err)
			}
			return id
		}
		receive := func(want job.ID) {
			t.Helper()
			got, err := q.Receive(ctx, "a", 10, 5*time.Second)
			if err != nil || len(got) != 1 || got[0].ExecutionID != want {
				t.Fatalf("Receive() = %v, %v; want %v", got, err, want)
			}
			if err := q.Ack(ctx, []string{got[0].Receipt}); err != nil {
				t.Fatalf("Ack() = %v, want no error", err)
			}
		}
		receive(announce())
		if _, err := q.Fault(); err != nil {
			t.Fatalf("Fault() = %v, want none", err)
		}

		primary.away.Store(true)
		receive(announce())
		if since, err := q.Fault(); !errors.Is(err, errAway) || since.IsZero() {
			t.Fatalf("Fault() = %v since %v, want %v", err, since, errAway)
		}
		before := primary.calls.Load()
		for range 1000 {
			receive(announce())
		}
		if tried := primary.calls.Load() - before; tried > 2 {
			t.Errorf("a primary that is away was tried %d times at once, want at most 2", tried)
		}

		primary.away.Store(false)
		time.Sleep(1100 * time.Millisecond)
		receive(announce())
		if _, err := q.Fault(); err != nil {
			t.Errorf("Fault() = %v after the primary's return, want none", err)
		}
	})
}

// TestCancelledCallIsNoFault: a caller who gives up says nothing about the primary.
func TestCancelledCallIsNoFault(t *testing.T) {
	t.Parallel()
	q, primary := open(true)
	defer func() { _ = q.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = q.Receive(ctx, "a", 1, time.Second)
	if _, err := q.Fault(); err != nil || primary.calls.Load() == 0 {
		t.Errorf("Fault() = %v after %d calls, want none after one", err, primary.calls.Load())
	}
}
