package httpapi

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/queue"
)

// TestEventsAreLimited: a platform that sends more events than it may, whichever way, is
// told to wait and how long, keeps nobody else waiting, and may go on after that.
func TestEventsAreLimited(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	send := func(want int, platform string) *answered {
		t.Helper()
		return b.do("POST", base+"/events", `{"event":"x:y","platform_id":"`+platform+`"}`).want(want)
	}
	send(202, "web")
	one := queue.SentEvent{ID: "same", Name: "x:y", Platform: "web"} // counts each time, is stored once
	if faults, err := b.service.TakeEvents(t.Context(), b.now, slices.Repeat([]queue.SentEvent{one}, control.DefaultEventBurst-1)); err != nil || len(faults) > 0 {
		t.Fatalf("TakeEvents = %v, %v; want what a platform may send at once", faults, err)
	}
	got := send(429, "web")
	if after := got.Header.Get("Retry-After"); after != "1" {
		t.Errorf("Retry-After: %q, want a second", after)
	}
	other := queue.SentEvent{ID: "other", Name: "x:y", Platform: "depot"}
	if faults, err := b.service.TakeEvents(t.Context(), b.now, []queue.SentEvent{one, other, one}); err != nil || len(faults) != 2 || !errors.Is(faults[0], queue.ErrLater) || !errors.Is(faults[2], queue.ErrLater) {
		t.Errorf("by another way the platform may send more, or keeps others waiting: %v, %v", faults, err)
	}
	if came := read[[]any](b.do("GET", base+"/events?platform_id=depot", "").want(200)); len(came) != 1 {
		t.Errorf("%d events of another platform came in, want 1", len(came))
	}
	send(202, "shop")
	b.now = b.now.Add(time.Second)
	if _, err := b.service.TakeEvents(t.Context(), b.now, slices.Repeat([]queue.SentEvent{one}, control.DefaultEventRate)); err != nil {
		t.Errorf("a second later: %v", err)
	}
	send(429, "web")
}
