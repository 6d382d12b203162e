package httpapi

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// deed is how a test does what a route is for: it prepares, and says path and body of a
// request that changes one thing. Refused is a body, or an {id}, with which it is refused.
type deed struct {
	make    func(b *bench) (path, body string)
	refused string // a body; "" = the {id} "nobody"
	action  string // in the audit log
}

// on is a deed about one thing, whose {id} prepare returns.
func on(pattern, body, action string, prepare func(b *bench) string) deed {
	return deed{make: func(b *bench) (string, string) { return strings.ReplaceAll(pattern, "{id}", prepare(b)), body }, action: action}
}

// makes is a deed that makes something.
func makesOne(pattern, body, refused, action string) deed {
	return deed{make: func(*bench) (string, string) { return pattern, body }, refused: refused, action: action}
}

func aJob(b *bench) string { return b.cron("some-job", "").Name }

func aPausedJob(b *bench) string {
	b.do("POST", base+"/jobs/"+aJob(b)+"/pause", "").want(204)
	return "some-job"
}

func aRun(b *bench, event job.Event) string {
	e := read[job.Execution](b.do("POST", base+"/jobs/"+aJob(b)+"/run", "").want(201))
	if event != "" {
		b.settle(e.ID, event)
	}
	return e.ID.String()
}

func aFailedRun(b *bench) string { return aRun(b, job.EventFail) }

func aToken(b *bench) string {
	return read[api.NewToken](b.do("POST", base+"/tokens", `{"name":"some-token"}`).want(201)).ID
}

func aRule(b *bench) string {
	b.do("POST", base+"/event-handlers", ruleBody).want(201)
	return "some-rule"
}

func aWorkflow(b *bench) string {
	b.do("POST", base+"/workflows", flowBody).want(201)
	return "some-flow"
}

func aPlatform(b *bench) string {
	b.do("POST", base+"/platforms", `{"id":"some-platform"}`).want(201)
	return "some-platform"
}

func anAgent(b *bench) string {
	b.do("POST", base+"/agents", agentBody).want(201)
	return "some-agent"
}

func aNode(b *bench) string {
	b.node(1, "some-node", time.Hour)
	return "some-node"
}

const (
	cronBody  = `{"name":"some-job","schedule":"0 2 * * *","handler_name":"noop"}`
	ruleBody  = `{"name":"some-rule","event_name":"ticket:created","action_type":"cancel_jobs","action_config":{"tags":["x"]}}`
	flowBody  = `{"name":"some-flow","steps":[{"name":"a","handler_name":"noop"}]}`
	agentBody = `{"name":"some-agent","type":"t","transport":"http","endpoint":"https://agents.example.com/x"}`
)

