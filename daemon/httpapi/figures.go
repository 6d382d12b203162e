package httpapi

import (
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// periods are how long each period of api.Periods is.
var periods = map[string]time.Duration{
	api.PeriodHour: time.Hour, api.PeriodDay: 24 * time.Hour, api.PeriodWeek: 7 * 24 * time.Hour, api.PeriodMonth: 30 * 24 * time.Hour,
}

func (s *server) metrics(rq *request) (any, error) {
	q := &rq.query
	period := single(q, "period", api.Periods()...)
	from, to := q.time("from"), q.time("to")
	if period != "" && !(from.IsZero() && to.IsZero()) {
		q.problems.Add("period", "contradiction", "cannot stand beside from and to")
	}
	q.before("from", "to", from, to)
	if err := q.err(); err != nil {
		return nil, err
	}
	if from.IsZero() {
		end := rq.call.Now
		if !to.IsZero() {
			end = to
		}
		if period == "" {
			period = api.PeriodDay
		}
		from = end.Add(-periods[period])
	}
	return s.service.Metrics(rq.Context(), rq.call, from, to)
}

func (s *server) jobStats(rq *request) (any, error) {
	since := rq.query.time("since")
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	return s.service.JobStats(rq.Context(), rq.call, rq.ref(), since)
}

// health answers 503 only when the node is of no use.
func (s *server) health(rq *request) (any, error) {
	h := s.service.Health(rq.Context(), rq.call)
	if h.Status == control.Unhealthy {
		return answer{status: http.StatusServiceUnavailable, body: h}, nil
	}
	return h, nil
}

// platformHealth is the health of the platform that schedd is a part of, as far as
// schedd knows it.
func (s *server) platformHealth(rq *request) (any, error) {
	h, err := s.service.PlatformHealth(rq.Context(), rq.call)
	if err == nil && h.Status == control.Unhealthy {
		return answer{status: http.StatusServiceUnavailable, body: h}, nil
	}
	return h, err
}

// exposition is what Prometheus reads: of all platforms, for who reaches all.
func (s *server) exposition(rq *request) (any, error) {
	if err := s.service.Everything(rq.call); err != nil {
		return nil, err
	}
	if s.o.Exposition == nil {
		return nil, job.Errorf(job.NotFound, "nothing is exposed here")
	}
	return exposed{s.o.Exposition, rq.Request}, nil
}

// exposed lets another handler write the answer.
type exposed struct {
	handler http.Handler
	request *http.Request
}

// stream writes the answer.
func (e exposed) stream(w *writer) error {
	hurry(w)
	e.handler.ServeHTTP(w, e.request)
	return nil
}

// figures are the routes about how things go.
func (s *server) figures() []route {
	exposition := get(api.RouteExposition, s.exposition)
	exposition.kinds = []string{"text/plain", "application/openmetrics-text"}
	return []route{
		exposition,
		get(api.RouteMetrics, s.metrics, "period", "from", "to"),
		get(api.RouteJobStats, s.jobStats, "since"),
		get(api.RouteHealth, s.health),
		get(api.RouteHealthz, s.health),
		get(api.RoutePlatform, s.platformHealth),
	}
}
