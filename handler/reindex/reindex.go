// Package reindex has the built-in "reindex-knowledge-base": it asks the knowledge-base
// service of the configuration to index a collection anew.
//
//	{"collection_id": "mario-pizza", "full": true}
//
// The service gets that as a JSON body by POST, with the headers, outcome and classes of
// failure of package httpcall; what it answers is the result.
package reindex

import (
	"context"
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/payload"
)

// maxID bounds the id of a collection, in bytes.
const maxID = 256

// Handler asks for an index. It is safe for concurrent use.
type Handler struct {
	call handler.Handler
}

var (
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns a handler that hands payloads to call, which posts them; nil = no service
// is configured, so that every payload is refused.
func New(call handler.Handler) *Handler { return &Handler{call: call} }

// ValidatePayload reports everything that is wrong with a payload.
func (h *Handler) ValidatePayload(raw json.RawMessage) error {
	f := payload.Read(raw, "collection_id", "full")
	id := f.Text("collection_id")
	f.Bool("full")
	switch {
	case h.call == nil:
		f.Problems.Add("handler_name", "not_configured", "needs a service: set handlers.knowledge_base.url")
	case !f.Has("collection_id"):
		f.Add("collection_id", "required", "is required")
	case len(id) == 0 || len(id) > maxID:
		f.Add("collection_id", "too_long", "must have 1 to %d bytes", maxID)
	}
	return f.Problems.Err()
}

// Run makes the call.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	if err := h.ValidatePayload(t.Payload); err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	return h.call.Run(ctx, t)
}

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	return json.RawMessage(`{"type":"object","required":["collection_id"],"additionalProperties":false,"properties":{` +
		`"collection_id":{"type":"string","minLength":1,"maxLength":256},` +
		`"full":{"type":"boolean","description":"from scratch"}}}`)
}
