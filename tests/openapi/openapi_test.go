package openapi

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const base = "/api/v1/scheduler"

// TestEveryRoute drives a real daemon through every route that its description has, and
// holds every answer, errors too, against it.
func TestEveryRoute(t *testing.T) {
	s := start(t)
	get := func(want int, pattern, path string) *answer { return s.do(want, "GET", pattern, path, "") }

	// Making jobs, well and badly.
	jobs := base + "/jobs"
	made := s.do(201, "POST", jobs+"/cron", jobs+"/cron", `{"name":"nightly","schedule":"0 2 * * *","handler_name":"exec","payload":{"command":["echo","hello"]},"tags":["backup"],"metadata":{"a":1},"timezone":"Europe/Berlin"}`, "Idempotency-Key: one")
	s.do(201, "POST", jobs+"/cron", jobs+"/cron", `{"name":"nightly","schedule":"0 2 * * *","handler_name":"exec","payload":{"command":["echo","hello"]},"tags":["backup"],"metadata":{"a":1},"timezone":"Europe/Berlin"}`, "Idempotency-Key: one")
	s.do(409, "POST", jobs+"/cron", jobs+"/cron", `{"name":"other","schedule":"0 2 * * *","handler_name":"exec"}`, "Idempotency-Key: one")
	s.do(409, "POST", jobs+"/cron", jobs+"/cron", `{"name":"nightly","schedule":"@daily","handler_name":"exec","payload":{"command":["true"]}}`)
	s.do(400, "POST", jobs+"/cron", jobs+"/cron", `{"name":"bad name","schedule":"61 * * * *","handler_name":"exec","retires":3}`)
	s.do(415, "POST", jobs+"/cron", jobs+"/cron", `{}`, "Content-Type: text/plain")
	s.do(406, "GET", jobs, jobs, "", "Accept: text/html")
	s.do(201, "POST", jobs+"/once", jobs+"/once", `{"name":"later","in":"48h","handler_name":"exec","payload":{"command":["false"]},"max_retries":0}`)
	s.do(201, "POST", jobs+"/recurring", jobs+"/recurring", `{"name":"drip","schedule":"0 10 * * *","start_date":"2027-01-01T00:00:00Z","max_executions":7,"handler_name":"exec","payload":{"command":["true"]}}`)
	s.do(200, "POST", jobs+"/apply", jobs+"/apply", `{"jobs":[{"type":"cron","name":"applied","schedule":"@hourly","handler_name":"exec","payload":{"command":["true"]}}],"dry_run":true}`)

	// Reading and changing them.
	id := made.text("id")
	get(200, jobs, jobs+"?type=cron,one_time&status=active&tags=backup&sort_by=next_run&sort_order=desc&limit=1&total=true")
	get(200, jobs, jobs+"?limit=2")
	get(400, jobs, jobs+"?limit=1000")
	get(200, base+"/export/jobs", base+"/export/jobs")
	job := jobs + "/{id}"
	got := get(200, job, jobs+"/"+id)
	get(404, job, jobs+"/absent")
	revision := got.header.Get("ETag")
	s.do(200, "PATCH", job, jobs+"/nightly", `{"description":"every night","tags":["backup","db"],"metadata":null}`, "If-Match: "+revision)
	s.do(412, "PATCH", job, jobs+"/nightly", `{"description":"too late"}`, "If-Match: "+revision)
	s.do(200, "PUT", job+"/reschedule", jobs+"/nightly/reschedule", `{"schedule":"30 2 * * *"}`)
	s.do(204, "POST", job+"/pause", jobs+"/nightly/pause", `{"reason":"a test"}`)
	s.do(204, "POST", job+"/resume", jobs+"/nightly/resume", `{"catch_up":"none"}`)
	get(200, job+"/revisions", jobs+"/nightly/revisions?limit=2")
	get(200, job+"/revisions/{n}", jobs+"/nightly/revisions/1")
	get(404, job+"/revisions/{n}", jobs+"/nightly/revisions/77")
	s.do(200, "POST", job+"/revisions/{n}/restore", jobs+"/nightly/revisions/2/restore", `{"reason":"a test"}`)
	s.do(200, "POST", jobs+"/bulk", jobs+"/bulk?tags=backup&status=active", `{"action":"tag","add_tags":["x"],"expect":1}`, "Idempotency-Key: bulk")
	s.do(200, "POST", jobs+"/bulk", jobs+"/bulk", `{"action":"run","ids":["absent"]}`)
	s.do(409, "POST", jobs+"/bulk", jobs+"/bulk", `{"action":"pause","all":true,"expect":77}`)
	get(200, job+"/next", jobs+"/nightly/next?count=3")
	get(200, job+"/why", jobs+"/nightly/why")
	s.do(200, "POST", job+"/backfill", jobs+"/nightly/backfill", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-03T00:00:00Z","dry_run":true}`)
	get(200, base+"/next", base+"/next?window=48h&job=nightly")
	get(200, base+"/clock-changes", base+"/clock-changes?job=nightly")
	get(200, base+"/audit/slots", base+"/audit/slots?limit=2&total=true")

	// Running them.
	s.do(201, "POST", job+"/run", jobs+"/nightly/run", ``, "Idempotency-Key: two")
	executions := base + "/executions"
	s.until("a run succeeded", func() bool { return get(200, executions, executions+"?job=nightly&status=success").text("id") != "" })
	get(200, job+"/executions", jobs+"/nightly/executions?limit=1&total=true")
	one := executions + "/{id}"
	get(200, one, executions+"/nightly:1")
	get(404, one, executions+"/nightly:99")
	get(200, one+"/why", executions+"/nightly:1/why")
	s.until("it told its line", func() bool {
		return strings.Contains(string(get(200, one+"/logs", executions+"/nightly:1/logs?level=info&tail=10").body), "hello")
	})
	s.do(409, "POST", one+"/cancel", executions+"/nightly:1/cancel", `{}`)

	dead := base + "/dead-letter"
	for _, n := range []string{"1", "2", "3"} {
		s.do(201, "POST", job+"/run", jobs+"/later/run", `{}`)
		s.until("a run failed", func() bool { return get(200, one, executions+"/later:"+n).text("dead") == "true" })
	}
	get(200, dead, dead+"?job=later&total=true")
	get(200, dead+"/{id}", dead+"/later:1")
	s.do(201, "POST", dead+"/{id}/retry", dead+"/later:1/retry", `{}`)
	s.do(204, "DELETE", dead+"/{id}", dead+"/later:2", "")
	s.do(201, "POST", one+"/retry", executions+"/later:3/retry", `{}`)

	// Stopping them.
	s.do(200, "POST", base+"/queue/pause", base+"/queue/pause", `{"for":"1h","reason":"a test"}`)
	s.do(201, "POST", job+"/run", jobs+"/nightly/run", `{}`)
	get(200, base+"/queue", base+"/queue")
	get(200, base+"/queue/messages", base+"/queue/messages?limit=5")
	s.do(200, "POST", one+"/cancel", executions+"/nightly:2/cancel", `{"reason":"a test"}`)
	s.do(204, "POST", base+"/queue/resume", base+"/queue/resume", "")
	get(200, base+"/maintenance", base+"/maintenance")
	s.do(200, "PUT", base+"/maintenance", base+"/maintenance", `{"for":"1h"}`)
	s.do(204, "DELETE", base+"/maintenance", base+"/maintenance", "")
	get(200, base+"/audit", base+"/audit?total=true")
	get(200, base+"/audit/{id}", base+"/audit/1")
	s.do(200, "POST", base+"/cleanup", base+"/cleanup", `{"older_than":"720h","only":["executions","logs"],"dry_run":true}`)
	s.do(204, "POST", job+"/cancel", jobs+"/drip/cancel", `{}`)
	s.do(204, "DELETE", job, jobs+"/later", "")

	// Nodes, tokens, the daemon itself.
	node := get(200, base+"/workers", base+"/workers").text("node")
	worker := base + "/workers/{id}"
	get(200, worker, base+"/workers/"+url.PathEscape(node))
	s.do(200, "POST", worker+"/drain", base+"/workers/"+url.PathEscape(node)+"/drain", `{"reason":"a test"}`)
	s.do(200, "POST", worker+"/undrain", base+"/workers/"+url.PathEscape(node)+"/undrain", `{}`)
	tokens := base + "/tokens"
	token := s.do(201, "POST", tokens, tokens, `{"name":"ci","role":"operator","expires_in":"24h"}`).text("id")
	get(200, tokens, tokens)
	token = s.do(201, "POST", tokens+"/{id}/rotate", tokens+"/"+token+"/rotate", `{}`).text("id")
	s.do(200, "DELETE", tokens+"/{id}", tokens+"/"+token, "")
	for _, path := range []string{base + "/handlers", base + "/health", base + "/version", base + "/whoami", "/livez", "/readyz", "/openapi.json", "/openapi.yaml", "/docs", base + "/backup"} {
		get(200, path, path)
	}
	for _, path := range []string{base + "/metrics", "/api/v1/health", "/healthz", "/metrics"} {
		get(200, path, path)
	}
	get(200, job+"/stats", jobs+"/nightly/stats")
	agents(s)
	platforms(s)
	events(s)
	alerts(s)
	workflows(s)
	more(s)

	var described []string
	for pattern, methods := range s.paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+pattern)
		}
	}
	slices.Sort(described)
	for _, name := range described {
		if !s.answered[name] {
			t.Errorf("described, and not driven here: %s", name)
		}
	}
	kept, err := os.ReadFile("driven.txt")
	if want := strings.Join(described, "\n") + "\n"; err != nil || string(kept) != want {
		t.Errorf("driven.txt (%v) shall be\n%s", err, want)
	}
	t.Logf("accept: %d operations of the description answered as it says", len(s.answered))
}

