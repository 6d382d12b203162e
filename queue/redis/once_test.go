package redis_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

func TestSweepsDoNotGrowTheStream(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	a, b := open(t, redis.Options{URL: server.URL()}), open(t, redis.Options{URL: server.URL()})
	window := messages(700)
	for range 20 {
		announce(t, a, window...)
		announce(t, b, window...)
	}
	wantDepth(t, a, 700, 0)

	got := receive(t, b, 300)
	announce(t, a, window...)
	wantDepth(t, a, 400, 300) // their claims are on the way
	ack(t, b, got...)
	announce(t, a, window...)
	wantDepth(t, a, 700, 0) // they were not claimed
}

func TestWhatNobodyClaimsIsAnnouncedAgain(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q := open(t, redis.Options{URL: server.URL()})
	m := messages(1)
	announce(t, q, m...)
	if got := receive(t, q, 1); len(got) != 1 {
		t.Fatal("nothing was received")
	}
	began := time.Now()
	testbed.Eventually(t, "an execution whose receiver vanished waits again", patience, func() bool {
		announce(t, q, m...)
		d, err := q.Depth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d.Waiting > 0
	})
	if took := time.Since(began); took < time.Second || took > 4*time.Second {
		t.Errorf("it waited again after %v, want about 2s", took)
	}
}

func TestTheHashIsBelievedOnlyWithTheStream(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]string{
		"deleted": "DEL " + stream,
		"trimmed": "XTRIM " + stream + " MAXLEN 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testbed.Redis(t)
			q := open(t, redis.Options{URL: server.URL()})
			m := messages(3)
			announce(t, q, m...)
			if _, err := server.Do(lose); err != nil {
				t.Fatal(err)
			}
			wantDepth(t, q, 0, 0)
			announce(t, q, m...)
			wantDepth(t, q, 3, 0)
			if got := receive(t, q, 10); len(got) != 3 {
				t.Errorf("Receive = %d deliveries, want 3", len(got))
			}
		})
	}
}

func TestTheHashEndsWhereNobodyAcks(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q := open(t, redis.Options{URL: server.URL()})
	announce(t, q, messages(3)...)
	if ttl := raw(t, server).TTL(t.Context(), stream+":held").Val(); ttl <= 0 || ttl > time.Hour {
		t.Errorf("the hash ends in %v, want an hour at most", ttl)
	}
	ack(t, q, receive(t, q, 10)...)
	if n := raw(t, server).Exists(t.Context(), stream+":held").Val(); n != 0 {
		t.Error("the hash holds something when all is acked")
	}
}

func TestAgeRaisesWhatIsAnnouncedAgain(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	now := time.Now()
	q := open(t, redis.Options{URL: server.URL(), Now: func() time.Time { return now }})
	old := messages(1)
	old[0].Priority = job.PriorityLow
	announce(t, q, old...)
	now = now.Add(2*queue.Ageing + time.Second)
	young := messages(5)
	for i := range young {
		young[i].ReadyAt = now
	}
	announce(t, q, young...)
	for range 10 {
		announce(t, q, old...)
	}
	wantDepth(t, q, 7, 0) // one copy more
	if got := receive(t, q, 1); len(got) != 1 || got[0].ExecutionID != old[0].ExecutionID {
		t.Errorf("Receive = %v, want the old one first", got)
	}
}

func TestMaxLenIsTheBackstop(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q := open(t, redis.Options{URL: server.URL(), MaxLen: 100})
	all := messages(5000)
	announce(t, q, all...)
	d, err := q.Depth(t.Context())
	if err != nil || d.Waiting < 100 || d.Waiting > 300 {
		t.Fatalf("Depth() = %d waiting, %v; want between 100 and 300", d.Waiting, err)
	}
	if got := receive(t, q, 1000); len(got) != d.Waiting || got[len(got)-1].ExecutionID != all[4999].ExecutionID {
		t.Errorf("Receive = %d deliveries, want %d, the newest", len(got), d.Waiting)
	}
}

