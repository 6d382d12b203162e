package httpapi

import (
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
)

// TestClockChanges: what the coming changes of clocks do, job by job, by its own rule.
func TestClockChanges(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/cron", `{"name":"gap","schedule":"30 2 * * *","timezone":"America/New_York","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron", `{"name":"wall","schedule":"30 2 * * *","timezone":"Europe/Berlin","dst_policy":"wall","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron", `{"name":"twice","schedule":"30 2 * * *","timezone":"Australia/Sydney","dst_policy":"wall","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron", `{"name":"even","schedule":"*/5 * * * *","timezone":"Europe/Berlin","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron", `{"name":"noon","schedule":"0 12 * * *","timezone":"Europe/Berlin","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron", `{"name":"utc","schedule":"30 2 * * *","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/cron", `{"name":"off","schedule":"30 2 * * *","timezone":"Europe/Berlin","enabled":false,"handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/once", `{"name":"once","execute_at":"2027-03-28T01:30:00Z","handler_name":"noop"}`).want(201)
	changes := func(query string) string {
		var out []string
		for _, c := range read[[]api.ClockChange](b.do("GET", base+"/clock-changes"+query, "").want(200)) {
			out = append(out, strings.Join([]string{c.At.Format("01-02T15:04"), c.Job, c.Kind, c.Local, c.DSTPolicy, c.Effect}, " "))
		}
		return strings.Join(out, "; ")
	}
	newYork := "03-14T07:00 gap gap 02:30 once runs at 03:00 -04:00"
	berlin := "03-28T01:00 wall gap 02:30 wall skips the day"
	sydney := "04-03T16:00 twice repeat 02:30 wall runs at 02:30 +11:00 and again at 02:30 +10:00"
	for query, want := range map[string]string{
		"": newYork + "; " + berlin + "; " + sydney, "?limit=1": newYork, "?window=112d": newYork, "?window=30d": "",
		"?job=wall,gap": newYork + "; " + berlin, "?job=noon": "", "?job=off": "", "?job=once": "",
	} {
		if got := changes(query); got != want {
			t.Errorf("%q: got  %s\nwant %s", query, got, want)
		}
	}
	b.do("GET", base+"/clock-changes?job=nope", "").want(404)
}
