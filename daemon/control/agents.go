package control

import (
	"context"
	"log/slog"
	"regexp"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// AgentOptions say how agents are reached from this node.
type AgentOptions struct {
	// Redis reports whether there is a Redis for tasks.
	Redis bool
	// Stream names where agents of a type find their tasks.
	Stream func(platform, typ string) string
	// CheckURL refuses an endpoint that calls must not reach; nil = none is refused.
	CheckURL func(url string) error
	// Reply hands over what an agent says; false = nobody waits for it.
	Reply func(ctx context.Context, r queue.AgentReply) (bool, error)
}

// Bounds of agents.
const (
	maxCapacity    = 1000
	minHeartbeat   = 500 * time.Millisecond
	maxHeartbeat   = time.Hour
	redisHeartbeat = 5 * time.Second // unless the caller says
	maxAgents      = 1000            // of a platform
	maxAgentText   = 4 << 10         // bytes of a description
)

var (
	agentTask = regexp.MustCompile(`^[0-9a-f-]{36}\.[0-9]{1,19}\.[0-9a-f]{16}$`)
	agentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// CreateAgent registers an agent.
func (s *Service) CreateAgent(ctx context.Context, c Call, in *api.AgentInput) (api.Agent, error) {
	home, err := c.homeOf(&api.JobInput{PlatformID: in.PlatformID})
	if err != nil {
		return api.Agent{}, err
	}
	if err := s.inUse(home); err != nil {
		return api.Agent{}, err
	}
	a := store.Agent{Platform: home, Capacity: 1, Enabled: true, CreatedAt: c.Now, CreatedBy: c.Principal.Name, UpdatedAt: c.Now, UpdatedBy: c.Principal.Name}
	var p job.Problems
	if in.Name == nil || !agentName.MatchString(*in.Name) {
		p.Add("name", "pattern", "must be letters, digits, dots, hyphens and underscores, at most 64")
	} else {
		a.Name = *in.Name
	}
	a.Transport = store.AgentRedis
	if in.Endpoint != nil && *in.Endpoint != "" {
		a.Transport = store.AgentHTTP
	}
	if in.HeartbeatMS == nil && (in.Transport == nil && a.Transport == store.AgentRedis || in.Transport != nil && *in.Transport == store.AgentRedis) {
		a.Heartbeat = redisHeartbeat
	}
	p = append(p, s.editAgent(&a, in)...)
	if err := p.Err(); err != nil {
		return api.Agent{}, err
	}
	list, err := s.store.ListAgents(ctx, home, "")
	if err != nil {
		return api.Agent{}, err
	}
	if len(list) >= maxAgents {
		return api.Agent{}, job.Errorf(job.Conflict, "there are %d agents already", len(list)).WithHint("delete those that nobody uses: schedctl agent list")
	}
	if err := s.store.CreateAgent(c.trail(ctx, "agent.created"), a); err != nil {
		return api.Agent{}, err
	}
	s.did(ctx, c, "agent created", agentAttrs(&a)...)
	return s.agentOf(&a, c.Now), nil
}

// editAgent writes what in says over an agent, and checks the whole.
func (s *Service) editAgent(a *store.Agent, in *api.AgentInput) job.Problems {
	var p job.Problems
	for _, f := range []struct{ to, from *string }{{&a.Type, in.Type}, {&a.Transport, in.Transport}, {&a.Endpoint, in.Endpoint}, {&a.Description, in.Description}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if in.Capacity != nil {
		a.Capacity = *in.Capacity
	}
	if in.HeartbeatMS != nil {
		a.Heartbeat = time.Duration(*in.HeartbeatMS) * time.Millisecond
		if *in.HeartbeatMS < 0 || *in.HeartbeatMS > maxHeartbeat.Milliseconds() {
			a.Heartbeat = -1
		}
	}
	if in.Enabled != nil {
		a.Enabled = *in.Enabled
	}
	if !agentName.MatchString(a.Type) {
		p.Add("type", "pattern", "must be letters, digits, dots, hyphens and underscores, at most 64")
	}
	job.OneOf(&p, "transport", a.Transport, api.AgentTransports())
	if a.Capacity < 1 || a.Capacity > maxCapacity {
		p.Add("capacity", "out_of_range", "%d is outside 1 to %d", a.Capacity, maxCapacity)
	}
	if a.Heartbeat != 0 && (a.Heartbeat < minHeartbeat || a.Heartbeat > maxHeartbeat) {
		p.Add("heartbeat_ms", "out_of_range", "must be 0 or within %d to %d", minHeartbeat.Milliseconds(), maxHeartbeat.Milliseconds())
	}
	if len(a.Description) > maxAgentText {
		p.Add("description", "too_long", "has %d bytes; at most %d are allowed", len(a.Description), maxAgentText)
	}
	return append(p, s.checkTransport(a)...)
}

// checkTransport judges how an agent is to be reached.
func (s *Service) checkTransport(a *store.Agent) job.Problems {
	var p job.Problems
	switch a.Transport {
	case store.AgentHTTP:
		if a.Endpoint == "" {
			p.Add("endpoint", "required", "is required: the URL that takes tasks by POST")
		} else if s.o.Agents.CheckURL != nil {
			if err := s.o.Agents.CheckURL(a.Endpoint); err != nil {
				p.Add("endpoint", "not_allowed", "%v", err)
			}
		}
	case store.AgentRedis:
		if a.Endpoint != "" {
			p.Add("endpoint", "contradiction", "is of http; an agent of Redis reads the stream of its type")
		}
		if a.Heartbeat == 0 {
			p.Add("heartbeat_ms", "required", "is required of an agent of Redis: nothing else tells that it lives")
		}
		if !s.o.Agents.Redis {
			p.Add("transport", "not_configured", "needs a Redis: set queue.driver: redis, or agents.redis_url")
		}
	}
	return p
}

// Agents lists agents by name; typ "" = of all types.
func (s *Service) Agents(ctx context.Context, c Call, typ string) ([]api.Agent, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	list, err := s.store.ListAgents(ctx, scope, typ)
	agents := make([]api.Agent, len(list))
	for i := range list {
		agents[i] = s.agentOf(&list[i], c.Now)
	}
	return agents, err
}

// Agent returns one agent.
func (s *Service) Agent(ctx context.Context, c Call, name string) (api.Agent, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Agent{}, err
	}
	a, err := s.store.Agent(ctx, scope, name)
	if err != nil {
		return api.Agent{}, err
	}
	return s.agentOf(&a, c.Now), nil
}

// ChangeAgent changes the fields that in has.
func (s *Service) ChangeAgent(ctx context.Context, c Call, name string, in *api.AgentInput) (api.Agent, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Agent{}, err
	}
	if in.Name != nil {
		return api.Agent{}, fieldError("name", "not_allowed", "cannot be changed: create another agent")
	}
	if in.PlatformID != nil {
		return api.Agent{}, fieldError("platform_id", "not_allowed", "cannot be changed: create another agent")
	}
	a, err := s.store.ChangeAgent(c.trail(ctx, "agent.changed"), store.ChangeAgent{Platform: scope, Name: name, By: c.Principal.Name, Now: c.Now, Change: func(a *store.Agent) error {
		return s.editAgent(a, in).Err()
	}})
	if err != nil {
		return api.Agent{}, err
	}
	s.did(ctx, c, "agent changed", agentAttrs(&a)...)
	return s.agentOf(&a, c.Now), nil
}

// DeleteAgent forgets an agent. What it works on goes on, until somebody misses it.
func (s *Service) DeleteAgent(ctx context.Context, c Call, name string) error {
	scope, err := c.scope()
	if err != nil {
		return err
	}
	a, err := s.store.DeleteAgent(c.trail(ctx, "agent.deleted"), scope, name)
	if err != nil {
		return err
	}
	s.did(ctx, c, "agent deleted", agentAttrs(&a)...)
	return nil
}

// SeeAgent takes a sign of life.
func (s *Service) SeeAgent(ctx context.Context, c Call, name string) error {
	scope, err := c.scope()
	if err != nil {
		return err
	}
	return s.store.SeeAgent(ctx, scope, name, c.Now)
}

// AgentReply takes what an agent says of a task. Its token decides: one that is wrong, late
// or used is answered as a task that nobody knows.
func (s *Service) AgentReply(ctx context.Context, _ Call, task string, in *api.AgentReply) error {
	unknown := job.Errorf(job.NotFound, "nobody waits for a reply to this task").WithHint("it was answered, its time is over, or the token is wrong")
	if !agentTask.MatchString(task) {
		return unknown
	}
	var p job.Problems
	job.OneOf(&p, "status", in.Status, []string{queue.AgentSuccess, queue.AgentFailed})
	if in.ReplyToken == "" {
		p.Add("reply_token", "required", "is required: it came with the task")
	}
	if err := p.Err(); err != nil {
		return err
	}
	known := false
	if s.o.Agents.Reply != nil {
		var err error
		r := queue.AgentReply{Task: task, Token: in.ReplyToken, Status: in.Status, Result: in.Result, Error: in.Error, Permanent: in.Permanent}
		if known, err = s.o.Agents.Reply(ctx, r); err != nil {
			return err
		}
	}
	if !known {
		return unknown
	}
	return nil
}

// knowsAgent refuses a job whose type of agent nobody registered.
func (s *Service) knowsAgent(ctx context.Context, j *job.Job) error {
	if j.HandlerType != job.HandlerAgent {
		return nil
	}
	list, err := s.store.ListAgents(ctx, j.Platform, "")
	if err != nil {
		return err
	}
	var types []string
	for i := range list {
		if list[i].Type == j.HandlerName {
			return nil
		}
		types = append(types, list[i].Type)
	}
	hint := "register one with schedctl agent create"
	if near := job.Nearest(j.HandlerName, types); near != "" {
		hint = "did you mean " + near + "?"
	}
	var p job.Problems
	p.Add("handler_name", "unknown", "no agent of type %.80q is registered; %s", j.HandlerName, hint)
	return p.Err()
}

// agentOf is an agent as the API shows it.
func (s *Service) agentOf(a *store.Agent, now time.Time) api.Agent {
	state := api.AgentLive
	switch {
	case !a.Enabled:
		state = api.AgentDisabled
	case !a.Lives(now):
		state = api.AgentSilent
	}
	endpoint := a.Endpoint
	if a.Transport == store.AgentRedis && s.o.Agents.Stream != nil {
		endpoint = s.o.Agents.Stream(a.Platform, a.Type)
	}
	return api.Agent{
		Name: a.Name, Type: a.Type, PlatformID: platformID(a.Platform), State: state, Transport: a.Transport, Endpoint: endpoint, Capacity: a.Capacity, Running: a.Running,
		HeartbeatMS: a.Heartbeat.Milliseconds(), Enabled: a.Enabled, Description: a.Description, LastSeen: a.SeenAt,
		CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, UpdatedAt: a.UpdatedAt, UpdatedBy: a.UpdatedBy,
	}
}

func agentAttrs(a *store.Agent) []slog.Attr {
	return []slog.Attr{slog.String("agent", a.Name), slog.String("type", a.Type), slog.String("platform", a.Platform)}
}
