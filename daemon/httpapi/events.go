package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// events are the routes by which events come in, and about what they make happen.
func (s *server) events() []route {
	return []route{
		send(http.MethodPost, api.RouteEvents, s.emitEvent).create(),
		get(api.RouteEvents, s.listEvents, "event", "id", "since", "until", "limit", "cursor"),
		get(api.RouteEventHandlers, s.listEventHandlers),
		send(http.MethodPost, api.RouteEventHandlers, s.createEventHandler),
		get(api.RouteEventHandler, s.getEventHandler),
		send(http.MethodPatch, api.RouteEventHandler, s.changeEventHandler),
		act(http.MethodDelete, api.RouteEventHandler, s.deleteEventHandler),
		send(http.MethodPost, api.RouteEventHandlerTest, s.testEventHandler).maybe(),
	}
}

// emitEvent answers as soon as the event is stored.
func (s *server) emitEvent(rq *request, in *api.EventInput) (any, error) {
	accepted, err := s.service.EmitEvent(rq.Context(), rq.call, in)
	return answer{status: http.StatusAccepted, body: accepted}, err
}

func (s *server) listEvents(rq *request) (any, error) {
	q := &rq.query
	f := control.ReceivedFilter{Names: q.list("event"), ID: q.text("id"), Since: q.time("since"), Until: q.time("until")}
	q.before("since", "until", f.Since, f.Until)
	f.Limit, f.Cursor = int(q.number("limit", 0, 1, control.MaxLimit)), q.text("cursor")
	if err := q.err(); err != nil {
		return nil, err
	}
	page, err := s.service.ListEvents(rq.Context(), rq.call, f)
	return list(page), err
}

func (s *server) listEventHandlers(rq *request) (any, error) {
	return s.service.EventHandlers(rq.Context(), rq.call)
}

func (s *server) createEventHandler(rq *request, in *api.EventHandlerInput) (any, error) {
	h, err := s.service.CreateEventHandler(rq.Context(), rq.call, in)
	return created(h, false), err
}

func (s *server) getEventHandler(rq *request) (any, error) {
	return s.service.EventHandler(rq.Context(), rq.call, rq.ref())
}

func (s *server) changeEventHandler(rq *request, in *api.EventHandlerInput) (any, error) {
	return s.service.ChangeEventHandler(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) deleteEventHandler(rq *request) (any, error) {
	return s.service.DeleteEventHandler(rq.Context(), rq.call, rq.ref())
}

func (s *server) testEventHandler(rq *request, in *api.EventTest) (any, error) {
	return s.service.TestEventHandler(rq.Context(), rq.call, rq.ref(), in)
}
