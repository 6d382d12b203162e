package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// tokens are the routes about who may use the API. Answers with a secret are never
// replayed, so creations take no Idempotency-Key.
func (s *server) tokens() []route {
	return []route{
		get(api.RouteTokens, s.listTokens).only(control.RoleAdmin),
		send(http.MethodPost, api.RouteTokens, s.createToken).only(control.RoleAdmin),
		send(http.MethodPost, api.RouteTokenRotate, s.rotateToken).maybe().only(control.RoleAdmin),
		act(http.MethodDelete, api.RouteToken, s.revokeToken).only(control.RoleAdmin),
		get(api.RouteWhoami, s.whoami),
	}
}

func (s *server) listTokens(rq *request) (any, error) {
	return s.service.ListTokens(rq.Context(), rq.call)
}

func (s *server) createToken(rq *request, in *api.TokenInput) (any, error) {
	t, err := s.service.CreateToken(rq.Context(), rq.call, in)
	return created(t, false), err
}

func (s *server) rotateToken(rq *request, in *api.TokenRotation) (any, error) {
	t, err := s.service.RotateToken(rq.Context(), rq.call, rq.ref(), in)
	return created(t, false), err
}

func (s *server) revokeToken(rq *request) (any, error) {
	return s.service.RevokeToken(rq.Context(), rq.call, rq.ref())
}

func (s *server) whoami(rq *request) (any, error) { return s.service.Whoami(rq.Context(), rq.call) }
