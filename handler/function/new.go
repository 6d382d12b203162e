package function

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// New makes a handler of fn, wrapped as by Wrap. What fn returns is marshalled to
// JSON, also beside an error; nil leaves no result. A value that does not marshal
// (a channel, NaN, a cycle) is a failure of class "bad_result"; fn's own error
// comes first.
func New(fn func(ctx context.Context, t *handler.Task) (any, error)) handler.Handler {
	return Wrap(handler.Func(func(ctx context.Context, t *handler.Task) (handler.Result, error) {
		value, err := fn(ctx, t)
		if value == nil {
			return handler.Result{}, err
		}
		raw, marshalErr := json.Marshal(value)
		if err != nil {
			return handler.Result{Value: raw}, err
		}
		if marshalErr != nil {
			return handler.Result{}, badResult(marshalErr)
		}
		return handler.Result{Value: raw}, nil
	}))
}

func badResult(err error) error {
	return &handler.Failure{
		Class:     "bad_result",
		Message:   oneLine(fmt.Sprintf("result does not marshal to JSON: %v", err)),
		Permanent: true,
		Err:       err,
	}
}

// truncated stands for a result above job.MaxResult.
type truncated struct {
	Truncated bool   `json:"truncated"`
	Bytes     int    `json:"bytes"` // of the whole result
	Head      string `json:"head"`  // its beginning, not valid JSON any more
}

// bound checks a result and cuts it to job.MaxResult bytes; nil for one that is no JSON.
func bound(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	if len(raw) > job.MaxResult {
		return head(raw), nil
	}
	if !json.Valid(raw) {
		return nil, badResult(fmt.Errorf("it is not JSON: %q", clip(string(raw), 80)))
	}
	return raw, nil
}

// head keeps as much of raw as fits: escapes take up to six bytes for one.
func head(raw json.RawMessage) json.RawMessage {
	for keep := job.MaxResult - 128; ; keep /= 2 {
		start := strings.ToValidUTF8(clip(string(raw[:keep+utf8.UTFMax]), keep), "\uFFFD")
		short, err := json.Marshal(truncated{Truncated: true, Bytes: len(raw), Head: start})
		if err != nil || len(short) <= job.MaxResult {
			return short
		}
	}
}
