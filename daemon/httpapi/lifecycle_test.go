package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestCreate checks a job of each type, with the owner's defaults.
func TestCreate(t *testing.T) {
	b := newBench(t)
	got := b.do("POST", base+"/jobs/cron", `{"name":"nightly","schedule":"0 2 * * *","handler_name":"noop"}`).want(http.StatusCreated)
	j := read[job.Job](got)
	if got.Header.Get("ETag") != `"1"` {
		t.Errorf("ETag %q", got.Header.Get("ETag"))
	}
	next := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	want := job.Spec{
		Name: "nightly", Type: job.TypeCron, Schedule: "0 2 * * *", Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce,
		HandlerName: "noop", HandlerType: job.HandlerFunction, Payload: []byte("{}"), MaxRetries: 3, RetryDelayMS: 60_000,
		RetryBackoff: job.BackoffExponential, RetryMaxDelayMS: 3_600_000, TimeoutMS: 300_000, Priority: job.PriorityMedium,
		Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostRetry, Tags: []string{},
	}
	if diff := cmp.Diff(want, j.Spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
	if j.Status != job.JobActive || j.NextRun == nil || !j.NextRun.Equal(next) || j.CreatedBy != "root" || j.PlatformID != nil || j.Revision != 1 {
		t.Errorf("job = %+v", j)
	}
	once := read[job.Job](b.do("POST", base+"/jobs/once", `{"name":"sla","in":"48h","handler_name":"noop","max_retries":0}`).want(201))
	if once.NextRun == nil || !once.NextRun.Equal(monday.Add(48*time.Hour)) || once.OnLost != job.OnLostFail {
		t.Errorf("one-time job = %+v", once)
	}
	late := read[job.Job](b.do("POST", base+"/jobs/once", `{"name":"late","execute_at":"2026-11-23T12:59:30+01:00","handler_name":"noop"}`).want(201))
	if late.NextRun == nil || !late.NextRun.Equal(monday.Add(-30*time.Second)) {
		t.Errorf("a job 30 s late = %+v", late)
	}
	got = b.do("POST", base+"/jobs/recurring", `{"name":"drip","schedule":"0 10 * * *","timezone":"America/New_York",
		"start_date":"2026-11-24T10:00:00-05:00","max_executions":7,"skip_if_overdue":true,"handler_name":"noop","platform_id":"marketing-platform"}`).want(201)
	drip := read[job.Job](got)
	if drip.NextRun == nil || !drip.NextRun.Equal(*drip.StartDate) || drip.Misfire != job.MisfireSkip || drip.PlatformID == nil || *drip.PlatformID != "marketing-platform" {
		t.Errorf("recurring job = %+v", drip)
	}
	off := b.cron("off", `,"enabled":false`)
	if off.Status != job.JobPaused || off.NextRun != nil || off.PauseReason == "" {
		t.Errorf("a job created disabled = %+v", off)
	}
}

// TestCreateConflicts holds row B63 and ids of the caller's choice.
func TestCreateConflicts(t *testing.T) {
	b := newBench(t)
	id := "01A2044E-C1C0-7D11-9C40-5BE0F3A2C7B1"
	j := b.cron("nightly", `,"id":"`+id+`"`)
	if j.ID.String() != strings.ToLower(id) {
		t.Errorf("id %s", j.ID)
	}
	got := b.do("POST", base+"/jobs/cron", `{"name":"nightly","schedule":"0 2 * * *","handler_name":"noop"}`).want(409)
	if !strings.Contains(string(got.Body), j.ID.String()) {
		t.Errorf("no id in %s", got.Body)
	}
	b.do("POST", base+"/jobs/cron", `{"name":"other","id":"`+id+`","schedule":"0 2 * * *","handler_name":"noop"}`).want(409)
	b.do("POST", base+"/jobs/cron", `{"name":"nightly","platform_id":"web","schedule":"0 2 * * *","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron?platform_id=web", `{"name":"second","schedule":"0 2 * * *","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron?platform_id=web", `{"name":"third","platform_id":"shop","schedule":"0 2 * * *","handler_name":"noop"}`).want(400)
	if jobs := read[[]job.Job](b.do("GET", base+"/jobs?platform_id=web&sort_by=name", "").want(200)); len(jobs) != 2 || jobs[1].Name != "second" {
		t.Errorf("jobs of the platform = %v", jobs)
	}
}

// TestIdempotency holds row B16.
func TestIdempotency(t *testing.T) {
	b := newBench(t)
	body := `{"name":"nightly","schedule":"0 2 * * *","handler_name":"noop"}`
	first := b.do("POST", base+"/jobs/cron", body, "Idempotency-Key: k1").want(201)
	again := b.do("POST", base+"/jobs/cron", body, "Idempotency-Key: k1").want(201)
	if read[job.Job](first).ID != read[job.Job](again).ID || again.Header.Get(api.HeaderReplayed) != "true" || first.Header.Get(api.HeaderReplayed) != "" {
		t.Errorf("replay made another job, or did not say so: %v", again.Header)
	}
	b.do("POST", base+"/jobs/cron", strings.Replace(body, "nightly", "other", 1), "Idempotency-Key: k1").want(409)
	one := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "", "Idempotency-Key: k2").want(201))
	two := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "", "Idempotency-Key: k2").want(201))
	if one.ID != two.ID {
		t.Errorf("one key made two runs: %s, %s", one.ID, two.ID)
	}
	b.do("POST", base+"/jobs/nightly/run", "", "Idempotency-Key: ").want(400)
	b.do("POST", base+"/jobs/nightly/run", "", "Idempotency-Key: x", "Idempotency-Key: y").want(400)
}

