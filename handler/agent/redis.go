package agent

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// overRedis sends the task by the stream of its type and waits.
func (h *Handler) overRedis(ctx context.Context, t *handler.Task, a *store.Agent, id string, w *wait) (handler.Result, error) {
	if h.o.Line == nil {
		return handler.Result{}, &handler.Failure{Class: "agent_line", Message: "this node has no Redis: set agents.redis_url"}
	}
	task := queue.AgentTask{ID: id, Type: t.Handler, Platform: t.Platform, ReplyToken: w.token, Fields: fields(ctx, t, a), Payload: t.Payload}
	receipt, err := h.o.Line.Send(ctx, task)
	if err != nil {
		if ctx.Err() != nil {
			return handler.Result{}, stopped(ctx)
		}
		return handler.Result{}, &handler.Failure{Class: "agent_line", Message: oneLine(err.Error()), Err: err}
	}
	reply, err := h.attend(ctx, t, w, h.watchTask(t, task, receipt))
	h.withdraw(ctx, t, task, receipt, reply == nil)
	if err != nil {
		return handler.Result{}, err
	}
	return outcome(a, reply)
}

// withdraw takes a task back; an agent that did not answer is told to stop.
func (h *Handler) withdraw(ctx context.Context, t *handler.Task, task queue.AgentTask, receipt string, stop bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if err := h.o.Line.Withdraw(ctx, task, receipt, stop); err != nil {
		t.Log.Line(job.LogWarn, job.StreamSystem, "the task could not be withdrawn: "+oneLine(err.Error()))
	}
}

// attend waits for the reply; look says what is wrong now and then, nil if nothing is.
func (h *Handler) attend(ctx context.Context, t *handler.Task, w *wait, look func(ctx context.Context) error) (*queue.AgentReply, error) {
	ticks := ticker(h.o.Look)
	defer ticks.Stop()
	for {
		select {
		case r := <-w.reply:
			return &r, nil
		case <-ctx.Done():
			return nil, stopped(ctx)
		case <-ticks.C:
		}
		if err := look(ctx); err != nil {
			select {
			case r := <-w.reply: // it came meanwhile
				return &r, nil
			default:
			}
			t.Log.Line(job.LogWarn, job.StreamSystem, err.Error())
			return nil, err
		}
	}
}

// watchTask looks after a task in a stream: whether somebody has it who lives.
func (h *Handler) watchTask(t *handler.Task, task queue.AgentTask, receipt string) func(ctx context.Context) error {
	gone := 0
	return func(ctx context.Context) error {
		holder, err := h.o.Line.Holder(ctx, task, receipt)
		if err != nil {
			return nil // Redis is away, which says nothing of the agent
		}
		switch holder.State {
		case queue.AgentHeld:
			gone = 0
			if why := h.silent(ctx, t.Platform, holder.Agent); why != "" {
				return lost(t, "%s", why)
			}
		case queue.AgentGone: // a reply may be on its way
			if gone++; gone > 2 {
				return lost(t, "the task is in the stream no more, and nobody replied")
			}
		case queue.AgentWaits:
			gone = 0
			if list, err := h.o.Store.ListAgents(ctx, t.Platform, t.Handler); err == nil && !anyLives(list, h.o.Now()) {
				return lost(t, "no agent of type %q lives any more", t.Handler)
			}
		}
		return nil
	}
}

func anyLives(list []store.Agent, now time.Time) bool {
	for i := range list {
		if list[i].Enabled && list[i].Lives(now) {
			return true
		}
	}
	return false
}
