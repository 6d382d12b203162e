package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// plain marks a field or a parameter that names nothing that a platform could have.
var plain []string

// mentions says of every text within a body whether it may name what a platform has:
// then by which members of the object that holds it, with REF for the name. What is not
// here fails TestForeignBodies, and so does what is here and in no body.
var mentions = map[string][]string{
	"JobInput.id":           {`{"id":"REF"}`},
	"JobInput.name":         {`{"name":"REF"}`},
	"JobInput.handler_name": {`{"handler_type":"workflow","handler_name":"REF"}`, `{"handler_type":"agent","handler_name":"REF"}`, `{"handler_name":"REF"}`},
	"JobInput.platform_id":  {`{"platform_id":"REF"}`},
	"JobInput.event_name":   {`{"event_name":"REF"}`},
	"JobInput.tags":         {`{"tags":["REF"]}`},
	"JobInput.when":         {`{"when":"job.name == 'REF'"}`},
	"JobInput.payload":      {`{"payload":{"job":"REF"}}`},
	"JobInput.description":  plain, "JobInput.schedule": plain, "JobInput.timezone": plain, "JobInput.execute_at": plain, "JobInput.in": plain, "JobInput.start_date": plain,
	"JobInput.end_date": plain, "JobInput.dst_policy": plain, "JobInput.misfire": plain, "JobInput.handler_type": plain, "JobInput.retry_backoff": plain,
	"JobInput.priority": plain, "JobInput.overlap": plain, "JobInput.on_lost": plain, "JobInput.metadata": plain,
	"After.job":         {`{"job":"REF"}`},
	"After.on":          plain,
	"CancelOn.event":    {`{"event":"REF","match":{"a":"1"}}`},
	"CancelOn.match":    {`{"event":"a:b","match":{"job":"REF"}}`},
	"Hook.handler_name": {`{"handler_name":"REF"}`},
	"Hook.payload":      {`{"handler_name":"emit-event","payload":{"event":"REF"}}`},

	"JobDefinition.type": plain,
	"Apply.owner":        {`{"owner":"REF","prune":true}`},
	"Apply.prune_tags":   {`{"prune_tags":["REF"],"prune":true}`},

	"Bulk.ids":         {`{"action":"pause","ids":["REF"],"set":null}`, `{"action":"cancel","ids":["REF","REF"],"set":null}`},
	"Bulk.add_tags":    {`{"action":"tag","add_tags":["REF"]}`},
	"Bulk.remove_tags": {`{"action":"tag","remove_tags":["REF"]}`},
	"Bulk.action":      plain, "Bulk.reason": plain, "Bulk.until": plain, "Bulk.for": plain, "Bulk.catch_up": plain,

	"EventInput.event":        {`{"event":"REF"}`},
	"EventInput.id":           {`{"id":"REF"}`},
	"EventInput.execution_id": {`{"execution_id":"REF"}`},
	"EventInput.platform_id":  {`{"platform_id":"REF"}`},
	"EventInput.data":         {`{"data":{"job":"REF"}}`},
	"EventTest.event":         {`{"event":"REF"}`},
	"EventTest.data":          {`{"data":{"job":"REF"}}`},

	"EventHandlerInput.name":       {`{"name":"REF"}`},
	"EventHandlerInput.event_name": {`{"event_name":"REF"}`},
	"EventHandlerInput.action_config": {
		`{"action_type":"run_job","action_config":{"job":"REF"}}`, `{"action_type":"cancel_jobs","action_config":{"job":"REF"}}`, `{"action_type":"cancel_jobs","action_config":{"tags":["REF"]}}`,
		`{"action_type":"trigger_workflow","action_config":{"workflow":"REF"}}`, `{"action_type":"dispatch_agent","action_config":{"agent":"REF"}}`,
		`{"action_type":"create_job","action_config":{"name":"x","schedule":"0 2 * * *","handler_name":"noop","platform_id":"REF"}}`,
		`{"action_type":"create_job","action_config":{"name":"x","handler_name":"noop","after":[{"job":"REF"}]}}`,
		`{"action_type":"create_job","action_config":{"name":"x","schedule":"0 2 * * *","handler_type":"workflow","handler_name":"REF"}}`,
	},
	"EventHandlerInput.dedupe_key":  {`{"dedupe_key":"'REF'"}`},
	"EventHandlerInput.when":        {`{"when":"data.job == 'REF'"}`},
	"EventHandlerInput.platform_id": {`{"platform_id":"REF"}`},
	"EventHandlerInput.action_type": plain,

	"AlertRuleInput.name":        {`{"name":"REF"}`},
	"AlertRuleInput.platform_id": {`{"platform_id":"REF"}`},
	"AlertRuleInput.channels":    {`{"channels":["REF"]}`},
	"AlertRuleInput.description": plain, "AlertRuleInput.severity": plain, "AlertConditionInput.metric": plain, "AlertConditionInput.operator": plain,
	"AlertReason.reason": plain,

	"AgentInput.name":        {`{"name":"REF"}`},
	"AgentInput.type":        {`{"type":"REF"}`},
	"AgentInput.platform_id": {`{"platform_id":"REF"}`},
	"AgentInput.transport":   plain, "AgentInput.endpoint": plain, "AgentInput.description": plain,
	"AgentReply.reply_token": {`{"reply_token":"REF"}`},
	"AgentReply.status":      plain, "AgentReply.result": plain, "AgentReply.error": plain,

	"Definition.name":           {`{"name":"REF"}`},
	"WorkflowInput.platform_id": {`{"platform_id":"REF"}`},
	"Definition.description":    plain, "Definition.result": plain,
	"Step.handler_name": {`{"handler_type":"workflow","handler_name":"REF"}`, `{"handler_type":"agent","handler_name":"REF"}`, `{"handler_name":"REF"}`},
	"Step.needs":        {`{"needs":["REF"]}`},
	"Step.payload":      {`{"payload":{"job":"REF"}}`},
	"Step.name":         plain, "Step.when": plain, "Step.handler_type": plain, "Step.for_each": plain, "Step.on_failure": plain, "Step.retry_backoff": plain, "Step.on_lost": plain,
	"Engine.url":                plain,
	"WorkflowRun.payload":       {`{"payload":{"job":"REF"}}`},
	"WorkflowReply.reply_token": {`{"reply_token":"REF"}`},
	"WorkflowReply.status":      plain, "WorkflowReply.result": plain, "WorkflowReply.error": plain,

	"TokenInput.name":        {`{"name":"REF"}`},
	"TokenInput.platform_id": {`{"platform_id":"REF"}`},
	"TokenInput.role":        plain, "TokenInput.expires_in": plain, "TokenRotation.expires_in": plain,
	"PlatformInput.id":               {`{"id":"REF"}`},
	"PlatformInput.allowed_handlers": {`{"allowed_handlers":["REF"]}`},
	"PlatformInput.description":      plain,

	"Run.payload": {`{"payload":{"job":"REF"}}`}, "Retry.payload": plain, "Run.overlap": plain,
	"Drain.reason": plain, "Stop.until": plain, "Stop.for": plain, "Stop.reason": plain, "Restore.reason": plain, "Cleanup.reason": plain, "Cleanup.older_than": plain, "Cleanup.only": plain,
	"Reschedule.schedule": plain, "Reschedule.timezone": plain, "Reschedule.execute_at": plain, "Pause.until": plain, "Pause.for": plain, "Pause.reason": plain,
	"Resume.catch_up": plain, "Cancel.reason": plain, "Backfill.from": plain, "Backfill.to": plain, "Backfill.reason": plain,
}

