package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// Options configure the handler. Store, Desk, Session and Now are required.
type Options struct {
	Store interface {
		Agent(ctx context.Context, platform, name string) (store.Agent, error)
		ListAgents(ctx context.Context, platform, typ string) ([]store.Agent, error)
		TakeAgent(ctx context.Context, t store.TakeAgent) (store.TakenAgent, error)
		FreeAgent(ctx context.Context, task string) error
	}
	Desk    *Desk
	Line    queue.Agents    // nil = there is no Redis
	Guard   *httpcall.Guard // nil = public addresses only
	Session func() int64    // of this node
	Now     func() time.Time
	Wait    time.Duration // for an agent that is free; 0 = 30 s
	Look    time.Duration // how often a task that runs is looked after; 0 = 2 s
}

// Handler runs jobs of all types of agents. It is safe for concurrent use.
type Handler struct{ o Options }

var _ handler.Handler = (*Handler)(nil)

// New returns the handler.
func New(o Options) *Handler {
	if o.Wait == 0 {
		o.Wait = 30 * time.Second
	}
	if o.Look == 0 {
		o.Look = 2 * time.Second
	}
	return &Handler{o: o}
}

// Schema says that any object goes: what agents accept they know themselves.
func (h *Handler) Schema() json.RawMessage { return json.RawMessage(`{"type":"object"}`) }

// taskID names an attempt, and the desk at which its reply is waited for.
func (h *Handler) taskID(t *handler.Task) string {
	return fmt.Sprintf("%s.%d.%s", t.ExecutionID, t.Token, h.o.Desk.Inbox())
}

// fields are what agents are told, whatever the transport.
func fields(ctx context.Context, t *handler.Task, a *store.Agent) map[string]string {
	f := map[string]string{
		"agent": a.Name, "job_id": t.JobID.String(), "job_name": t.JobName, "execution_id": t.ExecutionID.String(),
		"attempt": strconv.Itoa(t.Attempt), "run_number": strconv.FormatInt(t.RunNumber, 10), "occurrence": strconv.FormatInt(t.Occurrence, 10),
		"scheduled_at": t.ScheduledAt.UTC().Format(time.RFC3339), "trigger": string(t.Trigger), "priority": string(t.Priority),
		"timeout_ms": strconv.FormatInt(t.Timeout.Milliseconds(), 10),
	}
	if end, ok := ctx.Deadline(); ok {
		f["deadline"] = end.UTC().Format(time.RFC3339Nano)
	}
	if t.TraceParent != "" {
		f["traceparent"] = t.TraceParent
	}
	return f
}

// outcome is what a reply means.
func outcome(a *store.Agent, r *queue.AgentReply) (handler.Result, error) {
	result := handler.Result{Value: r.Result}
	if len(r.Result) > job.MaxResult {
		result.Value = nil
	}
	if len(r.Result) == 0 {
		result.Value = nil
	}
	switch r.Status {
	case queue.AgentSuccess:
		return result, nil
	case queue.AgentFailed:
		message := r.Error
		if message == "" {
			message = "it does not say why"
		}
		return result, &handler.Failure{Class: "agent_failed", Message: fmt.Sprintf("agent %s failed: %s", a.Name, oneLine(message)), Permanent: r.Permanent}
	}
	return result, &handler.Failure{Class: "agent_failed", Message: fmt.Sprintf("agent %s replied with status %.20q, not success or failed", a.Name, r.Status)}
}

// lost is the failure of a task whose agent is gone.
func lost(t *handler.Task, format string, args ...any) error {
	return &handler.Failure{Class: "agent_lost", Message: fmt.Sprintf(format, args...), Permanent: t.OnLost == job.OnLostFail}
}
