package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// longest bounds a call whose job has no limit.
const longest = 24 * time.Hour

// overHTTP posts the task. An answer of 202 means that the agent replies later.
func (h *Handler) overHTTP(ctx context.Context, t *handler.Task, a *store.Agent, id string, w *wait) (handler.Result, error) {
	call, err := httpcall.Named(httpcall.Options{Guard: h.o.Guard}, httpcall.NamedOptions{URL: a.Endpoint, Timeout: longest})
	if err != nil {
		return handler.Result{}, &handler.Failure{Class: "agent_line", Message: oneLine(err.Error()), Permanent: true, Err: err}
	}
	posted := *t
	if posted.Payload, err = body(ctx, t, a, id, w); err != nil {
		return handler.Result{}, &handler.Failure{Class: "agent_line", Message: err.Error(), Permanent: true, Err: err}
	}
	result, err := call.Run(ctx, &posted)
	if err != nil {
		return handler.Result{}, err
	}
	var answer struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(result.Value, &answer); err != nil {
		return handler.Result{}, &handler.Failure{Class: "agent_line", Message: err.Error(), Err: err}
	}
	if answer.Status != http.StatusAccepted {
		return handler.Result{Value: answer.Body}, nil
	}
	reply, err := h.attend(ctx, t, w, func(ctx context.Context) error {
		if why := h.silent(ctx, t.Platform, a.Name); why != "" {
			return lost(t, "%s", why)
		}
		return nil
	})
	if err != nil {
		h.tellStop(ctx, t, a, id)
		return handler.Result{}, err
	}
	return outcome(a, reply)
}

// body is the task as JSON: numbers as numbers, all else as text.
func body(ctx context.Context, t *handler.Task, a *store.Agent, id string, w *wait) (json.RawMessage, error) {
	m := map[string]any{"task_id": id, "agent_type": t.Handler, "platform_id": t.Platform, "reply_token": w.token, "payload": t.Payload}
	for name, value := range fields(ctx, t, a) {
		switch name {
		case "attempt", "run_number", "occurrence", "timeout_ms":
			m[name] = json.Number(value)
		default:
			m[name] = value
		}
	}
	return json.Marshal(m)
}

// tellStop asks an agent that took a task to stop: DELETE of its endpoint and the task.
func (h *Handler) tellStop(ctx context.Context, t *handler.Task, a *store.Agent, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	err := h.remove(ctx, strings.TrimSuffix(a.Endpoint, "/")+"/"+id)
	if err != nil {
		t.Log.Line(job.LogWarn, job.StreamSystem, "agent "+a.Name+" could not be told to stop: "+err.Error())
	}
}

func (h *Handler) remove(ctx context.Context, address string) error {
	guard := h.o.Guard
	if guard == nil {
		var err error
		if guard, err = httpcall.NewGuard(httpcall.GuardOptions{}); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, address, bytes.NewReader(nil))
	if err != nil {
		return errors.New("its endpoint is no URL")
	}
	resp, err := guard.Client().Do(req)
	if err != nil {
		return errors.New("it does not answer")
	}
	return resp.Body.Close()
}
