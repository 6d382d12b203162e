package queue

import (
	"context"
	"encoding/json"
)

// Agents carries tasks to agents, and back what they say. Nothing here is the truth: a
// task that is lost on its way is found out by whoever waits for its reply.
type Agents interface {
	// Send puts a task where agents of its type on its platform look, and returns what
	// Holder and Withdraw take.
	Send(ctx context.Context, t AgentTask) (receipt string, err error)
	// Holder says what became of a task that was sent.
	Holder(ctx context.Context, t AgentTask, receipt string) (AgentHolder, error)
	// Withdraw forgets a task, whoever has it; cancel tells that agent to stop.
	Withdraw(ctx context.Context, t AgentTask, receipt string, cancel bool) error
	// Listen calls reply for what agents answer to this process, and beat for signs of life
	// that no other process took, until ctx ends.
	Listen(ctx context.Context, reply func(AgentReply), beat func(platform, name string)) error
	// Forward hands a reply to the process whose inbox the task's id names.
	Forward(ctx context.Context, inbox string, r AgentReply) error
	Close() error
}

// AgentTask is a task as agents get it.
type AgentTask struct {
	ID         string
	Type       string
	Platform   string            // slug
	ReplyToken string            // unguessable; only a reply with it counts
	Fields     map[string]string // what else the agent is told
	Payload    json.RawMessage
}

// AgentReply is what an agent says of a task. Nothing of it is believed before its token
// is compared.
type AgentReply struct {
	Task      string          `json:"task_id"`
	Token     string          `json:"reply_token"`
	Status    string          `json:"status"` // "success" or "failed"
	Result    json.RawMessage `json:"result,omitempty"`
	Error     string          `json:"error,omitempty"`
	Permanent bool            `json:"permanent,omitempty"` // trying again is of no use
}

// The words of AgentReply.Status.
const (
	AgentSuccess = "success"
	AgentFailed  = "failed"
)

// AgentHolder says who has a task.
type AgentHolder struct {
	State AgentState
	Agent string // name; of AgentHeld only
}

// AgentState is what became of a task.
type AgentState int

// The states of a task.
const (
	AgentWaits AgentState = iota // nobody took it yet
	AgentHeld                    // an agent has it
	AgentGone                    // it is nowhere: answered, or lost
)
