package job

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ledger is a job as a store keeps it, written by the rules of the port.
type ledger struct {
	t       rapid.TB
	job     Job
	st      State
	ending  bool
	epochs  []Epoch
	entries []LedgerEntry
	numbers int64
	due     map[time.Time]bool // slots that had to be accounted for, by brute force
	now     time.Time
}

func (l *ledger) act() Act { return Act{By: "ops", Now: l.now, Policy: DefaultPolicy()} }

// newLedger creates a job at the instant.
func newLedger(t rapid.TB, spec Spec, now time.Time) *ledger {
	l := &ledger{t: t, now: now, due: map[time.Time]bool{}}
	l.job = Job{Spec: spec, Status: JobActive, Revision: 1, CreatedAt: now, UpdatedAt: now, Seed: "default/" + spec.Name, Anchor: anchorOf(&spec, now)}
	opening, err := Open(l.job, now, "created")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	l.open(opening)
	l.st.NextRun, l.job.NextRun = opening.NextRun, instant(opening.NextRun)
	return l
}

func (l *ledger) open(o Opening) {
	if n := len(l.epochs); n > 0 && l.epochs[n-1].Until == nil {
		l.t.Fatalf("an epoch was opened while one is in force")
	}
	o.Epoch.Seq = int64(len(l.epochs))
	l.epochs = append(l.epochs, o.Epoch)
}

func (l *ledger) closeEpoch(until time.Time) {
	if n := len(l.epochs); n > 0 && l.epochs[n-1].Until == nil {
		l.epochs[n-1].Until = &until
		l.st.Closed = later(l.st.Closed, until)
	}
}

// record writes a plan.
func (l *ledger) record(p *Plan) {
	for _, r := range p.Ranges {
		l.entries = append(l.entries, LedgerEntry{Slot: r.From, Range: &r, Reason: r.Reason})
	}
	for _, s := range p.Skips {
		l.numbers++
		l.entries = append(l.entries, LedgerEntry{Slot: s.Slot, Number: l.numbers, Status: Skipped, Reason: s.Reason})
	}
	for _, r := range p.Runs {
		l.numbers++
		l.entries = append(l.entries, LedgerEntry{Slot: r.Slot, Number: l.numbers, Status: Pending})
		l.st.Occurrences = max(l.st.Occurrences, r.Occurrence)
		if r.Queued {
			l.st.Queued++
		} else {
			l.st.Live++
		}
	}
	l.ending = p.Ended
	if p.Ended {
		l.closeEpoch(p.EndedAt)
	}
}

// tick plans what is due.
func (l *ledger) tick() {
	if l.job.Status != JobActive || l.st.NextRun.IsZero() || l.st.NextRun.After(l.now) {
		return
	}
	sched, err := Compile(&l.job)
	if err != nil {
		l.t.Fatalf("compile: %v", err)
	}
	var p Plan
	MakePlan(&l.job, sched, l.st, l.now, DefaultPolicy(), &p)
	l.record(&p)
	l.st.NextRun, l.job.NextRun = p.NextRun, instant(p.NextRun)
}

// change applies one, unless it is refused.
func (l *ledger) change(c Change) error {
	changed, err := c(l.job, l.st)
	if err != nil || changed.Unchanged {
		if err != nil && !slices.Contains([]Code{Conflict, Invalid}, CodeOf(err)) {
			l.t.Fatalf("refused with code %s: %v", CodeOf(err), err)
		}
		return err
	}
	if changed.CloseEpoch != nil {
		l.closeEpoch(*changed.CloseEpoch)
	}
	l.record(&changed.Plan)
	if changed.Open != nil {
		l.open(*changed.Open)
	}
	if changed.DropQueued {
		l.st.Queued = 0
	}
	l.job, l.st.NextRun = changed.Job, changed.NextRun
	l.job.Revision++
	if (l.job.NextRun == nil) != l.st.NextRun.IsZero() || l.job.NextRun != nil && !l.job.NextRun.Equal(l.st.NextRun) {
		l.t.Fatalf("job says next_run %v, the cursor is at %v", l.job.NextRun, l.st.NextRun)
	}
	if l.job.Status != JobActive && !l.st.NextRun.IsZero() {
		l.t.Fatalf("a %s job has a cursor", l.job.Status)
	}
	return nil
}

