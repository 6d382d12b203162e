package reindex_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/handler/reindex"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestConformance(t *testing.T) {
	handlertest.Run(t, handlertest.Suite{
		New: func(*testing.T) handler.Handler {
			return reindex.New(handler.Func(func(_ context.Context, task *handler.Task) (handler.Result, error) {
				return handler.Result{Value: task.Payload}, nil
			}))
		},
		Quick:   `{"collection_id": "mario-pizza", "full": true}`,
		Invalid: []string{`{}`, `{"collection_id": ""}`, `{"collection_id": 7}`, `{"collection_id": "x", "full": 1}`, `{"collection": "x"}`, `[]`},
	})
}

func TestWithoutService(t *testing.T) {
	t.Parallel()
	h := reindex.New(nil)
	if err := h.ValidatePayload(json.RawMessage(`{"collection_id": "x"}`)); job.CodeOf(err) != job.Invalid {
		t.Errorf("ValidatePayload = %v, want a refusal", err)
	}
	task, _ := handlertest.NewTask(`{"collection_id": "x"}`)
	if _, err := h.Run(t.Context(), task); err == nil {
		t.Error("Run = nil, want a failure")
	}
}
