package store

import (
	"context"
	"time"
)

// Agents keeps the registry of agents and what they are busy with.
type Agents interface {
	// CreateAgent stores an agent. conflict when its platform has one of that name.
	CreateAgent(ctx context.Context, a Agent) error
	// Agent returns the agent of that name; not_found when there is none in scope, conflict
	// when several platforms in scope have one.
	Agent(ctx context.Context, platform, name string) (Agent, error)
	// ListAgents returns agents by name and platform; typ "" = of all types.
	ListAgents(ctx context.Context, platform, typ string) ([]Agent, error)
	// ChangeAgent reads an agent under a lock, lets c.Change edit it, and writes it. Errors
	// are those of Agent, and what Change returns. Name and platform stay.
	ChangeAgent(ctx context.Context, c ChangeAgent) (Agent, error)
	// DeleteAgent removes an agent and returns it. What it works on goes on.
	DeleteAgent(ctx context.Context, platform, name string) (Agent, error)
	// SeeAgent notes that an agent lives, never backwards. Errors are those of Agent.
	SeeAgent(ctx context.Context, platform, name string, at time.Time) error
	// TakeAgent gives a task to the least busy agent of the type that lives and has
	// capacity, and to none when there is no such. A task that is taken stays so.
	TakeAgent(ctx context.Context, t TakeAgent) (TakenAgent, error)
	// FreeAgent ends a task. It is no error when there is none.
	FreeAgent(ctx context.Context, task string) error
}

// Agent is a program that runs jobs of handler_type agent.
type Agent struct {
	Platform  string // slug
	Name      string // unique within the platform
	Type      string // what jobs name as their handler
	Transport string // AgentHTTP or AgentRedis
	Endpoint  string // URL; "" = the stream of its type
	Capacity  int    // tasks at once, at least 1
	// Heartbeat is how often it says that it lives; 0 = never, and it is taken to live.
	Heartbeat   time.Duration
	Enabled     bool
	Description string

	SeenAt    *time.Time // nil = it never said that it lives
	CreatedAt time.Time
	CreatedBy string
	UpdatedAt time.Time
	UpdatedBy string

	Running int // tasks now; read only
}

// How agents are reached.
const (
	AgentHTTP  = "http"
	AgentRedis = "redis"
)

// AgentMisses is how many heartbeats an agent may miss before it counts as lost.
const AgentMisses = 3

// Lives reports whether the agent said lately that it lives.
func (a *Agent) Lives(now time.Time) bool {
	return a.Heartbeat == 0 || a.SeenAt != nil && now.Sub(*a.SeenAt) <= AgentMisses*a.Heartbeat
}

// ChangeAgent are the parameters of Agents.ChangeAgent.
type ChangeAgent struct {
	Platform string // scope; AnyPlatform = all
	Name     string
	Change   func(a *Agent) error
	By       string
	Now      time.Time
}

// TakeAgent are the parameters of Agents.TakeAgent.
type TakeAgent struct {
	Platform string // never AnyPlatform
	Type     string
	Task     string // unique for ever
	Session  int64  // with whose end the task ends
	Now      time.Time
}

// TakenAgent is what TakeAgent found.
type TakenAgent struct {
	Agent *Agent // nil = none is free
	Known int    // agents of the type
	Alive int    // of these, enabled ones that live
}