// sleep lets time pass; every slot that the definition in force names is due.
func (l *ledger) sleep(d time.Duration) {
	before := l.now
	l.now = l.now.Add(d)
	if l.job.Status == JobActive && !l.ending {
		l.expect(before)
	}
}

// expect notes the slots after the instant, up to now, as due.
func (l *ledger) expect(after time.Time) {
	sched, err := Compile(&l.job)
	if err != nil {
		l.t.Fatalf("compile: %v", err)
	}
	for slot := sched.Next(after); !slot.IsZero() && !slot.After(l.now); slot = sched.Next(slot) {
		l.due[slot] = true
	}
}

// book is what an audit sees.
func (l *ledger) audit() Audit {
	slices.SortStableFunc(l.entries, func(a, b LedgerEntry) int { return a.Slot.Compare(b.Slot) })
	book := Book{Job: l.job, Epochs: l.epochs, NextRun: l.st.NextRun, Numbers: l.numbers, Rows: l.numbers}
	audit, err := AuditSlots(book, func(yield func(LedgerEntry) error) error {
		for _, e := range l.entries {
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.t.Fatalf("audit: %v", err)
	}
	return audit
}

// accounted counts the slots that have a record.
func (l *ledger) accounted() int64 {
	var n int64
	for _, e := range l.entries {
		if e.Range != nil {
			n += e.Range.Count
		} else {
			n++
		}
	}
	return n
}

var schedules = []string{"*/7 * * * *", "0 */2 * * *", "@every 13m", "30 2 * * *", "@every 47s", "15 9 * * MON-FRI", "0 0 1 * *"}

// TestChangesKeepLedger checks that whatever is done to a job, in whatever order and
// however late the tick comes, every due slot has exactly one record, and no other.
func TestChangesKeepLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := specFor(TypeRecurring, func(s *Spec) {
			start := noon.Add(-time.Hour)
			s.StartDate = &start
			s.Schedule = rapid.SampledFrom(schedules).Draw(t, "schedule")
			s.Timezone = rapid.SampledFrom([]string{"UTC", "America/New_York", "Asia/Kathmandu"}).Draw(t, "zone")
			s.Misfire = rapid.SampledFrom(Misfires()).Draw(t, "misfire")
			s.Overlap = rapid.SampledFrom([]Overlap{OverlapSkip, OverlapQueueAll, OverlapAllow}).Draw(t, "overlap")
		})
		l := newLedger(t, spec, noon)
		t.Repeat(map[string]func(*rapid.T){
			"sleep": func(t *rapid.T) {
				l.sleep(time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "d")).Truncate(time.Millisecond))
			},
			"outage": func(t *rapid.T) { l.sleep(time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour) },
			"tick":   func(*rapid.T) { l.tick() },
			"settle": func(t *rapid.T) { l.st.Live = rapid.IntRange(0, l.st.Live).Draw(t, "live") },
			"pause": func(t *rapid.T) {
				_ = l.change(Pause(l.act(), "vendor outage", rapid.Bool().Draw(t, "cancel")))
			},
			"resume": func(t *rapid.T) {
				catchUp := rapid.SampledFrom(CatchUps()).Draw(t, "catch_up")
				paused := l.job.PausedAt
				if l.change(Resume(l.act(), catchUp)) == nil && paused != nil && catchUp != CatchUpNone {
					l.expect(*paused)
				}
			},
			"reschedule": func(t *rapid.T) {
				_ = l.change(Reschedule(l.act(), NewTimes{Schedule: rapid.SampledFrom(schedules).Draw(t, "schedule")}))
			},
			"patch": func(t *rapid.T) {
				days := rapid.IntRange(-1, 3).Draw(t, "start")
				misfire := rapid.SampledFrom(Misfires()).Draw(t, "misfire")
				_ = l.change(Patch(l.act(), func(s *Spec) error {
					s.Misfire, s.Description = misfire, fmt.Sprint(days)
					if days >= 0 {
						start := l.now.Add(time.Duration(days) * 24 * time.Hour)
						s.StartDate = toMicros(&start)
					}
					return nil
				}))
			},
			"": func(t *rapid.T) {
				if audit := l.audit(); !audit.Balanced() {
					t.Fatalf("out of balance: %+v", audit.Findings)
				}
			},
		})
		l.tick()
		if got, want := l.accounted(), int64(len(l.due)); l.job.Status == JobActive && got != want {
			t.Fatalf("%d slots accounted for, %d were due", got, want)
		}
		if audit := l.audit(); !audit.Balanced() {
			t.Fatalf("out of balance: %+v", audit.Findings)
		}
	})
}

