package event

import (
	"fmt"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestHoldsCompilesOnce: a condition is compiled for its first slot, those that are kept are
// bounded, and what was thrown out holds as before.
func TestHoldsCompilesOnce(t *testing.T) {
	t.Parallel()
	var k conditionCache
	first, err := k.compiled("slot.Hour() < 12")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := k.compiled("slot.Hour() < 12"); again != first {
		t.Error("the same condition was compiled again")
	}
	if _, err := k.compiled("slot.Hour( <"); err == nil {
		t.Error("a condition that is none was compiled")
	}
	for i := range maxConditions + 1 {
		if _, err := k.compiled(fmt.Sprintf("slot.Year() > %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(k.known); n > maxConditions {
		t.Errorf("%d conditions are kept, want at most %d", n, maxConditions)
	}
	j := &job.Job{Spec: job.Spec{When: "slot.Hour() < 12", Timezone: "UTC"}}
	for hour, want := range map[int]bool{9: true, 15: false} {
		for range 2 {
			if got := Holds(j, time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC)); got != want {
				t.Errorf("at %d it holds: %v, want %v", hour, got, want)
			}
		}
	}
}
