package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/memory"
)

// listener is one connection to the stream.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

// listen connects and waits until the stream has begun.
func listen(t *testing.T, server *httptest.Server, query string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+api.RouteEventsStream+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := server.Client().Do(r)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("stream%s: %v, %v", query, resp, err)
	}
	l := &listener{t: t, lines: bufio.NewScanner(resp.Body), close: func() { cancel(); _ = resp.Body.Close() }}
	t.Cleanup(l.close)
	return l
}

// until reads what is told up to a line that begins so, and returns the names and ids of
// the events.
func (l *listener) until(begin string) string {
	l.t.Helper()
	var told []string
	for l.lines.Scan() {
		line := l.lines.Text()
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var e api.BusEvent
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				l.t.Fatalf("%s: %v", data, err)
			}
			told = append(told, e.ID)
		}
		if name, ok := strings.CutPrefix(line, "event: stream:"); ok {
			told = append(told, name)
		}
		if strings.HasPrefix(line, begin) {
			return strings.Join(told, " ")
		}
	}
	l.t.Fatalf("the stream ended after %q without %q: %v", told, begin, l.lines.Err())
	return ""
}

// newStream is the API with a bus.
func newStream(t *testing.T) (*bench, *memory.Bus, *httptest.Server) {
	t.Helper()
	bus := memory.NewBus(memory.BusOptions{Buffer: 50_000})
	b := newBench(t, func(c *control.Options, _ *Options) { c.Bus = bus })
	server := httptest.NewServer(b.server)
	t.Cleanup(server.Close)
	return b, bus, server
}

func happen(bus *memory.Bus, id, name, jobName, platform string) {
	_ = bus.Publish(context.Background(), []queue.Event{{
		ID: id, Name: name, At: monday, Data: fmt.Appendf(nil, `{"version":1,"job_id":"%s-id","job_name":%q,"platform_id":%q}`, jobName, jobName, platform),
	}})
}

func TestStream(t *testing.T) {
	_, bus, server := newStream(t)
	all := listen(t, server, "")
	some := listen(t, server, "?event=scheduler:job.*,x&job=a,b-id")
	all.until(": connected")
	some.until(": connected")
	happen(bus, "1", "scheduler:job.created", "a", "default")
	happen(bus, "2", "scheduler:execution.started", "a", "default")
	happen(bus, "3", "scheduler:job.paused", "c", "default")
	happen(bus, "4", "scheduler:job.paused", "b", "web")
	if got, want := all.until("id: 4"), "1 2 3"; got != want {
		t.Errorf("all are told as %q, want %q", got, want)
	}
	if got, want := some.until("id: 4"), "1"; got != want {
		t.Errorf("some are told as %q, want %q", got, want)
	}

	// Who comes back gets what happened meanwhile, once.
	all.close()
	happen(bus, "5", "scheduler:job.resumed", "b", "web")
	for _, back := range []*listener{listen(t, server, "", "Last-Event-ID: 3"), listen(t, server, "?last_event_id=3")} {
		if got, want := back.until(": connected"), "4 5"; got != want {
			t.Errorf("who comes back is told %q, want %q", got, want)
		}
	}
	if got, want := listen(t, server, "?last_event_id=long-ago").until(": connected"), "gap "; got != want {
		t.Errorf("who was away too long is told %q, want %q", got, want)
	}
}

// TestStreamKeepsToItsPlatform is V5 for what happens.
func TestStreamKeepsToItsPlatform(t *testing.T) {
	b, bus, server := newStream(t)
	b.who = control.Principal{Name: "web", Role: control.RoleViewer, Platform: "web"}
	l := listen(t, server, "")
	l.until(": connected")
	happen(bus, "1", "scheduler:job.created", "theirs", "shop")
	happen(bus, "2", "scheduler:job.created", "mine", "web")
	_ = bus.Publish(t.Context(), []queue.Event{{ID: "3", Name: "x", At: monday, Data: []byte(`{}`)}})
	happen(bus, "4", "scheduler:job.created", "mine", "web")
	if got, want := l.until("id: 4"), "2"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestSlowReader is dropped, and told so.
func TestSlowReader(t *testing.T) {
	b, bus, _ := newStream(t)
	w, _, err := b.service.FollowEvents(control.Call{Principal: b.who}, control.EventFilter{}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Leave()
	for i := range 5000 {
		happen(bus, fmt.Sprint(i), "x", "a", "default")
	}
	n := 0
	for range w.Events { // ends only when the follower was dropped
		n++
	}
	if n == 0 || n >= 5000 {
		t.Errorf("%d events before the end, want some", n)
	}
	again, _, err := b.service.FollowEvents(control.Call{Principal: b.who}, control.EventFilter{}, "0")
	if err != nil || again.Gap || len(again.Past) < n {
		t.Errorf("coming back: gap %t, %d events, %v", again.Gap, len(again.Past), err)
	}
	again.Leave()
}

func TestStreamRefuses(t *testing.T) {
	b, _, _ := newStream(t)
	for _, path := range []string{"?event=", "?event=[", "?events=x", "?limit=1", "?last_event_id=" + strings.Repeat("x", 200)} {
		b.do("GET", api.RouteEventsStream+path, "").want(400)
	}
	newBench(t).do("GET", api.RouteEventsStream, "").want(503)
}
