package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestWait(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	running := failedRun()
	running.Status, running.CompletedAt, running.Error = job.Running, nil, ""
	looks := 0
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, r *http.Request) {
		e := failedRun()
		switch r.PathValue("id") {
		case "nightly-backup/183":
			e = succeededRun()
		case "nightly-backup/190":
			e = running
			e.ID = id(190)
		case id(190).String():
			if e = running; looks > 1 {
				e = failedRun()
			}
			e.ID = id(190)
			looks++
		case "nightly-backup/200", id(200).String():
			e = running
			e.ID = id(200)
		}
		reply(w, http.StatusOK, e)
	})
	s.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{succeededRun()})
	s.run("wait", "nightly-backup").check(t, exitOK, "nightly-backup/183 success\n")
	s.run("wait", "nightly-backup/184").check(t, exitOK, "nightly-backup/184 failed\n")
	s.run("wait", "nightly-backup/184", "--for", "success").check(t, exitRunFailed, "nightly-backup/184 failed\n", "error: nightly-backup/184 failed after 3 attempts")
	s.run("wait", "nightly-backup/190", "--for", "success").check(t, exitRunFailed, "", "running on node-a")
	s.run("wait", "nightly-backup/184", "nightly-backup/183", "-o", "name").check(t, exitOK, "nightly-backup/184\nnightly-backup/183\n")
	s.run("wait", "nightly-backup/200", "--for", "status=running").check(t, exitOK, "nightly-backup/184 running\n")
	s.run("wait", "nightly-backup/184", "--for", "status=running").check(t, exitConflict, "", "is failed now; it was waited for status=running")
	s.run("wait", "nightly-backup/200", "--timeout", "30ms").check(t, exitTimeout, "-", "nightly-backup/184 is not over after 30ms")
	s.run("wait", "nightly-backup/184", "--for", "next-run").check(t, exitUsage, "-", "takes jobs")
	over := backup()
	over.Status = job.JobCompleted
	s.on("GET /jobs/{id}", http.StatusOK, over)
	s.run("wait", "nightly-backup", "--for", "next-run").check(t, exitConflict, "-", "job nightly-backup is completed: no run follows")
}

func TestExecutionDiff(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, r *http.Request) {
		e := failedRun()
		if r.PathValue("id") == "nightly-backup/183" {
			e = succeededRun()
		}
		e.Payload = []byte(`{"to":"` + r.PathValue("id") + `","same":1}`)
		reply(w, http.StatusOK, e)
	})
	s.run("execution", "diff", "nightly-backup/183", "nightly-backup/184").check(t, exitFailed, ""+
		"   FIELD       nightly-backup/183  nightly-backup/184\n"+
		"~  status      success             failed\n"+
		"~  error       -                   exit status 2: disk full\n"+
		"~  exit_code   0                   2\n"+
		"~  payload.to  nightly-backup/183  nightly-backup/184\n"+
		"~  attempts    1/3                 3/3\n"+
		"~  duration    11m58s              0.8s\n")
	s.run("x", "diff", "nightly-backup/184", "nightly-backup/184").check(t, exitOK, "", "They do not differ.")
	s.run("x", "diff", "nightly-backup/184", "nightly-backup/183", "--jq", "[.items[].field]").
		check(t, exitFailed, `["status","error","exit_code","payload.to","attempts","duration"]`+"\n")
}

