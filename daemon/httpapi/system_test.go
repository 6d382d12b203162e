package httpapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

func TestNext(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/cron", `{"name":"gap","schedule":"30 2 * * *","timezone":"America/New_York","handler_name":"noop"}`).want(201)
	got := read[api.Explained](b.do("GET", base+"/jobs/gap/next?count=3", "").want(200))
	if len(got.Items) != 3 || got.Items[0].Local != "Tue 2026-11-24 02:30 -05:00" || got.Words == "" || got.Canonical == "" || got.PerDay == 0 || got.Job != "gap" {
		t.Errorf("next = %+v", got)
	}
	if len(got.DST) == 0 || got.DST[0].Kind != "gap" {
		t.Errorf("daylight saving = %+v", got.DST)
	}
	from := read[api.Explained](b.do("GET", base+"/jobs/gap/next?count=1&from=2027-03-14T07:00:00Z", "").want(200))
	if len(from.Items) != 1 || from.Items[0].Local != "Sun 2027-03-14 03:00 -04:00" {
		t.Errorf("next in the gap = %+v", from.Items)
	}
	b.do("POST", base+"/jobs/gap/pause", "").want(204)
	if paused := read[api.Explained](b.do("GET", base+"/jobs/gap/next", "").want(200)); len(paused.Items) != 5 || !strings.Contains(paused.Note, "paused") {
		t.Errorf("next of a paused job = %+v", paused)
	}
	b.do("POST", base+"/jobs/gap/cancel", "").want(204)
	if over := read[api.Explained](b.do("GET", base+"/jobs/gap/next", "").want(200)); len(over.Items) != 0 || !strings.Contains(over.Note, "cancelled") {
		t.Errorf("next of a cancelled job = %+v", over)
	}
	b.do("POST", base+"/jobs/recurring", `{"name":"two","schedule":"@hourly","start_date":"2026-11-23T12:00:00Z","max_executions":2,"handler_name":"noop"}`).want(201)
	if two := read[api.Explained](b.do("GET", base+"/jobs/two/next", "").want(200)); len(two.Items) != 2 {
		t.Errorf("next of a job with two runs = %+v", two.Items)
	}
}

