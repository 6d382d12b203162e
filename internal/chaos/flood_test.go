package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	floodByAPI   = 10  // one event in so many is sent by the API, the others by Redis
	floodCallers = 16  // of the API, of each node
	floodRun     = 900 // events that make one job run
	floodBar     = 5000
	floodLate    = time.Second
)

// floodSize is how many events are sent, and how many a second: a few, or what
// SCHEDD_FLOOD_RATE says for ten seconds.
func floodSize(t *testing.T) (events, rate int64) {
	t.Helper()
	text := os.Getenv("SCHEDD_FLOOD_RATE")
	if text == "" {
		return 2000, 400
	}
	rate, err := strconv.ParseInt(text, 10, 64)
	if err != nil || rate < 1 {
		t.Fatalf("SCHEDD_FLOOD_RATE=%q is not a number of events a second", text)
	}
	return 10 * rate, rate
}

// TestFlood: two nodes take events by the API and by Redis, and one dies in the middle and
// comes back. What was accepted, also by the node that died, acts exactly once for each rule
// that it is for.
//
// With SCHEDD_FLOOD_RATE it is five thousand a second or more, and 99 of 100 act within a
// second. The server says how long it took: from the commit that accepted an event to the
// commit with the executions that it led to. These wait: how fast runs are is another test.
// The machine has to be at leisure for a moment: the best of three floods counts.
func TestFlood(t *testing.T) {
	events, rate := floodSize(t)
	var last string
	for range 3 {
		held := false
		if last, held = flooded(t, events, rate); held || t.Failed() || rate < floodBar {
			t.Log(last)
			return
		}
		t.Log("not held: " + last)
	}
	t.Errorf("%s; want at least %d/s and at most %s", last, floodBar, floodLate)
}

// flooded is one flood, and whether it was taken quickly.
func flooded(t *testing.T, events, perSecond int64) (line string, held bool) {
	t.Helper()
	pg := testbed.NewPostgres(t, testbed.PostgresOptions{Settings: []string{"track_commit_timestamp=on"}})
	if err := pg.Exec("CREATE DATABASE flood"); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "flood-")
	if err != nil {
		t.Fatal(err)
	}
	w := &site{T: t, dir: dir, postgres: pg, redis: testbed.Redis(t)}
	config := profile + fmt.Sprintf("limits: {event_rate: 100000, event_burst: 100000}\nstore: {driver: postgres, postgres: {dsn: %q}}\nqueue: {driver: redis, redis: {url: %q, claim_idle: 1s}}\n",
		pg.DSN("flood"), w.redis.URL())
	for _, name := range []string{"a", "b"} {
		w.nodes = append(w.nodes, newNode(t, dir, name, binary(t, ""), config))
	}
	defer func() {
		w.end()
		_ = os.RemoveAll(dir)
	}()
	w.open(t.Context())
	w.rules(w.nodes[0].client, int(events/floodRun))

	f := &flood{began: time.Now(), events: events, rate: perSecond}
	var work sync.WaitGroup
	for i := range 2 * floodCallers {
		work.Go(func() { f.call(t, w.nodes[i%2], w.nodes[(i+1)%2]) })
	}
	work.Go(func() { f.add(t, w.redis.Socket()) })
	pause(t.Context(), time.Duration(events)*time.Second/time.Duration(2*perSecond))
	b := w.nodes[1]
	b.signal(syscall.SIGKILL)
	<-b.ended()
	b.start()
	work.Wait()
	testbed.Eventually(t, "all are accepted", time.Minute, func() bool { return w.ask(`SELECT count(*) FROM events`) == fmt.Sprint(events) })
	rate := float64(events) / time.Since(f.began).Seconds()
	testbed.Eventually(t, "all are decided about", 3*time.Minute, func() bool { return w.ask(`SELECT count(*) FROM event_inbox`) == "0" })
	for rule, want := range map[string]int64{"all": events, "tenth": events / 10} {
		const acts = `FROM event_acts a JOIN event_rules r ON r.seq = a.rule JOIN executions e ON e.k = a.k WHERE a.state = 1 AND e.status = 0 AND r.name = `
		for what, sql := range map[string]string{
			"executions of acts": `SELECT count(DISTINCT e.k) ` + acts + `'` + rule + `'`,
			"events that acted":  `SELECT count(DISTINCT a.event) ` + acts + `'` + rule + `'`,
			"executions":         `SELECT count(*) FROM executions e JOIN jobs j ON j.seq = e.job WHERE j.name LIKE '` + rule + `-%'`,
		} {
			if got := w.ask(sql); got != fmt.Sprint(want) {
				t.Errorf("rule %s: %s %s, want %d", rule, got, what, want)
			}
		}
	}
	var late [2]int64 // of a half, of 99 in 100; milliseconds
	for i, part := range []string{"0.5", "0.99"} {
		_, _ = fmt.Sscan(w.ask(`SELECT round(percentile_cont(`+part+`) WITHIN GROUP (ORDER BY extract(epoch FROM pg_xact_commit_timestamp(a.xmin) - pg_xact_commit_timestamp(e.xmin))) * 1000)
			FROM event_acts a JOIN events e ON e.id = a.event`), &late[i])
	}
	line = fmt.Sprintf("flood: nodes=2 events=%d rate=%.0f/s acts=%d p50=%dms p99=%dms killed=1 lost=0 doubled=0", events, rate, events+events/10, late[0], late[1])
	return line, rate >= floodBar && time.Duration(late[1])*time.Millisecond <= floodLate
}

