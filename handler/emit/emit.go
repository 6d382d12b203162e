// Package emit has the built-in "emit-event": it sends an event of the platform of its job.
//
//	{"event": "report:ready", "data": {"day": "2026-11-22"}, "id": "report-2026-11-22"}
//
// Without an id the event has that of the execution, so that a run that is tried again
// sends it once. It counts as caused by the run: loops are cut at the same depth as those
// of event handlers.
package emit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/payload"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxID bounds the id of an event, in bytes.
const maxID = 128

// Event is what is to be sent.
type Event struct {
	Name        string
	Data        json.RawMessage // an object; nil = an empty one
	ID          string          // two of one platform with one id are the same event
	Platform    string          // slug
	ExecutionID job.ID          // that sends it
}

// Send stores an event; duplicate is true when one with its id was there. An error that
// has RetryAfter() time.Duration is healed by time.
type Send func(ctx context.Context, e Event) (duplicate bool, err error)

// Handler sends events. It is safe for concurrent use.
type Handler struct{ send Send }

var (
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns a handler that sends by send.
func New(send Send) *Handler { return &Handler{send: send} }

func parse(raw json.RawMessage) (Event, error) {
	f := payload.Read(raw, "event", "data", "id")
	e := Event{Name: f.Text("event"), Data: f.Members["data"], ID: f.Text("id")}
	switch fault := job.EventNameFault(e.Name, false); {
	case !f.Has("event"):
		f.Add("event", "required", "is required: a name such as report:ready")
	case fault != "":
		f.Add("event", "pattern", "%s", fault)
	case job.IsSystemEvent(e.Name):
		f.Add("event", "reserved", "%q is reserved: names that begin with %q are schedd's own", e.Name, job.SystemPrefix)
	}
	if f.Has("data") && !bytes.HasPrefix(bytes.TrimSpace(e.Data), []byte("{")) {
		f.Add("data", "type", "must be a JSON object")
	}
	if len(e.ID) > maxID {
		f.Add("id", "too_long", "has %d bytes; at most %d are allowed", len(e.ID), maxID)
	}
	return e, f.Problems.Err()
}

// ValidatePayload reports everything that is wrong with a payload.
func (h *Handler) ValidatePayload(raw json.RawMessage) error {
	_, err := parse(raw)
	return err
}

// Run sends the event. What is wrong with it is never right the next time.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	e, err := parse(t.Payload)
	if err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	e.Platform, e.ExecutionID = t.Platform, t.ExecutionID
	if e.ID == "" {
		e.ID = t.ExecutionID.String()
	}
	duplicate, err := h.send(ctx, e)
	if err != nil {
		failure := &handler.Failure{Class: "emit_failed", Message: err.Error(), Permanent: job.CodeOf(err) == job.Invalid, Err: err}
		var wait interface{ RetryAfter() time.Duration }
		if errors.As(err, &wait) {
			failure.RetryAfter = wait.RetryAfter()
		}
		return handler.Result{}, failure
	}
	value, err := json.Marshal(map[string]any{"id": e.ID, "event": e.Name, "duplicate": duplicate})
	return handler.Result{Value: value}, err
}

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	return json.RawMessage(`{"type":"object","required":["event"],"additionalProperties":false,"properties":{` +
		`"event":{"type":"string","description":"name, such as report:ready"},` +
		`"data":{"type":"object"},` +
		`"id":{"type":"string","maxLength":128,"description":"tells two sendings of one event from two events; the execution's without it"}}}`)
}
