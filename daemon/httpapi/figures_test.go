package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ran runs a job and ends it.
func (b *bench) ran(name string, event job.Event) {
	b.t.Helper()
	e := read[job.Execution](b.do("POST", base+"/jobs/"+name+"/run", "").want(201))
	b.settle(e.ID, event)
}

func TestMetrics(t *testing.T) {
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.Vitals = func() control.Vitals { return control.Vitals{Resident: 61 << 20, CPU: 3.14} }
		c.Version.Node = "node-a"
	})
	b.cron("a", "")
	b.cron("b", `,"enabled":false`)
	for range 3 {
		b.ran("a", job.EventSucceed)
	}
	b.ran("a", job.EventFail)
	b.ran("a", "") // runs on
	b.now = b.now.Add(90 * time.Second)
	metrics := func(query string) api.Metrics {
		t.Helper()
		return read[api.Metrics](b.do("GET", base+"/metrics"+query, "").want(200))
	}
	got := metrics("")
	if want := (api.ExecutionCounts{Total: 4, Successful: 3, Failed: 1, Running: 1}); got.Executions != want {
		t.Errorf("executions = %+v, want %+v", got.Executions, want)
	}
	if want := (api.Performance{SuccessRate: 75, AvgDurationMS: 1000, P50DurationMS: 1000, P95DurationMS: 1000, P99DurationMS: 1000}); got.Performance != want {
		t.Errorf("performance = %+v, want %+v", got.Performance, want)
	}
	if want := (api.JobCounts{Total: 2, Active: 1, Paused: 1}); got.Jobs != want {
		t.Errorf("jobs = %+v, want %+v", got.Jobs, want)
	}
	if q := got.Queue; q.Processing != 1 || q.Failed != 1 || q.Size != 0 || q.OldestMS != nil {
		t.Errorf("queue = %+v, want one in process, one dead letter", q)
	}
	if want := (api.System{Workers: 1, Node: "node-a", MemoryUsageMB: 61, CPUUsagePercent: 3.1, UptimeSeconds: 90}); got.System != want {
		t.Errorf("system = %+v, want %+v", got.System, want)
	}
	if r := got.TimeRange; r.End.Sub(r.Start) != 24*time.Hour+time.Minute || r.End.Before(b.now) || r.Start.Second() != 0 {
		t.Errorf("time range = %+v, want whole minutes around the last 24 h", r)
	}
	if week := metrics("?period=7d"); week.Executions.Total != 4 || week.TimeRange.Start.Minute() != 0 {
		t.Errorf("of a week = %+v, want 4 within whole hours", week)
	}
	at := func(d time.Duration) string { return monday.Add(d).Format(time.RFC3339) }
	if free := metrics("?from=" + at(0) + "&to=" + at(time.Minute)); free.Executions.Total != 4 {
		t.Errorf("of the minute = %+v, want 4", free.Executions)
	}
	if before := metrics("?from=" + at(-time.Hour) + "&to=" + at(0)); before.Executions.Total != 0 || before.Performance != (api.Performance{}) {
		t.Errorf("of the hour before = %+v %+v, want nothing", before.Executions, before.Performance)
	}
	b.do("POST", base+"/jobs/cron?platform_id=web", `{"name":"c","schedule":"0 * * * *","handler_name":"noop"}`).want(201)
	if web := metrics("?platform_id=web"); web.Executions.Total != 0 || web.Jobs.Total != 1 {
		t.Errorf("of another platform = %+v, want one job", web)
	}
	b.who.Platform = "web"
	if web := metrics(""); web.Executions.Total != 0 || web.Jobs.Total != 1 || web.Queue.Failed != 0 {
		t.Errorf("for somebody of another platform = %+v, want one job", web)
	}
	b.do("GET", base+"/metrics?platform_id=default", "").want(403)
}

func TestMetricsRefuses(t *testing.T) {
	b := newBench(t)
	for query, field := range map[string]string{
		"period=1y": "period", "period=": "period", "period=24h&period=1h": "period", "since=1h": "since",
		"from=yesterday": "from", "from=2026-11-23T13:00:00Z": "from", "from=2026-11-23T11:00:00Z&to=2026-11-23T10:00:00Z": "from",
		"from=2020-01-01T00:00:00Z": "from", "period=1h&from=2026-11-23T11:00:00Z": "period", "period=1h&to=2026-11-23T11:00:00Z": "period",
		"to=2020-01-01T00:00:00Z": "from",
	} {
		if got := b.do("GET", base+"/metrics?"+query, "").want(400).fields(); got != field {
			t.Errorf("%s: fields at fault %q, want %q", query, got, field)
		}
	}
}