func TestBackfill(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	there := id(7)
	plan := api.Backfilled{Job: "report", Items: []api.BackfillItem{
		{Slot: now.Add(-48 * time.Hour), Local: "Fri 2026-11-20 17:30 +00:00", Action: api.BackfillExists, ExecutionID: &there, Run: "report/7", Status: job.Success},
		{Slot: now.Add(-24 * time.Hour), Local: "Sat 2026-11-21 17:30 +00:00", Action: api.BackfillCreate},
	}}
	s.handle("POST /jobs/{id}/backfill", func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 400)
		n, _ := r.Body.Read(body)
		out := plan
		if !strings.Contains(string(body[:n]), "dry_run") {
			out.Items = append([]api.BackfillItem{}, plan.Items...)
			out.Items[1].Action, out.Items[1].Run, out.Items[1].Status = api.BackfillCreated, "report/8", job.Pending
		}
		reply(w, http.StatusOK, out)
	})
	args := []string{"backfill", "report", "--from", "3d", "--to", "now", "--no-headers"}
	s.run(append(args, "--dry-run")...).check(t, exitOK, ""+
		"2026-11-20T17:30:00Z  Fri 2026-11-20 17:30 +00:00  exists  report/7  success\n"+
		"2026-11-21T17:30:00Z  Sat 2026-11-21 17:30 +00:00  create  -         -\n",
		`from: "3d" = Thu 2026-11-19 17:30 UTC`, "1 run would be made, 1 there already")
	s.run(args...).check(t, exitUsage, "-", "refusing without confirmation", "add --yes")
	if n := len(s.asked("POST")); n != 2 {
		t.Fatalf("%d requests, want two dry ones", n)
	}
	s.run(append(args, "--yes", "-o", "name")...).check(t, exitOK, "report/7\nreport/8\n", "1 run made, 1 there already")
	if got, want := s.asked("POST")[3].Body, `{"from":"2026-11-19T17:30:00Z","to":"2026-11-22T17:30:00Z","max":100}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run(append(args, "--parallel", "4", "--dry-run")...).check(t, exitOK, "")
	if got := s.asked("POST")[4].Body; !strings.Contains(got, `"parallel":4`) {
		t.Errorf("--parallel 4 sends %s", got)
	}
	s.run(append(args, "--parallel", "101")...).check(t, exitUsage, "-", "--parallel must be 0 to 100")
}

func TestNextBusyAndAt(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	at := func(d time.Duration, name string) api.ForecastItem {
		return api.ForecastItem{At: now.Add(d), Job: name, EstimateMS: new(int64(60_000))}
	}
	s.on("GET /next", http.StatusOK, []api.ForecastItem{at(30*time.Minute, "a"), at(30*time.Minute+30*time.Second, "b"), at(90*time.Minute+time.Minute, "a")})
	s.run("next", "--busy", "-o", "csv").check(t, exitOK, "minute,runs,estimated_duration_ms,jobs\n"+
		"2026-11-22T18:00:00Z,2,120000,\"a,b\"\n2026-11-22T19:01:00Z,1,60000,a\n")
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "next", "--busy", "--window", "3h").check(t, exitOK, ""+
		"UTC     0         10        20        30        40        50\n"+
		"Sun 18h █···························································  2\n"+
		"Sun 19h ·▁··························································  1\n"+
		"\n"+
		"MINUTE         RUNS    EST  JOBS\n"+
		"Sun 18:00 UTC     2  2m00s  a b\n"+
		"Sun 19:01 UTC     1  1m00s  a\n", "3 runs in 3h; busiest minute 2 runs")
	s.run("next", "--at", "18:00", "-o", "name").check(t, exitOK, "a\nb\n", `at: "18:00" = Sun 2026-11-22 18:00 UTC`)
	if got := s.asked("GET")[2].Query; got != "limit=1000&window=31m0s" {
		t.Errorf("asked %s", got)
	}
}

func TestNextClockChanges(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /clock-changes", http.StatusOK, []api.ClockChange{
		{At: now.Add(24 * time.Hour), Timezone: "America/New_York", Job: "backup", Kind: "gap", Local: "02:30", DSTPolicy: "once", Effect: "runs at 03:00 -04:00"},
		{At: now.Add(54 * time.Hour), Timezone: "Europe/Berlin", Job: "report", Kind: "gap", Local: "02:00–02:45 (4 times)", DSTPolicy: "wall", Effect: "skips them"},
	})
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "next", "--clock-changes").check(t, exitOK, ""+
		"WHEN            ZONE              JOB     TIME                   EFFECT\n"+
		"Mon 2026-11-23  America/New_York  backup  02:30                  runs at 03:00 -04:00\n"+
		"Wed 2026-11-25  Europe/Berlin     report  02:00–02:45 (4 times)  skips them\n")
	s.run("next", "backup", "--clock-changes", "--window", "7d", "-n", "2", "-o", "name").check(t, exitOK, "backup\nreport\n", "only the first 2")
	if a, b := s.asked("GET")[0].Query, s.asked("GET")[1].Query; a != "limit=20&window=5760h0m0s" || b != "job=backup&limit=2&window=168h0m0s" {
		t.Errorf("asked %s, %s", a, b)
	}
	for _, with := range [][]string{{"--busy"}, {"--at", "18:00"}} {
		s.run(append([]string{"next", "--clock-changes"}, with...)...).check(t, exitUsage, "-", "clock-changes")
	}
	s = newStub(t)
	s.on("GET /clock-changes", http.StatusOK, []api.ClockChange{})
	s.run("next", "--clock-changes").check(t, exitOK, "", "No change of a clock in the next 240d concerns a due time.")
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /health", http.StatusOK, api.Health{Status: "degraded", UptimeSeconds: 7200, Issues: []api.Issue{{Component: "queue", Severity: "warning", Message: "4 dead letters", Fix: "schedctl dlq list"}}})
	s.on("GET /queue", http.StatusOK, api.Queue{Driver: "memory", Ready: 5, OldestMS: new(int64(1200)), Running: 3, Delayed: 2, Dead: 4})
	s.on("GET /maintenance", http.StatusOK, api.Maintenance{})
	s.on("GET /next", http.StatusOK, []api.ForecastItem{{At: now.Add(time.Hour), Job: "a"}})
	s.alerts()
	s.jobsPage("1", backup())
	s.handle("GET /executions", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderTotalCount, or(map[string]string{"success": "118", "failed": "1", "running": "1"}[r.URL.Query().Get("status")], "0"))
		running := failedRun()
		running.Status, running.DurationMS = job.Running, nil
		reply(w, http.StatusOK, []job.Execution{running})
	})
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "status").check(t, exitOK, ""+
		"degraded  up 2h\n"+
		"  jobs        7: 1 pending, 1 active, 1 paused, 1 completed, 1 failed, 1 cancelled, 1 error\n"+
		"  last 24h    119 executions: 118 success, 1 failed; 99.2 % ok\n"+
		"  queue       5 ready, oldest 1.2s, 3 running, 2 delayed, 4 dead\n"+
		"  warning     queue: 4 dead letters  schedctl dlq list\n"+
		"  alert       a17 critical scheduler-timeout-spike: 7 > 5 for 10m  schedctl alert show a17\n"+
		"  alert       a16 warning scheduler-high-failure-rate: 11.2 % > 10 % for 5m  schedctl alert show a16\n"+
		"  failing     nightly-backup\n"+
		"\n"+
		"RUNNING             FOR     WORKER  ATTEMPT\n"+
		"nightly-backup/184  10h29m  node-a      3/3\n"+
		"\n"+
		"NEXT           LEFT  LAST  PASSED  EST  JOB\n"+
		"Sun 18:30 UTC  1h    -     -         -  a\n")
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /handlers", http.StatusOK, []client.Handler{{Name: "exec", Type: "function", Kind: "exec", Description: "run a command", Privileged: true}, {Name: "http", Type: "function", Kind: "http", Schema: json.RawMessage(`{"type":"object","required":["url"]}`)}})
	s.jobsPage("2", backup(), pausedSync())
	s.on("POST /jobs/cron", http.StatusCreated, backup())
	s.on("POST /jobs/{id}/run", http.StatusCreated, failedRun())
	s.on("DELETE /jobs/{id}", http.StatusNoContent, nil)
	s.on("GET /executions/{id}/logs", http.StatusOK, []job.LogEntry{{Seq: 1, Message: "hello"}})
	s.run("handler", "list", "-o", "csv").check(t, exitOK, "name,type,kind,privileged,description\nexec,function,exec,true,run a command\nhttp,function,http,false,\n")
	s.run("handler", "show", "exec", "--jq", "[.name, .jobs_count]").check(t, exitOK, "[\"exec\",2]\n")
	s.run("handler", "schema", "http").check(t, exitOK, "{\n  \"required\": [\n    \"url\"\n  ],\n  \"type\": \"object\"\n}\n")
	s.run("handler", "schema", "http", "--jq", ".required[0]").check(t, exitOK, "\"url\"\n")
	s.run("handler", "schema", "exec").check(t, exitNotFound, "-", "does not say what its payload looks like")
	s.run("handler", "show", "exe").check(t, exitNotFound, "-", `no handler "exe"`, "did you mean exec?")
	r := s.run("handler", "test", "exec", "--set", `command=["true"]`)
	r.check(t, exitRunFailed, "hello\n", "failed after 3 attempts")
	if sent := s.asked("POST /jobs/cron")[0].Body; !strings.Contains(sent, `"enabled":false`) || !strings.Contains(sent, `"payload":{"command":["true"]}`) {
		t.Errorf("created %s", sent)
	}
	if n := len(s.asked("DELETE")); n != 1 {
		t.Errorf("%d jobs were deleted", n)
	}
	s.run("handler", "test", "exec", "--keep").check(t, exitRunFailed, "")
	if n := len(s.asked("DELETE")); n != 1 {
		t.Errorf("with --keep %d jobs were deleted", n-1)
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.handle("GET /jobs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderNextCursor, "c2")
		if r.URL.Query().Get("total") == "true" {
			w.Header().Set(api.HeaderTotalCount, "8")
		}
		reply(w, http.StatusOK, []job.Job{backup()})
	})
	s.on("POST /jobs/{id}/pause", http.StatusNoContent, nil)
	s.on("GET /jobs/{id}", http.StatusNotFound, refusal(job.NotFound, "no such job"))
	s.run("api", "GET", "/jobs?limit=1", "--jq", ".total, .next_cursor, .items[0].name").check(t, exitOK, "8\n\"c2\"\n\"nightly-backup\"\n")
	if r := s.run("api", "get", "/jobs?limit=1"); !strings.HasPrefix(r.out, `[{"id":`) || r.code != exitOK {
		t.Errorf("raw: %s%s", r.out, r.err)
	}
	s.run("api", "POST", "/jobs/nightly-backup/pause", "--data", `{"reason":"x"}`, "--reason", "y").check(t, exitOK, "-")
	if got := s.asked("POST")[0]; got.Body != `{"reason":"x"}` || got.Header.Get(api.HeaderReason) != "y" {
		t.Errorf("sent %s, %v", got.Body, got.Header)
	}
	s.run("api", "GET", "/jobs/x").check(t, exitNotFound, "-", "error: no such job")
}
