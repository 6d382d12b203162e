package httpapi

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// route is one line of the table. A generator of an API description reads it too.
type route struct {
	method, pattern string
	role            control.Role // who may; ignored when open
	open            bool         // anybody may, nothing is told
	query           []string     // parameters, beside platform_id
	body            reflect.Type // nil = none is read
	optional        bool         // the body may be left out
	creates         bool         // takes an Idempotency-Key
	kinds           []string     // media types of the answer; nil = JSON
	do              action
}

// action does what a route is for. What it returns is encoded by respond.
type action func(rq *request) (any, error)

// get is a route that changes nothing.
func get(pattern string, do action, query ...string) route {
	return route{method: http.MethodGet, pattern: pattern, role: control.RoleViewer, query: query, do: do}
}

// send is a route with a body of type T.
func send[T any](method, pattern string, do func(rq *request, in *T) (any, error)) route {
	return route{
		method: method, pattern: pattern, role: control.RoleOperator, body: reflect.TypeFor[T](),
		do: func(rq *request) (any, error) {
			var in T
			if err := rq.decode(&in); err != nil {
				return nil, err
			}
			return do(rq, &in)
		},
	}
}

// tried lets a caller ask what a route would do: ?dry_run=true.
func (rt route) tried() route {
	rt.query = append(rt.query, dryRun)
	return rt
}

// maybe makes the body of a route optional.
func (rt route) maybe() route {
	rt.optional = true
	return rt
}

// only sets who may.
func (rt route) only(role control.Role) route {
	rt.role = role
	return rt
}

// create marks a route that makes something new.
func (rt route) create() route {
	rt.creates = true
	return rt
}

// public opens a route to everybody.
func (rt route) public() route {
	rt.open, rt.role = true, ""
	return rt
}

// Parameters of lists.
var (
	paging        = []string{"sort_order", "limit", "offset", "cursor", "total"}
	jobQuery      = append([]string{"type", "status", "tags", "tags_all", "name_contains", "name", "handler", "created_by", "created_after", "created_before", "next_run_after", "next_run_before", "failing", "sort_by"}, paging...)
	executionList = append([]string{"job", "status", "trigger", "since", "until", "dead", "worker", "handler", "error_class", "min_duration_ms", "max_duration_ms", "text", "include_logs"}, paging...)
	deadQuery     = append([]string{"job", "reason", "dead_before"}, paging...)
	logQuery      = []string{"after", "attempt", "level", "contains", "since", "until", "tail", "limit", "follow"}
)

// routes is the table: what is not here does not exist.
func (s *server) routes() []route {
	return slices.Concat(s.operations(), s.tokens(), s.auditLog(), s.platforms(), s.events(), s.alerts(), s.figures(), s.agents(), s.workflows(), s.descriptions(), s.manyJobs(), []route{
		get(api.RouteJobs, s.listJobs, jobQuery...),
		send(http.MethodPost, api.RouteJobsCron, s.createJob(job.TypeCron)).create().tried(),
		send(http.MethodPost, api.RouteJobsOnce, s.createJob(job.TypeOneTime)).create().tried(),
		send(http.MethodPost, api.RouteJobsEvent, s.createJob(job.TypeEvent)).create().tried(),
		send(http.MethodPost, api.RouteJobsRecurring, s.createJob(job.TypeRecurring)).create().tried(),
		get(api.RouteExportJobs, s.exportJobs, jobQuery...),
		send(http.MethodPost, api.RouteJobsApply, s.applyJobs),
		get(api.RouteJob, s.getJob),
		send(http.MethodPatch, api.RouteJob, s.patchJob).tried(),
		{method: http.MethodDelete, pattern: api.RouteJob, role: control.RoleOperator, query: []string{"purge", "archive", "cancel_running"}, do: s.deleteJob},
		send(http.MethodPut, api.RouteJobReschedule, s.reschedule).tried(),
		send(http.MethodPost, api.RouteJobPause, s.pause).maybe(),
		send(http.MethodPost, api.RouteJobResume, s.resume).maybe(),
		send(http.MethodPost, api.RouteJobCancel, s.cancelJob).maybe(),
		send(http.MethodPost, api.RouteJobRun, s.run).maybe().create(),
		send(http.MethodPost, api.RouteJobBackfill, s.backfill),
		get(api.RouteJobNext, s.next, "count", "from"),
		get(api.RouteJobWhy, s.whyJob, "at"),
		get(api.RouteJobExecutions, s.jobExecutions, executionList[1:]...),
		get(api.RouteExecutions, s.listExecutions, executionList...),
		get(api.RouteExecution, s.getExecution),
		send(http.MethodPost, api.RouteRetry, s.retry).maybe().create(),
		send(http.MethodPost, api.RouteCancel, s.cancelExecution).maybe(),
		get(api.RouteLogs, s.logs, logQuery...),
		get(api.RouteWhy, s.whyExecution),
		get(api.RouteForecast, s.forecast, "window", "job", "limit"),
		get(api.RouteClockChanges, s.clockChanges, "window", "job", "limit"),
		get(api.RouteAuditSlots, s.auditSlots, "job", "limit", "cursor", "total"),
		get(api.RouteHandlers, s.handlers),
		get(api.RouteVersion, s.version),
		get(api.RouteLivez, s.livez).public(),
		get(api.RouteReadyz, s.readyz),
	})
}

// noRoute answers what no route matches: 405 with Allow when another method would.
func (s *server) noRoute(rq *request) (any, error) {
	path := rq.URL.Path
	var allowed []string
	if cleanPath(rq.URL.EscapedPath()) {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			probe := &http.Request{Method: method, URL: rq.URL, Host: rq.Host}
			if _, pattern := s.mux.Handler(probe); pattern != "/" && pattern != "" {
				allowed = append(allowed, method)
			}
		}
	}
	if len(allowed) > 0 {
		return nil, &methodError{allow: strings.Join(allowed, ", "), method: rq.Method, path: path}
	}
	err := job.Errorf(job.NotFound, "no route %.80q", path)
	if near := s.nearestRoute(path); near != "" {
		err = err.WithHint("did you mean %s?", near)
	}
	return nil, err
}

// nearestRoute suggests a route without parameters.
func (s *server) nearestRoute(path string) string {
	var fixed []string
	for _, rt := range s.routes() {
		if !strings.Contains(rt.pattern, "{") {
			fixed = append(fixed, rt.pattern)
		}
	}
	return job.Nearest(strings.TrimSuffix(path, "/"), slices.Compact(fixed))
}

// methodError is a 405.
type methodError struct{ allow, method, path string }

// Error names the method and those that would do.
func (e *methodError) Error() string {
	return "method " + strings.ToValidUTF8(e.method, "?") + " is not allowed here; use " + e.allow
}

// cleanPath reports whether a path, escapes and all, has neither empty nor dot
// segments, nor a slash at its end.
func cleanPath(path string) bool {
	if path == "/" {
		return true
	}
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") {
		return false
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