func TestJobStats(t *testing.T) {
	b := newBench(t)
	b.cron("a", `,"timezone":"Asia/Kolkata"`)
	stats := func(query string) api.JobStats {
		t.Helper()
		return read[api.JobStats](b.do("GET", base+"/jobs/a/stats"+query, "").want(200))
	}
	if never := stats(""); never.TotalExecutions != 0 || never.AvgDurationMS != nil || never.LastExecution != nil || never.NextExecution == nil ||
		never.NextExecution.EstimatedDurationMS != nil || never.BusiestHours == nil || never.Trend == nil {
		t.Errorf("of a job that never ran = %+v", never)
	}
	for range 3 {
		b.ran("a", job.EventSucceed)
	}
	b.now = b.now.Add(45 * time.Minute)
	b.ran("a", job.EventFail)
	got := stats("")
	if got.TotalExecutions != 4 || got.Successful != 3 || got.Failed != 1 || got.SuccessRate != 75 || got.JobName != "a" || got.Since != nil {
		t.Errorf("stats = %+v, want 3 of 4 successful", got)
	}
	for name, ms := range map[string]*int64{"avg": got.AvgDurationMS, "min": got.MinDurationMS, "max": got.MaxDurationMS, "p50": got.P50DurationMS, "p95": got.P95DurationMS, "p99": got.P99DurationMS} {
		if ms == nil || *ms != 1000 {
			t.Errorf("%s duration = %v, want 1000", name, ms)
		}
	}
	if last := got.LastExecution; last == nil || last.Run != "a/4" || last.Status != job.Failed || !last.StartedAt.Equal(b.now) || *last.DurationMS != 1000 {
		t.Errorf("last execution = %+v, want a/4", got.LastExecution)
	}
	if next := got.NextExecution; next == nil || next.EstimatedDurationMS == nil || *next.EstimatedDurationMS != 1000 || !next.ScheduledAt.Equal(monday.Add(30*time.Minute)) {
		t.Errorf("next execution = %+v, want one that takes a second", got.NextExecution)
	}
	if p := got.FailurePatterns; len(p) != 1 || p[0].ErrorType != "exit_status" || p[0].Message != "exit status 2: disk full" || p[0].Count != 1 || !p[0].LastOccurrence.Equal(b.now.Add(time.Second)) {
		t.Errorf("failure patterns = %+v", p)
	}
	// 12:00 UTC is 17:30 in Kolkata, and 12:45 is 18:15.
	if hours := fmt.Sprint(got.BusiestHours); hours != "[{17 3} {18 1}]" || got.Timezone != "Asia/Kolkata" {
		t.Errorf("busiest hours = %s in %s, want [{17 3} {18 1}]", hours, got.Timezone)
	}
	if len(got.Trend) != 1 || got.Trend[0].Day != "2026-11-23" || got.Trend[0].Executions != 4 {
		t.Errorf("trend = %+v, want one day", got.Trend)
	}
	b.now = b.now.Add(3 * time.Hour)
	if none := stats("?since=" + b.now.Add(-time.Hour).Format(time.RFC3339)); none.TotalExecutions != 0 || none.SuccessRate != 0 || none.Since == nil || none.LastExecution == nil {
		t.Errorf("of the last hour = %+v, want none", none)
	}
	if all := stats("?since=" + monday.Format(time.RFC3339)); all.TotalExecutions != 4 {
		t.Errorf("since monday = %d, want 4", all.TotalExecutions)
	}
	b.do("GET", base+"/jobs/nobody/stats", "").want(404)
	b.do("GET", base+"/jobs/a/stats?platform_id=web", "").want(404)
	for _, query := range []string{"since=x", "since=2030-01-01T00:00:00Z", "period=1h"} {
		b.do("GET", base+"/jobs/a/stats?"+query, "").want(400)
	}
}