// deeds are what every route that changes something does, by method and pattern. A route
// that is neither here nor in unrecorded fails the test.
var deeds = map[string]deed{
	"POST " + api.RouteJobsCron:      makesOne(api.RouteJobsCron, cronBody, `{}`, "job.created"),
	"POST " + api.RouteJobsOnce:      makesOne(api.RouteJobsOnce, `{"name":"o","execute_at":"2027-01-01T00:00:00Z","handler_name":"noop"}`, `{}`, "job.created"),
	"POST " + api.RouteJobsRecurring: makesOne(api.RouteJobsRecurring, `{"name":"r","schedule":"0 2 * * *","start_date":"2026-12-01T00:00:00Z","max_executions":3,"handler_name":"noop"}`, `{}`, "job.created"),
	"POST " + api.RouteJobsEvent:     makesOne(api.RouteJobsEvent, `{"name":"e","event_name":"ticket:created","handler_name":"noop"}`, `{}`, "job.created"),
	"POST " + api.RouteJobsApply:     makesOne(api.RouteJobsApply, `{"jobs":[{"type":"cron","name":"some-job","schedule":"0 2 * * *","handler_name":"noop"}]}`, `{"jobs":[]}`, "job.applied"),
	"POST " + api.RouteJobsBulk: {refused: `{"action":"explode"}`, action: "job.paused", make: func(b *bench) (string, string) {
		return api.RouteJobsBulk, `{"action":"pause","ids":["` + aJob(b) + `"]}`
	}},
	"PATCH " + api.RouteJob:         on(api.RouteJob, `{"description":"new"}`, "job.changed", aJob),
	"DELETE " + api.RouteJob:        on(api.RouteJob, "", "job.cancelled", aJob),
	"PUT " + api.RouteJobReschedule: on(api.RouteJobReschedule, `{"schedule":"0 3 * * *"}`, "job.rescheduled", aJob),
	"POST " + api.RouteJobPause:     on(api.RouteJobPause, "", "job.paused", aJob),
	"POST " + api.RouteJobResume:    on(api.RouteJobResume, "", "job.resumed", aPausedJob),
	"POST " + api.RouteJobCancel:    on(api.RouteJobCancel, "", "job.cancelled", aJob),
	"POST " + api.RouteJobRun:       on(api.RouteJobRun, "", "execution.manual", aJob),
	"POST " + api.RouteJobBackfill: on(api.RouteJobBackfill, `{"from":"2026-11-23T10:30:00Z","to":"2026-11-23T11:30:00Z"}`, "execution.backfill", func(b *bench) string {
		b.now = b.now.Add(-24 * time.Hour)
		name := aJob(b)
		b.now = b.now.Add(24 * time.Hour)
		return name
	}),
	"POST " + api.RouteJobRestore: on(strings.ReplaceAll(api.RouteJobRestore, "{n}", "1"), "", "job.restored", func(b *bench) string {
		name := aJob(b)
		b.do("PATCH", base+"/jobs/"+name, `{"description":"new"}`).want(200)
		return name
	}),
	"POST " + api.RouteRetry:        on(api.RouteRetry, "", "execution.retry", aFailedRun),
	"POST " + api.RouteCancel:       on(api.RouteCancel, "", "execution.cancelled", func(b *bench) string { return aRun(b, "") }),
	"POST " + api.RouteDeadRetry:    on(api.RouteDeadRetry, "", "execution.retry", aFailedRun),
	"DELETE " + api.RouteDeadLetter: on(api.RouteDeadLetter, "", "dead_letter.dropped", aFailedRun),
	"POST " + api.RouteWorkerDrain:  on(api.RouteWorkerDrain, "", "worker.drained", aNode),
	"POST " + api.RouteWorkerUndrain: on(api.RouteWorkerUndrain, "", "worker.undrained", func(b *bench) string {
		b.do("POST", base+"/workers/"+aNode(b)+"/drain", "").want(200)
		return "some-node"
	}),
	"POST " + api.RouteCleanup: {refused: `{"older_than":"x"}`, action: "history.removed", make: func(b *bench) (string, string) {
		aFailedRun(b)
		b.now = b.now.Add(40 * time.Minute)
		return api.RouteCleanup, `{"older_than":"1m"}`
	}},
	"POST " + api.RouteQueuePause: makesOne(api.RouteQueuePause, "", `{"for":"x"}`, "dispatch.paused"),
	"POST " + api.RouteQueueResume: {action: "dispatch.resumed", refused: "-", make: func(b *bench) (string, string) {
		b.do("POST", api.RouteQueuePause, "").want(200)
		return api.RouteQueueResume, ""
	}},
	"PUT " + api.RouteMaintenance: makesOne(api.RouteMaintenance, "", `{"for":"x"}`, "maintenance.begun"),
	"DELETE " + api.RouteMaintenance: {action: "maintenance.ended", refused: "-", make: func(b *bench) (string, string) {
		b.do("PUT", api.RouteMaintenance, "").want(200)
		return api.RouteMaintenance, ""
	}},
	"POST " + api.RoutePlatforms:       makesOne(api.RoutePlatforms, `{"id":"some-platform"}`, `{}`, "platform.created"),
	"PATCH " + api.RoutePlatformOfAll:  on(api.RoutePlatformOfAll, `{"max_jobs":3}`, "platform.changed", aPlatform),
	"DELETE " + api.RoutePlatformOfAll: on(api.RoutePlatformOfAll, "", "platform.deleted", aPlatform),
	"POST " + api.RouteTokens:          makesOne(api.RouteTokens, `{"name":"some-token"}`, `{}`, "token.created"),
	"POST " + api.RouteTokenRotate:     on(api.RouteTokenRotate, "", "token.rotated", aToken),
	"DELETE " + api.RouteToken:         on(api.RouteToken, "", "token.revoked", aToken),
	"POST " + api.RouteAgents:          makesOne(api.RouteAgents, agentBody, `{}`, "agent.created"),
	"PATCH " + api.RouteAgent:          on(api.RouteAgent, `{"capacity":3}`, "agent.changed", anAgent),
	"DELETE " + api.RouteAgent:         on(api.RouteAgent, "", "agent.deleted", anAgent),
	"POST " + api.RouteWorkflows:       makesOne(api.RouteWorkflows, flowBody, `{}`, "workflow.created"),
	"PUT " + api.RouteWorkflow:         on(api.RouteWorkflow, `{"steps":[{"name":"b","handler_name":"noop"}]}`, "workflow.changed", aWorkflow),
	"DELETE " + api.RouteWorkflow:      on(api.RouteWorkflow, "", "workflow.deleted", aWorkflow),
	"POST " + api.RouteWorkflowRun:     on(api.RouteWorkflowRun, "", "execution.manual", aWorkflow),
	"POST " + api.RouteEventHandlers:   makesOne(api.RouteEventHandlers, ruleBody, `{}`, "event_handler.created"),
	"PATCH " + api.RouteEventHandler:   on(api.RouteEventHandler, `{"enabled":false}`, "event_handler.changed", aRule),
	"DELETE " + api.RouteEventHandler:  on(api.RouteEventHandler, "", "event_handler.deleted", aRule),
	"POST " + api.RouteAlertRules:      makesOne(api.RouteAlertRules, alertRuleBody, `{}`, "alert_rule.created"),
	"PATCH " + api.RouteAlertRule:      on(api.RouteAlertRule, `{"enabled":false}`, "alert_rule.changed", anAlertRule),
	"DELETE " + api.RouteAlertRule:     on(api.RouteAlertRule, "", "alert_rule.deleted", anAlertRule),
	"POST " + api.RouteAlertAck:        on(api.RouteAlertAck, "", "alert.acknowledged", anAlert),
	"POST " + api.RouteAlertSilence:    on(api.RouteAlertSilence, "", "alert.silenced", anAlert),
	"POST " + api.RouteAlertUnsilence:  on(api.RouteAlertUnsilence, "", "alert.firing", aSilencedAlert),
	"POST " + api.RouteAlertResolve:    on(api.RouteAlertResolve, "", "alert.resolved", anAlert),
}