// queries says the same of the parameters of lists: which kinds of names they may hold.
var queries = map[string][]kind{
	"job": {"job"}, "name": {"job"}, "name_contains": {"job"}, "tags": {"job"}, "tags_all": {"job"}, "text": {"job"}, "handler": {"agent", "workflow"}, "worker": nil, // nodes are everybody's

	"created_by": {"actor"}, "actor": {"actor"}, "object": {"job", "execution", "token", "rule", "agent", "workflow"}, "request_id": {"request"},
	"event": {"event"}, "id": {"event"}, "type": {"agent"}, "cursor": {"cursor"},
	"limit": nil, "offset": nil, "total": nil, "sort_by": nil, "sort_order": nil, "reason": nil, "dead_before": nil, "status": nil, "trigger": nil, "since": nil, "until": nil, "dead": nil,
	"error_class": nil, "min_duration_ms": nil, "max_duration_ms": nil, "include_logs": nil, "action": nil, "kind": nil, "deleted": nil, "state": nil, "severity": nil, "period": nil, "from": nil,
	"to": nil, "revision": nil, "created_after": nil, "created_before": nil, "next_run_after": nil, "next_run_before": nil, "failing": nil, "last_event_id": nil, "dry_run": nil, "purge": nil,
	"archive": nil, "cancel_running": nil, "count": nil, "at": nil, "after": nil, "attempt": nil, "level": nil, "contains": nil, "tail": nil, "follow": nil, "window": nil,
}

