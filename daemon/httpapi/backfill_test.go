package httpapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// The due times of the last three hours get one run each, however often they are asked
// for; those that ran are left alone.
func TestBackfill(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	path := base + "/jobs/nightly/backfill"
	from, to := b.now.Add(-3*time.Hour).Format(time.RFC3339), b.now.Format(time.RFC3339)
	body := func(more string) string { return fmt.Sprintf(`{"from":%q,"to":%q%s}`, from, to, more) }

	dry := read[api.Backfilled](b.do("POST", path, body(`,"dry_run":true`)).want(200))
	if len(dry.Items) != 3 || dry.Job != "nightly" {
		t.Fatalf("a dry run has %d due times, want 3: %+v", len(dry.Items), dry)
	}
	if runs := read[[]job.Execution](b.do("GET", base+"/executions", "").want(200)); len(runs) != 0 {
		t.Fatalf("a dry run made %d executions", len(runs))
	}
	made := read[api.Backfilled](b.do("POST", path, body("")).want(200))
	for i, item := range made.Items {
		if item.Action != api.BackfillCreated || item.ExecutionID == nil || item.Run != fmt.Sprintf("nightly/%d", i+1) || !item.Slot.Equal(dry.Items[i].Slot) {
			t.Errorf("item %d = %+v", i, item)
			continue
		}
		e := read[job.Execution](b.do("GET", base+"/executions/"+item.ExecutionID.String(), "").want(200))
		if e.Trigger != job.TriggerBackfill || !e.ScheduledAt.Equal(item.Slot) || e.Status != job.Pending || e.TriggeredBy != "root" {
			t.Errorf("execution = %+v", e)
		}
		if waits := e.ReadyAt == nil; waits != (i > 0) {
			t.Errorf("run %d: ready_at %v; the first may start, the others wait for it", i+1, e.ReadyAt)
		}
	}
	for _, item := range read[api.Backfilled](b.do("POST", path, body("")).want(200)).Items {
		if item.Action != api.BackfillExists {
			t.Errorf("asked again: %+v", item)
		}
	}
	if runs := read[[]job.Execution](b.do("GET", base+"/executions", "").want(200)); len(runs) != 3 {
		t.Errorf("%d executions, want 3", len(runs))
	}
}

// With parallel so many runs may start at once, though the job allows one.
func TestBackfillBeside(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	made := read[api.Backfilled](b.do("POST", base+"/jobs/nightly/backfill", fmt.Sprintf(`{"from":%q,"to":%q,"parallel":2}`, b.now.Add(-3*time.Hour).Format(time.RFC3339), b.now.Format(time.RFC3339))).want(200))
	for i, item := range made.Items {
		e := read[job.Execution](b.do("GET", base+"/executions/"+item.ExecutionID.String(), "").want(200))
		if ready := e.ReadyAt != nil; ready != (i < 2) {
			t.Errorf("run %d of %d: ready %v; two may start", i+1, len(made.Items), ready)
		}
	}
}

func TestBackfillRefused(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	at := func(d time.Duration) string { return b.now.Add(d).Format(time.RFC3339) }
	for _, tt := range []struct {
		job, body string
		status    int
	}{
		{"nightly", `{}`, 400},
		{"nightly", fmt.Sprintf(`{"from":%q}`, at(-time.Hour)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q}`, at(-time.Hour), at(-2*time.Hour)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q}`, at(-time.Hour), at(time.Hour)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q,"max":1001}`, at(-time.Hour), at(0)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q,"max":59}`, at(-60*time.Hour), at(0)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q}`, at(-24*365*time.Hour), at(0)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q,"paralel":2}`, at(-time.Hour), at(0)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q,"parallel":101}`, at(-time.Hour), at(0)), 400},
		{"nightly", fmt.Sprintf(`{"from":%q,"to":%q,"parallel":-1}`, at(-time.Hour), at(0)), 400},
		{"nightly", `{"from":"yesterday","to":"now"}`, 400},
		{"missing", fmt.Sprintf(`{"from":%q,"to":%q}`, at(-time.Hour), at(0)), 404},
	} {
		b.do("POST", base+"/jobs/"+tt.job+"/backfill", tt.body).want(tt.status)
	}
	b.do("POST", base+"/jobs/nightly/pause", "").want(204)
	b.do("POST", base+"/jobs/nightly/backfill", fmt.Sprintf(`{"from":%q,"to":%q}`, at(-time.Hour), at(0))).want(409)
	if runs := read[[]job.Execution](b.do("GET", base+"/executions", "").want(200)); len(runs) != 0 {
		t.Errorf("%d executions were made", len(runs))
	}
}
