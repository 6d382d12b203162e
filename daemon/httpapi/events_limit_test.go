package httpapi

import (
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
	if _, err := b.service.TakeEvents(t.Context(), b.now, []queue.SentEvent{one}); err == nil {
		t.Error("by another way the platform may send more")
	}
	send(202, "shop")
	b.now = b.now.Add(time.Second)
	if _, err := b.service.TakeEvents(t.Context(), b.now, slices.Repeat([]queue.SentEvent{one}, control.DefaultEventRate)); err != nil {
		t.Errorf("a second later: %v", err)
	}
	send(429, "web")
}
