package job

import (
	"strings"
	"testing"
	"time"
)

// whyRun is an execution of a job due at noon, changed by edit.
func whyRun(edit func(e *Execution)) Execution {
	delay := int64(41)
	e := Execution{
		JobName: "nightly", RunNumber: 7, Status: Success, Trigger: TriggerSchedule, ScheduledAt: noon, CreatedAt: noon.Add(20 * time.Millisecond),
		Attempt: 1, MaxRetries: 2, StartDelay: &delay, WorkerID: "node-a",
		Attempts: []Attempt{{Attempt: 1, Status: "success", StartedAt: noon.Add(41 * time.Millisecond), WorkerID: "node-a"}},
	}
	if edit != nil {
		edit(&e)
	}
	return e
}

func TestWhyExecution(t *testing.T) {
	at := func(d time.Duration) *time.Time { x := noon.Add(d); return &x }
	j := Job{Spec: specFor(TypeCron, func(s *Spec) { s.Schedule = "0 12 * * *" })}
	tests := []struct {
		name    string
		edit    func(e *Execution)
		verdict string
		checks  string
		change  bool
	}{
		{"success", nil, "succeeded after 1 attempt", "schedule:ok queue:ok attempt 1:ok", false},
		{"caught up", func(e *Execution) { e.CatchUp, e.CreatedAt = true, noon.Add(time.Hour) }, "succeeded after 1 attempt", "schedule:ok misfire:info queue:ok attempt 1:ok", false},
		{"late", func(e *Execution) { e.CreatedAt = noon.Add(9 * time.Second) }, "succeeded after 1 attempt", "schedule:ok misfire:ok queue:ok attempt 1:ok", false},
		{"by hand", func(e *Execution) { e.Trigger, e.TriggeredBy = TriggerManual, "ops" }, "succeeded after 1 attempt", "trigger:ok queue:ok attempt 1:ok", false},
		{"retried by hand", func(e *Execution) { e.Trigger = TriggerRetry }, "succeeded after 1 attempt", "trigger:ok queue:ok attempt 1:ok", false},
		{"event", func(e *Execution) { e.Trigger = TriggerEvent }, "succeeded after 1 attempt", "trigger:ok queue:ok attempt 1:ok", false},
		{"skipped", func(e *Execution) { e.Status, e.SkipReason, e.SkipDetail = Skipped, SkipOverlap, "nightly/6" },
			"skipped: another run of the job was not over (nightly/6)", "schedule:ok overlap:skipped", true},
		{"missed", func(e *Execution) { e.Status, e.SkipReason = Skipped, SkipMissed },
			"skipped: nobody could plan it in time, and the misfire policy did not pick it", "schedule:ok missed:skipped", true},
		{"exhausted", func(e *Execution) {
			e.Status, e.Error, e.Dead, e.DeadReason, e.RetryCount, e.Attempt = Failed, "exit status 2", true, "retries_exhausted", 2, 3
			e.Attempts[0] = Attempt{Attempt: 3, Status: "failed", StartedAt: noon, Error: "exit status 2"}
		}, "failed after 3 attempts: exit status 2", "schedule:ok queue:ok attempt 3:failed retry:failed", true},
		{"lost", func(e *Execution) { e.Status, e.DeadReason = Failed, "worker_lost" }, "failed after 1 attempt", "schedule:ok queue:ok attempt 1:ok retry:failed", true},
		{"poison", func(e *Execution) { e.Status, e.DeadReason, e.LostCount = Failed, "poison", 3 }, "failed after 1 attempt", "schedule:ok queue:ok attempt 1:ok retry:failed", false},
		{"permanent", func(e *Execution) { e.Status, e.DeadReason = TimedOut, "permanent" }, "timeout after 1 attempt", "schedule:ok queue:ok attempt 1:ok retry:failed", true},
		{"waits for its retry", func(e *Execution) {
			e.Status, e.NextRetryAt, e.ReadyAt, e.RetryCount = Pending, at(time.Minute), at(time.Minute), 1
		}, "failed 1 time and is tried again at 2026-11-22T12:01:00Z", "schedule:ok queue:ok attempt 1:ok retry:waits", false},
		{"waits for a worker", func(e *Execution) { *e = whyWaiting(at(0)) }, "waits for a worker", "schedule:ok queue:waits", false},
		{"waits for another run", func(e *Execution) { *e = whyWaiting(nil) }, "waits for its turn: another run of the job is not over, or the job is paused", "schedule:ok overlap:waits", false},
		{"waits for its time", func(e *Execution) { *e = whyWaiting(at(time.Hour)) }, "waits until 2026-11-22T13:00:00Z", "schedule:ok queue:waits", false},
		{"runs", func(e *Execution) { e.Status, e.CancelRequestedAt = Running, at(0) }, "is running on node-a", "schedule:ok queue:ok attempt 1:ok cancel:waits", false},
		{"cancelled", func(e *Execution) { e.Status = Cancelled }, "was cancelled", "schedule:ok queue:ok attempt 1:ok", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := whyRun(tt.edit)
			r := WhyExecution(&j, &e, noon.Add(30*time.Second))
			if r.Verdict != tt.verdict || checks(&r) != tt.checks || (r.Change != "") != tt.change || r.Subject != "nightly/7" {
				t.Errorf("got %q, %q, change %q\nwant %q, %q", r.Verdict, checks(&r), r.Change, tt.verdict, tt.checks)
			}
		})
	}
}

