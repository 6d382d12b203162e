package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// alerts are the routes about what people must be told, and who is.
func (s *server) alerts() []route {
	return []route{
		get(api.RouteAlerts, s.listAlerts, "state", "severity", "since", "limit", "cursor"),
		get(api.RouteAlert, s.getAlert),
		send(http.MethodPost, api.RouteAlertAck, s.acknowledgeAlert).maybe(),
		send(http.MethodPost, api.RouteAlertSilence, s.silenceAlert).maybe(),
		send(http.MethodPost, api.RouteAlertUnsilence, s.unsilenceAlert).maybe(),
		send(http.MethodPost, api.RouteAlertResolve, s.resolveAlert).maybe(),
		get(api.RouteAlertRules, s.listAlertRules),
		send(http.MethodPost, api.RouteAlertRules, s.createAlertRule),
		get(api.RouteAlertRule, s.getAlertRule),
		send(http.MethodPatch, api.RouteAlertRule, s.changeAlertRule),
		act(http.MethodDelete, api.RouteAlertRule, s.deleteAlertRule),
		act(http.MethodPost, api.RouteAlertRuleTest, s.testAlertRule),
		get(api.RouteAlertChannels, s.listAlertChannels),
		act(http.MethodPost, api.RouteAlertChannelTest, s.testAlertChannel),
	}
}

func (s *server) listAlerts(rq *request) (any, error) {
	q := &rq.query
	f := control.AlertFilter{
		States: oneOf(q, "state", alert.States()), Severities: oneOf(q, "severity", alert.Severities()), Since: q.time("since"),
		Limit: int(q.number("limit", 0, 1, control.MaxLimit)), Cursor: q.text("cursor"),
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	page, err := s.service.Alerts(rq.Context(), rq.call, f)
	return list(page), err
}

func (s *server) getAlert(rq *request) (any, error) {
	return s.service.Alert(rq.Context(), rq.call, rq.ref())
}

func (s *server) acknowledgeAlert(rq *request, in *api.Stop) (any, error) {
	return s.service.AcknowledgeAlert(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) silenceAlert(rq *request, in *api.Stop) (any, error) {
	return s.service.SilenceAlert(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) unsilenceAlert(rq *request, in *api.AlertReason) (any, error) {
	return s.service.UnsilenceAlert(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) resolveAlert(rq *request, in *api.AlertReason) (any, error) {
	return s.service.ResolveAlert(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) listAlertRules(rq *request) (any, error) {
	return s.service.AlertRules(rq.Context(), rq.call)
}

func (s *server) createAlertRule(rq *request, in *api.AlertRuleInput) (any, error) {
	r, err := s.service.CreateAlertRule(rq.Context(), rq.call, in)
	return created(r, false), err
}

func (s *server) getAlertRule(rq *request) (any, error) {
	return s.service.AlertRule(rq.Context(), rq.call, rq.ref())
}

func (s *server) changeAlertRule(rq *request, in *api.AlertRuleInput) (any, error) {
	return s.service.ChangeAlertRule(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) deleteAlertRule(rq *request) (any, error) {
	return s.service.DeleteAlertRule(rq.Context(), rq.call, rq.ref())
}

func (s *server) testAlertRule(rq *request) (any, error) {
	return s.service.TryAlertRule(rq.Context(), rq.call, rq.ref())
}

func (s *server) listAlertChannels(rq *request) (any, error) {
	return s.service.AlertChannels(rq.call)
}

func (s *server) testAlertChannel(rq *request) (any, error) {
	return s.service.TryAlertChannel(rq.Context(), rq.call, rq.ref())
}
