package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

var base = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) // a Monday

func rule(edits ...func(r *Rule)) *Rule {
	r := &Rule{
		Platform: "default", Name: "sla", Event: "ticket:created", Enabled: true, Priority: 5, Action: CreateJob,
		Config: json.RawMessage(`{"name":"escalate-${data.ticket_id}","in":"48h"}`),
	}
	for _, edit := range edits {
		edit(r)
	}
	return r
}

func sample(data string) Event {
	return Event{ID: "e1", Name: "ticket:created", Platform: "default", At: base, Data: json.RawMessage(data)}
}

func decideOne(t *testing.T, r *Rule, e Event) []Act {
	t.Helper()
	m := NewMatcher([]Listener{{Source: 1, Rule: r}}, nil)
	if b := m.Broken(); len(b) > 0 {
		t.Fatalf("the rule is broken: %+v", b)
	}
	return m.Decide([]Event{e}, base).Acts
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"ticket:created", "ticket:created", true},
		{"ticket:created", "ticket:created2", false},
		{"ticket:*", "ticket:created", true},
		{"ticket:*", "ticket:", true},
		{"*", "anything", true},
		{"*", "scheduler:job.created", false},
		{"scheduler:*", "scheduler:job.created", true},
		{"s*", "scheduler:job.created", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b", "xxaxxbxx", false},
		{strings.Repeat("*a", 60), strings.Repeat("a", 128), true},
		{strings.Repeat("*a", 60) + "b", strings.Repeat("a", 128), false},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %t, want %t", c.pattern, c.name, got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	data := `{"ticket_id":"T","priority":"high","n":3,"big":9007199254740993,"f":1.5,"list":[1,2,3],"who":{"mail":"a@x.org"},"none":null,"ok":true}`
	for when, want := range map[string]bool{
		"":                                        true,
		"true":                                    true,
		"data.ok":                                 true,
		`data.priority in ["high"]`:               true,
		`data.priority in ["low"]`:                false,
		`data.n in [1, 3]`:                        true,
		`data.n in ["a"]`:                         false,
		"data.n > 2 && data.f < 2":                true,
		"data.big == 9007199254740993":            true,
		"data.missing == nil":                     true,
		`data?.who?.mail endsWith "@x.org"`:       true,
		`data.missing?.mail == nil`:               true,
		`event.name == "ticket:created"`:          true,
		`any(data.list, # == 2)`:                  true,
		`data.who.mail matches "^[a-z]+@"`:        true,
		`event.at.Weekday().String() == "Monday"`: true,
	} {
		acts := decideOne(t, rule(func(r *Rule) { r.When = when }), sample(data))
		if got := len(acts) == 1 && acts[0].Err == ""; got != want {
			t.Errorf("%s: acts = %+v, want %t", when, acts, want)
		}
	}
}

func TestBadExpressionsSayWhere(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]string{
		"data.n >":                           "at column",
		"payload.n":                          "unknown name payload",
		"data.n":                             "",
		`"a"`:                                "expected bool",
		strings.Repeat("a", 1025):            "at most 1024",
		strings.Repeat("(", 500):             "at column",
		`all(data.a, all(data.b, true))`:     "within another",
		`repeat("a", 9) == ""`:               "unknown name repeat",
		`now() == event.at`:                  "unknown name now",
		strings.Repeat("1+", 300) + "1 == 1": "",
	} {
		_, problems := rule(func(r *Rule) { r.When = when }).Validate()
		switch {
		case want == "" && len(problems) > 1, want != "" && len(problems) != 1:
			t.Errorf("%.60s: problems = %v", when, problems)
		case want != "" && !strings.Contains(problems[0].Message, want):
			t.Errorf("%.60s: %q does not say %q", when, problems[0].Message, want)
		}
	}
}

