package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// bulk sends a request and tells the answer in a line.
func (b *bench) bulk(query, body string) string {
	b.t.Helper()
	r := read[api.BulkResult](b.do("POST", base+"/jobs/bulk"+query, body).want(200))
	items := make([]string, len(r.Items))
	for i, item := range r.Items {
		items[i] = item.Name + " " + item.Result
		if item.Error != nil {
			items[i] += " " + string(item.Error.Code)
		}
		if item.Run != "" {
			items[i] += " " + item.Run
		}
	}
	return fmt.Sprintf("%d: %d %d %d [%s]", r.Matched, r.Done, r.Unchanged, r.Failed, strings.Join(items, ", "))
}

func TestBulk(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"a", "b", "c"} {
		b.cron(name, `,"tags":["drip"]`)
	}
	b.cron("other", "")
	b.do("POST", base+"/jobs/b/pause", "").want(204)
	for _, step := range []struct{ query, body, want string }{
		{"?tags=drip", `{"action":"pause","dry_run":true}`, "3: 0 0 0 [a would, b would, c would]"},
		{"?tags=drip", `{"action":"pause","expect":3,"reason":"outage"}`, "3: 2 1 0 [a done, b unchanged, c done]"},
		{"", `{"action":"pause","ids":["a","b"],"for":"2h"}`, "2: 2 0 0 [a done, b done]"},
		{"?tags=drip&status=paused", `{"action":"resume"}`, "3: 3 0 0 [a done, b done, c done]"},
		{"", `{"action":"run","ids":["c","a","absent","c"]}`, "3: 2 0 1 [c done c/1, a done a/1, absent failed not_found]"},
		{"", `{"action":"tag","ids":["a","other"],"add_tags":["x","drip"],"remove_tags":["y"]}`, "2: 2 0 0 [a done, other done]"},
		{"", `{"action":"tag","all":true,"add_tags":["drip"]}`, "4: 0 4 0 [a unchanged, b unchanged, c unchanged, other unchanged]"},
		{"?name=*", `{"action":"set","set":{"max_retries":7,"description":null}}`, "4: 4 0 0 [a done, b done, c done, other done]"},
		{"?name=a", `{"action":"set","set":{"name":"b"}}`, "1: 0 0 1 [a failed conflict]"},
		{"?name=a,b", `{"action":"cancel","cancel_running":true}`, "2: 2 0 0 [a done, b done]"},
		{"", `{"action":"pause","ids":["a"]}`, "1: 0 0 1 [a failed conflict]"},
		{"", `{"action":"delete","ids":["b","c"]}`, "2: 1 0 1 [b done, c failed conflict]"},
		{"?name=nobody", `{"action":"delete"}`, "0: 0 0 0 []"},
	} {
		if got := b.bulk(step.query, step.body); got != step.want {
			t.Errorf("%s %s:\n got %s\nwant %s", step.query, step.body, got, step.want)
		}
	}
	j := read[job.Job](b.do("GET", base+"/jobs/other", "").want(200))
	if j.MaxRetries != 7 || !slices.Equal(j.Tags, []string{"x", "drip"}) && !slices.Equal(j.Tags, []string{"drip", "x"}) {
		t.Errorf("other has %d retries and tags %v", j.MaxRetries, j.Tags)
	}
}

func TestBulkRefuses(t *testing.T) {
	b := newBench(t)
	b.cron("a", "")
	for _, tt := range []struct {
		query, body, fields string
		status              int
	}{
		{"", `{"action":"pause"}`, "ids", 400},
		{"", `{"action":"destroy","all":true}`, "action", 400},
		{"", `{"action":"pause","ids":[]}`, "ids", 400},
		{"?name=a", `{"action":"pause","ids":["a"]}`, "ids", 400},
		{"?name=a", `{"action":"pause","all":true}`, "all", 400},
		{"?limit=1", `{"action":"pause"}`, "limit", 400},
		{"?stauts=active", `{"action":"pause"}`, "stauts", 400},
		{"", `{"action":"run","all":true,"cancel_running":true,"catch_up":"all","set":{},"add_tags":["x"]}`, "cancel_running catch_up add_tags set", 400},
		{"", `{"action":"resume","all":true,"catch_up":"some"}`, "catch_up", 400},
		{"", `{"action":"tag","all":true}`, "add_tags", 400},
		{"", `{"action":"cancel","all":true,"for":"1h"}`, "for", 400},
		{"", `{"action":"pause","all":true,"for":"1h","until":"2099-01-01T00:00:00Z"}`, "for", 400},
		{"", `{"action":"set","all":true}`, "set", 400},
		{"", `{"action":"set","all":true,"set":{"max_retires":1,"Name":"x"}}`, "set.max_retires set.Name", 400},
		{"", `{"action":"set","all":true,"set":[]}`, "set", 400},
		{"", `{"action":"pause","all":true,"expect":-1}`, "expect", 400},
		{"", `{"action":"pause","all":true,"expect":2}`, "", 409},
		{"", `{"action":"pause","ids":["` + strings.Repeat(`a","`, api.MaxBulk) + `a"]}`, "ids", 400},
	} {
		if got := b.do("POST", base+"/jobs/bulk"+tt.query, tt.body).want(tt.status); got.fields() != tt.fields {
			t.Errorf("%s %.80s: fields %q, want %q: %s", tt.query, tt.body, got.fields(), tt.fields, got.Body)
		}
	}
	if j := read[job.Job](b.do("GET", base+"/jobs/a", "").want(200)); j.Revision != 1 {
		t.Errorf("a was changed: revision %d", j.Revision)
	}
}

// TestBulkKeepsToItsPlatform holds V5 for many jobs at once.
func TestBulkKeepsToItsPlatform(t *testing.T) {
	b := newBench(t)
	foreign := b.cron("theirs", `,"platform_id":"shop"`)
	b.who = control.Principal{Name: "web", Role: control.RoleOperator, Platform: "web"}
	b.cron("mine", "")
	if got, want := b.bulk("", `{"action":"pause","all":true}`), "1: 1 0 0 [mine done]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := b.bulk("", `{"action":"delete","ids":["theirs","`+foreign.ID.String()+`"]}`), "2: 0 0 2 [theirs failed not_found, "+foreign.ID.String()+" failed not_found]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
