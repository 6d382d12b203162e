package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// TestRoutesAreThoseOfTheContract compares the table with package api.
func TestRoutesAreThoseOfTheContract(t *testing.T) {
	var got []string
	for _, rt := range newBench(t).server.(*server).routes() {
		got = append(got, rt.method+" "+rt.pattern)
	}
	for _, pattern := range []string{
		"GET " + api.RouteJobs, "POST " + api.RouteJobsCron, "POST " + api.RouteJobsOnce, "POST " + api.RouteJobsRecurring,
		"GET " + api.RouteJob, "PATCH " + api.RouteJob, "DELETE " + api.RouteJob, "PUT " + api.RouteJobReschedule,
		"POST " + api.RouteJobPause, "POST " + api.RouteJobResume, "POST " + api.RouteJobCancel, "POST " + api.RouteJobRun, "POST " + api.RouteJobBackfill,
		"GET " + api.RouteJobNext, "GET " + api.RouteJobWhy, "GET " + api.RouteJobExecutions, "GET " + api.RouteExecutions,
		"GET " + api.RouteExecution, "POST " + api.RouteRetry, "POST " + api.RouteCancel, "GET " + api.RouteLogs, "GET " + api.RouteWhy,
		"GET " + api.RouteForecast, "GET " + api.RouteAuditSlots, "GET " + api.RouteHandlers, "GET " + api.RouteHealth,
		"GET " + api.RouteWorkers, "GET " + api.RouteWorker, "POST " + api.RouteWorkerDrain, "POST " + api.RouteWorkerUndrain,
		"GET " + api.RouteQueue, "GET " + api.RouteQueueMessages, "POST " + api.RouteQueuePause, "POST " + api.RouteQueueResume,
		"GET " + api.RouteMaintenance, "PUT " + api.RouteMaintenance, "DELETE " + api.RouteMaintenance,
		"GET " + api.RouteDeadLetters, "GET " + api.RouteDeadLetter, "POST " + api.RouteDeadRetry, "DELETE " + api.RouteDeadLetter,
		"GET " + api.RouteMetrics, "GET " + api.RouteJobStats, "GET " + api.RouteHealthz, "GET " + api.RoutePlatform,
		"GET " + api.RouteVersion, "GET " + api.RouteLivez, "GET " + api.RouteReadyz,
	} {
		if !slices.Contains(got, pattern) {
			t.Errorf("%s is not served", pattern)
		}
	}
}

// TestNoRoute holds rows B14 and B55: our body for what the mux does not know.
func TestNoRoute(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		method, path string
		want         int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/nope", 404, ""},
		{"GET", base + "/jobs/", 404, ""},
		{"GET", base + "//jobs", 404, ""},
		{"GET", base + "/jobs/../health", 404, ""},
		{"GET", base + "/jobs/%2e%2e", 404, ""},
		{"GET", base + "/jobs/.", 404, ""},
		{"POST", base + "/jobs", 405, "GET, HEAD"},
		{"GET", base + "/jobs/x/pause", 405, "POST"},
		{"PATCH", base + "/health", 405, "GET, HEAD"},
		{"POST", base + "/jobs/x", 405, "GET, HEAD, PATCH, DELETE"},
		{"BREW", base + "/jobs", 405, "GET, HEAD"},
		{"OPTIONS", base + "/jobs", 405, "GET, HEAD"},
		{"GET", base + "/jobs/" + strings.Repeat("x", 7<<10), 404, ""},
		{"GET", base + "/jobs/" + strings.Repeat("x", 10<<10), 414, ""},
		{"GET", base + "/jobs/00000000-0000-0000-0000-000000000000", 404, ""},
		{"GET", base + "/executions/no-such-job%2F1", 404, ""},
	}
	for _, tt := range tests {
		got := b.do(tt.method, tt.path, "").want(tt.want)
		if got.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %.60s: Allow %q, want %q", tt.method, tt.path, got.Header.Get("Allow"), tt.allow)
		}
	}
	if got := b.do("GET", base+"/job", "").want(404); !strings.Contains(string(got.Body), base+"/jobs") {
		t.Errorf("no suggestion in %s", got.Body)
	}
	b.do("HEAD", base+"/jobs", "").want(200)
}

