package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// manyJobs are the routes about what jobs were, about many of them at once, and about what
// happens to them.
func (s *server) manyJobs() []route {
	bulk := send(http.MethodPost, api.RouteJobsBulk, s.bulk).create()
	bulk.query = jobQuery[:len(jobQuery)-len(paging)-1] // conditions: neither order nor page
	follow := get(api.RouteEventsStream, s.streamEvents, "event", "job", "last_event_id")
	follow.kinds = []string{"text/event-stream", "application/json"} // an error is JSON
	return []route{
		bulk, follow,
		get(api.RouteJobRevisions, s.revisions, "limit", "cursor"),
		get(api.RouteJobRevision, s.revision),
		send(http.MethodPost, api.RouteJobRestore, s.restore).maybe(),
	}
}

// number is the {n} of the path.
func (rq *request) number() (int64, error) {
	text := rq.PathValue("n")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		var p job.Problems
		p.Add("n", "type", "%q is not the number of a revision", clip(text))
		return 0, p.Err()
	}
	return n, nil
}

func (s *server) revisions(rq *request) (any, error) {
	q := &rq.query
	limit, cursor := int(q.number("limit", 50, 1, control.MaxLimit)), q.text("cursor")
	if err := q.err(); err != nil {
		return nil, err
	}
	page, err := s.service.ListRevisions(rq.Context(), rq.call, rq.ref(), cursor, limit)
	return list(page), err
}

func (s *server) revision(rq *request) (any, error) {
	n, err := rq.number()
	if err != nil {
		return nil, err
	}
	return s.service.Revision(rq.Context(), rq.call, rq.ref(), n)
}

func (s *server) restore(rq *request, in *api.Restore) (any, error) {
	n, err := rq.number()
	if err != nil {
		return nil, err
	}
	return s.service.RestoreRevision(rq.Context(), rq.call, rq.ref(), n, in)
}

func (s *server) bulk(rq *request, in *api.Bulk) (any, error) {
	f, err := rq.jobConditions()
	if err != nil {
		return nil, err
	}
	filtered := slices.ContainsFunc(rq.route.query, rq.query.has)
	return s.service.Bulk(rq.Context(), rq.call, in, f, filtered)
}
