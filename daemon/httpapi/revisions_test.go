package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestRevisionsOfAJob(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", `,"max_retries":5`)
	at := base + "/jobs/nightly/revisions"
	b.do("PATCH", base+"/jobs/nightly", `{"schedule":"0 3 * * *","max_retries":null}`, `If-Match: "1"`).want(200)
	b.do("POST", base+"/jobs/nightly/pause", `{"reason":"outage"}`, "If-Match: 2").want(204)
	b.do("POST", base+"/jobs/nightly/resume", ``, "If-Match: 2").want(412)

	list := read[[]api.Revision](b.do("GET", at, "").want(200))
	var got []string
	for _, v := range list {
		var fields []string
		for _, c := range v.Changes {
			fields = append(fields, fmt.Sprintf("%s %s>%s", c.Field, c.Old, c.New))
		}
		got = append(got, fmt.Sprintf("%d %t %s %s [%s] %s", v.Revision, v.Current, v.ChangedBy, v.Status, strings.Join(fields, ", "), v.Reason))
	}
	want := []string{
		`3 true root paused [status "active">"paused"] outage`,
		`2 false root active [schedule "0 * * * *">"0 3 * * *", max_retries 5>] `,
		`1 false root active [] `,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("revisions are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	page := b.do("GET", at+"?limit=2", "").want(200)
	rest := read[[]api.Revision](b.do("GET", at+"?limit=2&cursor="+page.Header.Get(api.HeaderNextCursor), "").want(200))
	if len(rest) != 1 || rest[0].Revision != 1 {
		t.Errorf("the second page has %+v, want revision 1", rest)
	}
	one := read[api.Revision](b.do("GET", at+"/1", "").want(200))
	if one.Definition == nil || *one.Definition.Schedule != "0 * * * *" || *one.Definition.MaxRetries != 5 {
		t.Errorf("revision 1 is %+v", one.Definition)
	}
	for _, n := range []string{"0", "-1", "x", "1.5", "%7Bn%7D", "99999999999999999999"} {
		b.do("GET", at+"/"+n, "").want(400)
	}
	b.do("GET", at+"/4", "").want(404)

	b.do("POST", at+"/1/restore", ``, `If-Match: "2"`).want(412)
	b.do("POST", at+"/9/restore", ``).want(404)
	restored := read[job.Job](b.do("POST", at+"/1/restore", `{"reason":"better"}`).want(200))
	if restored.Revision != 4 || restored.Schedule != "0 * * * *" || restored.MaxRetries != 5 || restored.Status != job.JobPaused {
		t.Errorf("restored is %+v", restored)
	}
	if again := read[job.Job](b.do("POST", at+"/1/restore", ``).want(200)); again.Revision != 4 {
		t.Errorf("restored twice is revision %d, want 4", again.Revision)
	}
	b.do("DELETE", base+"/jobs/nightly", "").want(204)
	b.do("POST", at+"/2/restore", ``).want(409)
}

// TestRestoreNeedsTheRight keeps who may not use a free command from bringing one back.
func TestRestoreNeedsTheRight(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/cron", `{"name":"j","schedule":"@daily","handler_name":"exec","payload":{"command":["true"]}}`).want(201)
	b.do("PATCH", base+"/jobs/j", `{"handler_name":"noop","payload":{}}`).want(200)
	b.who = control.Principal{Name: "ops", Role: control.RoleOperator, Platform: control.AnyPlatform}
	b.do("POST", base+"/jobs/j/revisions/1/restore", "").want(403)
	b.do("POST", base+"/jobs/bulk", `{"action":"set","ids":["j"],"set":{"handler_name":"exec"}}`).want(200)
	if j := read[job.Job](b.do("GET", base+"/jobs/j", "").want(200)); j.HandlerName != "noop" {
		t.Errorf("the handler is %s", j.HandlerName)
	}
}

// TestKeyOfNothing checks that a key stands for one route, whatever the body.
func TestKeyOfNothing(t *testing.T) {
	b := newBench(t)
	b.cron("a", "")
	b.cron("b", "")
	b.do("POST", base+"/jobs/a/run", "", "Idempotency-Key: k").want(201)
	if got := b.do("POST", base+"/jobs/a/run", "", "Idempotency-Key: k").want(201); got.Header.Get(api.HeaderReplayed) != "true" {
		t.Error("the same request is not answered as before")
	}
	b.do("POST", base+"/jobs/b/run", "", "Idempotency-Key: k").want(409)
	b.do("POST", base+"/jobs/a/run", `{"force":true}`, "Idempotency-Key: k").want(409)
}
