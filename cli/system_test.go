package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestExplainExpression(t *testing.T) {
	t.Parallel()
	runIn(t, world{tty: true}, "explain", "30 2 * * *", "--tz", "America/New_York", "--count", "3").check(t, exitOK, ""+
		"At 02:30, every day (America/New_York)        1 run/day, 365/year\n"+
		"\n"+
		"#  LOCAL                        UTC               IN\n"+
		"1  Mon 2026-11-23 02:30 -05:00  2026-11-23 07:30  14h\n"+
		"2  Tue 2026-11-24 02:30 -05:00  2026-11-24 07:30  1d14h\n"+
		"3  Wed 2026-11-25 02:30 -05:00  2026-11-25 07:30  2d14h\n"+
		"\n"+
		"daylight saving:\n"+
		"  2027-03-14  02:30 does not exist; dst_policy \"once\" runs at 03:00 -04:00, \"wall\" skips the day\n")

	r := runIn(t, world{}, "explain", "30 2 * * *", "--tz", "America/New_York", "--from", "2026-03-07", "-n", "3", "-o", "json")
	var x api.Explained
	if err := json.Unmarshal([]byte(r.out), &x); err != nil {
		t.Fatalf("%v in %s", err, r.out)
	}
	want := []string{"2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}
	for i, slot := range x.Items {
		if got := slot.At.Format(time.RFC3339); got != want[i] {
			t.Errorf("item %d is %s, want %s", i, got, want[i])
		}
		if !strings.Contains(r.out, `"at": "`+want[i]+`"`) {
			t.Errorf("%s is not written as such in %s", want[i], r.out)
		}
	}
	runIn(t, world{}, "explain", "30 2 * * *", "--tz", "America/New_York", "--dst", "wall", "--from", "2026-03-07", "-n", "3", "-o", "name").
		check(t, exitOK, "2026-03-07T07:30:00Z\n2026-03-09T06:30:00Z\n2026-03-10T06:30:00Z\n")
	runIn(t, world{}, "explain", "*/30 * * * * *", "-n", "2", "-q").check(t, exitOK, "2026-11-22T17:30:00Z\n2026-11-22T17:30:30Z\n")
}

func TestExplainRefuses(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{"61 * * * *", "0 0 30 2 *", "", "* * * *", "@reboot", "a\nb * * * *", "5-* * * * *", "\x1b[2J * * * *"} {
		r := runIn(t, world{}, "explain", expr)
		r.check(t, exitUsage, "-", "error: ")
		if strings.Contains(r.err, "\x1b") {
			t.Errorf("%q: the terminal is driven: %q", expr, r.err)
		}
	}
	r := runIn(t, world{}, "explain", "0 25 * * *")
	if !strings.Contains(r.err, "  0 25 * * *\nhint:     ^\n") {
		t.Errorf("the place is not marked: %s", r.err)
	}
}

func TestExplainJob(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Job: "nightly-backup", Words: "At 02:00", Timezone: "UTC", Note: "the job is paused"})
	s.run("explain", "nightly-backup", "-n", "3", "--from", "2026-12-01T00:00:00Z").check(t, exitOK, "nightly-backup: At 02:00\nthe job is paused\n")
	if got, want := s.asked("GET")[0].Query, "count=3&from=2026-12-01T00%3A00%3A00Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /next", http.StatusOK, []api.ForecastItem{
		{At: now.Add(30 * time.Minute), Job: "reindex", LastRun: new(now.Add(-330 * time.Minute)), EstimateMS: new(int64(192_000)), Timezone: "UTC"},
		{At: now.Add(8*time.Hour + 30*time.Minute), Job: "cleanup", Timezone: "UTC"},
	})
	s.runIn(world{tty: true}, "next", "--window", "1d", "cleanup", "reindex").check(t, exitOK, ""+
		"NEXT           LEFT   LAST           PASSED    EST  JOB\n"+
		"Sun 18:00 UTC  30m    Sun 12:00 UTC  5h30m   3m12s  reindex\n"+
		"Mon 02:00 UTC  8h30m  -              -           -  cleanup\n",
		"2 runs in 1d; busiest minute 1 run; estimated worker time 3m12s")
	if got, want := s.asked("GET")[0].Query, "job=cleanup%2Creindex&limit=20&window=24h0m0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run("forecast", "-n", "2").check(t, exitOK, ""+
		"NEXT                  LAST                    EST  JOB\n"+
		"2026-11-22T18:00:00Z  2026-11-22T12:00:00Z  3m12s  reindex\n"+
		"2026-11-23T02:00:00Z  -                         -  cleanup\n", "only the first 2 runs")
}

