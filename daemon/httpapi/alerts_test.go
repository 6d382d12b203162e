package httpapi

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

const alertRuleBody = `{"name":"some-rule","condition":{"metric":"scheduler.queue.size","operator":"gt","value":100,"duration_ms":600000},"severity":"critical","channels":["dashboard","slack"]}`

// alert makes a rule of a platform, and an alert of it that fires.
func (b *bench) alert(name, platform string) (rule api.AlertRule, id string) {
	b.t.Helper()
	rule = read[api.AlertRule](b.do("POST", base+"/alert-rules", `{"name":"`+name+`","platform_id":"`+platform+`","condition":{"metric":"scheduler.jobs.total","value":0}}`).want(201))
	r, err := b.store.AlertRule(b.t.Context(), platform, rule.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	ids := &job.IDs{Rand: rand.Reader}
	if _, err := b.store.Observe(b.t.Context(), store.Observe{
		Now: b.now, NewID: func() job.ID { return ids.New(b.now) }, Rounds: []alert.Round{{Rule: r, Found: []alert.Finding{{Platform: platform, Value: 7, Summary: "7 > 0"}}}},
	}); err != nil {
		b.t.Fatal(err)
	}
	page, err := b.store.ListAlerts(b.t.Context(), store.AlertFilter{Platform: platform})
	if err != nil || len(page.Items) == 0 {
		b.t.Fatalf("ListAlerts = %v, %v", page, err)
	}
	return rule, page.Items[0].ID()
}

func anAlertRule(b *bench) string {
	return read[api.AlertRule](b.do("POST", base+"/alert-rules", alertRuleBody).want(201)).Name
}

func anAlert(b *bench) string {
	_, id := b.alert("some-rule", "default")
	return id
}

func aSilencedAlert(b *bench) string {
	id := anAlert(b)
	b.do("POST", base+"/alerts/"+id+"/silence", `{"for":"1h"}`).want(200)
	return id
}

func TestAlertRules(t *testing.T) {
	b := newBench(t)
	made := read[api.AlertRule](b.do("POST", base+"/alert-rules", alertRuleBody).want(201))
	if made.Says != "> 100 for 10m" || made.Severity != "critical" || !made.Enabled || made.PlatformID != nil || made.Revision != 1 || strings.Join(made.Channels, " ") != "dashboard slack" {
		t.Errorf("made %+v", made)
	}
	b.do("POST", base+"/alert-rules", alertRuleBody).want(409)
	changed := read[api.AlertRule](b.do("PATCH", base+"/alert-rules/some-rule", `{"condition":{"value":5}}`, `If-Match: "1"`).want(200))
	if changed.Condition.Value != 5 || changed.Condition.DurationMS != 600_000 || changed.Condition.Metric != "scheduler.queue.size" || changed.Revision != 2 {
		t.Errorf("changed %+v", changed)
	}
	b.do("PATCH", base+"/alert-rules/some-rule", `{"enabled":false}`, `If-Match: "1"`).want(412)
	all := read[api.AlertRule](b.do("POST", base+"/alert-rules", `{"name":"everywhere","platform_id":"*","condition":{"metric":"scheduler.job.missed"}}`).want(201))
	if all.PlatformID == nil || *all.PlatformID != "*" || all.Condition.Operator != "gt" {
		t.Errorf("about all platforms: %+v", all)
	}
	if n := len(read[[]api.AlertRule](b.do("GET", base+"/alert-rules", "").want(200))); n != 2 {
		t.Errorf("%d rules, want 2", n)
	}
	b.do("POST", base+"/alert-rules/some-rule/test", "").want(503)
	b.do("DELETE", base+"/alert-rules/some-rule", "").want(200)
	b.do("GET", base+"/alert-rules/some-rule", "").want(404)
	b.who = control.Principal{Name: "token:web", Role: operator, Platform: "web", Token: "aaaaaaaa"}
	b.do("POST", base+"/alert-rules", `{"name":"x","platform_id":"*","condition":{"metric":"scheduler.job.missed"}}`).want(403)
	b.do("GET", base+"/alert-rules/everywhere", "").want(404)
}

func TestAlertRuleProblems(t *testing.T) {
	b := newBench(t)
	anAlertRule(b)
	const queue = `"condition":{"metric":"scheduler.queue.size"}}`
	for body, field := range map[string]string{
		`{` + queue:              "name",
		`{"name":"a b",` + queue: "name",
		`{"name":"a"}`:           "condition.metric",
		`{"name":"a","condition":{"metric":"scheduler.queue.sise"}}`:                      "condition.metric",
		`{"name":"a","condition":{"metric":"scheduler.queue.size","operator":"over"}}`:    "condition.operator",
		`{"name":"a","condition":{"metric":"scheduler.queue.size","value":1e300}}`:        "condition.value",
		`{"name":"a","condition":{"metric":"scheduler.failure_rate","duration_ms":1000}}`: "condition.duration_ms",
		`{"name":"a","condition":{"metric":"scheduler.queue.size","duration_ms":-1}}`:     "condition.duration_ms",
		`{"name":"a","condition":{"metric":"scheduler.job.late","duration_ms":60000}}`:    "condition.duration_ms",
		`{"name":"a","severity":"loud",` + queue:                                          "severity",
		`{"name":"a","channels":["dash board"],` + queue:                                  "channels[0]",
		`{"name":"a","channels":["slack","slack"],` + queue:                               "channels[1]",
		`{"name":"a","platform_id":"Not One",` + queue:                                    "platform_id",
		`{"name":"a","description":"` + strings.Repeat("x", 1025) + `",` + queue:          "description",
	} {
		got := b.do("POST", base+"/alert-rules", body).want(400)
		if !strings.Contains(string(got.Body), `"field":"`+field+`"`) {
			t.Errorf("%s: %s, want a problem with %s", body, got.Body, field)
		}
	}
	b.do("PATCH", base+"/alert-rules/some-rule", `{"platform_id":"web"}`).want(400)
	for _, path := range []string{"/alerts?state=over", "/alerts?severity=loud", "/alerts?since=yesterday", "/alerts?limit=0", "/alerts?cursor=x"} {
		b.do("GET", base+path, "").want(400)
	}
}

func TestAlerts(t *testing.T) {
	b := newBench(t)
	_, id := b.alert("some-rule", "default")
	list := read[[]api.Alert](b.do("GET", base+"/alerts?state=firing&severity=warning", "").want(200))
	if len(list) != 1 || list[0].ID != id || list[0].Value != 7 || list[0].Says != "> 0" || list[0].Turns != nil || strings.Join(list[0].Told, " ") != "dashboard" {
		t.Fatalf("alerts %+v", list)
	}
	path := base + "/alerts/" + id
	acked := read[api.Alert](b.do("POST", path+"/acknowledge", `{"for":"1h","reason":"vendor outage"}`).want(200))
	if acked.State != "acknowledged" || acked.Until == nil || !acked.Until.Equal(b.now.Add(time.Hour)) || acked.By != "root" || acked.Reason != "vendor outage" || len(acked.Turns) != 2 {
		t.Errorf("acknowledged %+v", acked)
	}
	for _, body := range []string{`{"for":"x"}`, `{"for":"-1h"}`, `{"until":"2020-01-01T00:00:00Z"}`, `{"for":"9000h"}`, `{"for":"1h","until":"2027-01-01T00:00:00Z"}`, `{"reason":"a\nb"}`} {
		b.do("POST", path+"/silence", body).want(400)
	}
	if got := read[api.Alert](b.do("POST", path+"/silence", "").want(200)); got.State != "silenced" || got.Until != nil {
		t.Errorf("silenced %+v", got)
	}
	if got := read[api.Alert](b.do("POST", path+"/unsilence", "").want(200)); got.State != "firing" {
		t.Errorf("unsilenced %+v", got)
	}
	if got := read[api.Alert](b.do("POST", path+"/resolve", `{"reason":"was a test"}`).want(200)); got.State != "resolved" || got.ResolvedAt == nil {
		t.Errorf("resolved %+v", got)
	}
	b.do("POST", path+"/acknowledge", "").want(409)
	if n := len(read[[]api.Alert](b.do("GET", base+"/alerts?state=firing,acknowledged,silenced", "").want(200))); n != 0 {
		t.Errorf("%d open alerts, want 0", n)
	}
	for _, ref := range []string{"a0", "17", "a01", "a99", "aa", "a-1", "a9999999999999999999"} {
		b.do("GET", base+"/alerts/"+ref, "").want(404)
	}
}