// TestLifecycle holds rows B57 to B59 and B62 over HTTP.
func TestLifecycle(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	path := base + "/jobs/nightly"
	status := func() job.Job { return read[job.Job](b.do("GET", path, "").want(200)) }

	b.do("POST", path+"/resume", "").want(204)
	b.do("POST", path+"/pause", `{"reason":"vendor outage"}`).want(204)
	paused := status()
	if paused.Status != job.JobPaused || paused.NextRun != nil || paused.PauseReason != "vendor outage" || paused.Revision != 2 {
		t.Errorf("paused job = %+v", paused)
	}
	b.do("POST", path+"/pause", "").want(204)
	if again := status(); again.Revision != paused.Revision {
		t.Errorf("pausing a paused job changed it: %+v", again)
	}
	b.do("POST", path+"/resume", `{"catch_up":"some"}`).want(400)
	b.now = b.now.Add(3*time.Hour + 10*time.Minute)
	b.do("POST", path+"/resume", `{"catch_up":"all"}`).want(204)
	if got := status(); got.Status != job.JobActive || got.NextRun == nil || !got.NextRun.Equal(monday.Add(4*time.Hour)) {
		t.Errorf("resumed job = %+v", got)
	}
	if runs := read[[]job.Execution](b.do("GET", path+"/executions?sort_order=asc", "").want(200)); len(runs) != 3 && len(runs) != 1 {
		t.Errorf("%d executions after a catch-up of three slots", len(runs))
	}
	b.do("DELETE", path+"?purge=true", "").want(409)
	b.do("DELETE", path, "").want(204)
	b.do("DELETE", path, "").want(204)
	if got := status(); got.Status != job.JobCancelled || got.CancelledAt == nil || got.NextRun != nil {
		t.Errorf("cancelled job = %+v", got)
	}
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/pause", ""}, {"POST", "/resume", ""}, {"POST", "/run", ""}, {"PUT", "/reschedule", `{"schedule":"0 3 * * *"}`}, {"PATCH", "", `{"description":"x"}`},
	} {
		got := b.do(call.method, path+call.path, call.body).want(409)
		if !strings.Contains(string(got.Body), "cancelled") {
			t.Errorf("%s %s: %s does not say why", call.method, call.path, got.Body)
		}
	}
	b.do("DELETE", path+"?purge=true", "").want(204)
	b.do("DELETE", path+"?purge=true", "").want(404)
	for _, p := range []string{"/pause", "/resume", "/cancel", "/run"} {
		b.do("POST", path+p, "").want(404)
	}
}

