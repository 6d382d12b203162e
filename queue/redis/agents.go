package redis

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Names of what agents use.
const (
	agentStream  = "stream:scheduler:agent."           // and the type
	agentReplies = "stream:scheduler:agent.replies."   // and the inbox of the process that waits
	agentBeats   = "stream:scheduler:agent.heartbeats" // fields agent, and platform_id unless it is the reserved one
	agentCancel  = "scheduler:agent.cancel."           // and the task; it is there when the agent shall stop
	agentGroup   = "scheduler-agents"

	maxTasks     = 10_000    // about how many tasks wait in one stream
	cancelFor    = time.Hour // how long an agent can learn that it shall stop
	repliesFor   = 24 * time.Hour
	maxAgentData = 1 << 20 // bytes of a reply that are looked at
)

// AgentOptions configure Agents.
type AgentOptions struct {
	URL     string // as Options.URL
	Prefix  string // before every key
	Inbox   string // where replies to this process come; unique for ever
	Timeout time.Duration
}

// Agents is queue.Agents over streams: one for each type on each platform, and one for
// the replies to each process.
type Agents struct {
	o      AgentOptions
	client *redis.Client
}

var _ queue.Agents = (*Agents)(nil)

// NewAgents returns the way to agents; it does not connect. An error is about the URL.
func NewAgents(o AgentOptions) (*Agents, error) {
	o.Timeout = orElse(o.Timeout, DefaultTimeout)
	client, err := connect(o.URL, o.Timeout)
	if err != nil {
		return nil, err
	}
	return &Agents{o: o, client: client}, nil
}

// AgentStream is where agents of a type find their tasks, without the prefix.
func AgentStream(platform, typ string) string {
	if platform == job.DefaultPlatform {
		return agentStream + typ
	}
	return agentStream + typ + "@" + platform
}

func (a *Agents) stream(t *queue.AgentTask) string {
	return a.o.Prefix + AgentStream(t.Platform, t.Type)
}
func (a *Agents) inbox(id string) string       { return a.o.Prefix + agentReplies + id }
func (a *Agents) cancelKey(task string) string { return a.o.Prefix + agentCancel + task }

func (a *Agents) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.o.Timeout)
}

// Send adds a task to the stream of its type.
func (a *Agents) Send(ctx context.Context, t queue.AgentTask) (string, error) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	stream := a.stream(&t)
	if err := a.client.XGroupCreateMkStream(ctx, stream, agentGroup, "0").Err(); err != nil && !hasPrefix(err, "BUSYGROUP") {
		return "", failed("send to agents", err)
	}
	values := []any{
		"task_id", t.ID, "agent_type", t.Type, "platform_id", t.Platform, "reply_token", t.ReplyToken,
		"reply_to", a.inbox(a.o.Inbox), "cancel_key", a.cancelKey(t.ID), "payload", string(t.Payload),
	}
	for name, value := range t.Fields {
		values = append(values, name, value)
	}
	id, err := a.client.XAdd(ctx, &redis.XAddArgs{Stream: stream, MaxLen: maxTasks, Approx: true, Values: values}).Result()
	return id, failed("send to agents", err)
}

// Holder says what became of a task.
func (a *Agents) Holder(ctx context.Context, t queue.AgentTask, receipt string) (queue.AgentHolder, error) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	stream := a.stream(&t)
	pending, err := a.client.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: stream, Group: agentGroup, Start: receipt, End: receipt, Count: 1}).Result()
	switch {
	case groupLost(err):
		return queue.AgentHolder{State: queue.AgentGone}, nil
	case err != nil:
		return queue.AgentHolder{}, failed("ask for a task of an agent", err)
	case len(pending) > 0:
		return queue.AgentHolder{State: queue.AgentHeld, Agent: pending[0].Consumer}, nil
	}
	entries, err := a.client.XRange(ctx, stream, receipt, receipt).Result()
	if err != nil || len(entries) == 0 {
		return queue.AgentHolder{State: queue.AgentGone}, failed("ask for a task of an agent", err)
	}
	groups, err := a.client.XInfoGroups(ctx, stream).Result()
	if err != nil {
		return queue.AgentHolder{}, failed("ask for a task of an agent", err)
	}
	at, _ := parseEntryID(receipt)
	read := slices.ContainsFunc(groups, func(g redis.XInfoGroup) bool {
		last, ok := parseEntryID(g.LastDeliveredID)
		return g.Name == agentGroup && ok && !last.before(at)
	})
	if read {
		return queue.AgentHolder{State: queue.AgentGone}, nil
	}
	return queue.AgentHolder{State: queue.AgentWaits}, nil
}

// Withdraw removes a task from its stream and from whoever has it.
func (a *Agents) Withdraw(ctx context.Context, t queue.AgentTask, receipt string, stop bool) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	stream := a.stream(&t)
	_, err := a.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		if stop {
			p.Set(ctx, a.cancelKey(t.ID), "1", cancelFor)
		}
		p.XAck(ctx, stream, agentGroup, receipt)
		p.XDel(ctx, stream, receipt)
		return nil
	})
	return failed("withdraw a task from agents", err)
}

// Forward adds a reply to the stream of another process, if it has one.
func (a *Agents) Forward(ctx context.Context, inbox string, r queue.AgentReply) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	permanent := "false"
	if r.Permanent {
		permanent = "true"
	}
	err := a.client.XAdd(ctx, &redis.XAddArgs{Stream: a.inbox(inbox), NoMkStream: true, MaxLen: maxTasks, Approx: true, Values: []any{
		"task_id", r.Task, "reply_token", r.Token, "status", r.Status, "result", string(r.Result), "error", r.Error, "permanent", permanent,
	}}).Err()
	if errors.Is(err, redis.Nil) {
		return job.Errorf(job.NotFound, "nobody waits for task %.100q", r.Task)
	}
	return failed("forward a reply", err)
}

// Close ends the connections.
func (a *Agents) Close() error { return a.client.Close() }

// replyOf reads a reply; a result that is no JSON is text.
func replyOf(values map[string]any) queue.AgentReply {
	text := func(name string) string {
		s, _ := values[name].(string)
		return s[:min(len(s), maxAgentData)]
	}
	r := queue.AgentReply{Task: text("task_id"), Token: text("reply_token"), Status: text("status"), Error: text("error"), Permanent: text("permanent") == "true"}
	if result := text("result"); result != "" {
		r.Result = json.RawMessage(result)
		if !json.Valid(r.Result) {
			r.Result, _ = json.Marshal(result)
		}
	}
	return r
}
