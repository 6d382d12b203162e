package httpapi

import (
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// Bounds of a forecast and of one page of audits.
const (
	maxForecast    = 366 * 24 * time.Hour
	maxComing      = 10_000
	standardComing = 1000
	auditPage      = 20
)

// coming reads what a question about coming runs selects.
func (rq *request) coming(window time.Duration) (control.ForecastQuery, error) {
	q := &rq.query
	f := control.ForecastQuery{
		Window: q.duration("window", window, maxForecast),
		Jobs:   q.list("job"),
		Limit:  int(q.number("limit", standardComing, 1, maxComing)),
	}
	return f, q.err()
}

func (s *server) forecast(rq *request) (any, error) {
	f, err := rq.coming(24 * time.Hour)
	if err != nil {
		return nil, err
	}
	return s.service.Forecast(rq.Context(), rq.call, f)
}

func (s *server) clockChanges(rq *request) (any, error) {
	f, err := rq.coming(control.ClockChangeWindow)
	if err != nil {
		return nil, err
	}
	return s.service.ClockChanges(rq.Context(), rq.call, f)
}

func (s *server) auditSlots(rq *request) (any, error) {
	q := &rq.query
	f := control.AuditQuery{
		Job:    q.text("job"),
		Limit:  int(q.number("limit", auditPage, 1, control.MaxLimit)),
		Cursor: q.text("cursor"),
		Total:  q.flag("total"),
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	page, err := s.service.AuditSlots(rq.Context(), rq.call, f)
	return list(page), err
}

func (s *server) handlers(rq *request) (any, error) { return s.service.ListHandlers(rq.call), nil }

func (s *server) version(rq *request) (any, error) { return s.service.Version(rq.Context()) }

// alive is the body of the probes.
type alive struct {
	Status string `json:"status"`
}

// livez says that the process can serve; it asks nobody.
func (s *server) livez(*request) (any, error) { return alive{"ok"}, nil }

// readyz says whether requests are taken.
func (s *server) readyz(rq *request) (any, error) {
	return alive{"ok"}, s.service.Ready(rq.Context())
}
