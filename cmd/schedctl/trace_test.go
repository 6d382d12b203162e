package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// downstream is a service that a job calls: it fails the first time.
type downstream struct {
	*httptest.Server

	mu      sync.Mutex
	parents []string
}

func newDownstream(t *testing.T) *downstream {
	t.Helper()
	d := &downstream{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		d.mu.Lock()
		d.parents = append(d.parents, q.Header.Get("Traceparent"))
		first := len(d.parents) == 1
		d.mu.Unlock()
		if first {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(d.Close)
	return d
}

// tracedSite is a schedd that sends its spans to a receiver and may call a service here.
func tracedSite(t *testing.T, r *testbed.OTLP, d *downstream, ratio string) *site {
	t.Helper()
	s := newSite(t)
	port := d.URL[strings.LastIndexByte(d.URL, ':')+1:]
	s.write(s.config, fmt.Sprintf("data_dir: %s\nlisten:\n  socket: %s\nworker: {drain_timeout: 1s}\nhandlers:\n  http: {allow_private: [127.0.0.1/32], allow_ports: [%s]}\n"+
		"tracing: {enabled: true, endpoint: %q, sample_ratio: %s}\n", s.file("data"), s.file("s"), port, r.URL, ratio))
	s.start()
	return s
}

// call makes a job that calls the service, and tries again when it fails.
func (s *site) call(d *downstream) {
	s.t.Helper()
	s.want(s.local("job", "create", "cron", "call", "-s", "0 0 1 1 *", "--handler", "http", "--payload", `{"url": "`+d.URL+`"}`, "--max-retries", "1", "--retry-delay", "1ms"), 0)
}

// runWith runs a job as a caller that traces does.
func (s *site) runWith(name, traceParent string) {
	s.t.Helper()
	s.post("/jobs/"+name+"/run", "{}", traceParent, http.StatusCreated)
}

// post sends a request as a caller that traces does.
func (s *site) post(path, body, traceParent string, status int) {
	s.t.Helper()
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.file("s"))
	}}}
	defer socket.CloseIdleConnections()
	q, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://schedd/api/v1/scheduler"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Traceparent", traceParent)
	answer, err := socket.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != status {
		s.t.Fatalf("POST %s answers %s, want %d", path, answer.Status, status)
	}
}

