package handlertest

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// Suite says how to put a handler through its contract. Payloads are JSON objects;
// an empty one leaves out what needs it.
type Suite struct {
	// New returns the handler; it is called once for each part. Required.
	New func(t *testing.T) handler.Handler
	// Quick succeeds within a second. Required.
	Quick string
	// Slow runs for a minute unless it is stopped.
	Slow string
	// Fails ends in an error that may be retried.
	Fails string
	// Permanent ends in an error that must not be retried.
	Permanent string
	// Loud succeeds, and prints or returns far more than the limits: lines above
	// 4 KiB, results above 64 KiB, bytes that are no UTF-8.
	Loud string
	// Invalid lists payloads that ValidatePayload refuses, each with a field.
	Invalid []string
}

const (
	// soon is how fast a handler must return once its context ends.
	soon = time.Second
	// tries is how often it may miss that, on a machine that has other things to do.
	tries = 5
	// underWay is when a slow run is stopped.
	underWay = 100 * time.Millisecond
)

// Run runs the suite as subtests of t.
func Run(t *testing.T, s Suite) {
	t.Helper()
	for _, part := range []struct {
		name    string
		payload string
		test    func(*testing.T, Suite)
	}{
		{name: "succeeds", payload: s.Quick, test: succeeds},
		{name: "is safe for concurrent use", payload: s.Quick, test: concurrent},
		{name: "ends with a cancelled context", payload: s.Slow, test: cancelled},
		{name: "ends at the deadline", payload: s.Slow, test: deadline},
		{name: "does nothing in an ended context", payload: s.Slow, test: ended},
		{name: "reports a failure", payload: s.Fails, test: fails},
		{name: "reports a permanent failure", payload: s.Permanent, test: permanent},
		{name: "bounds what it says", payload: s.Loud, test: loud},
		{name: "refuses bad payloads", payload: strings.Join(s.Invalid, ""), test: refuses},
	} {
		if part.payload == "" {
			continue // the handler cannot do this
		}
		t.Run(part.name, func(t *testing.T) { part.test(t, s) })
	}
}

func succeeds(t *testing.T, s Suite) {
	h := s.New(t)
	task, log := NewTask(s.Quick)
	result, err := h.Run(t.Context(), task)
	if err != nil {
		t.Fatalf("Run = %v, want nil", err)
	}
	checkResult(t, result)
	log.Check(t)
	if v, ok := h.(handler.Validator); ok {
		if err := v.ValidatePayload(task.Payload); err != nil {
			t.Errorf("ValidatePayload = %v for a payload that runs", err)
		}
	}
}

func concurrent(t *testing.T, s Suite) {
	h := s.New(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			task, log := NewTask(s.Quick)
			if _, err := h.Run(t.Context(), task); err != nil {
				t.Errorf("Run = %v, want nil", err)
			}
			log.Check(t)
		})
	}
	wg.Wait()
}

func cancelled(t *testing.T, s Suite) {
	h := s.New(t)
	returnsSoon(t, func() time.Duration {
		ctx, cancel := context.WithCancel(t.Context())
		var at time.Time
		timer := time.AfterFunc(underWay, func() { at = time.Now(); cancel() })
		defer timer.Stop()
		task, log := NewTask(s.Slow)
		_, err := h.Run(ctx, task)
		if ctx.Err() == nil {
			t.Fatalf("Run = %v before the context ended: the payload is not slow", err)
		}
		took := time.Since(at)
		checkFailure(t, err, context.Canceled)
		log.Check(t)
		return took
	})
}

func deadline(t *testing.T, s Suite) {
	h := s.New(t)
	returnsSoon(t, func() time.Duration {
		ctx, cancel := context.WithTimeout(t.Context(), underWay)
		defer cancel()
		at, _ := ctx.Deadline()
		task, log := NewTask(s.Slow)
		_, err := h.Run(ctx, task)
		took := time.Since(at)
		checkFailure(t, err, context.DeadlineExceeded)
		log.Check(t)
		return took
	})
}

