package emit_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/emit"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestConformance(t *testing.T) {
	handlertest.Run(t, handlertest.Suite{
		New: func(*testing.T) handler.Handler {
			return emit.New(func(context.Context, emit.Event) (bool, error) { return false, nil })
		},
		Quick: `{"event": "report:ready", "data": {"day": 1}}`,
		Invalid: []string{
			`{}`, `{"event": ""}`, `{"event": 7}`, `{"event": "a b"}`, `{"event": "report:*"}`, `{"event": "scheduler:job.created"}`,
			`{"event": "x:y", "data": []}`, `{"event": "x:y", "data": "text"}`, `{"event": "x:y", "name": 1}`, `[]`,
		},
	})
}

// TestSends: the event is of the platform of the run and caused by it, and a second
// attempt sends the same one.
func TestSends(t *testing.T) {
	t.Parallel()
	var sent []emit.Event
	h := emit.New(func(_ context.Context, e emit.Event) (bool, error) {
		sent = append(sent, e)
		return len(sent) > 1, nil
	})
	task, _ := handlertest.NewTask(`{"event": "report:ready", "data": {"day": 1}}`)
	task.Platform = "web"
	for i := range 2 {
		result, err := h.Run(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		var told struct {
			ID        string
			Duplicate bool
		}
		if json.Unmarshal(result.Value, &told) != nil || told.ID != task.ExecutionID.String() || told.Duplicate != (i == 1) {
			t.Errorf("result %d = %s, want the id of the execution and whether it was there", i, result.Value)
		}
	}
	if e := sent[1]; e.ID != sent[0].ID || e.Name != "report:ready" || string(e.Data) != `{"day": 1}` || e.Platform != "web" || e.ExecutionID != task.ExecutionID {
		t.Errorf("sent %+v, want the event of the payload", e)
	}
}

type soon struct{ error }

func (soon) RetryAfter() time.Duration { return time.Minute }

// TestRefused: what is wrong with an event ends the run, a flood makes it wait.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err       error
		permanent bool
		after     time.Duration
	}{
		"invalid": {job.Errorf(job.Invalid, "no"), true, 0},
		"flood":   {soon{job.Errorf(job.RateLimited, "wait")}, false, time.Minute},
		"store":   {job.Errorf(job.Unavailable, "away"), false, 0},
	} {
		h := emit.New(func(context.Context, emit.Event) (bool, error) { return false, tt.err })
		task, _ := handlertest.NewTask(`{"event": "report:ready"}`)
		_, err := h.Run(t.Context(), task)
		f, ok := errors.AsType[*handler.Failure](err)
		if !ok || f.Permanent != tt.permanent || f.RetryAfter != tt.after {
			t.Errorf("%s: Run = %+v, want permanent %v after %s", name, err, tt.permanent, tt.after)
		}
	}
}