// platforms drives the routes about platforms.
func platforms(s *schedd) {
	all := base + "/platforms"
	one := all + "/{id}"
	s.do(201, "POST", all, all, `{"id":"shop","max_jobs":5,"allowed_handlers":["http"]}`)
	s.do(409, "POST", all, all, `{"id":"shop"}`)
	s.do(200, "GET", all, all, "")
	s.do(200, "GET", all, all+"?deleted=true", "")
	s.do(200, "GET", one, all+"/shop", "")
	s.do(200, "PATCH", one, all+"/shop", `{"max_jobs":null,"max_running":2}`)
	s.do(400, "PATCH", one, all+"/shop", `{"max_jobs":-1}`)
	s.do(204, "DELETE", one, all+"/shop", "")
	s.do(404, "GET", one, all+"/shop", "")
}

// agents drives the routes about agents; replies has that by which they answer.
func agents(s *schedd) {
	all := base + "/agents"
	one := all + "/{id}"
	s.do(201, "POST", all, all, `{"name":"web","type":"report-generator","endpoint":"https://agents.example.org/tasks","capacity":4}`)
	s.do(409, "POST", all, all, `{"name":"web","type":"other","endpoint":"https://agents.example.org/tasks"}`)
	s.do(200, "GET", all, all, "")
	s.do(200, "GET", one, all+"/web", "")
	s.do(200, "PATCH", one, all+"/web", `{"capacity":2}`)
	beat := "POST " + one + "/heartbeat"
	s.do(s.success(beat), "POST", one+"/heartbeat", all+"/web/heartbeat", "")
	s.do(s.success("DELETE "+one), "DELETE", one, all+"/web", "")
}

// more drives what does not end by itself.
func more(s *schedd) {
	stream := base + "/events/stream"
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, host+stream+"?event=scheduler:*", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.http.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("the stream: %v, %v", resp, err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if lines.Text() == ": connected" {
			s.do(201, "POST", base+"/jobs/{id}/run", base+"/jobs/nightly/run", `{}`)
		}
		if lines.Text() == "event: scheduler:execution.completed" {
			s.answered["GET "+stream] = true
			break
		}
	}
	s.do(400, "GET", stream, stream+"?event=%5B", "")
}
