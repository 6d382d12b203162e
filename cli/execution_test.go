package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

func TestExecutionListAndPs(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	skipped := failedRun()
	skipped.RunNumber, skipped.Status, skipped.SkipReason, skipped.SkipDetail = 185, job.Skipped, job.SkipOverlap, "nightly-backup/184"
	skipped.StartedAt, skipped.DurationMS, skipped.Attempt, skipped.Error, skipped.WorkerID = nil, nil, 0, "", ""
	s.on("GET /executions", http.StatusOK, []job.Execution{skipped, failedRun()})
	s.run("execution", "list", "--trigger", "schedule", "--until", "yesterday", "--dead").check(t, exitOK, ""+
		"RUN                 STATUS   TRIGGER   SCHEDULED             STARTED               DURATION  ATTEMPT  WORKER  ERROR\n"+
		"nightly-backup/185  skipped  schedule  2026-11-22T07:00:00Z  -                            -        -  -       overlap: nightly-backup/184\n"+
		"nightly-backup/184  failed   schedule  2026-11-22T07:00:00Z  2026-11-22T07:01:00Z      0.8s      3/3  node-a  exit status 2: disk full\n")
	if got, want := s.asked("GET")[0].Query, "dead=true&limit=100&total=true&trigger=schedule&until=2026-11-21T00%3A00%3A00Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run("ps", "-o", "name").check(t, exitOK, "nightly-backup/185\nnightly-backup/184\n")
	if got, want := s.asked("GET")[1].Query, "limit=100&status=pending%2Crunning&total=true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestExecutionShow(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	e := failedRun()
	e.TraceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	e.Attempts = []job.Attempt{
		{Attempt: 1, Status: "failed", StartedAt: *e.StartedAt, CompletedAt: e.CompletedAt, DurationMS: new(int64(800)),
			NextRetryAt: new(e.CompletedAt.Add(time.Minute)), Error: "disk full", WorkerID: "node-a"},
	}
	s.on("GET /executions/{id}", http.StatusOK, e)
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "execution", "show", "nightly-backup/184").check(t, exitOK, ""+
		"nightly-backup/184  ✗ failed  id 01a2044e-c1c0-7d11-9c40-0000000000b8\n"+
		"  trigger    schedule\n"+
		"  time       scheduled 2026-11-22 07:00:00.000 UTC  started +1m00s  took 0.8s\n"+
		"  worker     node-a\n"+
		"  attempts   3/3\n"+
		"  exit code  2\n"+
		"  error      exit status 2: disk full\n"+
		"  trace      4bf92f3577b34da6a3ce929d0e0e4736\n"+
		"\n"+
		"ATTEMPT  STATUS    STARTED     DURATION  WORKER  NEXT RETRY  ERROR\n"+
		"      1  ✗ failed  10h29m ago      0.8s  node-a  +1m00s      disk full\n",
		`hint: retry with "schedctl execution retry nightly-backup/184"`)
	if got, want := s.asked("GET")[0].Path, prefix+"/executions/nightly-backup%2F184"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run("execution", "show", "nightly-backup/184", "--exit-status", "-q").check(t, exitRunFailed, "nightly-backup/184\n")
}

