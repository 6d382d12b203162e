package api

import (
	"encoding/json"
	"time"
)

// Routes about agents. {id} of an agent is its name; of a reply, the id of the task.
const (
	RouteAgents         = Prefix + "/agents"
	RouteAgent          = Prefix + "/agents/{id}"
	RouteAgentHeartbeat = Prefix + "/agents/{id}/heartbeat"
	RouteAgentReply     = Prefix + "/agent-replies/{id}"
)

// States of an Agent.
const (
	AgentLive     = "live"     // it gets tasks
	AgentSilent   = "silent"   // it gave no sign of life for three heartbeats
	AgentDisabled = "disabled" // somebody switched it off
)

// AgentStates returns all states.
func AgentStates() []string { return []string{AgentLive, AgentSilent, AgentDisabled} }

// AgentTransports returns how agents are reached.
func AgentTransports() []string { return []string{"http", "redis"} }

// Agent is a program that runs jobs of handler_type agent.
type Agent struct {
	Name        string     `json:"name"`
	Type        string     `json:"type"`        // what jobs name as their handler
	PlatformID  *string    `json:"platform_id"` // null = the reserved platform
	State       string     `json:"state"`       // one of AgentStates
	Transport   string     `json:"transport"`   // http | redis
	Endpoint    string     `json:"endpoint"`    // URL, or the stream where it finds its tasks
	Capacity    int        `json:"capacity"`    // tasks at once
	Running     int        `json:"running"`
	HeartbeatMS int64      `json:"heartbeat_ms"` // how often it says that it lives; 0 = never
	Enabled     bool       `json:"enabled"`
	Description string     `json:"description"`
	LastSeen    *time.Time `json:"last_seen"` // null = never
	CreatedAt   time.Time  `json:"created_at"`
	CreatedBy   string     `json:"created_by"`
	UpdatedAt   time.Time  `json:"updated_at"`
	UpdatedBy   string     `json:"updated_by"`
}

// AgentInput is the body of POST /agents and of PATCH /agents/{id}, which takes neither
// name nor platform. What is left out keeps its value, or gets its default.
type AgentInput struct {
	Name        *string `json:"name,omitempty"`
	PlatformID  *string `json:"platform_id,omitempty"`
	Type        *string `json:"type,omitempty"`
	Transport   *string `json:"transport,omitempty"`    // default: http with an endpoint, else redis
	Endpoint    *string `json:"endpoint,omitempty"`     // of http
	Capacity    *int    `json:"capacity,omitempty"`     // 1…1000; default 1
	HeartbeatMS *int64  `json:"heartbeat_ms,omitempty"` // 0 or 500…3600000; default 5000 of redis, 0 of http
	Enabled     *bool   `json:"enabled,omitempty"`      // default true
	Description *string `json:"description,omitempty"`
}

// AgentReply is the body of POST /agent-replies/{id}.
type AgentReply struct {
	ReplyToken string          `json:"reply_token"`
	Status     string          `json:"status"` // success | failed
	Result     json.RawMessage `json:"result,omitempty"`
	Error      string          `json:"error,omitempty"`
	Permanent  bool            `json:"permanent,omitempty"` // trying again is of no use
}