// TestOneTrace follows one trace: the caller, the request, both attempts of the run, and
// what the service that is called at the end is told.
func TestOneTrace(t *testing.T) {
	t.Parallel()
	const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	r, d := testbed.NewOTLP(t), newDownstream(t)
	s := tracedSite(t, r, d, "1")
	s.call(d)
	s.runWith("call", "00-"+trace+"-"+caller+"-01")
	var attempts []testbed.Span
	testbed.Eventually(t, "both attempts are sent", 20*time.Second, func() bool { attempts = r.Named("run call"); return len(attempts) == 2 })
	requests := r.Named("POST /api/v1/scheduler/jobs/{id}/run")
	if len(requests) != 1 {
		t.Fatalf("%d spans of the request, want 1", len(requests))
	}
	request := requests[0]
	if got := request.Trace + " " + request.Parent; got != trace+" "+caller {
		t.Errorf("the request is below %s, want the caller's %s %s", got, trace, caller)
	}
	known := map[string]bool{}
	for _, span := range attempts {
		known[span.ID] = true
		if span.Trace != trace || span.Parent != request.ID {
			t.Errorf("an attempt is below %s of %s, want the request %s of %s", span.Parent, span.Trace, request.ID, trace)
		}
		if span.Failed == (len(span.Linked) == 1) {
			t.Errorf("failed is %t with %d links; want the first to fail and the second to be linked to it", span.Failed, len(span.Linked))
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.parents) != 2 {
		t.Fatalf("the service was called %d times, want 2", len(d.parents))
	}
	for _, parent := range d.parents {
		parts := strings.Split(parent, "-")
		if len(parts) != 4 || parts[1] != trace || parts[3] != "01" || !known[parts[2]] {
			t.Errorf("the service was told %q, want an attempt of trace %s", parent, trace)
		}
	}
}

// TestTraceGoesOn follows a trace through an event into the environment of a command, and
// through a workflow into what its step calls; and what is retried by hand is linked to
// what failed.
func TestTraceGoesOn(t *testing.T) {
	t.Parallel()
	const event, flow, caller = "0af7651916cd43dd8448eb211c80319c", "5bd66ef5095369c7b0d1f8f4bd33716a", "00f067aa0ba902b7"
	r, d := testbed.NewOTLP(t), newDownstream(t)
	s := tracedSite(t, r, d, "1")

	s.want(s.local("job", "create", "event", "arrived", "--on", "file:arrived", "--", "/bin/sh", "-c", "echo told $TRACEPARENT"), 0)
	s.post("/events", `{"event": "file:arrived", "data": {}}`, "00-"+event+"-"+caller+"-01", http.StatusAccepted)
	run := s.below(r, "run arrived", "POST /api/v1/scheduler/events", event, caller)
	if got, want := s.want(s.local("logs", "arrived"), 0).out, "told 00-"+event+"-"+run.ID+"-01"; !strings.Contains(got, want) {
		t.Errorf("the command printed %q, want %q", got, want)
	}

	s.write(s.file("flow.yaml"), "name: flow\nsteps:\n  - {name: one, handler: http, payload: {url: "+d.URL+"}, max_retries: 0}\n")
	s.want(s.local("workflow", "create", "-f", s.file("flow.yaml")), 0)
	s.post("/workflows/flow/run", "{}", "00-"+flow+"-"+caller+"-01", http.StatusCreated)
	whole := s.below(r, "run flow@1", "POST /api/v1/scheduler/workflows/{id}/run", flow, caller)
	steps := r.Named("run flow@1/one")
	if len(steps) != 1 || steps[0].Trace != flow || steps[0].Parent != whole.ID || !steps[0].Failed || !whole.Failed {
		t.Fatalf("the steps are %+v, want one that failed below %+v, which failed with it", steps, whole)
	}
	d.mu.Lock()
	told := d.parents[0]
	d.mu.Unlock()
	if want := "00-" + flow + "-" + steps[0].ID + "-01"; told != want {
		t.Errorf("the service was told %q, want %q", told, want)
	}

	s.want(s.local("job", "create", "cron", "once", "-s", "0 0 1 1 *", "--max-retries", "0", "--", "/bin/false"), 0)
	s.want(s.local("run", "once", "--wait"), 10)
	s.want(s.local("execution", "retry", "once/1"), 0)
	var runs []testbed.Span
	testbed.Eventually(t, "the retry is sent", 20*time.Second, func() bool { runs = r.Named("run once"); return len(runs) == 2 })
	asked := r.Named("POST /api/v1/scheduler/executions/{id}/retry")
	if len(asked) != 1 || asked[0].ID != runs[1].Parent || asked[0].Trace == runs[0].Trace || !slices.Equal(asked[0].Linked, []string{runs[0].ID}) {
		t.Errorf("the retry was asked for by %+v; want one request, linked to %s, in a trace of its own, above %s", asked, runs[0].ID, runs[1].Parent)
	}
}

// below waits for the one span of a run, and demands that it is below the one request of the
// route, which is below the caller.
func (s *site) below(r *testbed.OTLP, run, route, trace, caller string) testbed.Span {
	s.t.Helper()
	var runs []testbed.Span
	testbed.Eventually(s.t, run+" is sent", 20*time.Second, func() bool {
		runs = slices.DeleteFunc(r.Named(run), func(span testbed.Span) bool { return span.Name != run })
		return len(runs) > 0
	})
	requests := r.Named(route)
	if len(requests) != 1 || requests[0].Trace != trace || requests[0].Parent != caller {
		s.t.Fatalf("the requests are %+v, want one below %s of %s", requests, caller, trace)
	}
	if len(runs) != 1 || runs[0].Trace != trace || runs[0].Parent != requests[0].ID {
		s.t.Fatalf("the runs are %+v, want one below %s of %s", runs, requests[0].ID, trace)
	}
	return runs[0]
}

// TestNoTrace: what is not sampled is not sent, and whoever is called knows.
func TestNoTrace(t *testing.T) {
	t.Parallel()
	r, d := testbed.NewOTLP(t), newDownstream(t)
	s := tracedSite(t, r, d, "0")
	s.call(d)
	s.want(s.local("run", "call", "--wait"), 0)
	_ = s.process.Process.Signal(syscall.SIGTERM)
	s.ended <- <-s.ended // what there is to send is sent at the end
	if n := len(r.Named("")); n != 0 {
		t.Errorf("%d spans were sent, want none", n)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.parents) != 2 || !strings.HasSuffix(d.parents[0], "-00") {
		t.Errorf("the service was told %q, want that nobody records", d.parents)
	}
}

// TestReceiverAway: runs do not wait for whoever takes their spans.
func TestReceiverAway(t *testing.T) {
	t.Parallel()
	r, d := testbed.NewOTLP(t), newDownstream(t)
	s := tracedSite(t, r, d, "1")
	r.Close()
	s.call(d)
	s.want(s.local("run", "call", "--wait", "--timeout", "10s"), 0)
}
