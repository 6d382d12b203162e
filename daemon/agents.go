package daemon

import (
	"context"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/agent"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// agents is what a node has of agents.
type agents struct {
	desk  *agent.Desk
	line  queue.Agents // nil = there is no Redis
	guard *httpcall.Guard
}

// openAgents makes the way to agents, which needs no server to be there.
func (n *node) openAgents(context.Context) error {
	n.agents.desk = agent.NewDesk()
	url := n.cfg.Agents.RedisURL
	if url == "" && n.cfg.Queue.Driver == config.DriverRedis {
		url = n.cfg.Queue.Redis.URL
	}
	if url == "" {
		return nil
	}
	line, err := redis.NewAgents(redis.AgentOptions{URL: url, Prefix: n.cfg.Queue.Redis.Prefix, Inbox: n.agents.desk.Inbox()})
	if err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	n.agents.line = line
	n.onClose(line.Close)
	return nil
}

// addAgents registers what runs jobs of all types of agents.
func (n *node) addAgents() error {
	var err error
	if n.agents.guard, err = buildGuard(n.cfg.Handlers.HTTP); err != nil {
		return err
	}
	h := agent.New(agent.Options{
		Store: n.store, Desk: n.agents.desk, Line: n.agents.line, Guard: n.agents.guard, Session: func() int64 { return n.engine.session.Load() },
		Now: n.clock.Now, Wait: n.cfg.Agents.Wait,
	})
	return n.handlers.Register(handler.Info{Name: string(job.HandlerAgent), Type: job.HandlerAgent, Kind: "agent", Description: "hand the task to an agent of the type that the job names"}, h)
}

func (n *node) agentOptions() control.AgentOptions {
	return control.AgentOptions{
		Redis: n.agents.line != nil, CheckURL: n.agents.guard.CheckURL, Reply: n.agentReply,
		Stream: func(platform, typ string) string { return n.cfg.Queue.Redis.Prefix + redis.AgentStream(platform, typ) },
	}
}

// agentReply hands a reply over here, or to the node whose task it is.
func (n *node) agentReply(ctx context.Context, r queue.AgentReply) (bool, error) {
	inbox := agent.InboxOf(r.Task)
	if inbox == n.agents.desk.Inbox() || inbox == "" || n.agents.line == nil {
		return n.agents.desk.Deliver(r), nil
	}
	switch err := n.agents.line.Forward(ctx, inbox, r); {
	case job.CodeOf(err) == job.NotFound:
		return false, nil
	default:
		return err == nil, err
	}
}

// hearAgents takes what agents say until ctx ends.
func (n *node) hearAgents(ctx context.Context) error {
	if n.agents.line == nil {
		return nil
	}
	return n.agents.line.Listen(ctx, func(r queue.AgentReply) { n.agents.desk.Deliver(r) }, func(platform, name string) {
		err := n.store.SeeAgent(ctx, platform, name, n.clock.Now())
		switch {
		case job.CodeOf(err) == job.NotFound:
			n.log.DebugContext(ctx, "a stranger says that it lives", slog.String("agent", name), slog.String("platform", platform))
		case err != nil && ctx.Err() == nil:
			n.log.WarnContext(ctx, "the sign of life of an agent cannot be stored", slog.String("agent", name), slog.Any("err", err))
		}
	})
}