func TestWhy(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	w := api.Why{
		Subject: "nightly-backup/185", Verdict: "skipped, because run 184 was not over", Change: "set --overlap queue_one",
		Steps: []api.WhyStep{{Check: "schedule", Result: "ok", Detail: "due at 07:00", At: new(now)}, {Check: "overlap", Result: "skipped", Detail: "184 ran"}},
	}
	s.on("GET /executions/{id}/why", http.StatusOK, w)
	s.on("GET /executions/"+id(1).String()+"/why", http.StatusNotFound, refusal(job.NotFound, "no such execution"))
	s.on("GET /jobs/{id}/why", http.StatusOK, w)
	s.run("why", "nightly-backup/185").check(t, exitOK, ""+
		"nightly-backup/185: skipped, because run 184 was not over\n"+
		"\n"+
		"CHECK     RESULT   AT                    DETAIL\n"+
		"schedule  ok       2026-11-22T17:30:00Z  due at 07:00\n"+
		"overlap   skipped  -                     184 ran\n",
		"hint: set --overlap queue_one")
	s.run("why", "nightly-backup", "--at", "yesterday 02:00").check(t, exitOK, "")
	if got, want := s.asked("GET /jobs")[0].Query, "at=2026-11-21T02%3A00%3A00Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run("why", id(1).String()).check(t, exitOK, "") // an id may be a job's
	if n := len(s.asked("GET /jobs")); n != 2 {
		t.Errorf("jobs were asked %d times", n)
	}
}

