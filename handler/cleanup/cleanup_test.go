package cleanup_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/cleanup"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
)

func TestConformance(t *testing.T) {
	handlertest.Run(t, handlertest.Suite{
		New: func(*testing.T) handler.Handler {
			return cleanup.New(func(context.Context, string, cleanup.Ask) (cleanup.Sums, bool, error) {
				return cleanup.Sums{}, false, nil
			})
		},
		Quick: `{"retention_days": 90}`,
		Invalid: []string{
			`{"retention_days": 0}`, `{"retention_days": -1}`, `{"retention_days": 36501}`, `{"retention_days": "90"}`, `{"retention_days": 1.5}`,
			`{"success_days": 0}`, `{"failed_days": null}`, `{"dry_run": 1}`, `{"retention": 90}`, `[]`,
		},
	})
}

func TestPhases(t *testing.T) {
	t.Parallel()
	var asked []cleanup.Ask
	h := cleanup.New(func(_ context.Context, platform string, ask cleanup.Ask) (cleanup.Sums, bool, error) {
		if platform != "default" {
			t.Errorf("asked for platform %q", platform)
		}
		asked = append(asked, ask)
		switch {
		case ask.Executions:
			return cleanup.Sums{Executions: 500, DeadLetters: 2}, len(asked) < 3, nil
		case ask.Events > 0:
			return cleanup.Sums{Events: 7}, false, nil
		}
		return cleanup.Sums{Jobs: 1}, false, nil
	})
	task, log := handlertest.NewTask(`{"failed_days": 14}`)
	r, err := h.Run(t.Context(), task)
	if want := `{"retention_days":90,"job_executions":1500,"dead_letters":6,"workflow_events":7,"one_time_jobs":1}`; err != nil || string(r.Value) != want {
		t.Errorf("Run = %s, %v; want %s", r.Value, err, want)
	}
	day := 24 * time.Hour
	executions := cleanup.Ask{Executions: true, Failed: 14 * day}
	want := []cleanup.Ask{executions, executions, executions, {Events: 90 * day}, {OneTimeJobs: 90 * day}}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
	if got := len(log.Lines()); got != 3 {
		t.Errorf("%d lines were logged, want one for each phase", got)
	}
}

func TestStopsWhenAsked(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	h := cleanup.New(func(context.Context, string, cleanup.Ask) (cleanup.Sums, bool, error) {
		calls++
		cancel()
		return cleanup.Sums{Executions: 1}, true, nil
	})
	task, _ := handlertest.NewTask(`{}`)
	if _, err := h.Run(ctx, task); !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("Run = %v after %d batches, want a stop after the first", err, calls)
	}
}
