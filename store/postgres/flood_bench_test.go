package postgres_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// BenchmarkEventToRun accepts events, a thousand at a time, and decides about them: each
// makes one of twenty jobs run, and every second one another.
func BenchmarkEventToRun(b *testing.B) {
	const batch = 1000
	url := database(b, false)
	r := newRig(b, open(b, postgres.Options{URL: url}), 20, func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 1<<20, true })
	for i, when := range []string{"", "data.n % 2 == 0"} {
		name := fmt.Sprint("rule-", i)
		if _, err := r.CreateRule(b.Context(), event.Rule{
			ID: r.newID(), Platform: job.DefaultPlatform, Name: name, Event: "flood", When: when, Enabled: true, Priority: 5, Action: event.RunJob,
			Config: json.RawMessage(`{"job":"job${data.n % 20}","payload":{"n":"${data.n}"}}`), CreatedAt: r.now, UpdatedAt: r.now,
		}); err != nil {
			b.Fatal(err)
		}
	}
	version, matcher := int64(0), event.NewMatcher(nil, nil)
	spent := newMeter(b)
	b.ResetTimer()
	for done := 0; done < b.N; done += batch {
		events := make([]event.Event, batch)
		for i := range events {
			key := r.newID()
			events[i] = event.Event{Key: key, ID: key.String(), Platform: job.DefaultPlatform, Name: "flood", Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)), At: r.now}
		}
		spent.on("accept", func() {
			if _, err := r.AcceptEvents(b.Context(), events); err != nil {
				b.Fatal(err)
			}
		})
		for left := batch; left > 0; {
			var acted store.Acted
			spent.on("act", func() {
				var err error
				acted, err = r.Act(b.Context(), store.Act{
					Now: r.now, Limit: 500, NewID: r.newID, Policy: job.DefaultPolicy(), Version: version,
					Listen: func(v int64, listeners []event.Listener, shapes []event.CancelShape) bool {
						version, matcher = v, event.NewMatcher(listeners, shapes)
						return false
					},
					Decide: func(events []event.Event) event.Decision { return matcher.Decide(events, r.now) },
					Prepare: func(a *event.Act) (store.Deed, error) {
						var config struct {
							Job     string
							Payload json.RawMessage
						}
						err := json.Unmarshal(a.Config, &config)
						return store.Deed{Run: &store.Trigger{Platform: job.DefaultPlatform, Ref: config.Job, Payload: config.Payload, By: "rule:" + a.Name}}, err
					},
				})
				if err != nil {
					b.Fatal(err)
				}
			})
			if acted.Failed > 0 {
				b.Fatalf("%d acts failed", acted.Failed)
			}
			left -= acted.Events
		}
	}
	spent.report()
}