// end kills the nodes, and shows their logs when the test failed.
func (w *site) end() {
	for _, n := range w.nodes {
		if n.proc != nil {
			n.kill()
		}
		if w.Failed() {
			w.Logf("log of node %s:\n%s", n.name, n.tail(30))
		}
	}
}

// rules makes jobs, and rules that make them run: one on each event, the other on every
// tenth. What they make waits.
func (w *site) rules(c *client.Client, jobs int) {
	w.Helper()
	ctx := w.Context()
	for rule, when := range map[string]string{"all": "", "tenth": "data.n % 10 == 0"} {
		for i := range jobs + 1 {
			name, allow := fmt.Sprintf("%s-%d", rule, i), job.OverlapAllow
			if _, err := c.CreateJob(ctx, job.TypeCron, api.JobInput{
				Name: &name, Schedule: new("0 0 1 1 *"), HandlerName: new("emit-event"), Payload: json.RawMessage(`{"event":"ran"}`), Overlap: &allow, Concurrency: new(1000),
			}, client.Write{}); err != nil {
				w.Fatal(err)
			}
		}
		config := `{"job":"` + rule + `-${data.job}","payload":{"event":"ran","id":"once"}}`
		if _, err := c.CreateEventHandler(ctx, api.EventHandlerInput{
			Name: &rule, EventName: new("flood"), When: &when, ActionType: new(api.EventRunJob), ActionConfig: json.RawMessage(config),
		}, client.Write{}); err != nil {
			w.Fatal(err)
		}
	}
	if _, err := c.PauseQueue(ctx, api.Stop{}); err != nil {
		w.Fatal(err)
	}
}

// ask returns one value of the database.
func (w *site) ask(sql string) string {
	w.Helper()
	row, err := w.postgres.Query("flood", sql)
	if err != nil || len(row) != 1 {
		w.Fatalf("%s: %v, %v", sql, row, err)
	}
	return row[0]
}

// flood is who sends events, so many a second.
type flood struct {
	began        time.Time
	events, rate int64
	next         atomic.Int64 // of those by the API
}

// event is the n-th, and when it is to be sent.
func (f *flood) event(n int64) (id, data string, at time.Time) {
	return fmt.Sprint("f-", n), fmt.Sprintf(`{"n":%d,"job":%d}`, n, n/floodRun), f.began.Add(time.Duration(n) * time.Second / time.Duration(f.rate))
}

// call sends events by the API: each when its time has come, again until it is accepted.
// When a node does not answer it goes on with the other.
func (f *flood) call(t *testing.T, nodes ...*node) {
	at := 0
	caller := newCaller(nodes[at].path("sock"))
	defer func() { caller.close() }()
	for {
		n := (f.next.Add(1) - 1) * floodByAPI
		if n >= f.events {
			return
		}
		id, data, due := f.event(n)
		pause(context.Background(), time.Until(due))
		for try := 0; ; try++ {
			status, err := caller.post(api.RouteEvents, `{"event":"flood","id":"`+id+`","data":`+data+`}`)
			if err == nil && status == 202 {
				break
			}
			if err == nil && status != 503 || try > 1000 {
				t.Errorf("event %d: status %d, %v", n, status, err)
				return
			}
			caller.close()
			at = (at + 1) % len(nodes)
			caller = newCaller(nodes[at].path("sock"))
			pause(context.Background(), time.Duration(min(try, 20))*time.Millisecond)
		}
	}
}

// add sends the others by Redis, those of each moment together.
func (f *flood) add(t *testing.T, socket string) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	var batch bytes.Buffer
	for n := int64(0); n < f.events; n++ {
		id, data, due := f.event(n)
		if wait := time.Until(due); wait > 0 || batch.Len() > 1<<16 {
			if _, err := conn.Write(batch.Bytes()); err != nil {
				t.Error(err)
				return
			}
			batch.Reset()
			pause(context.Background(), max(wait, 5*time.Millisecond))
		}
		if n%floodByAPI != 0 {
			fmt.Fprintf(&batch, "XADD stream:scheduler:events * event flood id %s data '%s'\r\n", id, data)
		}
	}
	if _, err := conn.Write(batch.Bytes()); err != nil {
		t.Error(err)
	}
}
