package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/agent"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// bed is a registry, a desk, and a handler that uses both.
type bed struct {
	*testing.T

	store   *sqlite.Store
	desk    *agent.Desk
	options agent.Options
	redis   *testbed.RedisServer
}

func newBed(t *testing.T) *bed {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Synchronous: "normal", Instance: "bed"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	now := time.Now()
	if err := s.OpenSession(t.Context(), store.Session{ID: 7, Node: "here", StartedAt: now, LeaseUntil: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	b := &bed{T: t, store: s, desk: agent.NewDesk()}
	b.options = agent.Options{
		Store: s, Desk: b.desk, Session: func() int64 { return 7 }, Now: time.Now, Wait: 10 * time.Second, Look: 50 * time.Millisecond,
	}
	return b
}

// register stores an agent of type report-generator.
func (b *bed) register(name string, edit func(a *store.Agent)) {
	b.Helper()
	now := time.Now()
	a := store.Agent{Platform: job.DefaultPlatform, Name: name, Type: "report-generator", Transport: store.AgentRedis, Capacity: 1, Heartbeat: time.Second, Enabled: true, CreatedAt: now, UpdatedAt: now}
	edit(&a)
	if err := b.store.CreateAgent(b.Context(), a); err != nil {
		b.Fatal(err)
	}
}

// withRedis gives the handler a Redis, and hears what agents say.
func (b *bed) withRedis() {
	b.Helper()
	b.redis = testbed.Redis(b.T)
	line, err := redis.NewAgents(redis.AgentOptions{URL: b.redis.URL(), Inbox: b.desk.Inbox()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = line.Listen(ctx, func(r queue.AgentReply) { b.desk.Deliver(r) }, func(platform, name string) {
			_ = b.store.SeeAgent(ctx, platform, name, time.Now())
		})
	}()
	b.Cleanup(func() {
		stop()
		<-over
		_ = line.Close()
	})
	b.options.Line = line
}

// python starts the example agent.
func (b *bed) python(name string) *exec.Cmd {
	b.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		b.Fatal("python3 is not installed: run scripts/servers.sh or apt-get install python3")
	}
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), path, "../../examples/agent-python/agent.py", b.redis.Socket(), "report-generator", name)
	var out strings.Builder
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b.Failed() {
			b.Logf("%s said: %s", name, out.String())
		}
	})
	return cmd
}

func (b *bed) task(payload string) (*handler.Task, *handlertest.Recorder) {
	t, log := handlertest.NewTask(payload)
	t.Handler, t.Priority, t.OnLost = "report-generator", job.PriorityHigh, job.OnLostRetry
	return t, log
}

// ended is how a run ended.
type ended struct {
	result handler.Result
	err    error
}

// start runs a task beside the test.
func (b *bed) start(ctx context.Context, t *handler.Task) chan ended {
	h, over := agent.New(b.options), make(chan ended, 1)
	go func() {
		result, err := h.Run(ctx, t)
		over <- ended{result, err}
	}()
	return over
}

func (b *bed) wantClass(err error, class string, permanent bool) {
	b.Helper()
	f, ok := errors.AsType[*handler.Failure](err)
	if !ok || f.Class != class || f.Permanent != permanent {
		b.Errorf("Run = %+v, want class %s, permanent %v", err, class, permanent)
	}
}

// free waits until no agent is busy.
func (b *bed) free() {
	b.Helper()
	testbed.Eventually(b.T, "no agent is busy", 10*time.Second, func() bool {
		list, err := b.store.ListAgents(b.Context(), store.AnyPlatform, "")
		for i := range list {
			if list[i].Running != 0 {
				return false
			}
		}
		return err == nil
	})
}

// TestPython runs the example agent, and kills it while it works.
func TestPython(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.withRedis()
	b.register("reporter-1", func(*store.Agent) {})
	first := b.python("reporter-1")
	task, log := b.task(`{"report": "daily"}`)
	got := <-b.start(t.Context(), task)
	if want := `{"report": "daily", "by": "reporter-1", "attempt": 1}`; got.err != nil || string(got.result.Value) != want {
		t.Fatalf("Run = %s, %v; want %s", got.result.Value, got.err, want)
	}
	log.Check(t)
	b.free()

	slow, _ := b.task(`{"seconds": 60}`)
	slow.Token++
	over := b.start(t.Context(), slow)
	b.taken()
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.wantClass((<-over).err, "agent_lost", false)
	b.free()
	if got := b.do("XLEN " + stream); got != ":0" {
		t.Errorf("the stream has %s tasks, want none", got)
	}

	b.python("reporter-1") // it comes back, and the next attempt finds it
	again, _ := b.task(`{"report": "daily"}`)
	again.Token, again.Attempt = slow.Token+1, 2
	if got := <-b.start(t.Context(), again); got.err != nil || !strings.Contains(string(got.result.Value), `"attempt": 2`) {
		t.Errorf("the next attempt = %s, %v; want success", got.result.Value, got.err)
	}
}

