package httpapi

import (
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// execution is the {id} of the path as the store reads it: JOB:N is JOB/N.
func (rq *request) execution() string {
	ref := rq.ref()
	if i := strings.LastIndexByte(ref, ':'); i >= 0 && !strings.Contains(ref, "/") {
		ref = ref[:i] + "/" + ref[i+1:]
	}
	return ref
}

func (s *server) listExecutions(rq *request) (any, error) {
	return s.executions(rq, rq.query.text("job"))
}

func (s *server) jobExecutions(rq *request) (any, error) { return s.executions(rq, rq.ref()) }

func (s *server) executions(rq *request, of string) (any, error) {
	f, logs, err := executionFilter(&rq.query)
	if err != nil {
		return nil, err
	}
	f.Job = of
	page, err := s.service.ListExecutions(rq.Context(), rq.call, f)
	return s.withLogs(rq, page, logs, err)
}

// withLogs answers a page of executions, with their last lines where they are asked for.
func (s *server) withLogs(rq *request, page control.ExecutionPage, logs bool, err error) (any, error) {
	if err == nil && logs {
		err = s.service.WithLogs(rq.Context(), rq.call, page.Items)
	}
	return list(page), err
}

// executionFilter reads what lists of executions may be restricted to, and whether their
// logs are wanted.
func executionFilter(q *query) (f control.ExecutionFilter, logs bool, err error) {
	f = control.ExecutionFilter{
		Statuses: oneOf(q, "status", job.Statuses()),
		Triggers: oneOf(q, "trigger", job.Triggers()),
		Since:    q.time("since"),
		Until:    q.time("until"),
		Dead:     q.flag("dead"),
		Workers:  q.list("worker"), Handlers: q.list("handler"), ErrorClasses: q.list("error_class"), Text: q.text("text"),
		MinDuration: q.millis("min_duration_ms"), MaxDuration: q.millis("max_duration_ms"),
		Ascending: single(q, "sort_order", "asc", "desc") == "asc",
	}
	logs = q.flag("include_logs")
	q.before("since", "until", f.Since, f.Until)
	if f.MaxDuration > 0 && f.MinDuration > f.MaxDuration {
		q.problems.Add("min_duration_ms", "contradiction", "must not be above max_duration_ms")
	}
	f.Limit, f.Offset, f.Cursor, f.WithTotal = q.page()
	return f, logs, q.err()
}

func (s *server) getExecution(rq *request) (any, error) {
	return s.service.Execution(rq.Context(), rq.call, rq.execution())
}

func (s *server) whyExecution(rq *request) (any, error) {
	return s.service.WhyExecution(rq.Context(), rq.call, rq.execution())
}

func (s *server) retry(rq *request, in *api.Retry) (any, error) {
	e, replayed, err := s.service.Retry(rq.Context(), rq.call, rq.execution(), in)
	return created(e, replayed), err
}

func (s *server) cancelExecution(rq *request, in *api.Cancel) (any, error) {
	if in.CancelRunning {
		var p job.Problems
		p.Add("cancel_running", "not_allowed", "is for jobs; an execution is cancelled in any case")
		return nil, p.Err()
	}
	return s.service.CancelExecution(rq.Context(), rq.call, rq.execution(), in)
}
