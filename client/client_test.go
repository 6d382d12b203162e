package client

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// socket returns a path short enough for a socket.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// serve answers on a Unix socket and returns a client of it.
func serve(t *testing.T, o Options, h http.HandlerFunc) *Client {
	t.Helper()
	path := socket(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	o.Server = "unix://" + path
	return connect(t, o)
}

func connect(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestServers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, server string
		env          map[string]string
		want         string // "" = refused
	}{
		{"option wins", "unix:///a", map[string]string{"SCHEDCTL_SERVER": "/b", "XDG_RUNTIME_DIR": "/c"}, "unix:///a"},
		{"environment", "", map[string]string{"SCHEDCTL_SERVER": "/b", "XDG_RUNTIME_DIR": "/c"}, "unix:///b"},
		{"own session, then the system", "", map[string]string{"XDG_RUNTIME_DIR": "/c"}, "unix:///c/schedd/schedd.sock unix:///run/schedd/schedd.sock"},
		{"system", "", nil, "unix:///run/schedd/schedd.sock"},
		{"relative runtime directory", "", map[string]string{"XDG_RUNTIME_DIR": "c"}, "unix:///run/schedd/schedd.sock"},
		{"relative path", "./s", nil, "unix://./s"},
		{"short form", "unix:/a", nil, "unix:///a"},
		{"HTTP", "http://localhost:8080", nil, "http://localhost:8080"},
		{"HTTP without port", "http://[::1]/", nil, "http://[::1]"},
		{"HTTPS", "https://h", nil, "https://h"},
		{"other scheme", "ftp://x", nil, ""},
		{"no path", "unix://", nil, ""},
		{"with path", "http://h/api", nil, ""},
		{"with password", "http://u:p@h", nil, ""},
		{"word", "localhost", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := New(Options{Server: tt.server, Getenv: func(name string) string { return tt.env[name] }})
			if tt.want == "" {
				if job.CodeOf(err) != job.Invalid {
					t.Errorf("got %v, want invalid", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.Servers(), " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestShownServer(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"": "", "/run/s@x?y": "/run/s@x?y", "unix:///a": "unix:///a", "http://h:80": "http://h:80", "localhost": "localhost",
		"http://u:hunter2@h/?token=hunter2": "http://***@h/?***", "http://u:hunter2@x@h": "http://***@h", "u:hunter2@h": "***@h", "http://h?token=hunter2": "http://h?***",
	} {
		if got := ShownServer(server); got != want {
			t.Errorf("ShownServer(%q) = %q, want %q", server, got, want)
		}
		if _, err := New(Options{Server: server, Getenv: func(string) string { return "" }}); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a password is told: %v", err)
		}
	}
}

func TestReferencesStayInTheirSegment(t *testing.T) {
	t.Parallel()
	var got string
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.EscapedPath()
		_, _ = w.Write([]byte(`{"run_number":12}`))
	})
	e, err := c.Execution(t.Context(), "nightly/12")
	if err != nil || e.RunNumber != 12 {
		t.Fatalf("%+v, %v", e, err)
	}
	if want := api.Prefix + "/executions/nightly%2F12"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := c.Job(t.Context(), "../x y?a#b"); err != nil {
		t.Fatal(err)
	}
	if want := api.Prefix + "/jobs/..%2Fx%20y%3Fa%23b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestErrorsKeepTheirCode(t *testing.T) {
	t.Parallel()
	for _, code := range job.Codes() {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(api.StatusOf(code))
				_ = json.NewEncoder(w).Encode(api.ErrorBody{Error: "no", Code: code, Hint: "h", RequestID: "r", Fields: []job.FieldError{{Field: "f"}}})
			})
			_, err := c.Job(t.Context(), "x")
			e, ok := errors.AsType[*job.Error](err)
			r, ok2 := errors.AsType[*ResponseError](err)
			if !ok || !ok2 || e.Code != code || e.Message != "no" || e.Hint != "h" || len(e.Fields) != 1 || r.RequestID != "r" {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestStrangersAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   job.Code
	}{
		{"404 in HTML", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte("<html>"))
		}, job.NotFound},
		{"403 empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, job.Forbidden},
		{"418", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, job.Internal},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }, job.Unavailable},
		{"redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://example.org/")
			w.WriteHeader(http.StatusFound)
		}, job.Internal},
		{"hang up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, job.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, Options{}, tt.answer).Job(t.Context(), "x")
			if job.CodeOf(err) != tt.want {
				t.Errorf("got %v (%s), want %s", err, job.CodeOf(err), tt.want)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	missing := connect(t, Options{Server: "/nonexistent/s"})
	_, err := missing.Job(t.Context(), "x")
	e, _ := errors.AsType[*job.Error](err)
	if e == nil || e.Code != job.Unavailable || e.Message != "schedd is not reachable (tried unix:///nonexistent/s)" {
		t.Errorf("missing: %v", err)
	}

	plain := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = connect(t, Options{Server: plain}).Job(t.Context(), "x")
	if e, _ := errors.AsType[*job.Error](err); e == nil || e.Code != job.Unavailable || !strings.Contains(e.Hint, "is not a socket") {
		t.Errorf("plain file: %v", err)
	}

	stale := socket(t)
	listener, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = listener.Close()
	_, err = connect(t, Options{Server: stale}).Job(t.Context(), "x")
	if e, _ := errors.AsType[*job.Error](err); e == nil || e.Code != job.Unavailable || !strings.Contains(e.Hint, "nobody listens") {
		t.Errorf("stale socket: %v", err)
	}
}

func TestPermissionNamesTheGroup(t *testing.T) {
	t.Parallel()
	path := socket(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := os.Chmod(path, 0o660); err != nil {
		t.Fatal(err)
	}
	e := permission(unixTarget(path))
	join := strings.Contains(e.Hint, "usermod -aG")
	if e.Code != job.Forbidden || !strings.Contains(e.Message, "group ") || join != (os.Getgid() != 0) {
		t.Errorf("got %+v", e)
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := serve(t, Options{Timeout: 30 * time.Millisecond}, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	if _, err := c.Job(t.Context(), "x"); job.CodeOf(err) != job.Timeout {
		t.Errorf("got %v, want timeout", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Job(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
}

// A create that lost its answer is sent again with the same key.
func TestCreatesAreRepeatedSafely(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var keys, bodies []string
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		_ = json.NewDecoder(r.Body).Decode(&body)
		mu.Lock()
		defer mu.Unlock()
		keys, bodies = append(keys, r.Header.Get(api.HeaderIdempotencyKey)), append(bodies, string(body))
		if len(keys) == 1 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{}`))
	})
	if _, err := c.Run(t.Context(), "x", api.Run{Force: true}, Write{}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(keys) < 2 || keys[0] == "" || keys[0] != keys[len(keys)-1] || bodies[0] != bodies[len(bodies)-1] {
		t.Errorf("keys %q, bodies %q", keys, bodies)
	}
}

func TestPatchesWithoutKeyAreSentOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, Options{}, func(http.ResponseWriter, *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	})
	_, err := c.ChangeJob(t.Context(), "x", api.JobInput{Null: []string{"end_date"}}, Write{})
	if job.CodeOf(err) != job.Unavailable || calls.Load() != 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestPatchTellsNullFromAbsent(t *testing.T) {
	t.Parallel()
	name := "n"
	data, err := json.Marshal(patch(api.JobInput{Name: &name, Null: []string{"end_date", "misfire"}}))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"end_date":null,"misfire":null,"name":"n"}`; string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
}

func TestPagesCarryCursorAndTotal(t *testing.T) {
	t.Parallel()
	c := serve(t, Options{Platform: "web"}, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("platform_id") != "web" {
			t.Errorf("platform %q", r.FormValue("platform_id"))
		}
		w.Header().Set(api.HeaderNextCursor, "c")
		w.Header().Set(api.HeaderTotalCount, "7")
		_, _ = w.Write([]byte(`[{"name":"a"}]`))
	})
	p, err := c.Jobs(t.Context(), JobQuery{})
	if err != nil || len(p.Items) != 1 || p.NextCursor != "c" || p.Total != 7 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestFollowGivesUpOnOtherErrors(t *testing.T) {
	t.Parallel()
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(api.ErrorBody{Error: "no", Code: job.Forbidden})
	})
	count := 0
	for _, err := range c.FollowLogs(t.Context(), "x", LogQuery{}) {
		count++
		if job.CodeOf(err) != job.Forbidden {
			t.Errorf("got %v", err)
		}
	}
	if count != 1 {
		t.Errorf("%d yields", count)
	}
}

func TestFollowStopsWhenAsked(t *testing.T) {
	t.Parallel()
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		enc := json.NewEncoder(w)
		for seq := int64(1); r.Context().Err() == nil; seq++ {
			if enc.Encode(job.LogEntry{Seq: seq}) != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	})
	var last int64
	for line, err := range c.FollowLogs(t.Context(), "x", LogQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if last = line.Seq; last == 5 {
			break
		}
	}
	if last != 5 {
		t.Errorf("last line %d", last)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	var lines []string
	c := serve(t, Options{Trace: func(line string) { lines = append(lines, line) }}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderRequestID, "req-9")
		_, _ = w.Write([]byte(`{}`))
	})
	if _, err := c.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "GET /api/v1/scheduler/version -> 200 OK request req-9 in ") {
		t.Errorf("got %q", lines)
	}
}

// Every route of the contract has a method that uses it.
func TestMethodsUseTheirRoutes(t *testing.T) {
	t.Parallel()
	var got string
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		got = r.Method + " " + r.URL.Path
		if r.Method != http.MethodGet || strings.HasSuffix(r.URL.Path, "z") {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		list := map[string]bool{api.RouteJobs: true, api.RouteEvents: true, api.RouteExecutions: true, api.RouteAuditSlots: true, api.RouteForecast: true, api.RouteHandlers: true, api.RouteWorkers: true, api.RouteDeadLetters: true, api.RouteQueueMessages: true}
		if list[r.URL.Path] || strings.HasSuffix(r.URL.Path, "/logs") || strings.HasSuffix(r.URL.Path, "j/executions") {
			_, _ = w.Write([]byte(`[]`))
			return
		}
		_, _ = w.Write([]byte(`{"status":"healthy"}`))
	})
	ctx := t.Context()
	err1 := func(_ any, err error) error { return err }
	tests := []struct {
		want string
		call func() error
	}{
		{"POST " + api.RouteJobsCron, func() error { return err1(c.CreateJob(ctx, job.TypeCron, api.JobInput{}, Write{})) }},
		{"POST " + api.RouteJobsOnce, func() error { return err1(c.CreateJob(ctx, job.TypeOneTime, api.JobInput{}, Write{})) }},
		{"POST " + api.RouteJobsRecurring, func() error { return err1(c.CreateJob(ctx, job.TypeRecurring, api.JobInput{}, Write{})) }},
		{"GET " + api.RouteJobs, func() error { return err1(c.Jobs(ctx, JobQuery{})) }},
		{"GET " + path(api.RouteJob, "j"), func() error { return err1(c.Job(ctx, "j")) }},
		{"PATCH " + path(api.RouteJob, "j"), func() error { return err1(c.ChangeJob(ctx, "j", api.JobInput{}, Write{})) }},
		{"DELETE " + path(api.RouteJob, "j"), func() error { return c.DeleteJob(ctx, "j", Write{}) }},
		{"PUT " + path(api.RouteJobReschedule, "j"), func() error { return err1(c.Reschedule(ctx, "j", api.Reschedule{}, Write{})) }},
		{"POST " + path(api.RouteJobPause, "j"), func() error { return c.Pause(ctx, "j", api.Pause{}) }},
		{"POST " + path(api.RouteJobResume, "j"), func() error { return c.Resume(ctx, "j", api.Resume{}, Write{}) }},
		{"POST " + path(api.RouteJobCancel, "j"), func() error { return c.CancelJob(ctx, "j", api.Cancel{}) }},
		{"POST " + path(api.RouteJobRun, "j"), func() error { return err1(c.Run(ctx, "j", api.Run{}, Write{})) }},
		{"POST " + path(api.RouteJobBackfill, "j"), func() error { return err1(c.Backfill(ctx, "j", api.Backfill{})) }},
		{"GET " + api.RouteLivez, func() error { return err1(c.Raw(ctx, http.MethodGet, api.RouteLivez, nil, nil, Write{})) }},
		{"GET " + path(api.RouteJobNext, "j"), func() error { return err1(c.Next(ctx, "j", 0, time.Time{})) }},
		{"GET " + path(api.RouteJobWhy, "j"), func() error { return err1(c.WhyJob(ctx, "j", time.Time{})) }},
		{"GET " + path(api.RouteJobExecutions, "j"), func() error { return err1(c.JobExecutions(ctx, "j", ExecutionQuery{})) }},
		{"GET " + api.RouteExecutions, func() error { return err1(c.Executions(ctx, ExecutionQuery{})) }},
		{"GET " + path(api.RouteExecution, "e"), func() error { return err1(c.Execution(ctx, "e")) }},
		{"POST " + path(api.RouteRetry, "e"), func() error { return err1(c.Retry(ctx, "e", api.Retry{}, Write{})) }},
		{"POST " + path(api.RouteCancel, "e"), func() error { return c.CancelExecution(ctx, "e", api.Cancel{}) }},
		{"GET " + path(api.RouteLogs, "e"), func() error { return err1(c.Logs(ctx, "e", LogQuery{})) }},
		{"GET " + path(api.RouteWhy, "e"), func() error { return err1(c.WhyExecution(ctx, "e")) }},
		{"GET " + api.RouteForecast, func() error { return err1(c.Forecast(ctx, time.Hour, nil, 0)) }},
		{"GET " + api.RouteEvents, func() error { return err1(c.Events(ctx, ReceivedQuery{})) }},
		{"GET " + api.RouteAuditSlots, func() error { return err1(c.AuditSlots(ctx, "", "", 0)) }},
		{"GET " + api.RouteHandlers, func() error { return err1(c.Handlers(ctx)) }},
		{"GET " + api.RouteWorkers, func() error { return err1(c.Workers(ctx)) }},
		{"GET " + path(api.RouteWorker, "n"), func() error { return err1(c.Worker(ctx, "n")) }},
		{"POST " + path(api.RouteWorkerDrain, "n"), func() error { return err1(c.Drain(ctx, "n", api.Drain{})) }},
		{"POST " + path(api.RouteWorkerUndrain, "n"), func() error { return err1(c.Undrain(ctx, "n", api.Drain{})) }},
		{"GET " + api.RouteQueue, func() error { return err1(c.Queue(ctx)) }},
		{"GET " + api.RouteQueueMessages, func() error { return err1(c.PeekQueue(ctx, 5)) }},
		{"POST " + api.RouteQueuePause, func() error { return err1(c.PauseQueue(ctx, api.Stop{})) }},
		{"POST " + api.RouteQueueResume, func() error { return c.ResumeQueue(ctx, Write{}) }},
		{"GET " + api.RouteMaintenance, func() error { return err1(c.Maintenance(ctx)) }},
		{"PUT " + api.RouteMaintenance, func() error { return err1(c.BeginMaintenance(ctx, api.Stop{})) }},
		{"DELETE " + api.RouteMaintenance, func() error { return c.EndMaintenance(ctx, Write{}) }},
		{"GET " + api.RouteDeadLetters, func() error { return err1(c.DeadLetters(ctx, DeadQuery{})) }},
		{"GET " + path(api.RouteDeadLetter, "e"), func() error { return err1(c.DeadLetter(ctx, "e")) }},
		{"POST " + path(api.RouteDeadRetry, "e"), func() error { return err1(c.RetryDead(ctx, "e", api.Retry{}, Write{})) }},
		{"DELETE " + path(api.RouteDeadLetter, "e"), func() error { return c.DropDead(ctx, "e", Write{}) }},
		{"GET " + api.RouteHealth, func() error { return err1(c.Health(ctx)) }},
		{"GET " + api.RouteMetrics, func() error { return err1(c.Metrics(ctx, MetricsQuery{})) }},
		{"GET " + api.RouteExposition, func() error { return err1(c.Exposition(ctx)) }},
		{"GET " + path(api.RouteJobStats, "a"), func() error { return err1(c.JobStats(ctx, "a", time.Time{})) }},
		{"GET " + api.RouteVersion, func() error { return err1(c.Version(ctx)) }},
		{"GET " + api.RouteLivez, func() error { return c.Live(ctx) }},
		{"GET " + api.RouteReadyz, func() error { return c.Ready(ctx) }},
	}
	for _, tt := range tests {
		if err := tt.call(); err != nil {
			t.Errorf("%s: %v", tt.want, err)
		}
		if got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	if _, err := c.CreateJob(ctx, "sundial", api.JobInput{}, Write{}); job.CodeOf(err) != job.Invalid {
		t.Errorf("a type that does not exist: %v", err)
	}
}