// unrecorded are the routes that change nothing although they are no GET, and those of
// which every request is traffic that has a history of its own.
var unrecorded = map[string]string{
	"POST " + api.RouteAlertRuleTest:    "it only says what a rule would find",
	"POST " + api.RouteAlertChannelTest: "it only tells a channel",
	"POST " + api.RouteEventHandlerTest: "it only says what would become of an event",
	"POST " + api.RouteEvents:           "events are kept themselves, and what became of them",
	"POST " + api.RouteAgentHeartbeat:   "an agent says that it lives",
	"POST " + api.RouteReply:            "an engine's answer is the result of a run",
	"POST " + api.RouteAgentReply:       "an agent's answer is the result of a run",
}

// entries are all of the audit log, oldest first.
func (b *bench) entries() []store.AuditEntry {
	b.t.Helper()
	page, err := b.store.ListAudit(b.t.Context(), store.AuditFilter{Platform: store.AnyPlatform, Ascending: true, Limit: store.MaxLimit})
	if err != nil {
		b.t.Fatal(err)
	}
	return page.Items
}

// TestEveryChangeIsRecorded walks the table of routes: each that changes something leaves
// exactly one entry when it did, and none when it was refused.
func TestEveryChangeIsRecorded(t *testing.T) {
	recorded := 0
	for _, rt := range newBench(t).server.(*server).routes() {
		name := rt.method + " " + rt.pattern
		d, ok := deeds[name]
		switch {
		case rt.method == http.MethodGet:
			continue
		case unrecorded[name] != "":
			if ok {
				t.Errorf("%s is in both tables", name)
			}
			continue
		case !ok:
			t.Errorf("%s has no line in the table of deeds: what it does has to be recorded", name)
			continue
		}
		recorded++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.who.Via = "uid 0"
			path, body := d.make(b)
			before := len(b.entries())
			switch d.refused {
			case "-":
			case "":
				wrong := strings.ReplaceAll(strings.ReplaceAll(rt.pattern, "{id}", "nobody"), "{n}", "1")
				if got := b.do(rt.method, wrong, body); got.Code < 400 {
					t.Errorf("%s: %d, want a refusal", wrong, got.Code)
				}
			default:
				b.do(rt.method, path, d.refused).want(400)
			}
			who := b.who
			b.who = control.Principal{Name: "nobody", Role: "none"}
			b.do(rt.method, path, body).want(403)
			b.who = who
			if n := len(b.entries()); n != before {
				t.Fatalf("refused, and %d entries", n-before)
			}
			got := b.do(rt.method, path, body, "X-Request-Id: rq-7", "X-Schedd-Reason: because", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			if got.Code >= 300 {
				t.Fatalf("%s: %d %s", path, got.Code, got.Body)
			}
			all := b.entries()[before:]
			if len(all) != 1 {
				t.Fatalf("%d entries, want 1: %+v", len(all), all)
			}
			e := all[0]
			if e.Action != d.action || e.By != "root" || e.Via != "uid 0" || e.Reason != "because" || e.RequestID != "rq-7" || e.TraceID != "4bf92f3577b34da6a3ce929d0e0e4736" || !e.At.Equal(b.now) {
				t.Errorf("entry %+v, want action %s", e, d.action)
			}
		})
	}
	if len(deeds) != recorded {
		t.Errorf("the table of deeds has %d lines, and %d routes are recorded", len(deeds), recorded)
	}
	t.Logf("accept: %d routes leave one entry each, and none when they are refused", recorded)
}

