package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// samplesFile has the sample sessions of the specification that need more of a daemon than
// those in sessionsFile, as a terminal of 120 columns shows them.
const samplesFile = "testdata/samples.txt"

func TestSamples(t *testing.T) {
	t.Parallel()
	calls, err := os.ReadFile(samplesFile)
	if err != nil {
		t.Fatal(err)
	}
	s := sampleStub(t)
	got := sessions(t, s.stub, string(calls), world{tty: true, inTTY: true, width: 120, in: "y\n", stop: s.waits})
	if *update {
		if err := os.WriteFile(samplesFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(calls), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("schedctl shows other than %s has:\n%s", samplesFile, diff)
	}
}

// sampleDaemon is the daemon of the sample sessions.
type sampleDaemon struct {
	*stub

	waits chan struct{} // closed when somebody waits for the next run of a job
}

const cleanupJobs = `type: cron
name: daily-cleanup
schedule: "30 3 * * *"
handler_name: cleanup-old-data
timeout_ms: 1800000
---
type: cron
name: weekly-backup
schedule: "0 0 * * SUN"
command: [/usr/local/bin/backup]
`

const slaJob = `type: one_time
name: escalate-ticket-${data.ticket_id}
execute_at: ${at("+48h")}
handler_name: check-and-escalate
`

func sampleStub(t *testing.T) sampleDaemon {
	s := sampleDaemon{newStub(t), make(chan struct{})}
	s.system()
	s.reindex()
	s.asCode()
	s.events()
	s.alerts()
	drip := backup()
	drip.Name, drip.Type, drip.MaxExecutions = "onboarding-drip-u57", job.TypeRecurring, new(int64(7))
	s.on("POST /jobs/recurring", http.StatusCreated, drip)
	var week []api.Slot
	for day := range 7 {
		week = append(week, api.Slot{At: now.Add(time.Duration(day)*24*time.Hour + 21*time.Hour + 30*time.Minute)})
	}
	s.on("GET /jobs/"+drip.ID.String()+"/next", http.StatusOK, api.Explained{Words: "At 10:00, every day (America/New_York)", Items: week})
	escalate := backup()
	escalate.Name, escalate.Type, escalate.ExecuteAt = "escalate-ticket-T-1042", job.TypeOneTime, new(now.Add(48*time.Hour))
	s.on("POST /jobs/once", http.StatusCreated, escalate)
	s.on("POST /tokens", http.StatusCreated, newCI())
	s.jobsPage("8", backup())
	drained := node("node-a", api.WorkerDraining)
	s.on("GET /workers/{id}", http.StatusOK, node("node-a", api.WorkerActive))
	s.on("POST /workers/{id}/drain", http.StatusOK, drained)
	return s
}

// system answers what sessions 1 and 19 ask.
func (s sampleDaemon) system() {
	s.on("GET /version", http.StatusOK, api.Version{
		Version: "0.4.0", Commit: "3f9c2e1", Built: "2026-11-20", Go: "go1.26.8", Platform: "linux/amd64", API: "v1", Schema: 14,
		Store: "postgres 15.18", Queue: "redis 7.0.15", Node: "node-a",
	})
	s.on("GET /metrics", http.StatusOK, api.Metrics{
		Jobs:        api.JobCounts{Total: 8, Active: 7, Paused: 1},
		Executions:  api.ExecutionCounts{Total: 1204, Successful: 1191, Failed: 9, Timeout: 2, Cancelled: 2},
		Performance: api.Performance{SuccessRate: 98.9, AvgDurationMS: 1900, P50DurationMS: 700, P95DurationMS: 6200, P99DurationMS: 41000},
		Queue:       api.QueueCounts{Size: 5, Processing: 3, Delayed: 2, Failed: 4, OldestMS: new(int64(1200))},
		System:      api.System{Workers: 2, Node: "node-a", MemoryUsageMB: 61, CPUUsagePercent: 3.1, UptimeSeconds: 273600},
		TimeRange:   api.TimeRange{Start: now.Add(-24 * time.Hour), End: now}, GeneratedAt: now,
	})
}

// reindex answers what sessions 16 and 18 ask: a run and its log, and then nothing more.
func (s sampleDaemon) reindex() {
	e := succeededRun()
	e.JobName, e.RunNumber = "reindex-mario-pizza", 812
	asked := 0
	s.handle("GET /jobs/{id}/executions", func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 2 {
			close(s.waits)
		}
		reply(w, http.StatusOK, []job.Execution{e})
	})
	s.on("GET /executions/{id}", http.StatusOK, e)
	s.handle("GET /executions/{id}/logs", func(w http.ResponseWriter, _ *http.Request) {
		line := logLine(1, "slow page  url=/menu ms=4100")
		line.Level, line.Timestamp = "warn", now.Add(-5*time.Hour-29*time.Minute-56*time.Second)
		_ = json.NewEncoder(w).Encode(line)
	})
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Items: []api.Slot{{At: now.Add(29 * time.Minute)}}})
	trend := make([]api.DayStats, 30)
	for i := range trend {
		trend[i] = api.DayStats{Day: now.AddDate(0, 0, i-30).Format(time.DateOnly), Executions: 4, Successful: 4, AvgDurationMS: new(int64(150_000 + 20_000*(i%4)))}
	}
	s.on("GET /jobs/{id}/stats", http.StatusOK, api.JobStats{
		JobName: "reindex-mario-pizza", TotalExecutions: 120, Successful: 118, Failed: 1, Timeout: 1, SuccessRate: 98.33,
		AvgDurationMS: new(int64(192_000)), MinDurationMS: new(int64(121_000)), MaxDurationMS: new(int64(372_000)),
		P50DurationMS: new(int64(185_000)), P95DurationMS: new(int64(284_000)), P99DurationMS: new(int64(371_000)),
		LastExecution: &api.LastExecution{Run: "reindex-mario-pizza/812", Status: job.Success, StartedAt: now.Add(-5*time.Hour - 27*time.Minute), DurationMS: new(int64(189_000))},
		NextExecution: &api.NextExecution{ScheduledAt: now.Add(30 * time.Minute), EstimatedDurationMS: new(int64(192_000))},
		FailurePatterns: []api.Pattern{
			{ErrorType: "http_5xx", Message: "HTTP 502", Count: 1, LastOccurrence: now.AddDate(0, 0, -12)},
			{ErrorType: "timeout", Message: "no result within 15m", Count: 1, LastOccurrence: now.AddDate(0, 0, -6)},
		},
		Timezone: "UTC", BusiestHours: []api.BusyHour{{Hour: 0, ExecutionCount: 30}, {Hour: 6, ExecutionCount: 30}, {Hour: 12, ExecutionCount: 30}}, Trend: trend,
	})
}

