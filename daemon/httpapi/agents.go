package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
)

// agents are the routes about agents, and those that agents use themselves.
func (s *server) agents() []route {
	return []route{
		get(api.RouteAgents, s.listAgents, "type"),
		send(http.MethodPost, api.RouteAgents, s.createAgent),
		get(api.RouteAgent, s.getAgent),
		send(http.MethodPatch, api.RouteAgent, s.changeAgent),
		act(http.MethodDelete, api.RouteAgent, s.deleteAgent),
		act(http.MethodPost, api.RouteAgentHeartbeat, s.seeAgent),
		send(http.MethodPost, api.RouteAgentReply, s.agentReply),
	}
}

func (s *server) listAgents(rq *request) (any, error) {
	typ := rq.query.text("type")
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	return s.service.Agents(rq.Context(), rq.call, typ)
}

func (s *server) createAgent(rq *request, in *api.AgentInput) (any, error) {
	a, err := s.service.CreateAgent(rq.Context(), rq.call, in)
	return created(a, false), err
}

func (s *server) getAgent(rq *request) (any, error) {
	return s.service.Agent(rq.Context(), rq.call, rq.ref())
}

func (s *server) changeAgent(rq *request, in *api.AgentInput) (any, error) {
	return s.service.ChangeAgent(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) deleteAgent(rq *request) (any, error) {
	return nil, s.service.DeleteAgent(rq.Context(), rq.call, rq.ref())
}

func (s *server) seeAgent(rq *request) (any, error) {
	return nil, s.service.SeeAgent(rq.Context(), rq.call, rq.ref())
}

func (s *server) agentReply(rq *request, in *api.AgentReply) (any, error) {
	return nil, s.service.AgentReply(rq.Context(), rq.call, rq.ref(), in)
}