// wholes are the least that a body, or an object within one, needs; OWN is a job of the
// caller's.
var wholes = map[string]string{
	api.RouteJobsCron: `{"name":"fresh","schedule":"0 2 * * *","handler_name":"noop"}`, api.RouteJobsRecurring: `{"name":"fresh","schedule":"0 2 * * *","handler_name":"noop","max_executions":3}`,
	api.RouteJobsOnce: `{"name":"fresh","in":"1h","handler_name":"noop"}`, api.RouteJobsEvent: `{"name":"fresh","event_name":"a:b","handler_name":"noop"}`,
	api.RouteJobsBulk: `{"action":"set","ids":["OWN"],"set":{}}`, api.RouteEvents: `{"event":"a:b"}`,
	api.RouteEventHandlers: `{"name":"fresh","event_name":"a:b","action_type":"cancel_jobs","action_config":{"tags":["x"]}}`,
	api.RouteAlertRules:    `{"name":"fresh","condition":{"metric":"scheduler.jobs.total","value":0}}`,
	api.RouteAgents:        `{"name":"fresh","type":"fresh","endpoint":"https://agents.example.com/x"}`, api.RouteWorkflows: `{"name":"fresh","steps":[{"name":"a","handler_name":"noop"}]}`,
	api.RouteWorkflow: `{"steps":[{"name":"a","handler_name":"noop"}]}`, api.RouteTokens: `{"name":"fresh"}`, api.RoutePlatforms: `{"id":"fresh"}`,
	api.RouteReply: `{"reply_token":"x","status":"success"}`, api.RouteAgentReply: `{"reply_token":"x","status":"success"}`,
	"JobDefinition": `{"type":"cron","name":"fresh","schedule":"0 2 * * *","handler_name":"noop"}`, "Step": `{"name":"b","handler_name":"noop"}`,
}

// over is an object with the members of another put over its own.
func over(object string, members any) map[string]any {
	out := map[string]any{}
	if object != "" {
		if err := json.Unmarshal([]byte(object), &out); err != nil {
			panic(err)
		}
	}
	given, _ := members.(map[string]any)
	for name, value := range given {
		if out[name] = value; value == nil {
			delete(out, name)
		}
	}
	return out
}

// walk calls found for each text within a body: with its key in mentions, and with what
// makes a whole body of members of the object that holds it.
func walk(t reflect.Type, whole func(members any) any, found func(key string, whole func(members any) any)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		kind, within := f.Type, whole
		switch {
		case name == "-":
			continue
		case f.Anonymous && name == "":
			walk(kind, whole, found)
			continue
		}
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		list := kind.Kind() == reflect.Slice && kind != reflect.TypeFor[json.RawMessage]()
		if list {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Struct && kind.String() != "time.Time" {
			within = func(members any) any {
				var inner any = over(wholes[kind.Name()], members)
				if list {
					inner = []any{inner}
				}
				return whole(map[string]any{name: inner})
			}
			walk(kind, within, found)
			continue
		}
		if k := kind.Kind(); k == reflect.Bool || k >= reflect.Int && k <= reflect.Float64 {
			continue
		}
		found(t.Name()+"."+name, within)
	}
}

