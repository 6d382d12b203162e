package redis_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "localhost:6379", "http://x", "redis://a:s3cret@b:c:d/0", "redis://:s3cret@h/x", "unix://", "redis://h?db=-\x00"} {
		_, err := redis.New(redis.Options{URL: url})
		if err == nil && url != "unix://" {
			t.Errorf("New(%q) accepts the URL", url)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error quotes the password: %v", err)
		}
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t, "maxmemory-policy allkeys-lru")
	book := &logBook{}
	q := open(t, redis.Options{URL: server.URL(), Logger: slog.New(book)})
	info, err := q.Ping(t.Context())
	if err != nil || info.Version == "" || info.Latency <= 0 || info.Eviction != "allkeys-lru" || len(info.Warnings) != 1 {
		t.Errorf("Ping() = %+v, %v; want a version, a latency and a warning of allkeys-lru", info, err)
	}
	receive(t, q, 1)
	if m, _ := book.most(); !strings.Contains(m, "maxmemory-policy") {
		t.Errorf("the log has no warning at the start but %q", m)
	}
	for _, key := range []string{stream + ":high", stream + ":held"} {
		if _, err := server.Do("DEL " + key); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Do("SET " + key + " x"); err != nil {
			t.Fatal(err)
		}
		_, err := q.Ping(t.Context())
		wantCode(t, "Ping", err, job.Unavailable)
		if err == nil || !strings.Contains(err.Error(), key+" ") {
			t.Errorf("Ping() = %v, want the name of the key %s", err, key)
		}
		if _, err := server.Do("DEL " + key); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMonitorsHaveTheirGroup(t *testing.T) {
	t.Parallel()
	q := open(t, redis.Options{URL: testbed.Redis(t).URL()})
	receive(t, q, 1)
	announce(t, q, messages(3)...)
	d, err := q.Depth(t.Context())
	if err != nil || len(d.Streams) != 8 {
		t.Fatalf("Depth() = %d rows, %v; want two groups of four streams", len(d.Streams), err)
	}
	groups := make(map[string]int)
	for _, row := range d.Streams {
		groups[row.Group] += row.Lag
	}
	if groups["scheduler-workers"] != 3 || groups["scheduler-monitors"] != 3 {
		t.Errorf("lag by group = %v, want 3 for workers and monitors", groups)
	}
}

func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q := open(t, redis.Options{URL: server.URL()})
	announce(t, q, messages(2)...)
	got := receive(t, q, 1)
	if _, err := server.Do("CONFIG SET maxmemory 1000000"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "Announce", q.Announce(t.Context(), messages(1)), job.StorageFull)
	ack(t, q, append(got, receive(t, q, 10)...)...) // what is there can be worked off
	wantDepth(t, q, 0, 0)
	if _, err := server.Do("CONFIG SET maxmemory 0"); err != nil {
		t.Fatal(err)
	}
	announce(t, q, messages(1)...)
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t, "requirepass first")
	url := func(user, password string) string { return "unix://" + user + ":" + password + "@" + server.Socket() }
	q := open(t, redis.Options{URL: url("", "first")})
	announce(t, q, messages(1)...)
	for _, bad := range []string{server.URL(), url("", "wrong"), url("nobody", "first")} {
		wantCode(t, "Announce", open(t, redis.Options{URL: bad}).Announce(t.Context(), messages(1)), job.Unavailable)
	}
}

// TestLeastRights uses a user who may do only what the documentation asks for.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	reply, err := server.Do("ACL SETUSER schedd on >secret ~p:* &p:* +@stream +@hash +@connection +@pubsub +expire +time +type")
	if err != nil || reply != "+OK" {
		t.Fatal(reply, err)
	}
	q := open(t, redis.Options{URL: "unix://schedd:secret@" + server.Socket(), Prefix: "p:"})
	announce(t, q, messages(3)...)
	ack(t, q, receive(t, q, 2)...)
	receive(t, q, 1)
	if got, err := q.Reclaim(t.Context(), "b", 0, 10); len(got) != 1 || err != nil {
		t.Errorf("Reclaim = %d deliveries, %v; want 1, no error", len(got), err)
	}
	wantDepth(t, q, 0, 1)
	if info, err := q.Ping(t.Context()); err != nil || len(info.Warnings) != 1 {
		t.Errorf("Ping() = %+v, %v; want a warning that INFO is not allowed", info, err)
	}
	other := open(t, redis.Options{URL: "unix://schedd:secret@" + server.Socket(), Prefix: "q:"})
	wantCode(t, "Announce outside of the prefix", other.Announce(t.Context(), messages(1)), job.Unavailable)
}

// TestCutsDoNotMixAnswers cuts connections in the middle of replies while many ask for
// different things, and checks that each gets an answer to its own question.
func TestCutsDoNotMixAnswers(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	proxy := testbed.NewProxy(t, "unix", server.Socket())
	q := open(t, redis.Options{URL: "redis://" + proxy.Addr(), Timeout: time.Second})
	all := messages(3000)
	known := make(map[job.ID]bool)
	for _, m := range all {
		known[m.ExecutionID] = true
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	left := len(all)
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for ctx.Err() == nil {
				got, _ := q.Receive(ctx, name, 20, 50*time.Millisecond)
				if more, err := q.Reclaim(ctx, name, 300*time.Millisecond, 20); err == nil {
					got = append(got, more...)
				}
				var receipts []string
				mu.Lock()
				for _, d := range got {
					if unseen, ok := known[d.ExecutionID]; !ok {
						t.Errorf("received an execution that nobody announced: %+v", d)
					} else if unseen {
						known[d.ExecutionID] = false
						left--
					}
					receipts = append(receipts, d.Receipt)
				}
				mu.Unlock()
				_ = q.Ack(ctx, receipts)
				if d, err := q.Depth(ctx); err == nil && (d.Waiting < 0 || d.Waiting > len(all) || d.Oldest > time.Minute) {
					t.Errorf("Depth() = %+v", d)
				}
				if info, err := q.Ping(ctx); err == nil && (info.Eviction != "noeviction" || info.Version == "") {
					t.Errorf("Ping() = %+v", info)
				}
			}
		})
	}
	wg.Go(func() { // the network
		r := rand.New(rand.NewPCG(1, 2))
		for i := 0; ctx.Err() == nil; i++ {
			proxy.CutAfter(testbed.Direction(i%2), r.Int64N(5000))
			if i%10 == 0 {
				proxy.Stall()
				testbed.Pass(time.Duration(r.Int64N(30)) * time.Millisecond) // as long as the stall lasts
				proxy.Resume()
			}
			testbed.Pass(time.Duration(r.Int64N(20)) * time.Millisecond) // as long as it works
		}
		proxy.CutAfter(testbed.ToClient, 1<<60)
	})
	var rest []int
	if !testbed.Poll(6*patience, func() bool {
		mu.Lock()
		rest = rest[:0]
		for i := range all {
			if known[all[i].ExecutionID] {
				rest = append(rest, i)
			}
		}
		mu.Unlock()
		for _, i := range rest[:min(50, len(rest))] {
			_ = q.Announce(ctx, all[i:i+1])
		}
		return len(rest) == 0
	}) {
		t.Fatalf("%d of %d messages never came", len(rest), len(all))
	}
	cancel()
	wg.Wait()
	t.Logf("%d connections were cut", proxy.Cuts())
	if proxy.Cuts() < 10 {
		t.Errorf("only %d connections were cut: the test does not test", proxy.Cuts())
	}
}
