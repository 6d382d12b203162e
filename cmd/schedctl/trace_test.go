package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
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
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.file("s"))
	}}}
	defer socket.CloseIdleConnections()
	q, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://schedd/api/v1/scheduler/jobs/"+name+"/run", strings.NewReader("{}"))
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
	if answer.StatusCode != http.StatusCreated {
		s.t.Fatalf("run answers %s, want 201", answer.Status)
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
		if span.Failed == (span.Links == 1) {
			t.Errorf("failed is %t with %d links; want the first to fail and the second to be linked to it", span.Failed, span.Links)
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