// TestAuditLog reads the log over the API.
func TestAuditLog(t *testing.T) {
	b := newBench(t)
	b.cron("one", `,"platform_id":"web","payload":{"api_key":"canary"}`)
	b.do("POST", base+"/jobs/one/pause", `{"reason":"mail is down"}`).want(204)
	b.do("POST", base+"/jobs/one/pause", "").want(204) // nothing changes
	b.do("PUT", base+"/maintenance", "").want(200)
	all := read[[]api.AuditEntry](b.do("GET", base+"/audit", "").want(200))
	if len(all) != 3 || all[0].Action != "maintenance.begun" || all[1].Action != "job.paused" || all[2].Action != "job.created" {
		t.Fatalf("entries %+v", all)
	}
	if *all[0].PlatformID != "*" || *all[1].PlatformID != "web" || all[1].Reason != "mail is down" || all[1].ObjectName != "one" || !bytes.Contains(all[1].After, []byte(`"status":"paused"`)) {
		t.Errorf("entries %+v", all)
	}
	for query, want := range map[string]int{
		"?action=job.*": 2, "?action=job.paused": 1, "?kind=maintenance": 1, "?object=one": 2, "?actor=root": 3, "?actor=x": 0, "?platform_id=web": 2, "?limit=1": 1,
		"?since=2026-11-23T12:00:00Z": 3, "?until=2026-11-23T12:00:00Z": 0, "?request_id=x": 0,
	} {
		if n := len(read[[]api.AuditEntry](b.do("GET", base+"/audit"+query, "").want(200))); n != want {
			t.Errorf("%s: %d entries, want %d", query, n, want)
		}
	}
	first := b.do("GET", base+"/audit?limit=2&total=true", "").want(200)
	if next := first.Header.Get(api.HeaderNextCursor); next == "" || first.Header.Get(api.HeaderTotalCount) != "3" {
		t.Errorf("headers %v", first.Header)
	} else if n := len(read[[]api.AuditEntry](b.do("GET", base+"/audit?limit=2&cursor="+next, "").want(200))); n != 1 {
		t.Errorf("%d entries on the second page, want 1", n)
	}
	if got := b.do("GET", base+"/audit", ""); bytes.Contains(got.Body, []byte("canary")) {
		t.Errorf("a secret is told: %s", got.Body)
	}
	b.do("GET", base+"/audit/3", "").want(200)
	for _, ref := range []string{"99", "0", "-1", "x", "%2e%2e", "99999999999999999999"} {
		b.do("GET", base+"/audit/"+ref, "").want(404)
	}
	for _, query := range []string{"?since=x", "?limit=0", "?sort_order=up", "?cursor=x", "?action=", "?who=x", "?since=2026-11-24T00:00:00Z&until=2026-11-23T00:00:00Z"} {
		b.do("GET", base+"/audit"+query, "").want(400)
	}
	b.who = control.Principal{Name: "token:web", Role: admin, Platform: "web", Token: "aaaaaaaa"}
	if n := len(read[[]api.AuditEntry](b.do("GET", base+"/audit", "").want(200))); n != 2 {
		t.Errorf("web sees %d entries, want 2", n)
	}
	b.do("GET", base+"/audit/3", "").want(404)
	b.who.Platform = "shop"
	if n := len(read[[]api.AuditEntry](b.do("GET", base+"/audit", "").want(200))); n != 0 {
		t.Errorf("shop sees %d entries", n)
	}
}
