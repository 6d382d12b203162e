package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

func (s *server) workers(rq *request) (any, error) {
	return s.service.Workers(rq.Context(), rq.call)
}

func (s *server) worker(rq *request) (any, error) {
	return s.service.Worker(rq.Context(), rq.call, rq.ref())
}

// drain tells a node to take no new work, or to take it again.
func (s *server) drain(on bool) func(rq *request, in *api.Drain) (any, error) {
	return func(rq *request, in *api.Drain) (any, error) {
		return s.service.Drain(rq.Context(), rq.call, rq.ref(), on, in)
	}
}

func (s *server) queue(rq *request) (any, error) {
	return s.service.QueueStatus(rq.Context(), rq.call)
}

func (s *server) peekQueue(rq *request) (any, error) {
	limit := int(rq.query.number("limit", 20, 1, control.MaxLimit))
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	return s.service.PeekQueue(rq.Context(), rq.call, limit)
}

func (s *server) pauseQueue(rq *request, in *api.Stop) (any, error) {
	return s.service.PauseDispatch(rq.Context(), rq.call, in)
}

func (s *server) resumeQueue(rq *request) (any, error) {
	return nil, s.service.ResumeDispatch(rq.Context(), rq.call)
}

func (s *server) maintenance(rq *request) (any, error) {
	return s.service.Maintenance(rq.Context(), rq.call)
}

func (s *server) beginMaintenance(rq *request, in *api.Stop) (any, error) {
	return s.service.BeginMaintenance(rq.Context(), rq.call, in)
}

func (s *server) endMaintenance(rq *request) (any, error) {
	return nil, s.service.EndMaintenance(rq.Context(), rq.call)
}

func (s *server) listDead(rq *request) (any, error) {
	q := &rq.query
	f := control.ExecutionFilter{
		Job:         q.text("job"),
		DeadReasons: oneOf(q, "reason", job.DeadReasons()),
		DeadBefore:  q.time("dead_before"),
		Ascending:   single(q, "sort_order", "asc", "desc") == "asc",
	}
	f.Limit, f.Offset, f.Cursor, f.WithTotal = q.page()
	if err := q.err(); err != nil {
		return nil, err
	}
	page, err := s.service.ListDeadLetters(rq.Context(), rq.call, f)
	return list(page), err
}

func (s *server) getDead(rq *request) (any, error) {
	return s.service.DeadLetter(rq.Context(), rq.call, rq.execution())
}

func (s *server) retryDead(rq *request, in *api.Retry) (any, error) {
	e, replayed, err := s.service.RetryDead(rq.Context(), rq.call, rq.execution(), in)
	return created(e, replayed), err
}

func (s *server) dropDead(rq *request) (any, error) {
	return nil, s.service.DropDead(rq.Context(), rq.call, rq.execution())
}

func (s *server) cleanup(rq *request, in *api.Cleanup) (any, error) {
	return s.service.Cleanup(rq.Context(), rq.call, in)
}

// act is a route without a body that changes something.
func act(method, pattern string, do action) route {
	return route{method: method, pattern: pattern, role: control.RoleOperator, do: do}
}

// operations are the routes about nodes, the queue and what operators stopped.
func (s *server) operations() []route {
	return []route{
		get(api.RouteWorkers, s.workers),
		get(api.RouteWorker, s.worker),
		send(http.MethodPost, api.RouteWorkerDrain, s.drain(true)).maybe(),
		send(http.MethodPost, api.RouteWorkerUndrain, s.drain(false)).maybe(),
		get(api.RouteQueue, s.queue),
		get(api.RouteQueueMessages, s.peekQueue, "limit"),
		send(http.MethodPost, api.RouteQueuePause, s.pauseQueue).maybe(),
		act(http.MethodPost, api.RouteQueueResume, s.resumeQueue),
		get(api.RouteMaintenance, s.maintenance),
		send(http.MethodPut, api.RouteMaintenance, s.beginMaintenance).maybe(),
		act(http.MethodDelete, api.RouteMaintenance, s.endMaintenance),
		get(api.RouteDeadLetters, s.listDead, deadQuery...),
		get(api.RouteDeadLetter, s.getDead),
		send(http.MethodPost, api.RouteDeadRetry, s.retryDead).maybe().create(),
		act(http.MethodDelete, api.RouteDeadLetter, s.dropDead),
		send(http.MethodPost, api.RouteCleanup, s.cleanup).maybe(),
		get(api.RouteBackup, s.backup).only(control.RoleAdmin),
	}
}
