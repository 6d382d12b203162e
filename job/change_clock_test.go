package job

import (
	"testing"
	"time"
)

// TestChangeAfterClockWentBack changes a job while its cursor is ahead of the clock:
// the slots that were planned in what is the future again keep their epoch, and the
// next one begins after them.
func TestChangeAfterClockWentBack(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]func(l *ledger) []Change{
		"pause":  func(l *ledger) []Change { return []Change{Pause(l.act(), "", false)} },
		"cancel": func(l *ledger) []Change { return []Change{Cancel(l.act(), "", false)} },
		"pause, resume": func(l *ledger) []Change {
			return []Change{Pause(l.act(), "", false), Resume(l.act(), CatchUpNone)}
		},
		"pause, resume and catch up": func(l *ledger) []Change {
			return []Change{Pause(l.act(), "", false), Resume(l.act(), CatchUpAll)}
		},
		"reschedule": func(l *ledger) []Change { return []Change{Reschedule(l.act(), NewTimes{Schedule: "*/3 * * * *"})} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.Schedule = "*/5 * * * *" }), noon)
			l.sleep(31 * time.Minute)
			l.tick()
			l.now = noon.Add(11 * time.Minute) // back by twenty minutes
			for _, change := range changes(l) {
				must(t, l.change(change))
			}
			for l.now.Before(noon.Add(50 * time.Minute)) {
				l.now = l.now.Add(time.Minute)
				l.tick()
			}
			if a := l.audit(); !a.Balanced() {
				t.Errorf("the audit finds %+v", a.Findings)
			}
		})
	}
}

// TestResumeAfterClockWentBack pauses a job, turns the clock back, and resumes it: what
// was planned before the pause is not due again.
func TestResumeAfterClockWentBack(t *testing.T) {
	t.Parallel()
	for _, catchUp := range CatchUps() {
		t.Run(string(catchUp), func(t *testing.T) {
			t.Parallel()
			l := newLedger(t, specFor(TypeCron, func(s *Spec) { s.Schedule = "*/5 * * * *" }), noon)
			for l.now.Before(noon.Add(31 * time.Minute)) {
				l.now = l.now.Add(time.Minute)
				l.tick()
			}
			must(t, l.change(Pause(l.act(), "", false)))
			l.now = noon.Add(11 * time.Minute)
			must(t, l.change(Resume(l.act(), catchUp)))
			for l.now.Before(noon.Add(50 * time.Minute)) {
				l.now = l.now.Add(time.Minute)
				l.tick()
			}
			if a := l.audit(); !a.Balanced() || a.Planned != 10 {
				t.Errorf("the audit finds %d slots, want 10, and %+v", a.Planned, a.Findings)
			}
		})
	}
}