// TestChangesKeepLimit checks that max_executions is exact and the ledger balanced
// when the limit itself is edited.
func TestChangesKeepLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 5).Draw(t, "limit")
		spec := specFor(TypeRecurring, func(s *Spec) { s.Schedule, s.MaxExecutions, s.Overlap = "@every 10m", &limit, OverlapQueueAll })
		l := newLedger(t, spec, noon)
		t.Repeat(map[string]func(*rapid.T){
			"sleep": func(t *rapid.T) {
				l.now = l.now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "s")) * time.Second)
			},
			"tick":   func(*rapid.T) { l.tick() },
			"pause":  func(t *rapid.T) { _ = l.change(Pause(l.act(), "", rapid.Bool().Draw(t, "cancel"))) },
			"resume": func(t *rapid.T) { _ = l.change(Resume(l.act(), rapid.SampledFrom(CatchUps()).Draw(t, "c"))) },
			"limit": func(t *rapid.T) {
				n := rapid.Int64Range(1, 9).Draw(t, "n")
				_ = l.change(Patch(l.act(), func(s *Spec) error { s.MaxExecutions = &n; return nil }))
			},
			"": func(t *rapid.T) {
				if l.st.Occurrences > 9 {
					t.Fatalf("%d occurrences", l.st.Occurrences)
				}
				if audit := l.audit(); !audit.Balanced() {
					t.Fatalf("out of balance: %+v", audit.Findings)
				}
				reached := l.st.Occurrences >= *l.job.MaxExecutions
				if l.job.Status == JobActive && (reached != l.ending || reached != l.st.NextRun.IsZero()) || l.ending && !reached {
					t.Fatalf("%s, %d of %d, ending %t, cursor %v", l.job.Status, l.st.Occurrences, *l.job.MaxExecutions, l.ending, l.st.NextRun)
				}
			},
		})
	})
}

// TestResume checks what becomes of the slots of a pause.
func TestResume(t *testing.T) {
	tests := []struct {
		name    string
		catchUp CatchUp
		runs    int
		skips   int
		next    time.Time
	}{
		{"none", CatchUpNone, 0, 0, noon.Add(6 * time.Hour)},
		{"not said", "", 0, 0, noon.Add(6 * time.Hour)},
		{"once", CatchUpOnce, 1, 4, noon.Add(6 * time.Hour)},
		{"all", CatchUpAll, 5, 0, noon.Add(6 * time.Hour)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.Schedule, s.Misfire = "0 * * * *", MisfireSkip }), noon.Add(time.Minute))
			l.now = noon.Add(10 * time.Minute)
			must(t, l.change(Pause(l.act(), "why", false)))
			if l.job.PauseReason != "why" || l.job.PausedAt == nil || !l.job.PausedAt.Equal(l.now) || l.job.NextRun != nil {
				t.Errorf("paused job = %+v", l.job)
			}
			l.now = noon.Add(5*time.Hour + 30*time.Minute)
			changed, err := Resume(l.act(), tt.catchUp)(l.job, l.st)
			if err != nil {
				t.Fatal(err)
			}
			if len(changed.Plan.Runs) != tt.runs || len(changed.Plan.Skips) != tt.skips || !changed.NextRun.Equal(tt.next) {
				t.Errorf("plan = %+v, next %v; want %d runs, %d skips, next %v", changed.Plan, changed.NextRun, tt.runs, tt.skips, tt.next)
			}
			if changed.Job.PausedAt != nil || changed.Job.PauseReason != "" || changed.Event != EventJobResumed {
				t.Errorf("resumed = %+v", changed)
			}
		})
	}
}