func TestExecutionRetry(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	retried := failedRun()
	retried.RunNumber, retried.ID = 182, id(182)
	again := failedRun()
	again.RunNumber, again.ID, again.Status, again.Trigger, again.RetryOf = 187, id(187), job.Pending, job.TriggerRetry, new(id(182))
	s.handle("GET /executions", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("trigger") == "retry" {
			reply(w, http.StatusOK, []job.Execution{again})
			return
		}
		reply(w, http.StatusOK, []job.Execution{failedRun(), retried})
	})
	s.on("POST /executions/{id}/retry", http.StatusCreated, again)
	args := []string{"execution", "retry", "--failed", "--job", "nightly-backup", "--since", "3d"}
	s.run(append(args, "--dry-run")...).check(t, exitOK, "would retry 1 execution: nightly-backup/184\n")
	s.run(args...).check(t, exitUsage, "-", "refusing without confirmation")
	s.run(append(args, "--yes")...).check(t, exitOK, "nightly-backup/184 -> nightly-backup/187 queued (retry)\n")
	s.run("x", "retry", "nightly-backup/184", "--with-payload", `{"a":1}`, "-o", "name").check(t, exitOK, "nightly-backup/187\n")
	calls := s.asked("POST")
	if got, want := calls[len(calls)-1].Body, `{"payload":{"a":1}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestExecutionCancel(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	running := failedRun()
	running.Status = job.Running
	s.on("GET /executions/{id}", http.StatusOK, running)
	s.on("POST /executions/{id}/cancel", http.StatusNoContent, nil)
	s.run("execution", "cancel", "nightly-backup/last", "--reason", "wrong").check(t, exitOK, "nightly-backup/184 is asked to stop\n")
	c := s.asked("POST")[0]
	if c.Body != `{"reason":"wrong"}` || !strings.Contains(c.Path, running.ID.String()) {
		t.Errorf("got %s %s", c.Path, c.Body)
	}
}

// life answers GET /executions/{id} with one state after the other, and the lines
// after the asked one.
func (s *stub) life(lines []job.LogEntry, states ...job.Execution) {
	i := 0
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, states[min(i, len(states)-1)])
		i++
	})
	s.handle("GET /executions/{id}/logs", func(w http.ResponseWriter, r *http.Request) {
		var after int64
		_ = json.Unmarshal([]byte(r.FormValue("after")), &after)
		fresh := []job.LogEntry{}
		for _, l := range lines {
			if l.Seq > after {
				fresh = append(fresh, l)
			}
		}
		reply(w, http.StatusOK, fresh)
	})
}

func manual(status job.Status) job.Execution {
	e := failedRun()
	e.RunNumber, e.ID, e.Status, e.Trigger, e.TriggeredBy, e.Attempt, e.Error = 185, id(185), status, job.TriggerManual, "ops", 1, ""
	e.ExitCode = nil
	switch status {
	case job.Pending:
		e.StartedAt, e.Attempt, e.DurationMS, e.WorkerID = nil, 0, nil, ""
	case job.Running:
		e.DurationMS, e.WorkerID = nil, "node-b"
	case job.Failed:
		e.Error, e.Attempt, e.ExitCode = "exit status 2: disk full", 3, new(2)
	case job.Success:
		e.ExitCode = new(0)
	}
	return e
}

func logLine(seq int64, text string) job.LogEntry {
	return job.LogEntry{Seq: seq, Timestamp: now.Add(time.Duration(seq) * time.Second), Level: job.LogInfo, Stream: job.StreamStdout, Message: text, Attempt: 1}
}

func TestRunWaitLogs(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /jobs/{id}/run", http.StatusCreated, manual(job.Pending))
	s.life([]job.LogEntry{logLine(1, "backup started"), logLine(2, "\x1b[31muploaded")}, manual(job.Running), manual(job.Running), manual(job.Success))
	r := s.run("run", "nightly-backup", "--wait", "--logs")
	r.check(t, exitOK, "backup started\n\\x1b[31muploaded\n")
	if want := "nightly-backup/185 queued by ops (manual)\n" +
		"nightly-backup/185 running on node-b, attempt 1/3\n" +
		"nightly-backup/185 success in 0.8s\n"; r.err != want {
		t.Errorf("got %s, want %s", r.err, want)
	}
}

func TestRunWaitOutcomes(t *testing.T) {
	t.Parallel()
	signalled := manual(job.Failed)
	signalled.ExitCode = new(137)
	skipped := manual(job.Skipped)
	skipped.SkipReason, skipped.SkipDetail, skipped.Attempt = job.SkipOverlap, "nightly-backup/184", 0
	timedOut := manual(job.TimedOut)
	timedOut.Error = "no result within 15m"
	tests := []struct {
		name  string
		end   job.Execution
		args  []string
		code  int
		error string
	}{
		{"success", manual(job.Success), nil, exitOK, ""},
		{"failed", manual(job.Failed), nil, exitRunFailed, "error: nightly-backup/185 failed after 3 attempts: exit status 2: disk full\nhint: schedctl logs nightly-backup/185 --attempt 3\n"},
		{"timeout", timedOut, nil, exitRunTimeout, "error: nightly-backup/185 timed out: no result within 15m\n"},
		{"cancelled", manual(job.Cancelled), nil, exitRunCancel, "error: nightly-backup/185 was cancelled\n"},
		{"skipped", skipped, nil, exitRunSkipped, "error: nightly-backup/185 was skipped: overlap: nightly-backup/184\n"},
		{"propagated success", manual(job.Success), []string{"--propagate-exit"}, 0, ""},
		{"propagated status", manual(job.Failed), []string{"--propagate-exit"}, 2, "exit status 2"},
		{"propagated signal", signalled, []string{"--propagate-exit"}, 137, ""},
		{"propagated, no status", timedOut, []string{"--propagate-exit"}, exitOwn, "timed out"},
		{"propagated, cancelled", manual(job.Cancelled), []string{"--propagate-exit"}, exitOwn, "was cancelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("POST /jobs/{id}/run", http.StatusCreated, manual(job.Pending))
			s.life(nil, tt.end)
			r := s.run(append([]string{"run", "nightly-backup", "--wait", "-q"}, tt.args...)...)
			r.check(t, tt.code, "-", tt.error)
			if tt.code == exitOK && r.err != "" {
				t.Errorf("stderr %q", r.err)
			}
		})
	}
}

func TestPropagateExitMarksOwnFailures(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /jobs/{id}/run", http.StatusNotFound, refusal(job.NotFound, "no job x"))
	s.run("run", "x").check(t, exitNotFound, "-")
	s.run("run", "x", "--propagate-exit").check(t, exitOwn, "-", "no job x")
	s.run("run", "x", "--propagate-exit", "--bogus").check(t, exitOwn, "-", "unknown flag")
	s.runIn(world{env: map[string]string{"SCHEDCTL_SERVER": "/nonexistent/s"}}, "run", "x", "--propagate-exit").
		check(t, exitOwn, "-", "not reachable")
}

func TestRunTimesOutAndIsInterrupted(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /jobs/{id}/run", http.StatusCreated, manual(job.Pending))
	s.on("POST /executions/{id}/cancel", http.StatusNoContent, nil)
	s.life(nil, manual(job.Running))
	s.run("run", "nightly-backup", "--timeout", "50ms").check(t, exitTimeout, "-", "is not over after 50ms; it goes on", "schedctl logs -f nightly-backup/185")
	if n := len(s.asked("POST /executions")); n != 0 {
		t.Errorf("%d cancelled", n)
	}
	s.run("run", "nightly-backup", "--timeout", "50ms", "--cancel-on-timeout").check(t, exitTimeout, "-", "is cancelled")
	if n := len(s.asked("POST /executions")); n != 1 {
		t.Errorf("%d cancelled", n)
	}
	s.runIn(world{deadline: 100 * time.Millisecond}, "run", "nightly-backup", "--wait").
		check(t, exitInterrupted, "-", "goes on; attach again with: schedctl logs -f nightly-backup/185")
	s.runIn(world{deadline: 100 * time.Millisecond}, "run", "nightly-backup", "--cancel-on-interrupt").
		check(t, exitInterrupted, "-", "is cancelled")
	if n := len(s.asked("POST /executions")); n != 2 {
		t.Errorf("%d cancelled", n)
	}
}

func TestRunSaysWhatItMade(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	j := backup()
	s.on("GET /jobs/{id}", http.StatusOK, j)
	s.on("POST /jobs/{id}/run", http.StatusCreated, manual(job.Pending))
	s.run("run", "nightly-backup", "--set", "command=[\"x\"]", "--force", "--overlap", "queue_one", "--idempotency-key", "k1").
		check(t, exitOK, "nightly-backup/185 queued by ops (manual)\n")
	c := s.asked("POST")[0]
	if want := `{"payload":{"command":["x"]},"force":true,"overlap":"queue_one"}`; c.Body != want || c.Header.Get("Idempotency-Key") != "k1" {
		t.Errorf("got %s, key %s", c.Body, c.Header.Get("Idempotency-Key"))
	}
	s.run("run", "nightly-backup", "-q").check(t, exitOK, "nightly-backup/185\n")

	overlap := newStub(t)
	skipped := manual(job.Skipped)
	skipped.SkipReason, skipped.SkipDetail = job.SkipOverlap, "nightly-backup/184 runs"
	overlap.on("POST /jobs/{id}/run", http.StatusCreated, skipped)
	overlap.run("run", "nightly-backup").check(t, exitRunSkipped, "nightly-backup/185 skipped: overlap: nightly-backup/184 runs\n")
}

func TestLogs(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{failedRun()})
	s.life([]job.LogEntry{logLine(1, "a"), logLine(2, "b")}, failedRun())
	s.run("logs", "nightly-backup").check(t, exitOK, "a\nb\n")
	s.run("logs", "nightly-backup/184", "--timestamps", "-n", "5", "--level", "warn", "--grep", "x y", "--attempt", "2", "--since", "10m").
		check(t, exitOK, "2026-11-22T17:30:01.000Z INFO  a\n2026-11-22T17:30:02.000Z INFO  b\n")
	calls := s.asked("GET /executions/" + id(184).String() + "/logs")
	if got, want := calls[1].Query, "attempt=2&contains=x+y&level=warn&since=2026-11-22T17%3A20%3A00Z&tail=5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "logs", "nightly-backup").check(t, exitOK, "17:30:01 INFO  a\n17:30:02 INFO  b\n")
	again := logLine(2, "b")
	again.Attempt = 2
	two := newStub(t)
	two.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{failedRun()})
	two.life([]job.LogEntry{logLine(1, "a"), again}, failedRun())
	two.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "logs", "nightly-backup").check(t, exitOK, "17:30:01 INFO  a\n17:30:02 INFO  b\n", "attempt 2\n")
	two.run("logs", "nightly-backup").check(t, exitOK, "a\nb\n", "")
	if r := s.run("logs", "nightly-backup", "-o", "json"); !strings.Contains(r.out, `"total": 2`) {
		t.Errorf("got %s", r.out)
	}

	none := newStub(t)
	none.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{})
	none.run("logs", "fresh").check(t, exitNotFound, "-", "job fresh has not run yet")
}

func TestLogsFollow(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /executions/{id}", http.StatusOK, failedRun())
	streams := 0
	s.handle("GET /executions/{id}/logs", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("follow") != "true" {
			t.Errorf("follow = %q", r.FormValue("follow"))
		}
		enc := json.NewEncoder(w)
		switch streams++; streams {
		case 1: // cut off in the middle of a line
			_ = enc.Encode(logLine(1, "a"))
			_, _ = w.Write([]byte(`{"seq":2`))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			if got := r.FormValue("after"); got != "1" {
				t.Errorf("resumed after %q, want 1", got)
			}
			_ = enc.Encode(logLine(2, "b"))
		}
	})
	s.run("logs", "-f", "nightly-backup/184").check(t, exitOK, "a\nb\n")
	if streams != 2 {
		t.Errorf("%d streams", streams)
	}
}

func TestLogsFollowJobUntilInterrupted(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{failedRun()})
	s.on("GET /jobs/{id}/next", http.StatusOK, nil)
	s.on("GET /executions/{id}", http.StatusOK, failedRun())
	s.handle("GET /executions/{id}/logs", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, logLine(1, "a")) })
	s.runIn(world{deadline: 300 * time.Millisecond}, "logs", "-f", "nightly-backup", "-o", "json").check(t, exitInterrupted, "")
}

func TestRunWaitSurvivesARestart(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /jobs/{id}/run", http.StatusCreated, manual(job.Pending))
	looks := 0
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, _ *http.Request) {
		if looks++; looks < 3 {
			reply(w, http.StatusServiceUnavailable, refusal(job.Unavailable, "schedd is stopping"))
			return
		}
		reply(w, http.StatusOK, manual(job.Success))
	})
	r := s.run("run", "nightly-backup", "--wait")
	r.check(t, exitOK, "-", "still trying", "success in 0.8s")
	if strings.Count(r.err, "still trying") != 1 {
		t.Errorf("said more than once: %s", r.err)
	}
}

func TestRunWaitTellsOfRetries(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	retrying := manual(job.Pending)
	retrying.Attempt, retrying.NextRetryAt = 1, new(now.Add(time.Minute))
	retrying.Attempts = []job.Attempt{{Attempt: 1, Error: "disk full"}}
	s.on("POST /jobs/{id}/run", http.StatusCreated, retrying)
	s.life(nil, retrying, manual(job.Success))
	s.run("run", "nightly-backup", "--wait").
		check(t, exitOK, "-", "nightly-backup/185 attempt 1/3 failed: disk full; next attempt at 2026-11-22T17:31:00Z\n")
}
