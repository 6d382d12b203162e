package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/internal/build"
	"github.com/agentic-sdlc/scheduler/job"
)

// now is Sunday 2026-11-22 17:30 UTC, as in the sample sessions.
var now = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

const prefix = api.Prefix

// call is a request that the stub got.
type call struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// stub stands for the HTTP side of schedd. A request that no test expected fails it.
type stub struct {
	t      *testing.T
	mux    *http.ServeMux
	server *httptest.Server
	socket string

	mu    sync.Mutex
	calls []call
}

func newStub(t *testing.T) *stub {
	t.Helper()
	dir, err := os.MkdirTemp("", "sctl") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &stub{t: t, mux: http.NewServeMux(), socket: filepath.Join(dir, "s")}
	listener, err := net.Listen("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.Listener = listener
	s.server.Start()
	t.Cleanup(s.server.Close)
	return s
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.calls = append(s.calls, call{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header})
	s.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.t.Errorf("unexpected request %s %s", r.Method, r.URL)
	}
	s.mux.ServeHTTP(w, r)
}

// on answers a route with a status and a body.
func (s *stub) on(pattern string, status int, body any) {
	s.handle(pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) })
}

func (s *stub) handle(pattern string, f http.HandlerFunc) {
	method, route, _ := strings.Cut(pattern, " ")
	if !strings.HasPrefix(route, "/livez") {
		route = prefix + route
	}
	s.mux.HandleFunc(method+" "+route, f)
}

// bulk answers POST /jobs/bulk about these jobs, as they are; others are missing.
func (s *stub) bulk(jobs ...job.Job) {
	is := map[string]job.JobStatus{api.BulkPause: job.JobPaused, api.BulkResume: job.JobActive, api.BulkCancel: job.JobCancelled}
	s.handle("POST /jobs/bulk", func(w http.ResponseWriter, r *http.Request) {
		var in api.Bulk
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			s.t.Error(err)
		}
		out := api.BulkResult{Action: in.Action, DryRun: in.DryRun, Items: []api.BulkItem{}}
		for _, ref := range in.IDs {
			item := api.BulkItem{Name: ref, Result: api.BulkFailed, Error: &api.ErrorBody{Error: "no such job", Code: job.NotFound}}
			for i := range jobs {
				if ref != jobs[i].Name && ref != jobs[i].ID.String() {
					continue
				}
				item = api.BulkItem{ID: &jobs[i].ID, Name: jobs[i].Name, Result: api.BulkDone}
				switch {
				case in.DryRun:
					item.Result = api.BulkWould
				case is[in.Action] == jobs[i].Status:
					item.Result = api.BulkUnchanged
				}
			}
			out.Items = append(out.Items, item)
		}
		reply(w, http.StatusOK, out)
	})
}

func reply(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// asked returns the requests whose method and path start so.
func (s *stub) asked(what string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []call
	for _, c := range s.calls {
		if strings.HasPrefix(c.Method+" "+strings.TrimPrefix(c.Path, prefix), what) {
			found = append(found, c)
		}
	}
	return found
}

// refusal is an error body.
func refusal(code job.Code, message string) api.ErrorBody {
	return api.ErrorBody{Error: message, Code: code, RequestID: "req-1"}
}

// world is the fake environment of an invocation.
type world struct {
	in       string
	tty      bool // standard output and error
	inTTY    bool
	width    int
	height   int
	page     func(command string, text []byte) error
	edit     func(command, name string, text []byte) ([]byte, error)
	env      map[string]string
	files    map[string]string
	links    map[string]string
	account  Account
	deadline time.Duration
	stop     <-chan struct{} // interrupts
	out      io.Writer
}

type result struct {
	code     int
	out, err string
}

// run runs a command against the stub.
func (s *stub) run(args ...string) result { return s.runIn(world{}, args...) }

func (s *stub) runIn(w world, args ...string) result {
	if w.env == nil {
		w.env = map[string]string{}
	}
	if _, said := w.env["SCHEDCTL_SERVER"]; !said {
		w.env["SCHEDCTL_SERVER"] = "unix://" + s.socket
	}
	return runIn(s.t, w, args...)
}

// runIn runs a command without a daemon unless the environment names one.
func runIn(t *testing.T, w world, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	var stdout io.Writer = &out
	if w.out != nil {
		stdout = w.out
	}
	in := strings.NewReader(w.in)
	env := Env{
		In: in, Out: stdout, Err: &errs,
		Getenv: func(name string) string {
			if value, ok := w.env[name]; ok {
				return value
			}
			if name == "LANG" {
				return "C.UTF-8"
			}
			return ""
		},
		Now: func() time.Time { return now },
		IsTerminal: func(stream any) bool {
			if stream == any(in) {
				return w.inTTY
			}
			return w.tty
		},
		Width:  func() int { return w.width },
		Height: func() int { return w.height },
		Page:   w.page,
		Edit:   w.edit,
		Zone:   time.UTC,
		Build: func() build.Info {
			return build.Info{Version: "0.4.0", Commit: "3f9c2e1", Date: "2026-11-20", Go: "go1.26.8", OS: "linux", Arch: "amd64"}
		},
		Account: func() (Account, error) { return w.account, nil },
		ReadLink: func(path string) (string, error) {
			if target, ok := w.links[path]; ok {
				return target, nil
			}
			return "", os.ErrNotExist
		},
		WriteFile: func(path string, text []byte) error {
			if w.files == nil {
				return os.ErrPermission
			}
			w.files[path] = string(text)
			return nil
		},
		ReadDir: os.ReadDir,
		Become:  func(string, []string) error { return os.ErrNotExist },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := w.files[path]; ok {
				return []byte(text), nil
			}
			return os.ReadFile(path)
		},
	}
	ctx := t.Context()
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	if w.stop != nil {
		stoppable, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			select {
			case <-w.stop:
				stop()
			case <-stoppable.Done():
			}
		}()
		ctx = stoppable
	}
	code := Main(ctx, args, env)
	return result{code, out.String(), errs.String()}
}