// stream is where agents of the tests find their tasks.
const stream = "stream:scheduler:agent.report-generator"

// do gives Redis a command and returns the first line of the answer.
func (b *bed) do(command string) string {
	b.Helper()
	got, err := b.redis.Do(command)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// taken waits until an agent has a task.
func (b *bed) taken() {
	b.Helper()
	testbed.Eventually(b.T, "an agent has the task", 10*time.Second, func() bool {
		return b.do(`EVAL "return redis.call('XPENDING', KEYS[1], 'scheduler-agents')[1]" 1 `+stream) == ":1"
	})
}

// read takes a task as an agent does, and returns its fields; nil when there is none.
func (b *bed) read() map[string]string {
	b.Helper()
	line := b.do(`EVAL "local r = redis.call('XREADGROUP', 'GROUP', 'scheduler-agents', 'reporter-1', 'COUNT', 1, 'STREAMS', KEYS[1], '>') ` +
		`if r then return redis.status_reply(cjson.encode(r[1][2][1][2])) end return redis.status_reply('none')" 1 ` + stream)
	var words []string
	if json.Unmarshal([]byte(strings.TrimPrefix(line, "+")), &words) != nil {
		return nil
	}
	fields := map[string]string{}
	for i := 0; i < len(words); i += 2 {
		fields[words[i]] = words[i+1]
	}
	return fields
}

// TestCancelReachesPython stops a run: the agent is told, and is free for the next.
func TestCancelReachesPython(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.withRedis()
	b.register("reporter-1", func(*store.Agent) {})
	b.python("reporter-1")
	ctx, cancel := context.WithCancel(t.Context())
	slow, _ := b.task(`{"seconds": 60}`)
	over := b.start(ctx, slow)
	b.taken()
	cancel()
	if err := (<-over).err; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want a cancellation", err)
	}
	next, _ := b.task(`{"report": "after"}`)
	next.Token++
	if got := <-b.start(t.Context(), next); got.err != nil {
		t.Errorf("the next task = %v, want success: the agent stopped working on the first", got.err)
	}
	if b.desk.Dropped() == 0 {
		t.Error("the late reply to the first task was not counted")
	}
}

// TestReplies: replies that are forged, for another task, late or second change nothing.
func TestReplies(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.withRedis()
	now := time.Now()
	b.register("reporter-1", func(a *store.Agent) { a.Heartbeat, a.SeenAt = time.Hour, &now })
	task, _ := b.task(`{}`)
	task.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), task.Timeout)
	defer cancel()
	over := b.start(ctx, task)
	var got map[string]string
	testbed.Eventually(t, "the task is in the stream", 10*time.Second, func() bool {
		got = b.read()
		return got != nil
	})
	for name, want := range map[string]string{"priority": "high", "timeout_ms": "60000", "platform_id": "default", "payload": "{}", "traceparent": task.TraceParent, "attempt": "1"} {
		if got[name] != want {
			t.Errorf("the task says %s %q, want %q", name, got[name], want)
		}
	}
	if end, err := time.Parse(time.RFC3339Nano, got["deadline"]); err != nil || time.Until(end) > time.Minute {
		t.Errorf("the deadline is %v, %v", end, err)
	}
	reply := func(id, token, status, result string) {
		t.Helper()
		b.do(`XADD ` + got["reply_to"] + ` * task_id "` + id + `" reply_token "` + token + `" status ` + status + ` result '` + result + `'`)
	}
	id, token := got["task_id"], got["reply_token"]
	reply(id, "", "success", `"forged"`)
	reply(id, token+"x", "success", `"forged"`)
	reply(id, strings.ToUpper(token), "success", `"forged"`)
	reply("another", token, "success", `"foreign"`)
	reply(id, token, "success", `{"n": 1}`)
	reply(id, token, "failed", `"second"`)
	end := <-over
	if end.err != nil || string(end.result.Value) != `{"n": 1}` {
		t.Errorf("Run = %s, %v; want the one true reply", end.result.Value, end.err)
	}
	testbed.Eventually(t, "the others are counted", 10*time.Second, func() bool { return b.desk.Dropped() == 5 })
}