// TestQueryRefuses holds rows B38 to B41.
func TestQueryRefuses(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	tests := []struct{ path, fields string }{
		{"/jobs?limit=0", "limit"}, {"/jobs?limit=-1", "limit"}, {"/jobs?limit=101", "limit"}, {"/jobs?limit=1e9", "limit"},
		{"/jobs?limit=abc", "limit"}, {"/jobs?limit=1.5", "limit"}, {"/jobs?limit=", "limit"}, {"/jobs?limit=1&limit=2", "limit"},
		{"/jobs?offset=-1", "offset"}, {"/jobs?offset=1000000000000", "offset"}, {"/jobs?cursor=x&offset=1", "offset"},
		{"/jobs?stauts=active", "stauts"}, {"/jobs?STATUS=active", "STATUS"}, {"/jobs?status=runing", "status"}, {"/jobs?status=active,", "status"},
		{"/jobs?type=cron,daily", "type"}, {"/jobs?sort_by=password", "sort_by"}, {"/jobs?sort_order=x;drop", ""}, {"/jobs?sort_order=down", "sort_order"},
		{"/jobs?failing=1", "failing"}, {"/jobs?total=yes", "total"}, {"/jobs?created_after=yesterday", "created_after"},
		{"/jobs?created_after=2026-11-02T00:00:00Z&created_before=2026-11-01T00:00:00Z", "created_after"},
		{"/jobs?name_contains=%00", "name_contains"}, {"/jobs?name_contains=%ff", "name_contains"}, {"/jobs?platform_id=A%20b", "platform_id"},
		{"/jobs?limit=0&stauts=x&sort_by=y", "stauts"},
		{"/executions?since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z", "since"}, {"/executions?status=done&trigger=cron", "status trigger"},
		{"/jobs/nightly/executions?job=x", "job"}, {"/jobs/nightly/next?count=1001", "count"}, {"/jobs/nightly/next?from=x", "from"},
		{"/jobs/nightly/why?at=x", "at"}, {"/next?window=1w", "window"}, {"/clock-changes?window=1w", "window"}, {"/clock-changes?limit=0", "limit"}, {"/next?window=-1h", "window"}, {"/next?window=99999d", "window"},
		{"/executions/nightly%2F1/logs?level=loud&tail=0", "level tail"}, {"/health?verbose=true", "verbose"},
		{"/workers?state=up", "state"}, {"/queue?limit=1", "limit"}, {"/maintenance?on=true", "on"}, {"/queue/messages?limit=0", "limit"}, {"/queue/messages?limit=101", "limit"}, {"/dead-letter?reason=died", "reason"},
		{"/dead-letter?dead_before=7d&limit=0", "dead_before limit"}, {"/dead-letter?status=failed", "status"}, {"/dead-letter?reason=", "reason"},
	}
	for _, tt := range tests {
		got := b.do("GET", base+tt.path, "").want(400)
		if got.fields() != tt.fields {
			t.Errorf("%s: fields at fault %q, want %q: %s", tt.path, got.fields(), tt.fields, got.Body)
		}
	}
	for _, cursor := range []string{"x", "AAAA", "bnVsbA", "eyJzIjoiayIsImsiOjF9", "eyJzIjoiai5jcmVhdGVkX2F0IiwidiI6eyJhIjoxfSwiayI6MX0", "eyJzIjoiai5jcmVhdGVkX2F0IiwidiI6MS41LCJrIjoxfQ", "eyJzIjoiai5jcmVhdGVkX2F0IiwidiI6WzFdLCJrIjoxfQ"} {
		b.do("GET", base+"/jobs?cursor="+cursor, "").want(400)
	}
	b.do("GET", base+"/jobs?"+strings.Repeat("status=active&", 100), "").want(400)
	b.do("GET", base+"/jobs?a=%zz", "").want(400)
}

// TestPanic checks that a fault of ours ends one request and no more.
func TestPanic(t *testing.T) {
	b := newBench(t)
	s := b.server.(*server)
	boom := s.serve(route{pattern: "/boom", open: true, do: func(*request) (any, error) { panic("boom") }})
	b.server = boom
	b.t = quiet{t}
	got := b.do("GET", "/boom", "")
	if got.Code != http.StatusInternalServerError || strings.Contains(string(got.Body), "boom") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// quiet is a test that does not mind a 500.
type quiet struct{ testing.TB }

func (quiet) Errorf(string, ...any) {}

func TestHosts(t *testing.T) {
	b := newBench(t, func(_ *control.Options, o *Options) {
		o.Host = func(r *http.Request) bool { return r.Host == "localhost:7070" }
	})
	b.do("GET", "http://localhost:7070"+base+"/version", "").want(200)
	b.do("GET", "http://evil.example"+base+"/version", "").want(403)
	b.do("GET", "http://evil.example/livez", "").want(403)
}
