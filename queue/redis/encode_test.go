package redis

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/queue"
)

func TestEventsAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"scheduler:job.created", "", `a"b\`, "ž:ů", "\x00\n", "<&>", "\u2028"} {
		for _, data := range []string{`{"html":"<&>"}`, "null", "[1]"} {
			want := queue.Event{Name: text, ID: text, Platform: text, At: time.Date(2026, 3, 29, 1, 30, 0, 5000, time.UTC), Data: json.RawMessage(data)}
			var got queue.Event
			b := appendEvent(nil, &want)
			if err := json.Unmarshal(b, &got); err != nil {
				t.Errorf("%s: %v", b, err)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s differs (-written +read):\n%s", b, diff)
			}
		}
	}
	var none queue.Event
	if err := json.Unmarshal(appendEvent(nil, &queue.Event{Name: "a"}), &none); err != nil {
		t.Errorf("an event without data: %v", err)
	}
}