// whyWaiting is an execution that has not been started.
func whyWaiting(ready *time.Time) Execution {
	return whyRun(func(e *Execution) {
		e.Status, e.Attempt, e.Attempts, e.StartDelay, e.ReadyAt = Pending, 0, nil, nil, ready
	})
}

// checks are the steps of a chain in short.
func checks(r *Reason) string {
	steps := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		steps[i] = s.Check + ":" + s.Result
	}
	return strings.Join(steps, " ")
}

func TestWhyJob(t *testing.T) {
	at := func(d time.Duration) *time.Time { x := noon.Add(d); return &x }
	tests := []struct {
		name    string
		edit    func(j *Job)
		verdict string
	}{
		{"next", func(j *Job) { j.NextRun = at(time.Hour) }, "runs next at Sun 2026-11-22 13:00:00 +00:00"},
		{"due", func(j *Job) { j.NextRun = at(-time.Second) }, "is due since Sun 2026-11-22 11:59:59 +00:00 and is being planned"},
		{"ending", func(*Job) {}, "has no due time left; it ends when its last run is over"},
		{"paused", func(j *Job) { j.Status, j.PausedAt, j.PauseReason = JobPaused, at(-time.Hour), "vendor outage" }, "does not run: paused since 2026-11-22T11:00:00Z: vendor outage"},
		{"cancelled", func(j *Job) { j.Status, j.StatusReason = JobCancelled, "obsolete" }, "does not run any more: it is cancelled: obsolete"},
		{"error", func(j *Job) { j.Status, j.StatusReason = JobError, "no such zone" }, "does not run: its definition cannot be used: no such zone"},
		{"event", func(j *Job) { j.Spec = specFor(TypeEvent, nil) }, "runs when its event happens"},
		{"unreadable", func(j *Job) { j.Schedule = "x" }, "has no due time left; it ends when its last run is over"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := Job{Spec: specFor(TypeCron, nil), Status: JobActive}
			tt.edit(&j)
			last := whyRun(func(e *Execution) { e.Status = Failed })
			r := WhyJob(&j, &last, noon)
			if r.Verdict != tt.verdict || !strings.Contains(checks(&r), "last run:failed") || !strings.Contains(checks(&r), "status:") {
				t.Errorf("got %q, %q; want %q", r.Verdict, checks(&r), tt.verdict)
			}
		})
	}
}