func TestExpressionsAreBounded(t *testing.T) {
	t.Parallel()
	data := `{"a":[` + strings.Repeat("1,", 100_000) + `1]}`
	for _, when := range []string{
		"len(1..1000000000) > 0", "sum(data.a) > 0", "len(map(data.a, # * 2)) > 0", "len(filter(data.a, # > 0)) > 0", `join(map(data.a, string(#))) == ""`,
	} {
		_, problems := rule(func(r *Rule) { r.When = when }).Validate()
		if len(problems) > 0 {
			continue // refused already
		}
		began := time.Now()
		decideOne(t, rule(func(r *Rule) { r.When = when }), sample(data))
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %s", when, took)
		}
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	r := rule(func(r *Rule) {
		r.Config = json.RawMessage(`{"name":"t-${data.id}-${data.n}","whole":"${data.n}","obj":"${data.o}","list":["${data.ok}","x"],"esc":"$${data.n}",
			"braces":"${ {\"a\": \"}\"} }","at":"${at(\"tomorrow 10:00\", data.tz)}","fixed":7,"who":"${data.who ?? \"nobody\"}"}`)
	})
	acts := decideOne(t, r, sample(`{"id":"A","n":42,"o":{"k":[1]},"ok":true,"tz":"America/New_York"}`))
	if len(acts) != 1 || acts[0].Err != "" {
		t.Fatalf("acts = %+v", acts)
	}
	want := `{"at":"2026-11-24T15:00:00Z","braces":{"a":"}"},"esc":"${data.n}","fixed":7,"list":[true,"x"],"name":"t-A-42","obj":{"k":[1]},"who":"nobody","whole":42}`
	if got := string(acts[0].Config); got != want {
		t.Errorf("rendered\n%s, want\n%s", got, want)
	}
}

func TestTemplateFaults(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		`{"name":"${data.x"}`:                  "action_config.name: ${ at 1 is not closed",
		`{"name":"a","p":{"q":["${1 +}"]}}`:    "action_config.p.q[0]: ${1 +}: at column",
		`{"name":"${}"}`:                       "is empty",
		`[]`:                                   "must be a JSON object",
		`{"in":"1h"}`:                          "action_config.name: is required",
		`{"name":"x","event_name":"ticket:*"}`: "made run by the events that make it",
	} {
		_, problems := rule(func(r *Rule) { r.Config = json.RawMessage(config) }).Validate()
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not say %q", config, err, want)
		}
	}
	acts := decideOne(t, rule(), sample(`{}`))
	if len(acts) != 1 || !strings.Contains(acts[0].Err, "action_config.name: data.ticket_id has no value") {
		t.Errorf("a missing value: %+v", acts)
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ phrase, zone, want string }{
		{"tomorrow 10:00", "", "2026-11-24T10:00:00Z"},
		{"today 10:00:30", "Europe/Berlin", "2026-11-23T09:00:30Z"},
		{"monday 09:00", "UTC", "2026-11-30T09:00:00Z"},
		{"Tuesday 00:00", "Asia/Tokyo", "2026-11-23T15:00:00Z"},
		{"in 90m", "", "2026-11-23T13:30:00Z"},
		{"2027-01-01T00:00:00+01:00", "", "2026-12-31T23:00:00Z"},
	} {
		got, err := At(c.phrase, c.zone, base)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("At(%q, %q) = %s, %v; want %s", c.phrase, c.zone, got.Format(time.RFC3339), err, c.want)
		}
	}
	for _, c := range [][2]string{{"sometime 10:00", ""}, {"tomorrow", ""}, {"tomorrow 25:00", ""}, {"in never", ""}, {"tomorrow 10:00", "Mars/Base"}, {"tomorrow 10:00", "Local"}} {
		if got, err := At(c[0], c[1], base); err == nil {
			t.Errorf("At(%q, %q) = %s, want an error", c[0], c[1], got)
		}
	}
}

func TestDelayDebounceAndKeys(t *testing.T) {
	t.Parallel()
	e := sample(`{"ticket_id":"T-1"}`)
	acts := decideOne(t, rule(func(r *Rule) { r.DelayMS, r.DedupeKey = 1500, "data.ticket_id" }), e)
	if a := acts[0]; !a.Due.Equal(base.Add(1500*time.Millisecond)) || a.Dedupe != "T-1" || a.Debounce {
		t.Errorf("delayed: %+v", a)
	}
	acts = decideOne(t, rule(func(r *Rule) { r.DebounceMS, r.DedupeKey = 1500, "data.ticket_id" }), e)
	if a := acts[0]; !a.Debounce || a.Group != "T-1" || a.Dedupe != "" {
		t.Errorf("debounced: %+v", a)
	}
}