// TestStrays adds what no announcer adds, past the adapter.
func TestStrays(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q, c := open(t, redis.Options{URL: server.URL()}), raw(t, server)
	add := func(values ...string) {
		t.Helper()
		if err := c.XAdd(t.Context(), &goredis.XAddArgs{Stream: stream, Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	m := messages(1)[0]
	id := m.ExecutionID.String()
	garbage := [][]string{
		{"execution_id", "garbage"}, {"execution_id", ""}, {"a", "b"}, {"", ""}, {"execution_id", id + "0"},
		{"\x00\xff", "\x1b[2J"}, {"execution_id", id[:35] + "\x00"}, {"execution_id", "00000000-0000-0000-0000-000000000000"},
	}
	for _, values := range garbage {
		add(values...)
	}
	add("priority", "utmost", "ready_at", "soon", "timeout_ms", "1e9", "job_id", "?", "execution_id", id, "payload", "rm -rf")
	for range 99 {
		add("execution_id", id)
	}
	got := receive(t, q, 1000)
	if len(got) != 100 {
		t.Fatalf("Receive = %d deliveries, want the 100 that name an execution", len(got))
	}
	for _, d := range got {
		if d.ExecutionID != m.ExecutionID || !d.ReadyAt.IsZero() || d.TimeoutMS != 0 {
			t.Fatalf("received %+v", d)
		}
	}
	wantDepth(t, q, 0, 100)
	ack(t, q, got...)
	wantDepth(t, q, 0, 0)
	if info, err := q.Ping(t.Context()); err != nil || info.Strays != int64(len(garbage)) {
		t.Errorf("Ping() = %d strays, %v; want %d", info.Strays, err, len(garbage))
	}

	add(garbage[0]...) // what a reader took and did not remove
	if err := c.XReadGroup(t.Context(), &goredis.XReadGroupArgs{Group: "scheduler-workers", Consumer: "dead", Streams: []string{stream, ">"}}).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := q.Reclaim(t.Context(), "b", 0, 10); len(got) != 0 || err != nil {
		t.Errorf("Reclaim = %d deliveries, %v; want none, no error", len(got), err)
	}
	wantDepth(t, q, 0, 0)
}

func TestReceiptsOfOthers(t *testing.T) {
	t.Parallel()
	q := open(t, redis.Options{URL: testbed.Redis(t).URL()})
	announce(t, q, messages(2)...)
	receive(t, q, 2)
	odd := []string{"", "1", "/", "1/", "9/1-1/x", "1/1-1", "1/x-y/z", "1/1/x", "-1/1-1", "1/99999999999999999999999-1/x", "1/*/x", "x/1-1/x"}
	if err := q.Ack(t.Context(), odd); err != nil {
		t.Errorf("Ack(%q) = %v, want no error", odd, err)
	}
	wantDepth(t, q, 0, 2)
}

// TestReclaimPagesAndForgets has more pending than Redis looks at in one step, and
// some of it trimmed meanwhile.
func TestReclaimPagesAndForgets(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q, c := open(t, redis.Options{URL: server.URL()}), raw(t, server)
	all := messages(2000)
	for i := range all {
		all[i].Priority = job.Priorities()[i%2]
	}
	announce(t, q, all...)
	for range 4 {
		receive(t, q, 500)
	}
	if err := c.XTrimMaxLen(t.Context(), stream, 600).Err(); err != nil {
		t.Fatal(err)
	}
	var got []queue.Delivery
	testbed.Poll(10*time.Second, func() bool {
		more, err := q.Reclaim(t.Context(), "b", 100*time.Millisecond, 150)
		if err != nil || len(more) > 150 {
			t.Fatalf("Reclaim = %d deliveries, %v; want 150 at most", len(more), err)
		}
		got = append(got, more...)
		ack(t, q, more...)
		return len(got) >= 1600
	})
	if len(got) != 1600 {
		t.Errorf("Reclaim gave %d deliveries, want 1600", len(got))
	}
	if i := slices.IndexFunc(got, func(d queue.Delivery) bool { return d.Count != 2 }); i >= 0 {
		t.Errorf("a delivery has count %d, want 2", got[i].Count)
	}
	wantDepth(t, q, 0, 0)
}

// TestFewAskForFew has receivers that want one message and streams that give one each.
func TestFewAskForFew(t *testing.T) {
	t.Parallel()
	q := open(t, redis.Options{URL: testbed.Redis(t).URL()})
	want := make(map[job.ID]bool)
	for round := range 200 {
		all := messages(4)
		for i := range all {
			all[i].Priority = job.Priorities()[i]
			want[all[i].ExecutionID] = true
		}
		done := make(chan []queue.Delivery)
		go func() {
			got, _ := q.Receive(t.Context(), "c"+strconv.Itoa(round), 1, 200*time.Millisecond)
			done <- got
		}()
		if round%2 == 0 {
			testbed.Pass(time.Duration(round) * 10 * time.Microsecond) // to meet the receiver at different points
		}
		announce(t, q, all...)
		got := <-done
		if len(got) > 1 {
			t.Fatalf("Receive with limit 1 = %d deliveries", len(got))
		}
		for len(got) < 4 {
			more := receive(t, q, 4)
			if len(more) == 0 {
				t.Fatalf("round %d: %d of 4 messages came", round, len(got))
			}
			got = append(got, more...)
		}
		for _, d := range got {
			delete(want, d.ExecutionID)
		}
		ack(t, q, got...)
	}
	if len(want) != 0 {
		t.Errorf("%d messages never came", len(want))
	}
}
