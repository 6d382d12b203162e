package cli

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestMetricsCommand(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /metrics", http.StatusOK, api.Metrics{
		Jobs:        api.JobCounts{Total: 8, Active: 7, Paused: 1},
		Executions:  api.ExecutionCounts{Total: 1204, Successful: 1191, Failed: 9, Timeout: 2, Cancelled: 2, Skipped: 3, Missed: 1},
		Performance: api.Performance{SuccessRate: 99.98, AvgDurationMS: 1900, P50DurationMS: 700, P95DurationMS: 6200, P99DurationMS: 41000},
		Queue:       api.QueueCounts{Size: 5, Processing: 3, Delayed: 2, Failed: 4, OldestMS: new(int64(1200))},
		System:      api.System{Workers: 2, Node: "node-a", MemoryUsageMB: 61, CPUUsagePercent: 3.1, UptimeSeconds: 273600},
		TimeRange:   api.TimeRange{Start: now.Add(-24 * time.Hour), End: now}, GeneratedAt: now,
	})
	s.run("metrics", "--period", "24h").check(t, exitOK, ""+
		"JOBS          EXECUTIONS        PERFORMANCE          QUEUE             SYSTEM\n"+
		"total      8  total       1204  success      99.9 %  size           5  workers         2\n"+
		"active     7  successful  1191  avg            1.9s  processing     3  memory   61.0 MiB\n"+
		"paused     1  failed         9  p50            0.7s  delayed        2  cpu         3.1 %\n"+
		"completed  0  timeout        2  p95            6.2s  dead           4  uptime       3d4h\n"+
		"failed     0  cancelled      2  p99             41s  oldest      1.2s  node       node-a\n"+
		"cancelled  0  skipped        3\n"+
		"error      0  missed         1\n",
		"from 2026-11-21T17:30:00Z to 2026-11-22T17:30:00Z")
	if got := s.asked("GET")[0].Query; got != "period=24h" {
		t.Errorf("asked for %s, want period=24h", got)
	}
	s.run("metrics", "--since", "2d", "--until", "1d", "-o", "json", "--jq", ".queue.failed").check(t, exitOK, "4\n")
	if got, want := s.asked("GET")[1].Query, "from=2026-11-20T17%3A30%3A00Z&to=2026-11-21T17%3A30%3A00Z"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	r := s.run("metrics", "-o", "csv")
	if !strings.HasPrefix(r.out, "metric,value\njobs.total,8\n") || !strings.Contains(r.out, "\nexecutions.missed,1\n") || !strings.Contains(r.out, "\nsystem.node,node-a\n") {
		t.Errorf("as csv: %s", r.out)
	}
	s.run("metrics", "--period", "1y").check(t, exitUsage, "-", "1h, 24h, 7d")
	s.run("metrics", "--period", "1h", "--since", "1d").check(t, exitUsage, "-", "")

	s.mux.HandleFunc("GET "+api.RouteExposition, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "# TYPE schedd_store_up gauge\nschedd_store_up 1\n")
	})
	s.run("metrics", "--prometheus").check(t, exitOK, "# TYPE schedd_store_up gauge\nschedd_store_up 1\n")
	s.run("metrics", "--prometheus", "--period", "1h").check(t, exitUsage, "-", "")
	s.run("metrics", "--prometheus", "-o", "json").check(t, exitUsage, "-", "")

	none := newStub(t)
	none.on("GET /metrics", http.StatusOK, api.Metrics{})
	if r := none.run("metrics"); !strings.Contains(r.out, "success      -  size") {
		t.Errorf("when nothing ran: %s", r.out)
	}
}

func TestJobStatsCommand(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	stats := api.JobStats{
		JobName: "reindex", TotalExecutions: 120, Successful: 118, Failed: 1, Timeout: 1, SuccessRate: 98.33,
		AvgDurationMS: new(int64(192_000)), MinDurationMS: new(int64(121_000)), MaxDurationMS: new(int64(372_000)),
		P50DurationMS: new(int64(185_000)), P95DurationMS: new(int64(284_000)), P99DurationMS: new(int64(371_000)),
		LastExecution:   &api.LastExecution{Run: "reindex/812", Status: job.Success, StartedAt: now.Add(-time.Hour), DurationMS: new(int64(189_000))},
		NextExecution:   &api.NextExecution{ScheduledAt: now.Add(30 * time.Minute), EstimatedDurationMS: new(int64(192_000))},
		FailurePatterns: []api.Pattern{{ErrorType: "http_5xx", Message: "HTTP 502", Count: 1, LastOccurrence: now.Add(-48 * time.Hour)}},
		Timezone:        "UTC", BusiestHours: []api.BusyHour{{Hour: 12, ExecutionCount: 31}, {Hour: 0, ExecutionCount: 30}},
		Trend: []api.DayStats{{Day: "2026-11-20", Executions: 4, Successful: 4, AvgDurationMS: new(int64(96_000))}, {Day: "2026-11-21", Executions: 4, AvgDurationMS: new(int64(192_000))}},
	}
	s.on("GET /jobs/{id}/stats", http.StatusOK, stats)
	const figures = "" +
		"executions  120   118 successful   1 failed   1 timeout   success 98.3 %\n" +
		"duration    avg 3m12s   min 2m01s   p50 3m05s   p95 4m44s   p99 6m11s   max 6m12s\n" +
		"trend       +@   (average by day, since 2026-11-20)\n" +
		"last        success reindex/812, 2026-11-22T16:30:00Z, 3m09s\n" +
		"next        2026-11-22T18:00:00Z, expect 3m12s\n" +
		"busiest     00h (30)  12h (31)   UTC\n"
	const failures = "\n" +
		"FAILURE   PATTERN   COUNT  LAST\n" +
		"http_5xx  HTTP 502      1  2026-11-20T17:30:00Z\n"
	s.run("job", "stats", "reindex", "--since", "30d").check(t, exitOK, figures+failures)
	if got, want := s.asked("GET")[0].Query, "since=2026-10-23T17%3A30%3A00Z"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	seen := s.runIn(world{tty: true, width: 120}, "job", "stats", "reindex").out
	if want := "last        \x1b[32m✓ success\x1b[0m reindex/812, "; !strings.Contains(seen, want) {
		t.Errorf("on a terminal %q, want %q in it", seen, want)
	}
	s.run("job", "stats", "reindex", "--graph").check(t, exitOK, figures+"\n"+
		"DAY         RUNS    AVG  SHARE\n"+
		"2026-11-20     4  1m36s  ########################################\n"+
		"2026-11-21     4  3m12s  ########################################\n"+failures)
	s.run("job", "stats", "reindex", "--jq", ".p95_duration_ms").check(t, exitOK, "284000\n")
	s.run("job", "stats").check(t, exitUsage, "-", "JOB")
	s.run("job", "stats", "reindex", "--since", "soon").check(t, exitUsage, "-", "since")

	never := newStub(t)
	never.on("GET /jobs/{id}/stats", http.StatusOK, api.JobStats{JobName: "a"})
	never.run("job", "stats", "a").check(t, exitOK, "executions  0\n")
}
