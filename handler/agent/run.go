package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// goodbye bounds what is said to an agent after the run is over.
const goodbye = 3 * time.Second

// askAgain is the pause between two looks for an agent that is free.
const askAgain = 250 * time.Millisecond

// Run gives the task to an agent and waits for its reply.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	id := h.taskID(t)
	a, err := h.hire(ctx, t, id)
	if err != nil {
		return handler.Result{}, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if err := h.o.Store.FreeAgent(ctx, id); err != nil { // it is free when the session ends, at the latest
			t.Log.Line(job.LogWarn, job.StreamSystem, "agent "+a.Name+" still counts as busy: "+oneLine(err.Error()))
		}
	}()
	w := h.o.Desk.open(id)
	defer h.o.Desk.close(id)
	t.Log.Line(job.LogInfo, job.StreamSystem, "given to agent "+a.Name)
	if a.Transport == store.AgentRedis {
		return h.overRedis(ctx, t, a, id, w)
	}
	return h.overHTTP(ctx, t, a, id, w)
}

// hire waits for an agent that is free.
func (h *Handler) hire(ctx context.Context, t *handler.Task, id string) (*store.Agent, error) {
	patience := time.NewTimer(h.o.Wait)
	defer patience.Stop()
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for {
		if ctx.Err() != nil {
			return nil, stopped(ctx)
		}
		taken, err := h.o.Store.TakeAgent(ctx, store.TakeAgent{Platform: t.Platform, Type: t.Handler, Task: id, Session: h.o.Session(), Now: h.o.Now()})
		if err == nil && taken.Agent != nil {
			return taken.Agent, nil
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		case <-patience.C:
			return nil, unavailable(t, &taken, err)
		}
	}
}

func unavailable(t *handler.Task, taken *store.TakenAgent, err error) error {
	why := fmt.Sprintf("none of %d live agents of type %q has capacity", taken.Alive, t.Handler)
	switch {
	case err != nil:
		why = "the registry of agents cannot be read: " + oneLine(err.Error())
	case taken.Known == 0:
		why = fmt.Sprintf("no agent of type %q is registered", t.Handler)
	case taken.Alive == 0:
		why = fmt.Sprintf("none of %d agents of type %q is enabled and lives", taken.Known, t.Handler)
	}
	return &handler.Failure{Class: "agent_unavailable", Message: why, Err: err}
}

// stopped is the failure of a run that was stopped.
func stopped(ctx context.Context) error {
	return &handler.Failure{Class: "cancelled", Message: "waiting for an agent was stopped", Err: ctx.Err()}
}

// silent says why nobody need wait for an agent any more, "" if one should.
func (h *Handler) silent(ctx context.Context, platform, name string) string {
	a, err := h.o.Store.Agent(ctx, platform, name)
	switch {
	case job.CodeOf(err) == job.NotFound:
		return fmt.Sprintf("agent %.100s is not registered any more", name)
	case err == nil && !a.Lives(h.o.Now()):
		return fmt.Sprintf("agent %s gave no sign of life for more than %s", name, store.AgentMisses*a.Heartbeat)
	}
	return "" // or the registry cannot be read, which says nothing of the agent
}

// oneLine makes a message of what somebody said.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	return strings.ToValidUTF8(text[:min(len(text), 1000)], "")
}

func ticker(every time.Duration) *time.Ticker { return time.NewTicker(every) }
