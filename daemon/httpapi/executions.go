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
	f, err := executionFilter(&rq.query)
	if err != nil {
		return nil, err
	}
	f.Job = of
	page, err := s.service.ListExecutions(rq.Context(), rq.call, f)
	return list(page), err
}

// executionFilter reads what lists of executions may be restricted to.
func executionFilter(q *query) (control.ExecutionFilter, error) {
	f := control.ExecutionFilter{
		Statuses:  oneOf(q, "status", job.Statuses()),
		Triggers:  oneOf(q, "trigger", job.Triggers()),
		Since:     q.time("since"),
		Until:     q.time("until"),
		Dead:      q.flag("dead"),
		Ascending: single(q, "sort_order", "asc", "desc") == "asc",
	}
	q.before("since", "until", f.Since, f.Until)
	f.Limit, f.Offset, f.Cursor, f.WithTotal = q.page()
	return f, q.err()
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
