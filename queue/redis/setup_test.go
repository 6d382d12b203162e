package redis_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// patience is how long anything may take that must happen.
const patience = 20 * time.Second

// open returns a queue that ends with the test.
func open(t testing.TB, o redis.Options) *redis.Queue {
	t.Helper()
	q, err := redis.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

// raw returns a client of the server, past the adapter.
func raw(t testing.TB, server *testbed.RedisServer) *goredis.Client {
	t.Helper()
	o, err := goredis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// blocked returns how many clients with a name wait in the server for a message.
func blocked(t *testing.T, c *goredis.Client, name string) (n int) {
	t.Helper()
	list, err := c.ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(list) {
		_, flags, _ := strings.Cut(line, " flags=")
		flags, _, _ = strings.Cut(flags, " ")
		if strings.Contains(line, " name="+name+" ") && strings.Contains(flags, "b") {
			n++
		}
	}
	return n
}

var (
	idsMu sync.Mutex
	ids   = job.IDs{Rand: rand.Reader}
)

// messages returns n fresh messages.
func messages(n int) []queue.Message {
	idsMu.Lock()
	defer idsMu.Unlock()
	now := time.Now()
	all := make([]queue.Message, n)
	for i := range all {
		all[i] = queue.Message{
			ExecutionID: ids.New(now), Platform: "acme", HandlerName: "noop", Priority: job.PriorityMedium, ReadyAt: now,
		}
	}
	return all
}

func announce(t testing.TB, q queue.Queue, all ...queue.Message) {
	t.Helper()
	if err := q.Announce(context.WithoutCancel(t.Context()), all); err != nil {
		t.Fatalf("Announce(%d messages) = %v, want no error", len(all), err)
	}
}

func receive(t testing.TB, q queue.Queue, limit int) []queue.Delivery {
	t.Helper()
	got, err := q.Receive(t.Context(), "a", limit, 0)
	if err != nil {
		t.Fatalf("Receive = %v, want no error", err)
	}
	return got
}

func ack(t testing.TB, q queue.Queue, got ...queue.Delivery) {
	t.Helper()
	receipts := make([]string, len(got))
	for i := range got {
		receipts[i] = got[i].Receipt
	}
	if err := q.Ack(t.Context(), receipts); err != nil {
		t.Fatalf("Ack = %v, want no error", err)
	}
}

func wantDepth(t testing.TB, q queue.Queue, waiting, pending int) {
	t.Helper()
	d, err := q.Depth(t.Context())
	if err != nil || d.Waiting != waiting || d.Pending != pending {
		t.Errorf("Depth() = %d waiting, %d pending, %v; want %d, %d, no error", d.Waiting, d.Pending, err, waiting, pending)
	}
}

func wantCode(t testing.TB, what string, err error, want job.Code) {
	t.Helper()
	if got := job.CodeOf(err); got != want {
		t.Errorf("%s has code %q (%v), want %q", what, got, err, want)
	}
}

// logBook counts log lines by message.
type logBook struct {
	mu    sync.Mutex
	lines map[string]int
}

func (b *logBook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logBook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logBook) WithGroup(string) slog.Handler            { return b }

func (b *logBook) Handle(_ context.Context, r slog.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines == nil {
		b.lines = make(map[string]int)
	}
	b.lines[r.Message]++
	return nil
}

// most returns the message with the most lines.
func (b *logBook) most() (message string, lines int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for m, n := range b.lines {
		if n > lines {
			message, lines = m, n
		}
	}
	return message, lines
}
