package httpapi

import (
	"math"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// workflows are the routes about workflows and their runs.
func (s *server) workflows() []route {
	return []route{
		get(api.RouteWorkflows, s.listWorkflows),
		send(http.MethodPost, api.RouteWorkflows, s.createWorkflow),
		get(api.RouteWorkflow, s.getWorkflow, "revision"),
		send(http.MethodPut, api.RouteWorkflow, s.putWorkflow),
		act(http.MethodDelete, api.RouteWorkflow, s.deleteWorkflow),
		get(api.RouteRevisions, s.listRevisions),
		send(http.MethodPost, api.RouteWorkflowRun, s.runWorkflow).maybe().create(),
		get(api.RouteWorkflowRuns, s.workflowRuns, executionList[1:]...),
		get(api.RouteSteps, s.steps),
		send(http.MethodPost, api.RouteReply, s.reply),
	}
}

func (s *server) listWorkflows(rq *request) (any, error) {
	return s.service.ListWorkflows(rq.Context(), rq.call, "")
}

func (s *server) listRevisions(rq *request) (any, error) {
	return s.service.ListWorkflows(rq.Context(), rq.call, rq.ref())
}

func (s *server) createWorkflow(rq *request, in *api.WorkflowInput) (any, error) {
	w, err := s.service.PutWorkflow(rq.Context(), rq.call, in, true)
	return created(w, false), err
}

// putWorkflow replaces a definition; the name is that of the path.
func (s *server) putWorkflow(rq *request, in *api.WorkflowInput) (any, error) {
	if in.Name != "" && in.Name != rq.ref() {
		var p job.Problems
		p.Add("name", "contradiction", "contradicts the name in the path; a workflow keeps its name")
		return nil, p.Err()
	}
	in.Name = rq.ref()
	return s.service.PutWorkflow(rq.Context(), rq.call, in, false)
}

func (s *server) getWorkflow(rq *request) (any, error) {
	revision := rq.query.number("revision", 0, 1, math.MaxInt64)
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	return s.service.Workflow(rq.Context(), rq.call, rq.ref(), revision)
}

func (s *server) deleteWorkflow(rq *request) (any, error) {
	return nil, s.service.DeleteWorkflow(rq.Context(), rq.call, rq.ref())
}

func (s *server) runWorkflow(rq *request, in *api.WorkflowRun) (any, error) {
	e, replayed, err := s.service.RunWorkflow(rq.Context(), rq.call, rq.ref(), in)
	return created(e, replayed), err
}

func (s *server) workflowRuns(rq *request) (any, error) {
	f, logs, err := executionFilter(&rq.query)
	if err != nil {
		return nil, err
	}
	page, err := s.service.WorkflowRuns(rq.Context(), rq.call, rq.ref(), f)
	return s.withLogs(rq, page, logs, err)
}

func (s *server) steps(rq *request) (any, error) {
	return s.service.Steps(rq.Context(), rq.call, rq.execution())
}

func (s *server) reply(rq *request, in *api.WorkflowReply) (any, error) {
	return nil, s.service.Reply(rq.Context(), rq.call, rq.ref(), in)
}
