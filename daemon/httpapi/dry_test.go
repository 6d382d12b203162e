package httpapi

import (
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestDryRun: the answer is the job as it would be, what is wrong is refused as it would
// be, and nothing is written.
func TestDryRun(t *testing.T) {
	b := newBench(t)
	b.cron("there", "")
	body := `{"name":"new","schedule":"0 2 * * *","handler_name":"noop"}`
	would := read[job.Job](b.do("POST", base+"/jobs/cron?dry_run=true", body, "Idempotency-Key: k").want(200))
	if would.Name != "new" || would.NextRun == nil || would.NextRun.Hour() != 2 {
		t.Errorf("it would be %+v", would)
	}
	b.do("GET", base+"/jobs/new", "").want(404)
	b.do("POST", base+"/jobs/cron?dry_run=true", `{"name":"there","schedule":"0 2 * * *","handler_name":"noop"}`).want(409)
	b.do("POST", base+"/jobs/cron?dry_run=true", `{"name":"new","schedule":"61 * * * *","handler_name":"noop"}`).want(400)
	b.do("POST", base+"/jobs/cron?dry_run=maybe", body).want(400)
	b.do("POST", base+"/jobs/there/run?dry_run=true", "").want(400) // it does not know it

	would = read[job.Job](b.do("PATCH", base+"/jobs/there?dry_run=true", `{"schedule":"30 4 * * *","description":"x"}`).want(200))
	if would.Schedule != "30 4 * * *" || would.NextRun.Hour() != 4 {
		t.Errorf("it would be %+v", would)
	}
	would = read[job.Job](b.do("PUT", base+"/jobs/there/reschedule?dry_run=true", `{"schedule":"30 5 * * *"}`).want(200))
	if would.NextRun.Hour() != 5 {
		t.Errorf("it would be %+v", would)
	}
	b.do("PATCH", base+"/jobs/there?dry_run=true", `{"description":"x"}`, "If-Match: 9").want(412)
	b.do("PATCH", base+"/jobs/nowhere?dry_run=true", `{"description":"x"}`).want(404)
	if is := read[job.Job](b.do("GET", base+"/jobs/there", "").want(200)); is.Revision != 1 || is.Schedule != "0 * * * *" || is.Description != "" {
		t.Errorf("it became %+v", is)
	}
	b.do("POST", base+"/jobs/there/cancel", "").want(204)
	b.do("PATCH", base+"/jobs/there?dry_run=true", `{"description":"x"}`).want(409)
	b.do("POST", base+"/jobs/cron", body, "Idempotency-Key: k").want(201) // the key was not used
}
