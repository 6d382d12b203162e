package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// TestPlatformHandlers: a handler that a platform may not use is refused wherever a job, or
// what makes one, could name it; what it may use is told.
func TestPlatformHandlers(t *testing.T) {
	b := newBench(t)
	b.cron("before", `,"platform_id":"web"`)
	b.do("POST", base+"/platforms", `{"id":"web","allowed_handlers":["http"]}`).want(201)
	const home = "?platform_id=web"
	const job = `{"name":"x","schedule":"0 2 * * *","handler_name":"noop"}`
	for _, to := range []struct{ method, path, body string }{
		{"POST", "/jobs/cron", job}, {"POST", "/jobs/cron", strings.Replace(job, `"x"`, `"x","on_failure":{"handler_name":"noop"}`, 1)},
		{"PATCH", "/jobs/before", `{"payload":{"a":1}}`}, {"PATCH", "/jobs/before", `{"on_failure":{"handler_name":"noop"}}`},
		{"POST", "/jobs/before/run", `{"payload":{"a":1}}`}, {"POST", "/jobs/apply", `{"jobs":[` + strings.Replace(job, `{`, `{"type":"cron",`, 1) + `]}`},
		{"POST", "/event-handlers", `{"name":"r","event_name":"a:b","action_type":"create_job","action_config":{"name":"y","schedule":"0 2 * * *","handler_name":"noop"}}`},
		{"POST", "/workflows", `{"name":"w","steps":[{"name":"a","handler_name":"noop"}]}`},
	} {
		got := b.do(to.method, base+to.path+home, to.body).want(400)
		if text := string(got.Body); !strings.Contains(text, `"not_allowed"`) || !strings.Contains(text, `may not use handler \"noop\"`) {
			t.Errorf("%s %s: %s", to.method, to.path, text)
		}
		if text := string(got.Body); to.path == "/jobs/cron" && !strings.Contains(text, "it may use http") {
			t.Errorf("%s %s has no hint: %s", to.method, to.path, text)
		}
	}
	b.do("PATCH", base+"/jobs/before"+home, `{"description":"as it was"}`).want(200)
	b.do("PATCH", base+"/platforms/web", `{"allowed_handlers":[]}`).want(200)
	b.do("POST", base+"/jobs/cron"+home, strings.Replace(job, "noop", "http", 1)).want(400)
	b.do("PATCH", base+"/platforms/web", `{"allowed_handlers":null}`).want(200)
	b.do("POST", base+"/jobs/cron"+home, job).want(201)
}

// TestPlatformBounds: what is wrong is refused with its field, and limits hold.
func TestPlatformBounds(t *testing.T) {
	b := newBench(t)
	for body, field := range map[string]string{
		`{"id":"Web"}`: "id", `{}`: "id", `{"id":"*"}`: "id", `{"id":"a b"}`: "id", `{"id":null}`: "id", `{"id":"a","max_jobs":-1}`: "max_jobs", `{"id":"a","max_running":1000001}`: "max_running",
		`{"id":"a","max_jobs":"1"}`: "max_jobs", `{"id":"a","max_jobs":1.5}`: "max_jobs", `{"id":"a","allowed_handlers":["nobody"]}`: "allowed_handlers", `{"id":"a","description":null}`: "description",
		`{"id":"a","max_job":1}`: "max_job", `{"id":"a","allowed_handlers":"http"}`: "allowed_handlers", `{"id":"a","deleted_at":null}`: "deleted_at",
		`{"id":"a","description":"` + strings.Repeat("x", 4097) + `"}`: "description", `{"id":"` + strings.Repeat("x", 64) + `"}`: "id",
	} {
		got := read[api.ErrorBody](b.do("POST", base+"/platforms", body).want(400))
		if len(got.Fields) != 1 || got.Fields[0].Field != field {
			t.Errorf("%.60s: %+v, want a fault of %s", body, got.Fields, field)
		}
	}
	b.do("POST", base+"/platforms", `{"id":"web","max_jobs":2,"creates_per_minute":3}`).want(201)
	b.do("PATCH", base+"/platforms/web", `{"id":"other"}`).want(400)
	create := func(name string, status int) {
		t.Helper()
		b.do("POST", base+"/jobs/cron?platform_id=web", `{"name":"`+name+`","schedule":"0 2 * * *","handler_name":"noop"}`).want(status)
	}
	create("a", 201)
	create("b", 201)
	create("c", 409)
	create("c", 429)
	b.now = b.now.Add(20 * time.Second)
	create("c", 409)
	p := read[api.Platform](b.do("GET", base+"/platforms/web", "").want(200))
	if p.Usage == nil || p.Usage.Jobs != 2 {
		t.Errorf("usage %+v, want 2 jobs", p.Usage)
	}
	b.do("PATCH", base+"/platforms/web", `{"max_jobs":null,"creates_per_minute":null,"events_per_second":1}`).want(200)
	create("c", 201)
	for i, status := range []int{202, 202, 429} {
		if got := b.do("POST", base+"/events?platform_id=web", `{"event":"a:b"}`); got.Code != status {
			t.Errorf("event %d: %d %s, want %d", i, got.Code, got.Body, status)
		}
	}
	b.do("DELETE", base+"/platforms/web", "").want(409)

	b.do("POST", base+"/platforms", `{"id":"gone"}`).want(201)
	b.do("DELETE", base+"/platforms/gone", "").want(204)
	for path, body := range map[string]string{
		"/jobs/cron": `{"name":"a","schedule":"0 2 * * *","handler_name":"noop"}`, "/events": `{"event":"a:b"}`, "/tokens": `{"name":"t"}`,
		"/agents": `{"name":"a","type":"t","endpoint":"https://agents.example.com/x"}`, "/event-handlers": ruleBody,
		"/workflows": flowBody,
	} {
		b.do("POST", base+path+"?platform_id=gone", body).want(409)
	}
	b.do("GET", base+"/platforms/gone", "").want(404)
	b.do("PATCH", base+"/platforms/gone", `{"max_jobs":1}`).want(404)

	b.who = control.Principal{Name: "token:x", Role: admin, Platform: "web", Token: "aaaaaaaa"}
	if list := read[[]api.Platform](b.do("GET", base+"/platforms?deleted=true", "").want(200)); len(list) != 1 || list[0].ID != "web" {
		t.Errorf("web sees %+v", list)
	}
	b.do("PATCH", base+"/platforms/web", `{"max_jobs":null}`).want(403)
	b.do("DELETE", base+"/platforms/web", "").want(403)
	b.do("POST", base+"/platforms", `{"id":"mine"}`).want(403)
}
