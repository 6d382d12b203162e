package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/agentic-sdlc/scheduler/handler"
)

const (
	maxMessage = 4 << 10  // bytes of a panic's text
	maxStack   = 16 << 10 // bytes of a stack
)

// Wrap returns a handler that runs h and turns into failures what would end the
// daemon or the executor's goroutine:
//
//   - a panic becomes class "handler_panic", with its stack;
//   - runtime.Goexit becomes class "handler_goexit";
//   - a result that is not JSON becomes class "bad_result", permanent, since what
//     the handler did is done.
//
// A result above 64 KiB is replaced by {"truncated": true, "bytes": its size,
// "head": its beginning}. Run returns when h does: leaving one behind that ignores
// its context is the executor's decision. Payloads are validated by h, if it can.
func Wrap(h handler.Handler) handler.Handler { return wrapped{inner: h} }

type wrapped struct {
	inner handler.Handler
}

var _ handler.Validator = wrapped{}

// ValidatePayload asks the inner handler; one that cannot judge accepts everything.
func (w wrapped) ValidatePayload(payload json.RawMessage) error {
	if v, ok := w.inner.(handler.Validator); ok {
		return v.ValidatePayload(payload)
	}
	return nil
}

type outcome struct {
	result handler.Result
	err    error
}

// Run runs the inner handler in a goroutine of its own, which Goexit may end.
func (w wrapped) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		returned := false
		defer func() {
			if p := recover(); p != nil {
				o = outcome{err: panicked(p, debug.Stack())}
			} else if !returned {
				o = outcome{err: &handler.Failure{Class: "handler_goexit", Message: "handler called runtime.Goexit"}}
			}
			done <- o
		}()
		o.result, o.err = w.inner.Run(ctx, t)
		returned = true
	}()
	o := <-done
	value, err := bound(o.result.Value)
	o.result.Value = value
	if o.err == nil {
		o.err = err
	}
	return o.result, o.err
}

// panicked describes a panic by its value and the stack of the panicking goroutine.
func panicked(value any, stack []byte) error {
	f := &handler.Failure{
		Class:   "handler_panic",
		Message: oneLine(fmt.Sprintf("panic: %v", value)),
		Stack:   clip(string(stack), maxStack),
	}
	if err, ok := value.(error); ok {
		f.Err = errors.New(f.Message) // not err itself: a panic with context.Canceled was not a cancel
		_ = err
	}
	return f
}

func oneLine(s string) string {
	return clip(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " "), maxMessage)
}

// clip cuts s to at most n bytes, at a rune's edge.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
