package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// monday is when tests begin.
var monday = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// bench is the API over a real store, with a clock that tests move.
type bench struct {
	t        testing.TB
	store    *sqlite.Store
	service  *control.Service
	server   http.Handler
	now      time.Time
	who      control.Principal
	draining *atomic.Bool
	ids      *job.IDs
	session  int64
	claims   map[job.ID]store.Claimed // running executions
}

// newBench opens everything in a temporary folder; edit may change the options.
func newBench(t testing.TB, edit ...func(c *control.Options, o *Options)) *bench {
	t.Helper()
	b := &bench{t: t, now: monday, draining: new(atomic.Bool), ids: &job.IDs{Rand: rand.Reader}, claims: map[job.ID]store.Claimed{}, who: control.Principal{Name: "root", Role: control.RoleAdmin, Platform: control.AnyPlatform, Commands: true}}
	var err error
	b.store, err = sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Synchronous: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	c := control.Options{
		Store: b.store, Handlers: registry(t), NewID: b.newID, Version: api.Version{Version: "test"}, Started: monday,
		Health: control.HealthOptions{Clock: time.Now, Draining: b.draining.Load},
	}
	o := Options{
		Principal: func(*http.Request) (control.Principal, error) { return b.who, nil },
		Now:       func() time.Time { return b.now }, Poll: 5 * time.Millisecond, Version: "test",
		Logger: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range edit {
		f(&c, &o)
	}
	b.service = control.New(c)
	o.Service = b.service
	b.server = New(o)
	return b
}

// in returns the bench for a subtest.
func (b *bench) in(t *testing.T) *bench {
	c := *b
	c.t = t
	return &c
}

func (b *bench) newID() job.ID { return b.ids.New(b.now) }

// registry has a free command, a harmless handler, and one that judges its payload.
func registry(t testing.TB) *handler.Registry {
	t.Helper()
	r := &handler.Registry{}
	nothing := handler.Func(func(context.Context, *handler.Task) (handler.Result, error) { return handler.Result{}, nil })
	for _, e := range []struct {
		info handler.Info
		do   handler.Handler
	}{
		{handler.Info{Name: "exec", Kind: "exec", Privileged: true}, nothing},
		{handler.Info{Name: "noop", Kind: "builtin"}, nothing},
		{handler.Info{Name: "http", Kind: "http"}, judging{nothing}},
	} {
		if err := r.Register(e.info, e.do); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// judging wants a payload with a url.
type judging struct{ handler.Handler }

func (judging) ValidatePayload(payload json.RawMessage) error {
	var p job.Problems
	if !bytes.Contains(payload, []byte(`"url"`)) {
		p.Add("payload.url", "required", "is required")
	}
	return p.Err()
}

// answered is an answer that was read.
type answered struct {
	t      testing.TB
	Code   int
	Header http.Header
	Body   []byte
}

// do sends a request; headers are "Name: value" lines;
// "Name:" takes one away.
func (b *bench) do(method, path, body string, headers ...string) *answered {
	b.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, reader)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		if name, bare := strings.CutSuffix(line, ":"); bare { // as if it had not been set
			r.Header.Del(name)
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	got := &answered{t: b.t, Code: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
	got.wellFormed(method)
	return got
}

// wellFormed holds what is true of every answer: JSON, an error body for every error,
// and never a 5xx that nobody asked for.
func (a *answered) wellFormed(method string) {
	a.t.Helper()
	if a.Header.Get(api.HeaderRequestID) == "" {
		a.t.Errorf("answer without a request id")
	}
	if a.Code == http.StatusNoContent {
		if len(a.Body) > 0 {
			a.t.Errorf("204 with the body %q", a.Body)
		}
		return
	}
	kind := a.Header.Get("Content-Type")
	if readable := a.Code == http.StatusOK && (kind == "application/yaml" || kind == "text/html; charset=utf-8"); !readable && kind != "application/json" && kind != "application/x-ndjson" {
		a.t.Errorf("content type %q", kind)
	}
	if a.Code < 400 || method == http.MethodHead {
		return
	}
	var body api.ErrorBody
	if err := json.Unmarshal(a.Body, &body); err != nil {
		a.t.Fatalf("error body %q: %v", a.Body, err)
	}
	if a.Code != http.StatusServiceUnavailable && (body.Error == "" || body.Code == "" || body.RequestID == "") {
		a.t.Errorf("error body %s: error, code and request_id wanted", a.Body)
	}
	if a.Code == http.StatusInternalServerError {
		a.t.Errorf("500: %s", a.Body)
	}
}

// want checks the status.
func (a *answered) want(status int) *answered {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("status %d, want %d: %s", a.Code, status, a.Body)
	}
	return a
}

// fields lists the fields at fault.
func (a *answered) fields() string {
	var body api.ErrorBody
	_ = json.Unmarshal(a.Body, &body)
	names := make([]string, len(body.Fields))
	for i, f := range body.Fields {
		names[i] = f.Field
	}
	return strings.Join(names, " ")
}

// read decodes the body.
func read[T any](a *answered) T {
	a.t.Helper()
	var v T
	if err := json.Unmarshal(a.Body, &v); err != nil {
		a.t.Fatalf("%s: %v", a.Body, err)
	}
	return v
}

const base = api.Prefix

// cron creates a job that is due every hour; more is added to its body.
func (b *bench) cron(name, more string) job.Job {
	b.t.Helper()
	body := `{"name":"` + name + `","schedule":"0 * * * *","handler_name":"noop"` + more + `}`
	return read[job.Job](b.do("POST", base+"/jobs/cron", body).want(http.StatusCreated))
}

// settle claims an execution and ends its only attempt; without an event it goes on
// running.
func (b *bench) settle(id job.ID, event job.Event) {
	b.t.Helper()
	if b.session == 0 {
		b.session = 7
		if err := b.store.OpenSession(b.t.Context(), store.Session{ID: 7, Node: "node-a", StartedAt: b.now, HeartbeatAt: b.now, LeaseUntil: b.now.Add(time.Hour)}); err != nil {
			b.t.Fatal(err)
		}
	}
	claims, err := b.store.Claim(b.t.Context(), store.Claim{Session: b.session, IDs: []job.ID{id}, Now: b.now})
	if err != nil || len(claims.Claimed) != 1 {
		b.t.Fatalf("claim = %v, %v", claims, err)
	}
	b.claims[id] = claims.Claimed[0]
	if event != "" {
		b.finish(id, event)
	}
}

// finish ends the only attempt of an execution that settle has left running.
func (b *bench) finish(id job.ID, event job.Event) {
	b.t.Helper()
	c := b.claims[id]
	settlement := store.Settlement{
		ID: id, Owner: c.Owner, Session: b.session, Token: c.Token, Batch: c.Batch, Ends: c.Ends, Event: event, StartedAt: b.now, CompletedAt: b.now.Add(time.Second),
	}
	if event == job.EventFail {
		settlement.Error, settlement.ErrorClass, settlement.DeadReason = "exit status 2: disk full", "exit_status", "retries_exhausted"
	}
	settled, err := b.store.Settle(context.WithoutCancel(b.t.Context()), b.now.Add(time.Second), []store.Settlement{settlement})
	if err != nil || len(settled.Fenced) > 0 {
		b.t.Fatalf("settle = %+v, %v", settled, err)
	}
}

// plan lets the timer look once.
func (b *bench) plan() {
	b.t.Helper()
	if _, err := b.store.PlanDue(b.t.Context(), store.PlanDue{Now: b.now, Limit: 1000, Policy: job.DefaultPolicy(), NewID: b.newID}); err != nil {
		b.t.Fatal(err)
	}
}
