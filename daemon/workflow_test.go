package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/workflow"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// flowBed is an engine whose handlers are told what to do by their payload: fail so often,
// wait for the bed, give a result.
type flowBed struct {
	store   *sqlite.Store
	engine  *Engine
	control *control.Service
	stop    func()

	mu      sync.Mutex
	starts  map[string]int // by payload "name"
	release chan struct{}
}

func newFlowBed(t *testing.T) *flowBed {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Instance: "bed", Synchronous: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	b := &flowBed{store: s, starts: map[string]int{}, release: make(chan struct{})}
	registry := &handler.Registry{}
	if err := registry.Register(handler.Info{Name: "work"}, handler.Func(b.work)); err != nil {
		t.Fatal(err)
	}
	clock := &Clock{}
	h := workflow.New(workflow.Options{
		Store: s, Now: clock.Now, NewID: func() job.ID { return b.engine.NewID() },
		Trigger: func(ctx context.Context, tr store.Trigger) (store.Triggered, error) { return b.engine.Trigger(ctx, tr) },
		Stop:    func(ids []job.ID) { b.engine.Cancel(ids) },
		Engine:  &workflow.Engine{Client: http.DefaultClient, Reply: api.RouteReply},
	})
	if err := registry.Register(handler.Info{Name: "workflow", Type: job.HandlerWorkflow}, h); err != nil {
		t.Fatal(err)
	}
	b.engine = NewEngine(EngineOptions{
		Store: s, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}), Handlers: registry, Clock: clock,
		Logger: slog.New(slog.DiscardHandler), Node: "bed", Settings: Settings{Policy: job.DefaultPolicy()}, Slots: 8, SlowSlots: 8,
		Lease: 30 * time.Second, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second, Drain: 5 * time.Second,
	})
	b.control = control.New(control.Options{
		Store: s, Handlers: registry, NewID: b.engine.NewID, Trigger: b.engine.Trigger, Kick: b.engine.Kick, CancelRunning: b.engine.Cancel, CheckWorkflow: workflow.Check,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = s.Close()
	})
	t.Cleanup(b.stop)
	return b
}

// work does what its payload says.
func (b *flowBed) work(ctx context.Context, t *handler.Task) (handler.Result, error) {
	var p struct {
		Name   string
		Fail   int // so many starts
		Wait   bool
		Result json.RawMessage
	}
	if err := json.Unmarshal(t.Payload, &p); err != nil {
		return handler.Result{}, err
	}
	b.mu.Lock()
	b.starts[p.Name]++
	n := b.starts[p.Name]
	b.mu.Unlock()
	if p.Wait {
		select {
		case <-ctx.Done():
			return handler.Result{}, ctx.Err()
		case <-b.release:
		}
	}
	if n <= p.Fail {
		return handler.Result{}, errors.New("told to fail")
	}
	return handler.Result{Value: p.Result}, nil
}

func (b *flowBed) count(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.starts[name]
}

func (b *flowBed) call() control.Call {
	return control.Call{Principal: control.Principal{Name: "t", Role: control.RoleAdmin, Platform: store.AnyPlatform}, Now: now().UTC().Truncate(time.Microsecond)}
}

// put stores the workflow w, whose steps are the JSON members of text.
func (b *flowBed) put(t *testing.T, text string) {
	t.Helper()
	in := &api.WorkflowInput{}
	if err := json.Unmarshal([]byte(`{"name":"w",`+text+`}`), &in.Definition); err != nil {
		t.Fatal(err)
	}
	if _, err := b.control.PutWorkflow(t.Context(), b.call(), in, true); err != nil {
		t.Fatal(err)
	}
}

// run runs w and returns how it ended.
func (b *flowBed) run(t *testing.T, input string) job.Execution {
	t.Helper()
	return b.await(t, b.begin(t, input))
}

