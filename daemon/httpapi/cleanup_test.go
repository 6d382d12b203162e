package httpapi

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// TestCleanup counts and removes, of the caller's platform only.
func TestCleanup(t *testing.T) {
	rule := store.Retention{Success: 7 * 24 * time.Hour, Failed: 30 * 24 * time.Hour, OneTime: 90 * 24 * time.Hour, KeepLast: 1}
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.Cleanup = control.CleanupOptions{Retention: func() store.Retention { return rule }, LogCaps: store.LogCaps{Total: 100}}
	})
	run := func(name string, event job.Event) job.Execution {
		e := read[job.Execution](b.do("POST", base+"/jobs/"+name+"/run", "").want(201))
		b.settle(e.ID, event)
		return e
	}
	b.cron("mine", `,"max_retries":0`)
	b.cron("theirs", `,"platform_id":"shop"`)
	for _, event := range []job.Event{job.EventSucceed, job.EventSucceed, job.EventFail} {
		run("mine", event)
	}
	var first job.Execution
	for range 3 {
		first = run("theirs", job.EventSucceed)
	}
	last := run("mine", job.EventSucceed)
	for seq := range int64(15) { // both stay; the newest keeps its lines
		for _, id := range []job.ID{first.ID, last.ID} {
			line := job.LogEntry{ExecutionID: id, Seq: seq + 1, Attempt: 1, Timestamp: b.now, Level: job.LogInfo, Stream: job.StreamStdout, Message: "0123456789"}
			if err := b.store.AppendLogs(t.Context(), []job.LogEntry{line}); err != nil {
				t.Fatal(err)
			}
		}
	}
	clean := func(body string) api.Cleaned {
		t.Helper()
		return read[api.Cleaned](b.do("POST", base+"/cleanup", body).want(200))
	}
	want := func(what string, got, want api.Cleaned) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	want("what is young", clean(`{"dry_run":true}`), api.Cleaned{DryRun: true, LogBytes: 200})
	b.now = b.now.Add(8 * 24 * time.Hour)
	want("a dry run", clean(`{"dry_run":true,"only":["executions"]}`), api.Cleaned{DryRun: true, Executions: 4})
	want("another one", clean(`{"dry_run":true,"only":["executions"]}`), api.Cleaned{DryRun: true, Executions: 4})
	want("jobs and events", clean(`{"only":["jobs","events"]}`), api.Cleaned{})

	b.who = control.Principal{Name: "shop", Role: control.RoleOperator, Platform: "shop"}
	want("somebody confined", clean(``), api.Cleaned{Executions: 2})
	b.do("POST", base+"/cleanup", `{"only":["logs"]}`).want(403)
	b.do("POST", base+"/cleanup?platform_id=default", "").want(403)

	b.who = control.Principal{Name: "root", Role: control.RoleAdmin, Platform: control.AnyPlatform}
	want("as configured", clean(``), api.Cleaned{Executions: 2, LogBytes: 150})
	want("older than a day", clean(`{"older_than":"24h"}`), api.Cleaned{Executions: 1, DeadLetters: 1})
	want("again", clean(`{"older_than":"24h"}`), api.Cleaned{})
	if left := read[[]job.Execution](b.do("GET", base+"/executions", "").want(200)); len(left) != 2 {
		t.Errorf("%d executions are left, want the newest of each job", len(left))
	}
}

func TestCleanupRefuses(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct{ body, fields string }{
		{`{"older_than":"30 days"}`, "older_than"},
		{`{"older_than":"-1h"}`, "older_than"},
		{`{"older_than":"0s"}`, "older_than"},
		{`{"older_than":"1000000h"}`, "older_than"},
		{`{"older_than":3600}`, "older_than"},
		{`{"only":["everything"]}`, "only"},
		{`{"only":["executions","log"],"older_than":"x"}`, "older_than only"},
		{`{"older":"1h"}`, "older"},
		{`[]`, "body"},
	} {
		if got := b.do("POST", base+"/cleanup", tt.body).want(400); got.fields() != tt.fields {
			t.Errorf("%s: fields %q, want %q: %s", tt.body, got.fields(), tt.fields, got.Body)
		}
	}
}