// bodies calls fn with every way in which a body of a route may name something.
func (b *bench) bodies(own riches, fn func(rt route, key, path, template string)) {
	b.t.Helper()
	seen := map[string]bool{}
	for _, rt := range b.server.(*server).routes() {
		if rt.body == nil {
			continue
		}
		k, _ := kindIn(rt.pattern)
		path := rt.pattern
		if strings.Contains(path, "{id}") && k != ours {
			path = strings.ReplaceAll(strings.ReplaceAll(path, "{id}", own[k][0]), "{n}", "1")
		}
		root := func(members any) any {
			return over(strings.ReplaceAll(wholes[rt.pattern], "OWN", own["job"][0]), members)
		}
		walk(rt.body, root, func(key string, whole func(members any) any) {
			ways, known := mentions[key]
			if seen[key] = true; !known {
				b.t.Errorf("%s %s: the table of mentions does not say whether %s may name what a platform has", rt.method, rt.pattern, key)
			}
			if key == "JobInput.name" && rt.pattern == api.RouteJobsBulk { // it answers with the name of before
				ways = nil
			}
			for _, way := range ways {
				body, err := json.Marshal(whole(over("", members(way))))
				if err != nil {
					b.t.Fatal(err)
				}
				fn(rt, key, path, string(body))
			}
		})
	}
	for _, key := range slices.Sorted(maps.Keys(mentions)) {
		if !seen[key] {
			b.t.Errorf("%s is in the table of mentions and in no body", key)
		}
	}
}

func members(object string) any {
	var out map[string]any
	if err := json.Unmarshal([]byte(object), &out); err != nil {
		panic(err)
	}
	return out
}

// TestForeignBodies is V5: what another platform has is not there within a body either, and
// is told apart from what nobody has by nothing but its name. Where a name can be named is
// found in the types of bodies.
func TestForeignBodies(t *testing.T) {
	b := newBench(t)
	foreign := b.riches("shop", "secret-one")
	before := b.estate("shop")
	b.who = control.Principal{Name: "token:web", Role: admin, Platform: "web", Token: "aaaaaaaa"}
	own := b.riches("web", "zebra")
	compared, n := 0, 0
	few := append(slices.Clone(foreign["job"]), foreign["platform"]...)
	first := map[string]string{} // the route that a key was tried at first
	b.bodies(own, func(rt route, key, path, template string) {
		refs := few // an object that several bodies hold is tried with all names in one of them
		if at, tried := first[key]; !tried || at == rt.pattern {
			first[key], refs = rt.pattern, foreign.inBodies()
		}
		for _, ref := range refs {
			ask := func(ref string) *answered {
				n++
				if b.who.Platform = "web"; path == rt.pattern && rt.pattern != api.RouteJobsBulk { // nothing of its own is named: nothing is in its way
					b.who.Platform = fmt.Sprintf("web-%d", n)
				}
				body := strings.ReplaceAll(strings.ReplaceAll(template, "REF", ref), `"fresh"`, fmt.Sprintf(`"fresh-%d"`, n))
				return b.do(rt.method, path, body, "X-Request-Id: same")
			}
			other := twin(ref, n)
			got, want := ask(ref), ask(other)
			compared++
			if key == "JobInput.id" && got.Code == http.StatusConflict {
				// An id is one for all platforms, so it cannot be given twice: that it is taken is
				// told, to who could guess its random bits, and nothing of who has it.
				if strings.Contains(string(got.Body), "secret") || strings.Contains(string(got.Body), "shop") {
					t.Errorf("%s tells whose id it is: %s", rt.pattern, got.Body)
				}
				continue
			}
			if got.Code != want.Code || got.without(ref) != want.without(other) {
				t.Errorf("%s %s %s\nwith %s: %d %s\nwith %s: %d %s", rt.method, path, template, ref, got.Code, got.Body, other, want.Code, want.Body)
			}
		}
	})
	if after := b.estate("shop"); after != before {
		t.Errorf("what the other platform has changed from\n%s\nto\n%s", before, after)
	}
	t.Logf("accept: %d bodies that name what is foreign are answered as those that name what is not there", compared)
}