func TestPlatformHealth(t *testing.T) {
	b := newBench(t)
	b.cron("a", "")
	b.do("POST", base+"/jobs/a/run", "").want(201)
	got := read[api.PlatformHealth](b.do("GET", api.RoutePlatform, "").want(200))
	if s := got.Components.Scheduler; s.Status != "up" || s.ActiveJobs != 1 || s.PendingExecutions != 1 || s.QueueHealth != "healthy" || got.Components.Database.Status != "up" {
		t.Errorf("platform health = %+v", got)
	}
	if probe := read[api.Health](b.do("GET", api.RouteHealthz, "").want(200)); probe.Status != got.Status || probe.Components["database"].LatencyMS == nil {
		t.Errorf("healthz = %+v, want the same status", probe)
	}
	_ = b.store.Close()
	if dead := read[api.PlatformHealth](b.do("GET", api.RoutePlatform, "").want(503)); dead.Status != "unhealthy" || dead.Components.Database.Status != "down" {
		t.Errorf("without a store = %+v", dead)
	}
	b.do("GET", api.RouteHealthz, "").want(503)
}

// TestHealthOfTheDisk: little room is a warning, told with the sizes of logs to who
// reaches all platforms.
func TestHealthOfTheDisk(t *testing.T) {
	free := int64(300 << 20)
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.Health.Disk, c.Health.DiskLow = func() (int64, int64, error) { return free, 40 << 30, nil }, 256<<20
		c.Cleanup.LogCaps = store.LogCaps{Job: 64 << 20, Total: 1 << 30}
	})
	health := func() (about map[string]string, low bool) {
		h := read[api.Health](b.do("GET", base+"/health", "").want(200))
		about = map[string]string{}
		for name, part := range h.Components {
			about[name] = part.Message
		}
		return about, slices.ContainsFunc(h.Issues, func(i api.Issue) bool { return i.Component == "disk" && i.Severity == "warning" })
	}
	if about, low := health(); about["disk"] != "300 MiB of 40 GiB left" || low || about["logs"] != "0 KiB of 1024 MiB at most, 64 MiB a job" {
		t.Errorf("with room: %v, low %v", about, low)
	}
	free = 100 << 20
	if about, low := health(); about["disk"] != "100 MiB of 40 GiB left" || !low {
		t.Errorf("with little room: %v, low %v", about, low)
	}
	b.who = control.Principal{Name: "ci", Role: control.RoleViewer, Platform: "web"}
	if about, low := health(); about["disk"] != "" || about["logs"] != "" || low {
		t.Errorf("of one platform: %v, low %v", about, low)
	}
}

// TestNearlyFull: below a bound new work is refused, what makes room and what looks is
// not, and work is taken again as soon as there is room.
func TestNearlyFull(t *testing.T) {
	t.Parallel()
	free := int64(1 << 30)
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.Health.Disk, c.Health.DiskLow, c.Health.DiskFull = func() (int64, int64, error) { return free, 40 << 30, nil }, 256<<20, 64<<20
	})
	b.cron("a", "")
	b.do("POST", base+"/jobs/a/run", "").want(201)
	free = 10 << 20
	const body = `{"name":"b","schedule":"0 3 * * *","handler_name":"noop"}`
	news := []struct{ path, body string }{
		{"/jobs/cron", body}, {"/jobs/a/run", ""}, {"/events", `{"event":"x:y"}`}, {"/jobs/apply", `{"jobs":[{"type":"cron",` + body[1:] + `]}`},
		{"/jobs/a/backfill", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-03T00:00:00Z"}`},
	}
	for _, n := range news {
		got := b.do("POST", base+n.path, n.body)
		answer := read[api.ErrorBody](got.want(503))
		if answer.Code != job.StorageFull || !strings.Contains(answer.Hint, "health.disk_full_bytes") || got.Header.Get("Retry-After") == "" {
			t.Errorf("POST %s = %+v, Retry-After %q; want storage_full, with what to do", n.path, answer, got.Header.Get("Retry-After"))
		}
	}
	h := read[api.Health](b.do("GET", base+"/health", "").want(200))
	full := slices.IndexFunc(h.Issues, func(i api.Issue) bool { return i.Component == "disk" && i.Severity == "error" })
	if full < 0 || h.Status != "degraded" || h.Components["disk"].Status != "down" || h.Issues[full].Since.IsZero() || h.Issues[full].Fix == "" {
		t.Errorf("health = %+v, want an error of the disk, since when, and what to do", h)
	}
	b.do("POST", base+"/jobs/cron?dry_run=true", body).want(200)
	b.do("GET", base+"/jobs", "").want(200)
	b.do("POST", base+"/jobs/a/pause", "").want(204)
	b.do("DELETE", base+"/jobs/a", "").want(204)
	free = 1 << 30
	b.do("POST", base+"/jobs/cron", body).want(201)
	if h := read[api.Health](b.do("GET", base+"/health", "").want(200)); h.Components["disk"].Status != "up" {
		t.Errorf("with room again: %+v", h)
	}
}
