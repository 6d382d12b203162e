package function

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
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
// A value that is an error is not wrapped: a panic with context.Canceled is no
// cancellation.
func panicked(value any, stack []byte) error {
	return &handler.Failure{
		Class:   "handler_panic",
		Message: oneLine(fmt.Sprintf("panic: %v", value)),
		Stack:   clip(string(stack), job.MaxStackLen),
	}
}

// oneLine makes a message of what may be a text of many lines, or no text at all.
func oneLine(s string) string {
	s = strings.ToValidUTF8(clip(s, 2*job.MaxErrorLen), "\uFFFD")
	return clip(strings.Join(strings.Fields(s), " "), job.MaxErrorLen)
}

// clip cuts s to at most n bytes, at a rune's edge.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