// asCode answers what session 21 asks.
func (s sampleDaemon) asCode() {
	instant := func(day, hour, minute int) *time.Time {
		return new(time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC))
	}
	weekly := backup()
	weekly.Name, weekly.Schedule, weekly.Timezone, weekly.NextRun = "weekly-backup", "0 0 * * SUN", "UTC", instant(29, 0, 0)
	applied := api.Applied{Created: 1, Changed: 1, Unchanged: 6, Items: []api.AppliedJob{
		{Action: api.ActionChange, Name: "daily-cleanup", NextRunBefore: instant(23, 2, 0), NextRun: instant(23, 3, 30), Changes: []api.FieldChange{
			{Field: "schedule", Old: json.RawMessage(`"0 2 * * *"`), New: json.RawMessage(`"30 3 * * *"`)},
			{Field: "timeout_ms", New: json.RawMessage(`1800000`)},
		}},
		{Action: api.ActionCreate, Name: "weekly-backup", NextRun: instant(29, 0, 0), Job: weekly},
	}}
	s.handle("POST /jobs/apply", func(w http.ResponseWriter, r *http.Request) {
		answer := applied
		answer.DryRun = r.URL.Query().Get("dry_run") == "true"
		reply(w, http.StatusOK, answer)
	})
}

// events answers what sessions 24 and 25 ask.
func (s sampleDaemon) events() {
	const when = `data.priority in ["high","critical"]`
	s.on("POST /event-handlers", http.StatusCreated, api.EventHandler{Name: "sla", Enabled: true, Priority: 5})
	escalate := backup()
	escalate.Name, escalate.Type, escalate.ExecuteAt = "escalate-ticket-T-1042", job.TypeOneTime, new(now.Add(48*time.Hour))
	s.on("POST /event-handlers/{id}/test", http.StatusOK, api.EventTested{Event: "ticket:created", Matches: true, Condition: when, Holds: true, Acts: true, Action: api.EventCreateJob, Job: &escalate})
	s.on("POST /events", http.StatusCreated, api.EventAccepted{ID: "01a2044e-c67a-7d0e-9a52-6f8f1f0f3c11", Event: "ticket:created"})
	s.handle("GET /events/stream", func(w http.ResponseWriter, _ *http.Request) {
		for i, e := range []struct {
			ago        time.Duration
			name, data string
		}{
			{109 * time.Second, "scheduler:job.paused", `{"job_name":"price-sync","by":"ops","reason":"vendor outage"}`},
			{20 * time.Second, "scheduler:execution.started", `{"job_name":"notify-on-failure","run_number":57,"worker_id":"node-b"}`},
			{19 * time.Second, "scheduler:execution.completed", `{"job_name":"notify-on-failure","run_number":57,"status":"success","duration_ms":400}`},
			{0, "scheduler:job.created", `{"job_name":"escalate-ticket-T-1042","type":"one_time"}`},
		} {
			body, _ := json.Marshal(api.BusEvent{ID: fmt.Sprint(i + 1), Event: e.name, At: now.Add(-e.ago), Data: json.RawMessage(e.data)})
			_, _ = fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", i+1, e.name, body)
		}
	})
}
