package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/store"
)

// TestWhyNobodyKnowsTheHandler asks for a run whose handler no live worker knows, and for
// the same run once one does.
func TestWhyNobodyKnowsTheHandler(t *testing.T) {
	missing := []string{"noop"}
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.Health.Missing = func() []string { return missing }
	})
	worker := func(id int64, node string, handlers ...string) {
		t.Helper()
		if err := b.store.OpenSession(t.Context(), store.Session{
			ID: id, Node: node, Roles: []string{"worker"}, Slots: 8, Handlers: handlers, StartedAt: b.now, LeaseUntil: b.now.Add(time.Hour),
		}); err != nil {
			t.Fatal(err)
		}
	}
	b.cron("nightly", "")
	b.do("POST", base+"/jobs/nightly/run", "").want(201)
	worker(1, "a", "other")
	b.now = b.now.Add(time.Second)

	why := read[api.Why](b.do("GET", base+"/executions/nightly%2F1/why", "").want(200))
	if want := `waits: no live worker knows the handler "noop"`; why.Verdict != want || !strings.HasPrefix(why.Change, "start a node") {
		t.Errorf("why = %q, change %q; want %q", why.Verdict, why.Change, want)
	}
	health := read[api.Health](b.do("GET", base+"/health", "").want(200))
	found := false
	for _, issue := range health.Issues {
		found = found || issue.Component == "workers" && strings.Contains(issue.Message, `"noop"`)
	}
	if health.Status != control.Degraded || !found {
		t.Errorf("health is %s with %+v, want degraded for the handler", health.Status, health.Issues)
	}

	missing = nil
	worker(2, "b", "other", "noop")
	why = read[api.Why](b.do("GET", base+"/executions/nightly%2F1/why", "").want(200))
	if want := "waits for a worker"; why.Verdict != want {
		t.Errorf("why = %q, want %q", why.Verdict, want)
	}
}