// TestArchive checks that a name can be used again and the history is still there.
func TestArchive(t *testing.T) {
	b := newBench(t)
	first := b.cron("nightly", "")
	b.do("POST", base+"/jobs/nightly/run", "").want(201)
	b.do("DELETE", base+"/jobs/nightly?archive=true&purge=true", "").want(400)
	b.do("DELETE", base+"/jobs/nightly?archive=true", "").want(204)
	b.do("GET", base+"/jobs/nightly", "").want(404)
	second := b.cron("nightly", "")
	if first.ID == second.ID {
		t.Fatal("the same job")
	}
	if runs := read[[]job.Execution](b.do("GET", base+"/jobs/"+first.ID.String()+"/executions", "").want(200)); len(runs) != 1 {
		t.Errorf("history of the archived job = %+v", runs)
	}
}

// TestRevisions holds row B17.
func TestRevisions(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	path := base + "/jobs/nightly"
	for _, bad := range []string{`"x"`, `"0"`, `"1", "2"`, `-1`, `""`} {
		b.do("PATCH", path, `{"description":"x"}`, "If-Match: "+bad).want(400)
	}
	for _, call := range []struct{ method, path, body string }{
		{"PATCH", "", `{"description":"x"}`}, {"PUT", "/reschedule", `{"schedule":"0 3 * * *"}`}, {"POST", "/pause", ""}, {"POST", "/resume", ""},
		{"POST", "/cancel", ""}, {"DELETE", "", ""}, {"DELETE", "?purge=true", ""},
	} {
		b.do(call.method, path+call.path, call.body, `If-Match: "7"`).want(412)
	}
	got := b.do("PATCH", path, `{"description":"x"}`, `If-Match: "1"`).want(200)
	if got.Header.Get("ETag") != `"2"` {
		t.Errorf("ETag %q", got.Header.Get("ETag"))
	}
	b.do("PATCH", path, `{"description":"y"}`, `If-Match: 2`).want(200)
	b.do("PATCH", path, `{"description":"z"}`, `If-Match: *`).want(200)
}

func TestPatch(t *testing.T) {
	b := newBench(t)
	j := b.cron("nightly", `,"payload":{"a":"<1>"},"tags":["x"],"description":"old","timeout_ms":1000`)
	path := base + "/jobs/nightly"
	got := read[job.Job](b.do("PATCH", path, `{"description":null,"max_retries":0,"tags":["y"],"timeout_ms":null}`).want(200))
	if got.Description != "" || got.MaxRetries != 0 || got.OnLost != job.OnLostFail || got.Tags[0] != "y" || got.TimeoutMS != 300_000 || got.Revision != 2 {
		t.Errorf("patched = %+v", got)
	}
	same := read[job.Job](b.do("PATCH", path, `{"tags":["y"],"payload":{ "a" : "<1>" }}`).want(200))
	if same.Revision != 2 {
		t.Errorf("a PATCH that changes nothing made revision %d", same.Revision)
	}
	if diff := cmp.Diff(`{"a":"<1>"}`, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(same.Payload))); diff != "" {
		t.Errorf("payload %s", diff)
	}
	moved := read[job.Job](b.do("PATCH", path, `{"schedule":"30 * * * *"}`).want(200))
	if !moved.NextRun.Equal(monday.Add(30 * time.Minute)) {
		t.Errorf("next run %v after an edit of the schedule", moved.NextRun)
	}
	for body, field := range map[string]string{
		`{"name":null}`: "name", `{"enabled":false}`: "enabled", `{"id":"x"}`: "id", `{"platform_id":"web"}`: "platform_id",
		`{"handler_name":"nop"}`: "handler_name", `{"handler_name":"http"}`: "payload.url", `{"concurrency":0}`: "concurrency",
		`{"schedule":null}`: "schedule", `{"execute_at":"2026-12-01T00:00:00Z"}`: "execute_at", `{"enabled":null}`: "enabled",
		`{"allow_overlap":false,"concurrency":3}`: "concurrency", `{"timezone":"Mars/Base"}`: "timezone", `{"status":"paused"}`: "status",
	} {
		if got := b.do("PATCH", path, body).want(400); got.fields() != field {
			t.Errorf("%s: fields at fault %q, want %q: %s", body, got.fields(), field, got.Body)
		}
	}
	renamed := read[job.Job](b.do("PATCH", path, `{"name":"hourly","overlap":"allow"}`).want(200))
	if renamed.ID != j.ID || renamed.Name != "hourly" || renamed.Concurrency != job.OpenConcurrency || !renamed.AllowOverlap {
		t.Errorf("renamed = %+v", renamed)
	}
	b.cron("nightly", "")
	b.do("PATCH", base+"/jobs/hourly", `{"name":"nightly"}`).want(409)
}

