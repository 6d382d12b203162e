package job

import (
	"strings"
	"testing"
	"time"
)

// TestEndPause resumes as of the instant that was said, however late somebody looks.
func TestEndPause(t *testing.T) {
	for _, tt := range []struct {
		name        string
		misfire     Misfire
		look        time.Duration // after the pause was to end
		runs, skips int
	}{
		{"at once", MisfireFireOnce, 0, 0, 0},
		{"after a slot, soon", MisfireFireOnce, 30*time.Minute + 20*time.Second, 1, 0},
		{"after an outage, once", MisfireFireOnce, 4 * time.Hour, 1, 3},
		{"after an outage, all", MisfireFireAll, 4 * time.Hour, 4, 0},
		{"after an outage, skip", MisfireSkip, 4 * time.Hour, 0, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.Schedule, s.Misfire = "0 * * * *", tt.misfire }), noon.Add(time.Minute))
			l.now = noon.Add(10 * time.Minute)
			until := noon.Add(5*time.Hour + 30*time.Minute)
			must(t, l.change(PauseUntil(l.act(), &until, "vendor outage", false)))
			if l.job.PauseUntil == nil || !l.job.PauseUntil.Equal(until) {
				t.Fatalf("paused job = %+v", l.job)
			}
			l.now = until.Add(-time.Second)
			if changed, err := EndPause(l.act())(l.job, l.st); err != nil || !changed.Unchanged {
				t.Errorf("EndPause before its time = %+v, %v; want nothing", changed, err)
			}
			l.now = until.Add(tt.look)
			must(t, l.change(EndPause(l.act())))
			runs, skips := 0, 0
			for i := range l.entries {
				if l.entries[i].Status == Pending {
					runs++
				} else {
					skips++
				}
			}
			if runs != tt.runs || skips != tt.skips || l.job.Status != JobActive || l.job.PauseUntil != nil || l.job.PauseReason != "" {
				t.Errorf("%d runs, %d skips, job %+v; want %d, %d, an active job", runs, skips, l.job, tt.runs, tt.skips)
			}
			if audit := l.audit(); !audit.Balanced() {
				t.Errorf("out of balance: %+v", audit.Findings)
			}
		})
	}
}

// TestEndPauseOfOneTime runs what fell into the pause.
func TestEndPauseOfOneTime(t *testing.T) {
	l := newLedger(t, specFor(TypeOneTime, nil), noon) // due at 13:00
	until := noon.Add(3 * time.Hour)
	must(t, l.change(PauseUntil(l.act(), &until, "", false)))
	l.now = until.Add(time.Second)
	must(t, l.change(EndPause(l.act())))
	if len(l.entries) != 1 || l.entries[0].Status != Pending {
		t.Errorf("entries = %+v; want one run", l.entries)
	}
}

// TestPauseAgain: said again it changes when the pause ends, and nothing else does.
func TestPauseAgain(t *testing.T) {
	l := newLedger(t, specFor(TypeCron, nil), noon)
	first, second := noon.Add(time.Hour), noon.Add(2*time.Hour)
	must(t, l.change(PauseUntil(l.act(), &first, "a", false)))
	at := *l.job.PausedAt
	l.now = noon.Add(time.Minute)
	must(t, l.change(PauseUntil(l.act(), &second, "", false)))
	if !l.job.PauseUntil.Equal(second) || l.job.PauseReason != "a" || !l.job.PausedAt.Equal(at) {
		t.Errorf("paused again = %+v", l.job)
	}
	if changed, err := Pause(l.act(), "b", false)(l.job, l.st); err != nil || !changed.Unchanged {
		t.Errorf("Pause of what is paused = %+v, %v; want nothing", changed, err)
	}
	must(t, l.change(Cancel(l.act(), "", false)))
	if l.job.PauseUntil != nil {
		t.Errorf("a cancelled job resumes at %v", l.job.PauseUntil)
	}
	if changed, err := EndPause(l.act())(l.job, l.st); err != nil || !changed.Unchanged {
		t.Errorf("EndPause of a cancelled job = %+v, %v; want nothing", changed, err)
	}
}

