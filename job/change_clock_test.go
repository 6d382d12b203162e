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
		"pause":      func(l *ledger) []Change { return []Change{Pause(l.act(), "", false)} },
		"cancel":     func(l *ledger) []Change { return []Change{Cancel(l.act(), "", false)} },
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