func (b *flowBed) begin(t *testing.T, input string) job.ID {
	t.Helper()
	e, _, err := b.control.RunWorkflow(t.Context(), b.call(), "w", &api.WorkflowRun{Payload: json.RawMessage(input)})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func (b *flowBed) await(t *testing.T, id job.ID) (e job.Execution) {
	t.Helper()
	testbed.Eventually(t, "the workflow is over", time.Minute, func() bool {
		var err error
		e, err = b.store.Execution(t.Context(), store.AnyPlatform, id.String())
		return err == nil && e.Status.Terminal()
	})
	return e
}

// steps says how each step of an execution ended, in order of name.
func (b *flowBed) steps(t *testing.T, id job.ID) string {
	t.Helper()
	list, err := b.control.Steps(t.Context(), b.call(), id.String())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range list {
		name := s.Step
		if s.Item != nil {
			name += fmt.Sprint(*s.Item)
		}
		all = append(all, name+"="+string(s.Status))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestWorkflowPassesResultsOn(t *testing.T) {
	t.Parallel()
	b := newFlowBed(t)
	b.put(t, `"steps":[
		{"name":"list","handler_name":"work","payload":{"name":"list","result":{"items":[10,20,30]}}},
		{"name":"each","needs":["list"],"for_each":"${steps.list.result.items}","max_parallel":2,"handler_name":"work","payload":{"name":"item ${index}","result":"${item + input.add}"}},
		{"name":"never","needs":["list"],"when":"len(steps.list.result.items) > 5","handler_name":"work","payload":{"name":"never"}},
		{"name":"sum","needs":["each","never"],"handler_name":"work","payload":{"name":"sum","result":"${sum(steps.each.result)}"}}
	],"result":{"sum":"${steps.sum.result}","never":"${steps.never.status}","of":"${execution.platform}"}`)
	e := b.run(t, `{"add":1}`)
	if e.Status != job.Success || string(e.Result) != `{"never":"skipped","of":"default","sum":63}` || e.Attempt != 1 || len(e.Attempts) != 1 {
		t.Errorf("%s %s %q, %d attempts; want the sum 63", e.Status, e.Result, e.Error, len(e.Attempts))
	}
	if got, want := b.steps(t, e.ID), "each0=success each1=success each2=success list=success never=skipped sum=success"; got != want {
		t.Errorf("steps %s, want %s", got, want)
	}
	for _, name := range []string{"list", "item 0", "item 1", "item 2", "sum"} {
		if n := b.count(name); n != 1 {
			t.Errorf("%s ran %d times, want once", name, n)
		}
	}
}

func TestWorkflowFailsOrGoesOn(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]job.Status{"fail": job.Failed, "continue": job.Success} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			b := newFlowBed(t)
			b.put(t, `"steps":[
				{"name":"slow","handler_name":"work","payload":{"name":"slow","wait":`+fmt.Sprint(policy == "fail")+`}},
				{"name":"bad","handler_name":"work","payload":{"name":"bad","fail":9},"max_retries":1,"retry_delay_ms":1,"on_failure":"`+policy+`"},
				{"name":"after","needs":["bad","slow"],"handler_name":"work","payload":{"name":"after","result":"${steps.bad.status}"}}]`)
			e := b.run(t, `{}`)
			if e.Status != want || b.count("bad") != 2 {
				t.Errorf("%s %q after %d starts of the bad step; want %s after 2", e.Status, e.Error, b.count("bad"), want)
			}
			if policy == "fail" {
				if e.ErrorClass != "step_failed" || !strings.Contains(e.Error, `step "bad": told to fail`) || b.count("after") != 0 {
					t.Errorf("%s: %s; want step_failed, and nothing after it", e.ErrorClass, e.Error)
				}
				testbed.Eventually(t, "the slow step is stopped", time.Minute, func() bool { return strings.Contains(b.steps(t, e.ID), "slow=cancelled") })
			}
			dead, err := b.store.ListExecutions(t.Context(), store.ExecutionFilter{Platform: store.AnyPlatform, Dead: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range dead.Items {
				if d.ID != e.ID {
					t.Errorf("%s is a dead letter", d.JobName)
				}
			}
		})
	}
}

func TestWorkflowHoldsNoSlotAndIsCancelled(t *testing.T) {
	t.Parallel()
	b := newFlowBed(t)
	b.put(t, `"steps":[{"name":"slow","handler_name":"work","payload":{"name":"slow","wait":true}}]`)
	var ids []job.ID
	for range 4 {
		ids = append(ids, b.begin(t, `{}`))
	}
	testbed.Eventually(t, "four steps run and their workflows hold no slot", time.Minute, func() bool { return b.count("slow") == 4 && b.engine.executor.Free() == 4 })
	e, err := b.control.Execution(t.Context(), b.call(), ids[0].String())
	if err != nil || e.Status != job.Running || e.Attempt != 1 {
		t.Errorf("a workflow that waits is %s, attempt %d, %v; want running, 1", e.Status, e.Attempt, err)
	}
	if _, err := b.control.CancelExecution(t.Context(), b.call(), ids[0].String(), &api.Cancel{}); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "its step is stopped", time.Minute, func() bool { return b.steps(t, ids[0]) == "slow=cancelled" })
	close(b.release)
	for _, id := range ids[1:] {
		if e := b.await(t, id); e.Status != job.Success {
			t.Errorf("another is %s, want success", e.Status)
		}
	}
}