// TestEndPauseOfBroken keeps a job paused whose definition cannot be read, and does not try
// for ever.
func TestEndPauseOfBroken(t *testing.T) {
	l := newLedger(t, specFor(TypeCron, nil), noon)
	until := noon.Add(time.Hour)
	must(t, l.change(PauseUntil(l.act(), &until, "", false)))
	broken := l.job
	broken.Schedule = "rubbish"
	l.now = until
	changed, err := EndPause(l.act())(broken, l.st)
	if err != nil || changed.Job.Status != JobPaused || changed.Job.PauseUntil != nil || !strings.Contains(changed.Job.PauseReason, "could not be resumed") {
		t.Errorf("EndPause = %+v, %v; want it paused, and why", changed.Job, err)
	}
}

func TestAutoPause(t *testing.T) {
	failed, timeout, success := Failed, TimedOut, Success
	runs := func(statuses ...Status) []Execution {
		list := make([]Execution, len(statuses))
		for i, s := range statuses {
			at := noon.Add(-time.Duration(i) * time.Minute)
			list[i] = Execution{RunNumber: int64(100 - i), Status: s, CompletedAt: &at, Error: "exit status 1"}
		}
		return list
	}
	for _, tt := range []struct {
		name   string
		n      int
		ended  []Execution
		since  time.Time
		paused bool
	}{
		{"not asked to", 0, runs(failed, failed, failed), time.Time{}, false},
		{"once is enough", 1, runs(failed, success), time.Time{}, true},
		{"three in a row", 3, runs(failed, timeout, failed), time.Time{}, true},
		{"too few", 3, runs(failed, failed), time.Time{}, false},
		{"one between them went well", 3, runs(failed, success, failed), time.Time{}, false},
		{"the newest went well", 1, runs(success, failed), time.Time{}, false},
		{"one is from before it was resumed", 3, runs(failed, failed, failed), noon.Add(-2 * time.Minute), false},
		{"all are from after it was resumed", 3, runs(failed, failed, failed), noon.Add(-3 * time.Minute), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.PauseOnFailures = tt.n }), noon)
			changed, err := AutoPause(l.act(), tt.ended, tt.since)(l.job, l.st)
			if err != nil || changed.Unchanged == tt.paused || (changed.Job.Status == JobPaused) != tt.paused {
				t.Fatalf("AutoPause = %+v, %v; want paused %t", changed, err, tt.paused)
			}
			if tt.paused && (changed.Event != EventJobAutoPaused || !strings.Contains(changed.Job.PauseReason, "/100") || !strings.Contains(changed.Job.PauseReason, "exit status 1")) {
				t.Errorf("event %s, reason %q; want the last run and its error", changed.Event, changed.Job.PauseReason)
			}
		})
	}
}

func TestHookIsChecked(t *testing.T) {
	for _, tt := range []struct {
		field string
		edit  func(s *Spec)
	}{
		{"pause_on_failures", func(s *Spec) { s.PauseOnFailures = -1 }},
		{"pause_on_failures", func(s *Spec) { s.PauseOnFailures = MaxPauseOnFailures + 1 }},
		{"on_failure.handler_name", func(s *Spec) { s.OnFailure = &Hook{} }},
		{"on_failure.handler_name", func(s *Spec) { s.OnFailure = &Hook{HandlerName: "a b"} }},
		{"on_failure.timeout_ms", func(s *Spec) { s.OnFailure = &Hook{HandlerName: "a", TimeoutMS: 1} }},
		{"on_failure.timeout_ms", func(s *Spec) { s.OnFailure = &Hook{HandlerName: "a", TimeoutMS: MaxHookTimeoutMS + 1} }},
		{"on_failure.payload", func(s *Spec) { s.OnFailure = &Hook{HandlerName: "a", Payload: []byte(`[]`)} }},
		{"", func(s *Spec) {
			s.PauseOnFailures, s.OnFailure = 3, &Hook{HandlerName: "page-oncall", Payload: []byte(`{"who": "ops"}`)}
		}},
	} {
		spec := specFor(TypeCron, tt.edit)
		spec.Normalize(StandardDefaults())
		problems := spec.Validate()
		switch {
		case tt.field == "" && len(problems) > 0:
			t.Errorf("%+v, want no problem", problems)
		case tt.field != "" && (len(problems) != 1 || problems[0].Field != tt.field):
			t.Errorf("%+v, want one about %s", problems, tt.field)
		}
	}
}
