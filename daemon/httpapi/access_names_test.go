package httpapi

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// kind is a kind of thing that a platform has and a request may name.
type kind string

// ours is what belongs to no platform: nodes, and channels of the configuration.
const ours kind = "ours"

// named says what {id} is, by the part of the path before it. A route of another part
// fails TestForeign.
var named = map[string]kind{
	"jobs": "job", "executions": "execution", "dead-letter": "execution", "agent-replies": "execution", "tokens": "token", "event-handlers": "rule",
	"alert-rules": "alert rule", "alerts": "alert", "agents": "agent", "workflows": "workflow", "platforms": "platform", "audit": "entry",
	"workers": ours, "alert-channels": ours,
}

func kindIn(pattern string) (k kind, known bool) {
	part, _, _ := strings.Cut(strings.TrimPrefix(pattern, api.Prefix+"/"), "/")
	k, known = named[part]
	return k, known
}

// riches are the names of what one platform has.
type riches map[kind][]string

// inBodies are the names of things, in the forms that are not for paths alone, each once.
func (r riches) inBodies() []string {
	var names []string
	for k, of := range r {
		for _, name := range of {
			if k != "actor" && k != "request" && (k != "execution" || !strings.ContainsAny(name, "%:")) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// twin is a name like another, that nobody has; n tells twins apart.
func twin(name string, n int) string {
	number, isNumber := strconv.Atoi(name)
	_, isID := job.ParseID(name)
	plain, ending, _ := strings.Cut(strings.ReplaceAll(name, ":", "%2F"), "%2F")
	switch {
	case isID == nil:
		return fmt.Sprintf("%s%06x", name[:len(name)-6], 0xabc000+n)
	case isNumber == nil:
		return strconv.Itoa(number + 900_000 + n)
	case strings.HasPrefix(name, "a") && len(name) < 4: // an alert
		return fmt.Sprintf("a%d", 900_000+n)
	case ending != "":
		return fmt.Sprintf("absent-%d%s", n, name[len(plain):])
	}
	return fmt.Sprintf("absent-%d", n)
}

// riches makes one of everything on a platform, under one name.
func (b *bench) riches(platform, name string) riches {
	b.t.Helper()
	home := `,"platform_id":"` + platform + `"`
	post := func(path, body string) *answered { return b.do("POST", base+path, body) }
	j := b.cron(name, home+`,"tags":["`+name+`"]`)
	e := read[job.Execution](post("/jobs/"+j.ID.String()+"/run", "").want(201))
	b.settle(e.ID, job.EventFail)
	waiting := read[job.Execution](post("/jobs/"+j.ID.String()+"/run", "").want(201))
	tok := read[api.NewToken](post("/tokens", `{"name":"`+name+`","role":"admin"`+home+`}`).want(201))
	h := read[api.EventHandler](post("/event-handlers", `{"name":"`+name+`","event_name":"`+name+`:event","action_type":"run_job","action_config":{"job":"`+name+`"}`+home+`}`).want(201))
	post("/agents", `{"name":"`+name+`","type":"type-`+name+`","transport":"http","endpoint":"https://agents.example.com/x"`+home+`}`).want(201)
	post("/workflows", `{"name":"`+name+`","steps":[{"name":"a","handler_name":"noop"}]`+home+`}`).want(201)
	post("/events", `{"id":"event-`+name+`","event":"`+name+`:event"`+home+`}`).want(202)
	rule, alertID := b.alert(name, platform)
	trail := read[[]api.AuditEntry](b.do("GET", base+"/audit?platform_id="+platform+"&limit=1", "").want(200))
	return riches{
		"job":        {j.ID.String(), name},
		"execution":  {e.ID.String(), waiting.ID.String(), name + "%2F1", name + ":2", name + "%2Flast", name + ":last-failed"},
		"token":      {tok.ID, name},
		"rule":       {h.ID, name},
		"alert rule": {rule.ID, name},
		"alert":      {alertID},
		"agent":      {name, "type-" + name},
		"workflow":   {name},
		"platform":   {platform},
		"entry":      {fmt.Sprint(trail[0].ID)},
		"event":      {"event-" + name, name + ":event"},
		"actor":      {"root"},
		"request":    {trail[0].RequestID},
	}
}

// fresh is what is another in every answer.
var fresh = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|"(id|token|trace_id|span_id)":"[\w-]+"|"(revision|version|run_number|N)": ?\d+|(fresh|web)-\d+`)

// without is an answer without the name that was asked for, and without what is another
// in every answer.
func (a *answered) without(name string) string {
	name = strings.ReplaceAll(name, "%2F", "/")
	text := string(a.Body)
	for _, form := range []string{name, strings.Replace(name, ":", "/", 1)} {
		if len(form) < 8 {
			text = regexp.MustCompile(`\b`+form+`\b`).ReplaceAllString(text, "REF")
			continue
		}
		text = strings.ReplaceAll(text, form, "REF")
	}
	return fresh.ReplaceAllString(text, "FRESH")
}

// estate is everything that lists tell of a platform.
func (b *bench) estate(platform string) string {
	b.t.Helper()
	who := b.who
	b.who = control.Principal{Name: "root", Role: admin, Platform: control.AnyPlatform}
	defer func() { b.who = who }()
	var all strings.Builder
	for _, path := range []string{"/jobs", "/executions", "/dead-letter", "/tokens", "/event-handlers", "/events", "/alert-rules", "/alerts", "/agents", "/workflows", "/audit", "/platforms/" + platform} {
		all.Write(b.do("GET", base+path+"?platform_id="+platform, "").want(200).Body)
	}
	return all.String()
}

// TestNamesAreComplete: what a path may name is there to be named.
func TestNamesAreComplete(t *testing.T) {
	b := newBench(t)
	have := b.riches("shop", "secret-one")
	for _, k := range named {
		if len(have[k]) == 0 && k != ours {
			t.Errorf("routes name a %s, and nobody has one", k)
		}
	}
}