func TestWorkflowDeadline(t *testing.T) {
	t.Parallel()
	b := newFlowBed(t)
	b.put(t, `"timeout_ms":1000,"steps":[{"name":"slow","handler_name":"work","payload":{"name":"slow","wait":true},"timeout_ms":0}]`)
	e := b.run(t, `{}`)
	if e.Status != job.TimedOut || *e.DurationMS < 1000 {
		t.Errorf("%s after %d ms, want timeout after 1000", e.Status, *e.DurationMS)
	}
	testbed.Eventually(t, "its step is stopped", time.Minute, func() bool { return b.steps(t, e.ID) == "slow=cancelled" })
}

func TestWorkflowRoundRepeatsWhatFailed(t *testing.T) {
	t.Parallel()
	b := newFlowBed(t)
	b.put(t, `"steps":[
		{"name":"good","handler_name":"work","payload":{"name":"good","result":5}},
		{"name":"bad","needs":["good"],"handler_name":"work","payload":{"name":"bad","fail":1,"result":"${steps.good.result}"}}],"result":"${steps.bad.result}"`)
	at := b.call()
	name, handlerName, handlerType, retries, delay := "nightly", "w", job.HandlerWorkflow, 1, int64(1)
	when := api.JobInput{Name: &name, HandlerName: &handlerName, HandlerType: &handlerType, MaxRetries: &retries, RetryDelayMS: &delay}
	schedule := "0 0 1 1 *"
	when.Schedule = &schedule
	j, _, err := b.control.CreateJob(t.Context(), at, job.TypeCron, &when)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := b.control.Run(t.Context(), at, j.ID.String(), &api.Run{})
	if err != nil {
		t.Fatal(err)
	}
	e := b.await(t, made.ID)
	if e.Status != job.Success || string(e.Result) != "5" || e.Attempt != 2 || b.count("good") != 1 || b.count("bad") != 2 {
		t.Errorf("%s %s in attempt %d, good %d times, bad %d; want success 5 in 2, once, twice", e.Status, e.Result, e.Attempt, b.count("good"), b.count("bad"))
	}
	page, err := b.control.WorkflowRuns(t.Context(), at, "w", control.ExecutionFilter{})
	if err != nil || len(page.Items) != 1 || page.Items[0].JobName != "nightly" {
		t.Errorf("runs of the workflow: %d, %v; want that of nightly", len(page.Items), err)
	}
}