// TestWhyJobLast says what became of the newest run, and where to look.
func TestWhyJobLast(t *testing.T) {
	retried := noon.Add(time.Minute)
	tests := []struct {
		name           string
		edit           func(e *Execution)
		detail, change string
	}{
		{"succeeded", func(e *Execution) { e.Status = Success }, "nightly/7 is success", ""},
		{"failed", func(e *Execution) { e.Status, e.Attempt, e.Error = Failed, 3, "exit status 3: disk full" },
			"nightly/7 failed after 3 attempts: exit status 3: disk full", "schedctl logs nightly/7 has what it printed, schedctl why nightly/7 each attempt"},
		{"waits for its next attempt", func(e *Execution) {
			e.Status, e.Attempt, e.NextRetryAt, e.Error = Pending, 1, &retried, "exit status 3"
		}, "nightly/7 failed 1 time and is tried again at 2026-11-22T12:01:00Z: exit status 3", ""},
		{"skipped", func(e *Execution) { e.Status, e.SkipReason = Skipped, SkipMissed }, "nightly/7 was skipped: " + skipText(SkipMissed, ""), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := Job{Spec: specFor(TypeCron, nil), Status: JobActive}
			j.Name = "nightly"
			last := whyRun(tt.edit)
			r := WhyJob(&j, &last, noon)
			if got := r.Steps[1]; got.Check != "last run" || got.Detail != tt.detail || r.Change != tt.change {
				t.Errorf("got %q, change %q\nwant %q, %q", got.Detail, r.Change, tt.detail, tt.change)
			}
		})
	}
}

// TestWhySlot asks for every kind of instant in the life of one job: hourly from noon,
// paused from 15:30 to 18:30, then every two hours.
func TestWhySlot(t *testing.T) {
	l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.Schedule = "0 * * * *" }), noon)
	l.now = noon.Add(210 * time.Minute)
	must(t, l.change(Pause(l.act(), "", false)))
	l.now = noon.Add(390 * time.Minute)
	must(t, l.change(Resume(l.act(), CatchUpNone)))
	must(t, l.change(Reschedule(l.act(), NewTimes{Schedule: "0 */2 * * *"})))
	book := &Book{Job: l.job, Epochs: l.epochs, NextRun: l.st.NextRun}
	skipped := &LedgerEntry{Slot: noon.Add(time.Hour), Range: &SkipRange{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour), Count: 2}, Reason: SkipMissed}
	pruned := &LedgerEntry{Slot: noon.Add(time.Hour), Range: &SkipRange{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour), Count: 2}, Reason: RangePruned}
	run := whyRun(nil)
	tests := []struct {
		name    string
		at      time.Duration
		entry   *LedgerEntry
		run     *Execution
		verdict string
	}{
		{"before it was made", -time.Hour, nil, nil, "nothing was due: the job's schedule was not in force"},
		{"ran", time.Hour, &LedgerEntry{}, &run, "nightly/7 succeeded after 1 attempt"},
		{"in a range", 2 * time.Hour, skipped, nil, "skipped: nobody could plan it in time, and the misfire policy did not pick it"},
		{"between the slots of a range", 90 * time.Minute, skipped, nil, "nothing was due: the schedule does not name this instant"},
		{"pruned", 2 * time.Hour, pruned, nil, "it ran, and retention removed the record"},
		{"no slot", 61 * time.Minute, nil, nil, "nothing was due: the schedule does not name this instant"},
		{"in the pause", 4 * time.Hour, nil, nil, "nothing was due: the job's schedule was not in force"},
		{"no slot of the new schedule", 7 * time.Hour, nil, nil, "nothing was due: the schedule does not name this instant"},
		{"ahead", 8 * time.Hour, nil, nil, "will be due in 1h30m"},
		{"lost", 3 * time.Hour, nil, nil, "was due, and nothing recorded what became of it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := WhySlot(book, noon.Add(tt.at), tt.entry, tt.run, l.now)
			if r.Verdict != tt.verdict || len(r.Steps) == 0 {
				t.Errorf("got %q, %q; want %q", r.Verdict, checks(&r), tt.verdict)
			}
		})
	}
	l.now = noon.Add(8*time.Hour + time.Second)
	if r := WhySlot(book, noon.Add(8*time.Hour), nil, nil, l.now); r.Verdict != "is due and is being planned" {
		t.Errorf("a slot that is due = %q", r.Verdict)
	}
}

// TestWhyTellsDST checks that a change of the clock near a slot is told.
func TestWhyTellsDST(t *testing.T) {
	j := Job{Spec: specFor(TypeCron, func(s *Spec) { s.Schedule, s.Timezone = "30 2 * * *", "America/New_York" })}
	e := whyRun(func(e *Execution) { e.ScheduledAt = time.Date(2027, 3, 14, 7, 0, 0, 0, time.UTC) })
	r := WhyExecution(&j, &e, noon)
	if !strings.Contains(checks(&r), "daylight saving:info") {
		t.Errorf("steps = %q", checks(&r))
	}
}