func TestCancelKeys(t *testing.T) {
	t.Parallel()
	c := job.CancelOn{Event: "ticket:resolved", Match: map[string]any{"ticket_id": "T-1", "n": float64(7), "a.b": true}}
	m := NewMatcher(nil, CancelShapes("default", []job.CancelOn{c}))
	e := Event{ID: "x", Name: "ticket:resolved", Platform: "default", Data: json.RawMessage(`{"ticket_id":"T-1","n":7,"a":{"b":true}}`)}
	other := e
	other.Data = json.RawMessage(`{"ticket_id":"T-10","n":7,"a":{"b":true}}`)
	d := m.Decide([]Event{e, other, {Name: e.Name, Platform: "default", Data: json.RawMessage(`{"ticket_id":"T-1"}`)}}, base)
	if len(d.Cancels) != 2 || d.Cancels[0].Key != c.Key() || d.Cancels[1].Key == c.Key() {
		t.Errorf("cancels = %+v, want the key %q first, another one then", d.Cancels, c.Key())
	}
}

func TestJobsListen(t *testing.T) {
	t.Parallel()
	on := &job.Job{Platform: "default", Spec: job.Spec{Name: "a", Type: job.TypeEvent, EventName: "ticket:*", When: "data.n > 1", Payload: json.RawMessage(`{"n":"${data.n}"}`)}}
	chained := &job.Job{Platform: "default", Spec: job.Spec{Name: "b", Type: job.TypeEvent, After: []job.After{{Job: "a", On: "failure"}}, Payload: json.RawMessage(`{}`)}}
	m := NewMatcher([]Listener{{Source: -1, Job: on}, {Source: -2, Job: chained}}, nil)
	if !m.System() || len(m.Broken()) > 0 {
		t.Fatalf("System() = %t, Broken() = %v", m.System(), m.Broken())
	}
	acts := m.Decide([]Event{sample(`{"n":2}`), sample(`{"n":1}`)}, base).Acts
	if len(acts) != 2 || acts[0].Skip || !acts[1].Skip {
		t.Fatalf("acts = %+v, want a run and a skip", acts)
	}
	if !strings.Contains(string(acts[0].Config), `"payload":{"n":2}`) {
		t.Errorf("payload: %s", acts[0].Config)
	}
	end := func(status string) Event {
		return Event{Name: job.EventExecutionCompleted, Platform: "default", Data: json.RawMessage(`{"job_name":"a","status":"` + status + `"}`)}
	}
	acts = m.Decide([]Event{end("success"), end("failed"), end("timeout"), end("skipped")}, base).Acts
	if len(acts) != 2 || acts[0].Event != 1 || acts[1].Event != 2 {
		t.Errorf("acts after a = %+v, want those for failed and timeout", acts)
	}
}

func FuzzRule(f *testing.F) {
	f.Add("data.n > 1", `{"name":"x-${data.n}"}`, "data.id", `{"n":2}`)
	f.Add(`all(data.a, # > 0)`, `{"name":"${at(\"tomorrow 10:00\")}"}`, "", `{"a":[1,2]}`)
	f.Add(`data.x matches "(a+)+$"`, `{"name":"$${x}${ {"}":1} }"}`, "event.id", `{"x":"aaaa"}`)
	f.Fuzz(func(t *testing.T, when, config, key, data string) {
		r := rule(func(r *Rule) { r.When, r.Config, r.DedupeKey = when, json.RawMessage(config), key })
		if _, problems := r.Validate(); len(problems) > 0 {
			return
		}
		var p job.Problems
		if CheckData(&p, "data", json.RawMessage(data)); len(p) > 0 {
			return
		}
		for _, a := range decideOne(t, r, sample(data)) {
			if a.Err == "" && !json.Valid(a.Config) {
				t.Errorf("rendered %q, which is not JSON", a.Config)
			}
		}
	})
}
