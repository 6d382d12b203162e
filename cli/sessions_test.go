package cli

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// sessionsFile has calls of schedctl, each with what a UTF-8 terminal of 120 columns shows
// for it, standard output and error together, and its exit status when it is not 0. Beside
// it stand two files with the same calls on a terminal of 80 columns, and in a script.
const sessionsFile = "testdata/sessions.txt"

// sessionLooks are where the calls are made, by file.
var sessionLooks = map[string]world{
	sessionsFile:                  {tty: true, inTTY: true, width: 120, in: "y\n"},
	"testdata/sessions_80.txt":    {tty: true, inTTY: true, width: 80, in: "y\n"},
	"testdata/sessions_plain.txt": {width: 40},
}

// What operators see is written down. "go test ./cli -run Sessions -update" writes what the
// calls in sessionsFile show now.
func TestSessions(t *testing.T) {
	t.Parallel()
	calls, err := os.ReadFile(sessionsFile)
	if err != nil {
		t.Fatal(err)
	}
	for file, look := range sessionLooks {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got := sessions(t, sessionStub(t), string(calls), look)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("schedctl shows other than %s has:\n%s", file, diff)
			}
		})
	}
}

// sessions makes the calls of a text, and returns it with what they show.
func sessions(t *testing.T, s *stub, text string, look world) string {
	var got strings.Builder
	head, rest, _ := strings.Cut(text, "\n$ ")
	got.WriteString(head)
	for session := range strings.SplitSeq(rest, "\n$ ") {
		call, _, _ := strings.Cut(session, "\n")
		w := look
		w.env = map[string]string{"NO_COLOR": "1"}
		w.files = map[string]string{"crontab": sampleCrontab, "broken.yaml": brokenJobs, "secret.token": "x", "/proc/1/comm": "init", "jobs.yaml": cleanupJobs, "sla-job.yaml": slaJob}
		if !strings.Contains(call, "logs -f") {
			w.stop = nil
		}
		r := s.runIn(w, splitCall(t, call)...)
		shown := r.out + r.err
		if look.width == 40 && (strings.Contains(r.out, "\x1b") || strings.Contains(r.out, "…") || strings.Contains(r.out, " ago")) {
			t.Errorf("%s: colours, ellipses or relative times in a script:\n%s", call, r.out)
		}
		shown = strings.ReplaceAll(shown, s.socket, "/run/schedd/schedd.sock")
		if r.code != exitOK {
			shown += fmt.Sprintf("[exit status %d]\n", r.code)
		}
		got.WriteString("\n$ " + call + "\n" + shown)
	}
	return got.String()
}

// brokenJobs is a job file with two mistakes.
const brokenJobs = `type: cron
name: report
timezone: Europe/Berlin
schedule: "0 25 * * MON"
handler_name: noop
retires: 3
`

// splitCall reads a call the way a shell does, as far as the file needs: words, and text in
// single quotes.
func splitCall(t *testing.T, call string) []string {
	t.Helper()
	call, isOurs := strings.CutPrefix(call, "schedctl ")
	if !isOurs {
		t.Fatalf("%q does not call schedctl", call)
	}
	var words []string
	for i, part := range strings.Split(call, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

// sessionStub is a daemon with two jobs and their runs.
func sessionStub(t *testing.T) *stub {
	s := newStub(t)
	s.jobsPage("2", backup(), pausedSync())
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.on("GET /jobs/price-sync", http.StatusOK, pausedSync())
	s.on("GET /jobs/nightly-bakcup", http.StatusNotFound, api.ErrorBody{Error: `job "nightly-bakcup" not found`, Code: job.NotFound, Hint: "did you mean nightly-backup?"})
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Job: "nightly-backup", Words: "At 02:00, every day (America/New_York)", Items: []api.Slot{{At: *backup().NextRun}}})
	runs := []job.Execution{failedRun(), succeededRun()}
	s.on("GET /jobs/{id}/executions", http.StatusOK, runs)
	s.handle("GET /executions", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("trigger") == "retry" {
			reply(w, http.StatusOK, []job.Execution{})
			return
		}
		w.Header().Set(api.HeaderTotalCount, "2")
		reply(w, http.StatusOK, runs)
	})
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, r *http.Request) {
		e := failedRun()
		if strings.HasSuffix(r.PathValue("id"), "/183") {
			e = succeededRun()
		}
		reply(w, http.StatusOK, e)
	})
	again := failedRun()
	again.RunNumber, again.Status, again.Trigger, again.TriggeredBy = 187, job.Pending, job.TriggerRetry, "ops"
	s.on("POST /executions/{id}/retry", http.StatusCreated, again)
	s.bulk(backup(), pausedSync())
	s.on("GET /handlers", http.StatusOK, []client.Handler{
		{Name: "exec", Type: "function", Kind: "exec", Privileged: true, Description: "Run a local command"},
		{Name: "report-generator", Type: "function", Kind: "url", Description: "Ask the reporting service for a report"},
	})
	s.on("GET /health", http.StatusOK, api.Health{
		Status: "degraded", UptimeSeconds: 3*86400 + 4*3600,
		Components: map[string]api.Component{"scheduler": {Status: "up", Message: "tick 0.9 ms"}, "queue": {Status: "up", LatencyMS: new(0.3)}},
		Issues:     []api.Issue{{Component: "queue", Severity: "warning", Message: "4 dead letters", Since: now.Add(-time.Hour), Fix: "schedctl dlq list"}},
	})
	s.on("GET /dead-letter", http.StatusOK, []job.Execution{deadRun(184, "retries_exhausted")})
	s.on("GET /queue", http.StatusOK, api.Queue{Driver: "memory", Ready: 5, OldestMS: new(int64(1200)), Running: 3, Delayed: 2, NextAt: new(now.Add(58 * time.Second)), Dead: 4})
	s.on("GET /maintenance", http.StatusOK, api.Maintenance{})
	s.on("POST /jobs/cron", http.StatusCreated, backup())
	once := backup()
	once.Name, once.Type, once.ExecuteAt = "escalate-ticket", job.TypeOneTime, new(now.Add(48*time.Hour))
	s.on("POST /jobs/once", http.StatusCreated, once)
	s.handle("POST /jobs/{id}/run", func(w http.ResponseWriter, r *http.Request) {
		e := failedRun()
		if r.PathValue("id") == "nightly-backup" {
			e = succeededRun()
		}
		reply(w, http.StatusCreated, e)
	})
	s.on("GET /executions/{id}/logs", http.StatusOK, []job.LogEntry{})
	s.on("GET /next", http.StatusOK, []api.ForecastItem{{At: *backup().NextRun, Job: "nightly-backup", LastRun: backup().LastRun, EstimateMS: backup().AvgDurationMS}})
	return s
}