func TestAuditSlots(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	good := api.SlotAudit{Job: "a", From: new(now.Add(-time.Hour)), Until: new(now), Planned: 10, Ran: 8, Skipped: 1, Pruned: 1, Balanced: true}
	s.on("GET /audit/slots", http.StatusOK, []api.SlotAudit{good})
	s.run("audit", "slots").check(t, exitOK, ""+
		"JOB  FROM                  UNTIL                 PLANNED  RAN  SKIPPED  PRUNED  BALANCED\n"+
		"a    2026-11-22T16:30:00Z  2026-11-22T17:30:00Z       10    8        1       1  yes\n")

	broken := newStub(t)
	bad := api.SlotAudit{Job: "b", Planned: 2, Ran: 1, Findings: []api.SlotFinding{{Slot: now, Kind: "missing", Message: "no record"}}}
	broken.on("GET /audit/slots", http.StatusOK, []api.SlotAudit{good, bad})
	broken.run("audit", "slots", "b").check(t, exitFailed, ""+
		"JOB  FROM                  UNTIL                 PLANNED  RAN  SKIPPED  PRUNED  BALANCED\n"+
		"a    2026-11-22T16:30:00Z  2026-11-22T17:30:00Z       10    8        1       1  yes\n"+
		"b    -                     -                           2    1        0       0  NO\n"+
		"\n"+
		"JOB  SLOT                  FAULT    DETAIL\n"+
		"b    2026-11-22T17:30:00Z  missing  no record\n",
		"1 of 2 jobs are not balanced: job b: slot 2026-11-22T17:30:00Z: no record")
	if got := broken.asked("GET")[0].Query; got != "job=b&limit=100" {
		t.Errorf("query %s", got)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	h := api.Health{
		Status: "degraded", UptimeSeconds: 3*86400 + 4*3600,
		Components: map[string]api.Component{
			"queue": {Status: "up", LatencyMS: new(0.3)}, "scheduler": {Status: "up", Message: "tick 0.9 ms"},
			"workers": {Status: "down", ActiveCount: new(2)}, "exec": {Status: "up"},
		},
		Issues: []api.Issue{{Component: "queue", Severity: "warning", Message: "4 dead letters", Since: now.Add(-time.Hour), Fix: "schedctl execution list --dead"}},
	}
	s := newStub(t)
	s.on("GET /health", http.StatusOK, h)
	s.run("health").check(t, exitDegraded, ""+
		"degraded  up 3d4h\n"+
		"COMPONENT  STATUS  LATENCY  DETAIL\n"+
		"scheduler  up      -        tick 0.9 ms\n"+
		"queue      up      0.3 ms\n"+
		"workers    down    -        2 active\n"+
		"exec       up      -\n"+
		"warning  queue  4 dead letters, since 2026-11-22T16:30:00Z  schedctl execution list --dead\n")
	s.run("health", "--format", "nagios").check(t, 1, "SCHEDD WARNING - degraded: queue: 4 dead letters, up 3d4h|uptime=273600s\n")
	s.run("health", "-q").check(t, exitDegraded, "degraded\n")
	s.run("health", "--component", "workers", "-q").check(t, exitFailed, "down\n")
	s.run("health", "--component", "redis").check(t, exitNotFound, "-", "scheduler, queue, workers, exec")

	for state, code := range map[string]int{"healthy": exitOK, "unhealthy": exitFailed} {
		one := newStub(t)
		status := http.StatusOK
		if state == "unhealthy" {
			status = http.StatusServiceUnavailable
		}
		one.on("GET /health", status, api.Health{Status: state})
		one.run("health", "-q").check(t, code, state+"\n")
	}
	draining := newStub(t)
	draining.on("GET /health", http.StatusServiceUnavailable, refusal(job.Unavailable, "schedd is stopping"))
	draining.run("health").check(t, exitUnreachable, "-", "schedd is stopping")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /version", http.StatusOK, api.Version{Version: "0.0.9", Commit: "3f9c2e1", Built: "2026-11-20", Go: "go1.26.8",
		Platform: "linux/amd64", API: "v1", Schema: 14, Store: "sqlite 3.50", Queue: "memory"})
	r := s.run("version")
	r.check(t, exitOK, "", "different versions")
	if !strings.Contains(r.out, "schedd    0.0.9 ") || !strings.HasSuffix(r.out, "server: unix://"+s.socket+"  api v1  schema 14  store sqlite 3.50  queue memory\n") {
		t.Errorf("got %s", r.out)
	}
	if r := s.run("version", "-o", "json"); !strings.Contains(r.out, `"schema": 14`) {
		t.Errorf("got %s", r.out)
	}
	runIn(t, world{}, "version", "--client").check(t, exitOK, "")
	if r := runIn(t, world{}, "--version"); r.code != exitOK || !strings.HasPrefix(r.out, "schedctl ") || strings.Count(r.out, "\n") != 1 {
		t.Errorf("got %+v", r)
	}
	down := runIn(t, world{env: map[string]string{"SCHEDCTL_SERVER": "/nonexistent/s"}}, "version")
	down.check(t, exitUnreachable, "", "not reachable")
	if !strings.Contains(down.out, "schedctl  ") {
		t.Errorf("the client's own version is missing: %s", down.out)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	runIn(t, world{env: map[string]string{"XDG_RUNTIME_DIR": "/nonexistent/1000", "SCHEDCTL_SERVER": ""}}, "ls").check(t, exitUnreachable, "-",
		"error: schedd is not reachable (tried unix:///nonexistent/1000/schedd/schedd.sock, unix:///run/schedd/schedd.sock)\n",
		"hint: start it with \"systemctl start schedd\" or \"schedd serve\", or name another with --server\n")
	runIn(t, world{env: map[string]string{"SCHEDCTL_SERVER": "http://127.0.0.1:1"}}, "ls").check(t, exitUnreachable, "-", "hint: is the address right")
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// Bad input B80 and B81.
func TestStandardOutputFails(t *testing.T) {
	t.Parallel()
	gone := &os.PathError{Op: "write", Err: syscall.EPIPE}
	if r := runIn(t, world{out: failingWriter{gone}}, "explain", "@daily"); r.code != exitOK || r.err != "" {
		t.Errorf("a closed pipe: %+v", r)
	}
	runIn(t, world{out: failingWriter{errors.New("no space left on device")}}, "explain", "@daily").
		check(t, exitFailed, "", "error: write to standard output: no space left on device")
}

func TestWatchShowsChangesUntilInterrupted(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	n := 0
	s.handle("GET /jobs", func(w http.ResponseWriter, _ *http.Request) {
		j := backup()
		if n++; n > 2 {
			j.Name = "changed"
		}
		reply(w, http.StatusOK, []job.Job{j})
	})
	s.runIn(world{deadline: 300 * time.Millisecond}, "ls", "--watch=20ms", "-o", "name").check(t, exitOK, "nightly-backup\n\nchanged\n")
}

// Bad input B84: names that drive terminals are shown escaped.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	names := []string{"\x1b]0;pwn\x07", "=cmd()", "%s%n", "--help", "\u202etxt.exe"}
	var jobs []job.Job
	for _, name := range names {
		j := backup()
		j.Name, j.HandlerName, j.Description = name, name, name
		jobs = append(jobs, j)
	}
	s.jobsPage("5", jobs...)
	s.on("GET /jobs/{id}", http.StatusOK, jobs[0])
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Words: names[0], Note: names[0], Warnings: names})
	e := failedRun()
	e.JobName, e.Error, e.WorkerID = names[0], names[4], names[0]
	s.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{e})
	s.on("GET /executions/{id}", http.StatusOK, e)
	for _, args := range [][]string{
		{"ls"}, {"ls", "-o", "wide"}, {"ls", "-o", "json"}, {"ls", "-o", "yaml"}, {"ls", "-o", "name"}, {"job", "show", "x"},
		{"job", "history", "x"}, {"execution", "show", "x/1"}, {"explain", "x"}, {"__complete", "job", "show", ""},
	} {
		r := s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, args...)
		if all := r.out + r.err; strings.ContainsAny(all, "\x1b\x07\u202e") || r.code != exitOK {
			t.Errorf("%v: status %d, %q", args, r.code, all)
		}
	}
}

// The scripts in completions/ are what the program prints: "make generate" writes them.
func TestCompletionScriptsAreFresh(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		kept, err := os.ReadFile("../completions/schedctl." + shell)
		if err != nil {
			t.Fatal(err)
		}
		if r := runIn(t, world{}, "completion", shell); r.code != exitOK || r.out != string(kept) {
			t.Errorf("completions/schedctl.%s is stale; run make generate", shell)
		}
	}
}