// check compares a result; an empty want of out or err is not compared unless it is
// "-", which means nothing at all.
func (r result) check(t *testing.T, code int, out string, errs ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit status %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.out, r.err)
	}
	if out == "-" {
		out = ""
		if r.out != "" {
			t.Errorf("stdout is not empty: %s", r.out)
		}
	}
	if out != "" && r.out != out {
		t.Errorf("stdout:\n%s\nwant:\n%s", r.out, out)
	}
	for _, part := range errs {
		if !strings.Contains(r.err, part) {
			t.Errorf("stderr: %s\nlacks: %s", r.err, part)
		}
	}
}

//
//go:fix inline

func id(n byte) job.ID {
	return job.ID{1, 0xa2, 4, 0x4e, 0xc1, 0xc0, 0x7d, 0x11, 0x9c, 0x40, 0, 0, 0, 0, 0, n}
}

// backup is the job of most tests.
func backup() job.Job {
	return job.Job{
		ID: id(1), Status: job.JobActive, Revision: 6, NextRun: new(now.Add(13*time.Hour + 30*time.Minute)),
		LastRun: new(now.Add(-10*time.Hour - 29*time.Minute)), ExecutionsCount: 184, SuccessCount: 180, FailureCount: 4,
		AvgDurationMS: new(int64(724_000)), CreatedBy: "ops", CreatedAt: now.Add(-184 * 24 * time.Hour),
		Spec: job.Spec{
			Name: "nightly-backup", Type: job.TypeCron, Schedule: "0 2 * * *", Timezone: "America/New_York", DSTPolicy: "once",
			Misfire: job.MisfireFireOnce, HandlerName: "exec", HandlerType: job.HandlerFunction,
			Payload: json.RawMessage(`{"command":["/usr/local/bin/backup","--full"]}`), MaxRetries: 2, RetryDelayMS: 60_000,
			RetryBackoff: job.BackoffExponential, TimeoutMS: 1_800_000, Priority: job.PriorityHigh, Concurrency: 1,
			Overlap: job.OverlapSkip, OnLost: job.OnLostRetry, Tags: []string{"backup"},
		},
	}
}

func failedRun() job.Execution {
	return job.Execution{
		ID: id(184), JobID: id(1), JobName: "nightly-backup", RunNumber: 184, Status: job.Failed, Trigger: job.TriggerSchedule,
		ScheduledAt: now.Add(-10*time.Hour - 30*time.Minute), StartedAt: new(now.Add(-10*time.Hour - 29*time.Minute)),
		CompletedAt: new(now.Add(-10*time.Hour - 28*time.Minute)), DurationMS: new(int64(800)), StartDelay: new(int64(41)),
		ExitCode: new(2), Error: "exit status 2: disk full", Attempt: 3, MaxRetries: 2, WorkerID: "node-a",
	}
}

func succeededRun() job.Execution {
	e := failedRun()
	e.ID, e.RunNumber, e.Status, e.Error, e.Attempt = id(183), 183, job.Success, "", 1
	e.ExitCode, e.DurationMS = new(0), new(int64(718_000))
	return e
}