func TestReschedule(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	got := read[job.Job](b.do("PUT", base+"/jobs/nightly/reschedule", `{"schedule":"0 3 * * *","timezone":"Europe/Berlin"}`).want(200))
	if got.Schedule != "0 3 * * *" || !got.NextRun.Equal(time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("rescheduled = %+v", got)
	}
	b.do("PUT", base+"/jobs/nightly/reschedule", `{"execute_at":"2026-12-01T00:00:00Z"}`).want(409)
	b.do("PUT", base+"/jobs/nightly/reschedule", `{"schedule":"61 * * * *"}`).want(400)
	b.do("PUT", base+"/jobs/nightly/reschedule", `{}`).want(400)
	b.do("PUT", base+"/jobs/nope/reschedule", `{"schedule":"0 3 * * *"}`).want(404)
	b.do("POST", base+"/jobs/once", `{"name":"sla","in":"1h","handler_name":"noop"}`).want(201)
	b.do("PUT", base+"/jobs/sla/reschedule", `{"schedule":"0 3 * * *"}`).want(409)
	once := read[job.Job](b.do("PUT", base+"/jobs/sla/reschedule", `{"execute_at":"2026-12-01T00:00:00Z"}`).want(200))
	if !once.NextRun.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("rescheduled = %+v", once)
	}
}

// TestFreeCommands checks who may give commands, wherever a command can be given.
func TestFreeCommands(t *testing.T) {
	b := newBench(t)
	command := `{"name":"backup","schedule":"0 2 * * *","handler_name":"exec","payload":{"argv":["/bin/true"]}}`
	operator := control.Principal{Name: "op", Role: control.RoleOperator, Platform: control.AnyPlatform}
	b.who = operator
	b.do("POST", base+"/jobs/cron", command).want(403)
	b.cron("harmless", "")
	b.do("PATCH", base+"/jobs/harmless", `{"handler_name":"exec","payload":{"argv":["/bin/sh"]}}`).want(403)
	b.who = control.Principal{Name: "root", Role: control.RoleAdmin, Platform: control.AnyPlatform, Commands: true}
	b.do("POST", base+"/jobs/cron", command).want(201)
	b.who = operator
	b.do("PATCH", base+"/jobs/backup", `{"payload":{"argv":["/bin/sh"]}}`).want(403)
	b.do("POST", base+"/jobs/backup/run", `{"payload":{"argv":["/bin/sh"]}}`).want(403)
	b.do("PATCH", base+"/jobs/backup", `{"schedule":"0 3 * * *"}`).want(200)
	e := read[job.Execution](b.do("POST", base+"/jobs/backup/run", "").want(201))
	b.settle(e.ID, job.EventFail)
	b.do("POST", base+"/executions/"+e.ID.String()+"/retry", `{"payload":{"argv":["/bin/sh"]}}`).want(403)
	b.do("POST", base+"/executions/"+e.ID.String()+"/retry", "").want(201)
}