func TestWorkflowEngine(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var reply struct {
		ExecutionID string `json:"execution_id"`
		ReplyTo     string `json:"reply_to"`
		ReplyToken  string `json:"reply_token"`
		Type        string
	}
	asked := 0
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPost:
			_ = json.NewDecoder(r.Body).Decode(&reply)
			_, _ = w.Write([]byte(`{"workflow_id":"wf/7"}`))
		case r.URL.EscapedPath() != "/start/wf%2F7":
			w.WriteHeader(http.StatusNotFound)
		case asked == 0:
			asked++
			w.WriteHeader(http.StatusBadGateway)
		default:
			asked++
			_, _ = w.Write([]byte(fmt.Sprintf(`{"status":%q,"result":{"n":7}}`, map[bool]string{true: "completed", false: "running"}[asked > 3])))
		}
	}))
	defer engine.Close()
	b := newFlowBed(t)
	b.put(t, `"engine":{"url":"`+engine.URL+`/start","wait":true,"poll_ms":100}`)
	if e := b.run(t, `{}`); e.Status != job.Success || string(e.Result) != `{"n":7}` || reply.Type != "w" || asked < 4 {
		t.Errorf("%s %s %q, asked %d times; want success", e.Status, e.Result, e.Error, asked)
	}

	// It may call back.
	mu.Lock()
	asked = -1_000_000
	mu.Unlock()
	id := b.begin(t, `{}`)
	testbed.Eventually(t, "the engine is told", time.Minute, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return reply.ExecutionID == id.String()
	})
	err := b.control.Reply(t.Context(), b.call(), id.String(), &api.WorkflowReply{Token: "guess", Status: "success"})
	if job.CodeOf(err) != job.NotFound {
		t.Errorf("a reply with another token: %v, want not_found", err)
	}
	testbed.Eventually(t, "the reply is taken", time.Minute, func() bool {
		return b.control.Reply(t.Context(), b.call(), id.String(), &api.WorkflowReply{Token: reply.ReplyToken, Status: "failed", Error: "no luck"}) == nil
	})
	if e := b.await(t, id); e.Status != job.Failed || e.ErrorClass != "workflow_failed" || !strings.Contains(e.Error, "no luck") {
		t.Errorf("%s %s %q; want workflow_failed: no luck", e.Status, e.ErrorClass, e.Error)
	}
}

func TestWorkflowRefusals(t *testing.T) {
	t.Parallel()
	b := newFlowBed(t)
	for text, want := range map[string]string{
		`"steps":[{"name":"a","handler_name":"wrk"}]`:                                 `steps[0].handler_name: handler "wrk" is not registered; did you mean "work"?`,
		`"steps":[{"name":"a","handler_name":"workflow"}]`:                            "a step cannot be a workflow",
		`"steps":[{"name":"a","handler_name":"work","when":"inpt.x"}]`:                "steps[0].when: at column 1: unknown name inpt",
		`"steps":[{"name":"a","handler_name":"work","payload":{"x":{"y":"${1 +}"}}}]`: "steps[0].payload.x.y: ",
		`"steps":[{"name":"a","handler_name":"work","payload":{"x":"${item}"}}]`:      "unknown name item",
		`"steps":[{"name":"a","handler_name":"work","for_each":"${len(1..1e9) + }"}]`: "steps[0].for_each",
	} {
		in := &api.WorkflowInput{}
		if err := json.Unmarshal([]byte(`{"name":"w",`+text+`}`), &in.Definition); err != nil {
			t.Fatal(err)
		}
		if _, err := b.control.PutWorkflow(t.Context(), b.call(), in, true); job.CodeOf(err) != job.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	name, handlerName, handlerType, schedule := "x", "nothing", job.HandlerWorkflow, "* * * * *"
	_, _, err := b.control.CreateJob(t.Context(), b.call(), job.TypeCron, &api.JobInput{Name: &name, Schedule: &schedule, HandlerName: &handlerName, HandlerType: &handlerType})
	if job.CodeOf(err) != job.Invalid || !strings.Contains(err.Error(), "there is no workflow") {
		t.Errorf("a job for no workflow: %v", err)
	}
}