func TestForecast(t *testing.T) {
	b := newBench(t)
	b.cron("hourly", "")
	b.do("POST", base+"/jobs/cron", `{"name":"half","schedule":"30 * * * *","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/once", `{"name":"once","in":"90m","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/recurring", `{"name":"two","schedule":"15 * * * *","start_date":"2026-11-23T12:00:00Z","max_executions":2,"handler_name":"noop"}`).want(201)
	b.cron("off", `,"enabled":false`)
	coming := func(query string) string {
		var out []string
		for _, i := range read[[]api.ForecastItem](b.do("GET", base+"/next"+query, "").want(200)) {
			out = append(out, i.At.Format("1504")+i.Job)
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"?window=2h30m": "1215two 1230half 1300hourly 1315two 1330half 1330once 1400hourly", "?window=2h30m&limit=3": "1215two 1230half 1300hourly",
		"?window=1d&limit=1": "1215two", "?window=3h&job=hourly,once": "1300hourly 1330once 1400hourly", "?window=1s": "",
	} {
		if got := coming(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if all := read[[]api.ForecastItem](b.do("GET", base+"/next", "").want(200)); len(all) != 24+24+1+2-1 && len(all) != 24+24+1+2 {
		t.Errorf("%d runs in a day", len(all))
	}
	b.do("GET", base+"/next?job=nope", "").want(404)
}

func TestAuditSlots(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"a", "b", "c"} {
		b.cron(name, "")
	}
	b.now = monday.Add(5*time.Hour + time.Second)
	b.plan()
	b.do("POST", base+"/jobs/a/pause", "").want(204)
	b.now = b.now.Add(3 * time.Hour)
	b.do("POST", base+"/jobs/a/resume", `{"catch_up":"once"}`).want(204)
	b.do("PUT", base+"/jobs/a/reschedule", `{"schedule":"@every 7m"}`).want(200)
	b.now = b.now.Add(time.Hour)
	b.plan()
	b.do("DELETE", base+"/jobs/b", "").want(204)
	var audits []api.SlotAudit
	for cursor := ""; ; {
		got := b.do("GET", base+"/audit/slots?limit=2"+cursor, "").want(200)
		audits = append(audits, read[[]api.SlotAudit](got)...)
		if cursor = got.Header.Get(api.HeaderNextCursor); cursor == "" {
			break
		}
		cursor = "&cursor=" + cursor
	}
	if len(audits) != 3 {
		t.Fatalf("%d audits", len(audits))
	}
	for _, a := range audits {
		if !a.Balanced || a.Planned == 0 || a.Planned != a.Ran+a.Skipped+a.Pruned {
			t.Errorf("audit = %+v", a)
		}
	}
	if one := read[[]api.SlotAudit](b.do("GET", base+"/audit/slots?job=a", "").want(200)); len(one) != 1 || one[0].Job != "a" {
		t.Errorf("audit of one = %+v", one)
	}
	b.do("GET", base+"/audit/slots?job=x", "").want(404)
}

func TestHealth(t *testing.T) {
	var last time.Time
	var lag time.Duration
	var away error
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.Health.Ticked = func() (time.Time, time.Duration) { return last, lag }
		c.Health.Queue = func(context.Context) (queue.Info, error) { return queue.Info{}, away }
	})
	health := func(status int) api.Health {
		t.Helper()
		return read[api.Health](b.do("GET", base+"/health", "").want(status))
	}
	last = b.now
	first := health(200)
	if first.Status != control.Degraded || first.Components["workers"].Status != "down" || first.Components["database"].LatencyMS == nil {
		t.Errorf("without workers = %+v", first)
	}
	b.now = b.now.Add(time.Minute)
	last = b.now
	if again := health(200); !again.Issues[0].Since.Equal(monday) || again.UptimeSeconds != 60 {
		t.Errorf("a minute later = %+v", again)
	}
	b.cron("x", "")
	b.settle(read[job.Execution](b.do("POST", base+"/jobs/x/run", "").want(201)).ID, job.EventSucceed) // opens a session
	if well := health(200); well.Status != control.Healthy || len(well.Issues) != 0 || *well.Components["workers"].ActiveCount != 1 {
		t.Errorf("with a worker = %+v", well)
	}
	away, lag = errors.New("redis is away"), 7*time.Second
	if bad := health(200); bad.Status != control.Degraded || len(bad.Issues) != 2 {
		t.Errorf("without a queue, late = %+v", bad)
	}
	last = b.now.Add(-time.Minute)
	if stuck := health(503); stuck.Status != control.Unhealthy || stuck.Components["scheduler"].Status != "down" {
		t.Errorf("stuck = %+v", stuck)
	}
	b.do("GET", "/readyz", "").want(200)
	b.draining.Store(true)
	b.do("GET", "/readyz", "").want(503)
	b.draining.Store(false)
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	if down := health(503); down.Components["database"].Status != "down" {
		t.Errorf("without a store = %+v", down)
	}
	got := b.do("GET", "/readyz", "").want(503)
	if got.Header.Get("Retry-After") == "" {
		t.Errorf("503 without Retry-After")
	}
	b.do("GET", base+"/jobs", "").want(503)
	b.do("GET", "/livez", "").want(200)
}

func TestVersionAndHandlers(t *testing.T) {
	b := newBench(t)
	got := b.do("GET", base+"/version", "", "X-Request-Id: mine-1").want(200)
	if v := read[api.Version](got); v.Version != "test" || !strings.HasPrefix(v.Store, "sqlite ") || v.Schema == 0 {
		t.Errorf("version = %+v", v)
	}
	if got.Header.Get(api.HeaderRequestID) != "mine-1" || got.Header.Get(api.HeaderVersion) != "test" {
		t.Errorf("headers = %v", got.Header)
	}
	if odd := b.do("GET", base+"/version", "", "X-Request-Id: a b\"c"); odd.Header.Get(api.HeaderRequestID) == "a b\"c" {
		t.Errorf("a strange request id was taken over")
	}
	handlers := read[[]map[string]any](b.do("GET", base+"/handlers", "").want(200))
	if len(handlers) != 3 || handlers[0]["name"] != "exec" || handlers[0]["privileged"] != true {
		t.Errorf("handlers = %v", handlers)
	}
	with := newBench(t, func(c *control.Options, _ *Options) {
		c.Functions = func() []string { return []string{"resize", "exec", "archive"} }
	})
	var names []string
	for _, h := range read[[]handler.Info](with.do("GET", base+"/handlers", "").want(200)) {
		names = append(names, h.Name+" "+h.Kind)
	}
	if len(names) != 5 || names[0] != "archive worker" || !slices.Contains(names, "resize worker") || slices.Contains(names, "exec worker") {
		t.Errorf("with functions of other programs: %v", names)
	}
}