func ended(t *testing.T, s Suite) {
	h := s.New(t)
	returnsSoon(t, func() time.Duration {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		at := time.Now()
		task, _ := NewTask(s.Slow)
		_, err := h.Run(ctx, task)
		checkFailure(t, err, context.Canceled)
		return time.Since(at)
	})
}

// returnsSoon accepts the best of some tries.
func returnsSoon(t *testing.T, try func() time.Duration) {
	t.Helper()
	best := time.Duration(1<<63 - 1)
	for range tries {
		if best = min(best, try()); best <= soon {
			return
		}
	}
	t.Errorf("returned %v after the end of its context, want at most %v", best, soon)
}

func fails(t *testing.T, s Suite) {
	task, log := NewTask(s.Fails)
	result, err := s.New(t).Run(t.Context(), task)
	checkFailure(t, err, nil)
	checkResult(t, result)
	log.Check(t)
	if f, ok := errors.AsType[*handler.Failure](err); ok && f.Permanent {
		t.Errorf("%v is permanent", err)
	}
}

func permanent(t *testing.T, s Suite) {
	task, log := NewTask(s.Permanent)
	result, err := s.New(t).Run(t.Context(), task)
	checkFailure(t, err, nil)
	checkResult(t, result)
	log.Check(t)
	if f, ok := errors.AsType[*handler.Failure](err); !ok || !f.Permanent {
		t.Errorf("%v is not permanent", err)
	}
}

func loud(t *testing.T, s Suite) {
	task, log := NewTask(s.Loud)
	result, err := s.New(t).Run(t.Context(), task)
	if err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	checkResult(t, result)
	log.Check(t)
}

func refuses(t *testing.T, s Suite) {
	h := s.New(t)
	v, ok := h.(handler.Validator)
	if !ok {
		t.Fatalf("%T is no handler.Validator", h)
	}
	for _, payload := range s.Invalid {
		err := v.ValidatePayload(json.RawMessage(payload))
		fault, ok := errors.AsType[*job.Error](err)
		switch {
		case !ok || fault.Code != job.Invalid:
			t.Errorf("ValidatePayload(%.200s) = %v, want code %s", payload, err, job.Invalid)
		case len(fault.Fields) == 0:
			t.Errorf("ValidatePayload(%.200s) = %v, want a field", payload, err)
		}
		task, _ := NewTask(payload)
		_, err = h.Run(t.Context(), task)
		checkFailure(t, err, nil)
	}
}

// checkFailure checks an error that a handler returned; target is what it must wrap.
func checkFailure(t *testing.T, err, target error) {
	t.Helper()
	if err == nil {
		t.Fatal("Run = nil, want an error")
	}
	if target != nil && !errors.Is(err, target) {
		t.Errorf("Run = %v, want one that wraps %v", err, target)
	}
	message := err.Error()
	if message == "" || len(message) > job.MaxErrorLen || strings.ContainsAny(message, "\n\r") {
		t.Errorf("message %.200q: want one line of at most %d bytes", message, job.MaxErrorLen)
	}
	f, ok := errors.AsType[*handler.Failure](err)
	if !ok {
		return
	}
	if f.Class != "" && !regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`).MatchString(f.Class) {
		t.Errorf("class %q is no slug", f.Class)
	}
	if f.RetryAfter < 0 || f.RetryAfter > time.Hour {
		t.Errorf("RetryAfter = %v, want 0 to 1h", f.RetryAfter)
	}
}

func checkResult(t *testing.T, r handler.Result) {
	t.Helper()
	if len(r.Value) > job.MaxResult {
		t.Errorf("result has %d bytes, want at most %d", len(r.Value), job.MaxResult)
	}
	if r.Value != nil && !json.Valid(r.Value) {
		t.Errorf("result is no JSON: %.200q", r.Value)
	}
}