// TestOneTimeHeldByPause checks that a pause holds a one-time job's run back, and
// that nothing runs late without being asked to.
func TestOneTimeHeldByPause(t *testing.T) {
	l := newLedger(t, specFor(TypeOneTime, nil), noon) // due at 13:00
	l.now = noon.Add(time.Hour + 5*time.Second)
	must(t, l.change(Pause(l.act(), "", false)))
	if len(l.entries) != 0 {
		t.Fatalf("the pause planned %+v", l.entries)
	}
	l.now = noon.Add(2 * time.Hour)
	if err := l.change(Resume(l.act(), CatchUpNone)); CodeOf(err) != Conflict {
		t.Fatalf("resume without catch-up = %v, want conflict", err)
	}
	must(t, l.change(Resume(l.act(), CatchUpOnce)))
	if len(l.entries) != 1 || l.entries[0].Status != Pending || !l.ending {
		t.Errorf("entries = %+v, ending %t; want one run and the end", l.entries, l.ending)
	}
	if audit := l.audit(); !audit.Balanced() {
		t.Errorf("out of balance: %+v", audit.Findings)
	}
	later := noon.Add(5 * time.Hour)
	if err := l.change(Reschedule(l.act(), NewTimes{ExecuteAt: &later})); CodeOf(err) != Conflict {
		t.Errorf("reschedule of a job that has run = %v, want conflict", err)
	}
	if err := l.change(Pause(l.act(), "", false)); CodeOf(err) != Conflict {
		t.Errorf("pause of a job without due times = %v, want conflict", err)
	}
}

// TestOneTimeRescheduled checks that a late slot moves instead of running twice.
func TestOneTimeRescheduled(t *testing.T) {
	l := newLedger(t, specFor(TypeOneTime, nil), noon)
	l.now = noon.Add(time.Hour + time.Second)
	later := noon.Add(5 * time.Hour)
	must(t, l.change(Reschedule(l.act(), NewTimes{ExecuteAt: &later})))
	if len(l.entries) != 0 || !l.st.NextRun.Equal(later) {
		t.Errorf("entries %+v, next %v; want none and %v", l.entries, l.st.NextRun, later)
	}
	l.now = later
	l.tick()
	if audit := l.audit(); !audit.Balanced() || audit.Planned != 1 {
		t.Errorf("audit = %+v", audit)
	}
}

func TestCancel(t *testing.T) {
	l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.Schedule = "0 * * * *" }), noon)
	l.now = noon.Add(3*time.Hour + time.Second)
	changed, err := Cancel(l.act(), "obsolete", false)(l.job, l.st)
	if err != nil {
		t.Fatal(err)
	}
	if len(changed.Plan.Runs) != 0 || len(changed.Plan.Skips) != 3 || changed.CancelLive || !changed.DropQueued {
		t.Errorf("changed = %+v; want three skips, queued ones dropped, running ones left", changed)
	}
	must(t, l.change(Cancel(l.act(), "obsolete", false)))
	if audit := l.audit(); !audit.Balanced() || audit.Skipped != 3 {
		t.Errorf("audit = %+v", audit)
	}
	again, err := Cancel(l.act(), "", true)(l.job, State{})
	if err != nil || !again.Unchanged {
		t.Errorf("cancel again = %+v, %v; want unchanged", again, err)
	}
	stop, err := Cancel(l.act(), "", true)(l.job, State{Live: 1})
	if err != nil || stop.Unchanged || !stop.CancelLive || stop.Event != "" {
		t.Errorf("cancel again with cancel_running = %+v, %v; want the live one stopped, no event", stop, err)
	}
}

