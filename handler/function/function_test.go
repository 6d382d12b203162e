package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/function"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/job"
)

type call func(ctx context.Context, t *handler.Task) (any, error)

func TestConformance(t *testing.T) {
	t.Parallel()
	handlertest.Run(t, handlertest.Suite{
		New: func(*testing.T) handler.Handler {
			return function.New(func(ctx context.Context, t *handler.Task) (any, error) {
				switch string(t.Payload) {
				case `{"slow":1}`:
					<-ctx.Done()
					return nil, ctx.Err()
				case `{"fails":1}`:
					return nil, errors.New("it failed")
				case `{"permanent":1}`:
					return nil, &handler.Failure{Class: "no", Message: "never", Permanent: true}
				case `{"loud":1}`:
					return strings.Repeat("\x01\xff<\u2028", 1<<20), nil
				}
				return map[string]int{"n": 1}, nil
			})
		},
		Quick: `{}`, Slow: `{"slow":1}`, Fails: `{"fails":1}`, Permanent: `{"permanent":1}`, Loud: `{"loud":1}`,
	})
}

type cycle struct{ Next *cycle }

type bomb struct{}

func (bomb) MarshalJSON() ([]byte, error) { panic("bomb") }
func (bomb) String() string               { panic("string bomb") }

// TestFaults is F30.
func TestFaults(t *testing.T) {
	t.Parallel()
	loop := &cycle{}
	loop.Next = loop
	var nothing map[string]int
	for _, tt := range []struct {
		name      string
		call      call
		class     string
		permanent bool
		stack     bool
	}{
		{"panics with a string", func(context.Context, *handler.Task) (any, error) { panic("two\nlines") }, "handler_panic", false, true},
		{"panics with an error", func(context.Context, *handler.Task) (any, error) { panic(context.Canceled) }, "handler_panic", false, true},
		{"panics with nil", func(context.Context, *handler.Task) (any, error) { panic(nil) }, "handler_panic", false, true},
		{"panics with a bomb", func(context.Context, *handler.Task) (any, error) { panic(bomb{}) }, "handler_panic", false, true},
		{"panics with a book", func(context.Context, *handler.Task) (any, error) { panic(strings.Repeat("x\n", 1<<20)) }, "handler_panic", false, true},
		{"writes to a nil map", func(context.Context, *handler.Task) (any, error) { nothing["a"] = 1; return nil, nil }, "handler_panic", false, true},
		{"exits", func(context.Context, *handler.Task) (any, error) { runtime.Goexit(); return nil, nil }, "handler_goexit", false, false},
		{"returns a channel", func(context.Context, *handler.Task) (any, error) { return make(chan int), nil }, "bad_result", true, false},
		{"returns NaN", func(context.Context, *handler.Task) (any, error) { return math.NaN(), nil }, "bad_result", true, false},
		{"returns a cycle", func(context.Context, *handler.Task) (any, error) { return loop, nil }, "bad_result", true, false},
		{"returns a bomb", func(context.Context, *handler.Task) (any, error) { return bomb{}, nil }, "handler_panic", false, true},
		{"returns broken JSON", func(context.Context, *handler.Task) (any, error) { return json.RawMessage("{"), nil }, "bad_result", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			task, _ := handlertest.NewTask("{}")
			_, err := function.New(tt.call).Run(t.Context(), task)
			f, ok := errors.AsType[*handler.Failure](err)
			if !ok || f.Class != tt.class || f.Permanent != tt.permanent || (f.Stack != "") != tt.stack {
				t.Fatalf("Run = %+v", err)
			}
			if strings.Contains(f.Message, "\n") || len(f.Message) > job.MaxErrorLen || len(f.Stack) > job.MaxStackLen {
				t.Errorf("message of %d bytes, stack of %d: %.100q", len(f.Message), len(f.Stack), f.Message)
			}
			if errors.Is(err, context.Canceled) {
				t.Error("a panic became a cancellation")
			}
		})
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	task, _ := handlertest.NewTask("{}")
	want := errors.New("it failed")
	result, err := function.New(func(context.Context, *handler.Task) (any, error) { return 7, want }).Run(t.Context(), task)
	if !errors.Is(err, want) || string(result.Value) != "7" {
		t.Errorf("Run = %s, %v; want 7 and the error", result.Value, err)
	}
	_, err = function.New(func(context.Context, *handler.Task) (any, error) { return math.Inf(1), want }).Run(t.Context(), task)
	if !errors.Is(err, want) {
		t.Errorf("Run = %v, want the function's own error", err)
	}
}

// TestSizes walks around the limit of 64 KiB.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value string
		cut   bool
	}{
		{"", false},
		{strings.Repeat("x", job.MaxResult-2), false},
		{strings.Repeat("x", job.MaxResult-1), true},
		{strings.Repeat("\x01", 1<<20), true},
		{strings.Repeat("ä\xff", 1<<20), true},
	} {
		task, _ := handlertest.NewTask("{}")
		result, err := function.New(func(context.Context, *handler.Task) (any, error) { return tt.value, nil }).Run(t.Context(), task)
		if err != nil || !json.Valid(result.Value) || len(result.Value) > job.MaxResult {
			t.Fatalf("%d bytes: %d bytes, %v", len(tt.value), len(result.Value), err)
		}
		var note struct {
			Truncated bool   `json:"truncated"`
			Bytes     int    `json:"bytes"`
			Head      string `json:"head"`
		}
		json.Unmarshal(result.Value, &note)
		if note.Truncated != tt.cut || tt.cut && (note.Bytes < len(tt.value) || len(note.Head) < 5000) {
			t.Errorf("%d bytes: truncated %v, bytes %d, head of %d bytes", len(tt.value), note.Truncated, note.Bytes, len(note.Head))
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	task, _ := handlertest.NewTask("{}")
	code := 3
	h := function.Wrap(handler.Func(func(context.Context, *handler.Task) (handler.Result, error) {
		return handler.Result{Value: json.RawMessage("nonsense"), ExitCode: &code}, nil
	}))
	result, err := h.Run(t.Context(), task)
	if f, ok := errors.AsType[*handler.Failure](err); !ok || f.Class != "bad_result" || result.Value != nil || *result.ExitCode != 3 {
		t.Errorf("Run = %+v, %v", result, err)
	}
	if err := h.(handler.Validator).ValidatePayload(nil); err != nil {
		t.Errorf("ValidatePayload = %v, want nil: the handler cannot judge", err)
	}
	picky := function.Wrap(refuser{})
	if err := picky.(handler.Validator).ValidatePayload(nil); err == nil {
		t.Error("ValidatePayload = nil, want the handler's own error")
	}
}

type refuser struct{ handler.Handler }

func (refuser) ValidatePayload(json.RawMessage) error { return fmt.Errorf("no") }
