package redis_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

const stream = "stream:scheduler:job.dispatch"

// node receives and acks in a loop, as a worker does, without a pause after errors:
// the queue itself must not let it run hot.
type node struct {
	calls, errs atomic.Int64

	mu   sync.Mutex
	seen map[job.ID]time.Time
}

func startNode(t *testing.T, q queue.Queue) *node {
	t.Helper()
	n := &node{seen: make(map[job.ID]time.Time)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			got, err := q.Receive(ctx, "a", 10, time.Second)
			n.calls.Add(1)
			if err != nil {
				n.errs.Add(1)
			}
			var receipts []string
			n.mu.Lock()
			for _, d := range got {
				n.seen[d.ExecutionID] = time.Now()
				receipts = append(receipts, d.Receipt)
			}
			n.mu.Unlock()
			if len(receipts) > 0 {
				_ = q.Ack(ctx, receipts)
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return n
}

func (n *node) has(id job.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, ok := n.seen[id]
	return ok
}

// sweep announces a message again and again, as the sweep over the store does, until
// it was received; it returns how long that took.
func (n *node) sweep(t *testing.T, q queue.Queue) time.Duration {
	t.Helper()
	m := messages(1)
	began := time.Now()
	testbed.Eventually(t, "a message is received", patience, func() bool {
		_ = q.Announce(t.Context(), m)
		return n.has(m[0].ExecutionID)
	})
	return time.Since(began)
}

// lasting makes a fault that ends after a time, which is part of it.
func lasting(d time.Duration, begin, end func(*testbed.RedisServer) error) func(*testbed.RedisServer) error {
	return func(s *testbed.RedisServer) error {
		err := begin(s)
		testbed.Pass(d)
		return errors.Join(err, end(s))
	}
}

// TestLoss breaks Redis while a reader blocks and one announces.
func TestLoss(t *testing.T) {
	t.Parallel()
	do := func(command string) func(*testbed.RedisServer) error {
		return func(s *testbed.RedisServer) error {
			reply, err := s.Do(command)
			if strings.HasPrefix(reply, "-") {
				return errors.New(reply)
			}
			return err
		}
	}
	for name, damage := range map[string]func(*testbed.RedisServer) error{
		"flushall":               (*testbed.RedisServer).FlushAll,
		"del":                    do("DEL " + stream),
		"del all":                do("DEL " + stream + " " + stream + ":low " + stream + ":high " + stream + ":critical " + stream + ":held"),
		"del hash":               do("DEL " + stream + ":held"),
		"destroy group":          do("XGROUP DESTROY " + stream + " scheduler-workers"),
		"delete consumer":        do("XGROUP DELCONSUMER " + stream + " scheduler-workers a"),
		"kill connections":       do("CLIENT KILL TYPE normal SKIPME yes"),
		"restart":                (*testbed.RedisServer).Restart,
		"restart empty":          (*testbed.RedisServer).RestartEmpty,
		"wrong type":             lasting(time.Second, do("SET "+stream+" x"), do("DEL "+stream)),
		"wrong type of the hash": lasting(time.Second, do("SET "+stream+":held x"), do("DEL "+stream+":held")),
		"away":                   lasting(2*time.Second, (*testbed.RedisServer).Kill, (*testbed.RedisServer).Start),
		"suspended": lasting(2*time.Second,
			func(s *testbed.RedisServer) error { s.Suspend(); return nil },
			func(s *testbed.RedisServer) error { s.Resume(); return nil }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, book := testbed.Redis(t), &logBook{}
			c := raw(t, server)
			q := open(t, redis.Options{URL: server.URL() + "?client_name=reader", Logger: slog.New(book), Timeout: time.Second})
			n := startNode(t, q)
			n.sweep(t, q)
			for range 2 {
				testbed.Eventually(t, "the reader waits", patience, func() bool { return blocked(t, c, "reader") > 0 })
				if err := damage(server); err != nil {
					t.Fatal(err)
				}
				if took := n.sweep(t, q); took > 3*time.Second {
					t.Errorf("after %q a message took %v, want 3s at most", name, took)
				}
			}
			if errs := n.errs.Load(); errs > 30 {
				t.Errorf("%d of %d calls failed: a hot loop", errs, n.calls.Load())
			}
			if m, lines := book.most(); lines > 10 {
				t.Errorf("%q was logged %d times, want 10 a minute at most", m, lines)
			}
		})
	}
}

// commands returns how many commands the server has done.
func commands(t *testing.T, server *testbed.RedisServer) int {
	t.Helper()
	text, err := raw(t, server).Info(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = strings.Cut(text, "total_commands_processed:")
	text, _, _ = strings.Cut(text, "\r\n")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFailuresDoNotRunHot counts what reaches the server while it cannot do its work.
func TestFailuresDoNotRunHot(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{
		"wrong type":      "SET " + stream + " x",
		"no permission":   "ACL SETUSER default -@stream",
		"no group at all": "ACL SETUSER default -xgroup",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, book := testbed.Redis(t), &logBook{}
			q := open(t, redis.Options{URL: server.URL(), Logger: slog.New(book)})
			if _, err := server.Do(broken); err != nil {
				t.Fatal(err)
			}
			n := startNode(t, q)
			before := commands(t, server)
			testbed.Pass(3 * time.Second) // of which all is counted
			if done := commands(t, server) - before; done > 150 {
				t.Errorf("%d commands in 3s", done)
			}
			if calls := n.calls.Load(); calls > 10 || n.errs.Load() == 0 {
				t.Errorf("%d calls, %d errors in 3s, want some errors and 10 calls at most", calls, n.errs.Load())
			}
			if m, lines := book.most(); lines > 10 {
				t.Errorf("%q was logged %d times", m, lines)
			}
		})
	}
}

func TestAQueueWithoutRedisIsUnavailable(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	q := open(t, redis.Options{URL: server.URL()})
	began := time.Now()
	_, received := q.Receive(t.Context(), "a", 1, 0)
	_, reclaimed := q.Reclaim(t.Context(), "a", 0, 1)
	_, depth := q.Depth(t.Context())
	_, peeked := q.Peek(t.Context(), 1)
	_, pinged := q.Ping(t.Context())
	for name, err := range map[string]error{
		"Receive": received, "Reclaim": reclaimed, "Depth": depth, "Peek": peeked, "Ping": pinged,
		"Announce": q.Announce(t.Context(), messages(1)), "Ack": q.Ack(t.Context(), []string{"1/1-1/x"}),
	} {
		wantCode(t, name, err, job.Unavailable)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("seven failures took %v", took)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	announce(t, q, messages(1)...)
	if got := receive(t, q, 10); len(got) != 1 {
		t.Errorf("Receive = %d deliveries after the start, want 1", len(got))
	}
}

func TestAPausedAnswerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q := open(t, redis.Options{URL: server.URL(), Timeout: 300 * time.Millisecond})
	announce(t, q, messages(1)...)
	server.Suspend()
	defer server.Resume()
	began := time.Now()
	wantCode(t, "Announce", q.Announce(t.Context(), messages(1)), job.Unavailable)
	_, err := q.Receive(t.Context(), "a", 1, time.Second)
	wantCode(t, "Receive", err, job.Unavailable)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("two requests took %v with a timeout of 300ms", took)
	}
}
