package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// platforms are the routes about tenants.
func (s *server) platforms() []route {
	create := send(http.MethodPost, api.RoutePlatforms, s.createPlatform).only(control.RoleAdmin)
	decoded := create.do
	create.do = func(rq *request) (any, error) {
		if err := s.service.MayRegister(rq.call); err != nil { // whatever the body says
			return nil, err
		}
		return decoded(rq)
	}
	return []route{
		get(api.RoutePlatforms, s.listPlatforms, "deleted"),
		create,
		get(api.RoutePlatformOfAll, s.getPlatform),
		send(http.MethodPatch, api.RoutePlatformOfAll, s.changePlatform).only(control.RoleAdmin),
		act(http.MethodDelete, api.RoutePlatformOfAll, s.deletePlatform).only(control.RoleAdmin),
	}
}

func (s *server) listPlatforms(rq *request) (any, error) {
	deleted := rq.query.flag("deleted")
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	return s.service.Platforms(rq.Context(), rq.call, deleted)
}

func (s *server) createPlatform(rq *request, in *api.PlatformInput) (any, error) {
	p, err := s.service.CreatePlatform(rq.Context(), rq.call, in)
	return created(p, false), err
}

func (s *server) getPlatform(rq *request) (any, error) {
	return s.service.Platform(rq.Context(), rq.call, rq.ref())
}

func (s *server) changePlatform(rq *request, in *api.PlatformInput) (any, error) {
	return s.service.ChangePlatform(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) deletePlatform(rq *request) (any, error) {
	return nil, s.service.DeletePlatform(rq.Context(), rq.call, rq.ref())
}