// TestFailures tells what the job's policy makes of.
func TestFailures(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.options.Wait = 50 * time.Millisecond
	task, _ := b.task(`{}`)
	b.wantClass((<-b.start(t.Context(), task)).err, "agent_unavailable", false)
	b.register("silent", func(*store.Agent) {})
	b.wantClass((<-b.start(t.Context(), task)).err, "agent_unavailable", false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (<-b.start(ctx, task)).err; !errors.Is(err, context.Canceled) {
		t.Errorf("Run in an ended context = %v", err)
	}
	now := time.Now()
	b.register("alone", func(a *store.Agent) { a.SeenAt, a.Heartbeat = &now, time.Hour })
	b.wantClass((<-b.start(t.Context(), task)).err, "agent_line", false) // there is no Redis

	b.withRedis() // and nobody reads: the agent dies before it takes the task
	late := time.Now()
	b.options.Now = func() time.Time { return late.Add(time.Since(late) * 100_000) }
	lost, _ := b.task(`{}`)
	lost.OnLost, lost.Token = job.OnLostFail, 99
	b.wantClass((<-b.start(t.Context(), lost)).err, "agent_lost", true)
	b.free()
}

// server is an agent that is reached by HTTP.
func (b *bed) server(do http.HandlerFunc) *httptest.Server {
	b.Helper()
	s := httptest.NewServer(do)
	b.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	port, _ := strconv.ParseUint(u.Port(), 10, 16)
	if b.options.Guard, err = httpcall.NewGuard(httpcall.GuardOptions{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(port)}}); err != nil {
		b.Fatal(err)
	}
	b.register("web", func(a *store.Agent) { a.Transport, a.Endpoint, a.Heartbeat = store.AgentHTTP, s.URL+"/tasks", 0 })
	return s
}

func TestHTTPAnswers(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	status := http.StatusOK
	b.server(func(w http.ResponseWriter, r *http.Request) {
		var task map[string]any
		raw, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(raw, &task); err != nil || task["attempt"] != 1.0 || task["agent_type"] != "report-generator" || task["reply_token"] == "" {
			t.Errorf("the task is %s, %v", raw, err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(task["payload"])
	})
	task, _ := b.task(`{"report":"daily"}`)
	if got := <-b.start(t.Context(), task); got.err != nil || string(got.result.Value) != `{"report":"daily"}` {
		t.Errorf("Run = %s, %v", got.result.Value, got.err)
	}
	status = http.StatusServiceUnavailable
	b.wantClass((<-b.start(t.Context(), task)).err, "http_503", false)
	status = http.StatusBadRequest
	b.wantClass((<-b.start(t.Context(), task)).err, "http_400", true)
	b.free()
}

// TestHTTPRepliesLater: 202 takes the task, the reply comes by another way; a run that is
// stopped is told by DELETE.
func TestHTTPRepliesLater(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	took, stopped := make(chan queue.AgentReply, 1), make(chan string, 1)
	b.server(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			stopped <- r.URL.Path
			return
		}
		var task struct {
			ID    string `json:"task_id"`
			Token string `json:"reply_token"`
		}
		_ = json.NewDecoder(r.Body).Decode(&task)
		w.WriteHeader(http.StatusAccepted)
		took <- queue.AgentReply{Task: task.ID, Token: task.Token, Status: queue.AgentFailed, Error: "no\ndata", Permanent: true}
	})
	task, _ := b.task(`{}`)
	over := b.start(t.Context(), task)
	reply := <-took
	if agent.InboxOf(reply.Task) != b.desk.Inbox() {
		t.Errorf("the task %s is not of this desk", reply.Task)
	}
	testbed.Eventually(t, "the reply is taken", 10*time.Second, func() bool { return b.desk.Deliver(reply) })
	b.wantClass((<-over).err, "agent_failed", true)

	ctx, cancel := context.WithCancel(t.Context())
	over = b.start(ctx, task)
	reply = <-took
	testbed.Pass(50 * time.Millisecond) // the answer is on its way
	cancel()
	if err := (<-over).err; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want a cancellation", err)
	}
	if path := <-stopped; path != "/tasks/"+reply.Task {
		t.Errorf("the agent was told to stop %s, want %s", path, reply.Task)
	}
	if b.desk.Deliver(reply) {
		t.Error("a late reply was taken")
	}
}