// TestPlatforms checks that a caller of one platform sees and reaches no other: rows
// B47 and B56.
func TestPlatforms(t *testing.T) {
	b := newBench(t)
	foreign := b.cron("secret", `,"platform_id":"shop"`)
	run := read[job.Execution](b.do("POST", base+"/jobs/secret/run", "").want(201))
	b.who = control.Principal{Name: "web", Role: control.RoleAdmin, Platform: "web"}
	for _, rt := range b.server.(*server).routes() {
		if !strings.Contains(rt.pattern, "{id}") {
			continue
		}
		for _, ref := range []string{foreign.ID.String(), "secret", run.ID.String(), "secret%2F1", "secret:last"} {
			got := b.do(rt.method, strings.ReplaceAll(strings.ReplaceAll(rt.pattern, "{n}", "1"), "{id}", ref), bodyFor(rt))
			if got.Code != 404 {
				t.Errorf("%s %s for %s: %d %s", rt.method, rt.pattern, ref, got.Code, got.Body)
			}
		}
	}
	for _, path := range []string{"/jobs", "/executions", "/next", "/clock-changes", "/audit/slots"} {
		if items := read[[]any](b.do("GET", base+path, "").want(200)); len(items) != 0 {
			t.Errorf("%s shows %v", path, items)
		}
		b.do("GET", base+path+"?platform_id=shop", "").want(403)
		b.do("GET", base+path+"?platform_id=*", "").want(403)
	}
	b.do("GET", base+"/executions?job=secret", "").want(404)
	b.do("GET", base+"/next?job=secret", "").want(404)
	b.do("GET", base+"/clock-changes?job=secret", "").want(404)
	b.do("POST", base+"/jobs/cron", `{"name":"x","platform_id":"shop","schedule":"0 2 * * *","handler_name":"noop"}`).want(403)
	if j := b.cron("mine", ""); j.PlatformID == nil || *j.PlatformID != "web" {
		t.Errorf("platform of what the caller makes = %v", j.PlatformID)
	}
	unknown := b.do("GET", base+"/jobs/01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1", "", "X-Request-Id: r").want(404)
	other := b.do("GET", base+"/jobs/"+foreign.ID.String(), "", "X-Request-Id: r").want(404)
	if strings.ReplaceAll(string(other.Body), foreign.ID.String(), "01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1") != string(unknown.Body) {
		t.Errorf("a foreign id answers %s, an unknown one %s", other.Body, unknown.Body)
	}
}

// TestListJobs checks filters, orders and pages.
func TestListJobs(t *testing.T) {
	b := newBench(t)
	for i := range 7 {
		b.now = b.now.Add(time.Second)
		b.cron(fmt.Sprintf("job-%d", i), fmt.Sprintf(`,"tags":["all","n%d"],"priority":%q`, i%2, job.Priorities()[i%4]))
	}
	b.do("POST", base+"/jobs/job-3/pause", "").want(204)
	names := func(query string) string {
		var out []string
		for _, j := range read[[]job.Job](b.do("GET", base+"/jobs"+query, "").want(200)) {
			out = append(out, strings.TrimPrefix(j.Name, "job-"))
		}
		return strings.Join(out, "")
	}
	for query, want := range map[string]string{
		"": "0123456", "?sort_order=desc": "6543210", "?status=paused": "3", "?status=active,paused&limit=2": "01", "?status=active&status=paused": "0123456",
		"?tags=n1": "135", "?tags=n0,n1": "0123456", "?tags_all=all,n1": "135", "?tags=n1&tags_all=n0": "", "?name_contains=B-2": "2", "?name=job-1,job-5": "15",
		"?name=job-[1],job-5*": "5", "?name=job-?&limit=3": "012", "?type=cron": "0123456", "?type=one_time": "", "?handler=noop&offset=5": "56",
		"?created_by=root": "0123456", "?created_by=x": "", "?created_after=2026-11-23T12:00:05.5Z": "56", "?created_before=2026-11-23T12:00:02.5Z": "01",
		"?next_run_after=2026-11-23T12:59:59Z": "012456", "?next_run_before=2026-11-23T12:59:59Z": "", "?failing=true": "",
		"?sort_by=next_run&sort_order=desc&limit=100": "6542103", "?sort_by=priority": "0415263", "?platform_id=default": "0123456", "?platform_id=web": "",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	var seen string
	path := base + "/jobs?limit=3&sort_by=name&total=true"
	for cursor := ""; ; {
		got := b.do("GET", path+cursor, "").want(200)
		if got.Header.Get(api.HeaderTotalCount) != "7" {
			t.Errorf("total %q", got.Header.Get(api.HeaderTotalCount))
		}
		for _, j := range read[[]job.Job](got) {
			seen += strings.TrimPrefix(j.Name, "job-")
		}
		next := got.Header.Get(api.HeaderNextCursor)
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
		b.do("GET", base+"/jobs?sort_by=created_at"+cursor, "").want(400)
		b.do("GET", base+"/executions?limit=3"+cursor, "").want(400)
	}
	if seen != "0123456" {
		t.Errorf("pages gave %s", seen)
	}
	if got := b.do("GET", base+"/jobs?status=failed", "").want(200); string(got.Body) != "[]\n" || got.Header.Get(api.HeaderTotalCount) != "" {
		t.Errorf("empty list = %q, %v", got.Body, got.Header)
	}
}