// TestTransitions walks every change from every status: rows B57 to B59.
func TestTransitions(t *testing.T) {
	a := Act{By: "ops", Now: noon, Policy: DefaultPolicy()}
	later := NewTimes{Schedule: "0 3 * * *"}
	patch := func(s *Spec) error { s.Description = "new"; return nil }
	next := noon.Add(14 * time.Hour)
	tests := []struct {
		name   string
		change Change
		want   map[JobStatus]string // status afterwards, "=" unchanged, "409"; not listed = 409
	}{
		{"pause", Pause(a, "", false), map[JobStatus]string{JobPending: "paused", JobActive: "paused", JobPaused: "=", JobError: "paused"}},
		{"resume", Resume(a, ""), map[JobStatus]string{JobPending: "active", JobActive: "=", JobPaused: "active", JobError: "active"}},
		{"cancel", Cancel(a, "", false), map[JobStatus]string{JobPending: "cancelled", JobActive: "cancelled", JobPaused: "cancelled", JobError: "cancelled", JobCancelled: "="}},
		{"reschedule", Reschedule(a, later), map[JobStatus]string{JobPending: "pending", JobActive: "active", JobPaused: "paused", JobError: "active"}},
		{"patch", Patch(a, patch), map[JobStatus]string{JobPending: "pending", JobActive: "active", JobPaused: "paused", JobError: "active"}},
		{"delete", Delete(a, ""), map[JobStatus]string{
			JobPending: "cancelled", JobActive: "cancelled", JobPaused: "cancelled", JobError: "cancelled",
			JobCompleted: "completed", JobFailed: "failed", JobCancelled: "cancelled",
		}},
	}
	for _, tt := range tests {
		for _, status := range JobStatuses() {
			t.Run(tt.name+" "+string(status), func(t *testing.T) {
				cur := Job{Spec: specFor(TypeCron, nil), Status: status, CreatedAt: noon, Anchor: noon}
				st := State{}
				if status == JobActive {
					cur.NextRun, st.NextRun = &next, next
				}
				changed, err := tt.change(cur, st)
				got := string(changed.Job.Status)
				switch {
				case err != nil && CodeOf(err) == Conflict:
					got = "409"
				case err != nil:
					got = err.Error()
				case changed.Unchanged:
					got = "="
				}
				want := tt.want[status]
				if want == "" {
					want = "409"
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
}

func TestPatch(t *testing.T) {
	every := specFor(TypeCron, func(s *Spec) { s.Schedule = "@every 1h" })
	l := newLedger(t, every, noon.Add(7*time.Minute)) // 12:07, 13:07 …
	l.now = noon.Add(90 * time.Minute)
	must(t, l.change(Patch(l.act(), func(s *Spec) error { s.Description, s.Tags = "x", []string{"a"}; return nil })))
	if len(l.epochs) != 1 || !l.st.NextRun.Equal(noon.Add(2*time.Hour+7*time.Minute)) || len(l.entries) != 1 {
		t.Errorf("after an edit of the text: %d epochs, next %v, entries %+v", len(l.epochs), l.st.NextRun, l.entries)
	}
	must(t, l.change(Patch(l.act(), func(s *Spec) error { s.Schedule = "@every 30m"; return nil })))
	if len(l.epochs) != 2 || !l.st.NextRun.Equal(noon.Add(97*time.Minute)) {
		t.Errorf("after an edit of the schedule: %d epochs, next %v; the anchor must not move", len(l.epochs), l.st.NextRun)
	}
	before := l.job
	changed, err := Patch(l.act(), func(s *Spec) error { s.Schedule = "@every 30m"; return nil })(l.job, l.st)
	if err != nil || !changed.Unchanged || changed.Job.Revision != before.Revision {
		t.Errorf("the same again = %+v, %v; want unchanged", changed, err)
	}
	if err := l.change(Patch(l.act(), func(s *Spec) error { s.Schedule = "61 * * * *"; return nil })); CodeOf(err) != Invalid {
		t.Errorf("bad schedule = %v, want invalid", err)
	}
	boom := errors.New("boom")
	if _, err := Patch(l.act(), func(*Spec) error { return boom })(l.job, l.st); !errors.Is(err, boom) {
		t.Errorf("error of the edit = %v", err)
	}
}

// TestStartDateMovesAnchor checks the one edit that "@every" follows.
func TestStartDateMovesAnchor(t *testing.T) {
	l := newLedger(t, specFor(TypeRecurring, func(s *Spec) { s.Schedule = "@every 1h" }), noon)
	start := noon.Add(24*time.Hour + 7*time.Minute)
	must(t, l.change(Patch(l.act(), func(s *Spec) error { s.StartDate = &start; return nil })))
	if !l.st.NextRun.Equal(start) || !l.job.Anchor.Equal(start) {
		t.Errorf("next %v, anchor %v; want both at %v", l.st.NextRun, l.job.Anchor, start)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