// TestForeignQueries is the same for parameters.
func TestForeignQueries(t *testing.T) {
	b := newBench(t)
	foreign := b.riches("shop", "secret-one")
	web := control.Principal{Name: "token:web", Role: admin, Platform: "web", Token: "aaaaaaaa"}
	b.who = web
	own := b.riches("web", "zebra")
	compared, seen := 0, map[string]bool{}
	for _, rt := range b.server.(*server).routes() {
		k, _ := kindIn(rt.pattern)
		path := rt.pattern
		if strings.Contains(path, "{id}") && k != ours {
			path = strings.ReplaceAll(strings.ReplaceAll(path, "{id}", own[k][0]), "{n}", "1")
		}
		for _, name := range rt.query {
			kinds, known := queries[name]
			if seen[name] = true; !known {
				t.Errorf("%s %s: the table of queries does not say whether %s may name what a platform has", rt.method, rt.pattern, name)
			}
			if rt.method != http.MethodGet {
				continue
			}
			for _, k := range kinds {
				if k == "cursor" {
					b.foreignCursor(rt, path, web)
					compared++
					continue
				}
				for _, ref := range foreign[k] {
					b.who = web
					other := twin(ref, compared)
					got, want := b.do("GET", path+"?"+name+"="+ref, "", "X-Request-Id: same"), b.do("GET", path+"?"+name+"="+other, "", "X-Request-Id: same")
					compared++
					if got.Code != want.Code || got.without(ref) != want.without(other) {
						t.Errorf("%s?%s=%s: %d %s\nwith %s: %d %s", path, name, ref, got.Code, got.Body, other, want.Code, want.Body)
					}
				}
			}
		}
	}
	for name := range queries {
		if !seen[name] {
			t.Errorf("%s is in the table of queries and no route takes it", name)
		}
	}
	t.Logf("accept: %d queries that name what is foreign are answered as those that name what is not there", compared)
}

// foreignCursor takes the place in a list that reaches over all platforms, and goes on
// from there as who is confined to one.
func (b *bench) foreignCursor(rt route, path string, who control.Principal) {
	b.t.Helper()
	b.who = control.Principal{Name: "root", Role: admin, Platform: control.AnyPlatform}
	list := rt.pattern
	if strings.Contains(list, "{id}") {
		list = path
	}
	cursor := b.do("GET", list+"?limit=1", "").want(200).Header.Get(api.HeaderNextCursor)
	b.who = who
	if cursor == "" {
		return
	}
	if got := b.do("GET", path+"?cursor="+cursor, ""); got.Code != 200 && got.Code != 400 || strings.Contains(string(got.Body), "secret") {
		b.t.Errorf("%s behind the cursor of all platforms: %d %s", path, got.Code, got.Body)
	}
}

// TestForeignKeys: a key stands for what one platform did, whoever else says the same.
func TestForeignKeys(t *testing.T) {
	b := newBench(t)
	make := func(platform, name string) *answered {
		return b.do("POST", base+"/jobs/cron?platform_id="+platform, `{"name":"`+name+`","schedule":"0 2 * * *","handler_name":"noop"}`, "Idempotency-Key: k1").want(201)
	}
	theirs := read[job.Job](make("shop", "a"))
	b.who = control.Principal{Name: "token:web", Role: admin, Platform: "web", Token: "aaaaaaaa"}
	for _, name := range []string{"a", "b"} { // the same body, and another one: no replay, no conflict
		if name == "b" {
			b.do("DELETE", base+"/jobs/a", "")
			b.who.Platform = "third"
		}
		got := make(b.who.Platform, name)
		if mine := read[job.Job](got); mine.ID == theirs.ID || got.Header.Get("Idempotent-Replay") != "" {
			t.Errorf("%s answers with %s, %v", b.who.Platform, got.Body, got.Header)
		}
	}
}
