package daemon_test

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestGoldenClockJumps is F28: the wall clock jumps under a minutely job. Forward it is
// an outage; backward nothing runs again, and the next slot comes when the clock is
// there again.
func TestGoldenClockJumps(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 5, 11, 59, 30, 0, time.UTC)
	tests := []struct {
		name    string
		misfire job.Misfire
		jump    time.Duration // at 12:00:30
		want    []rows
		next    string
	}{
		{"an-hour-on-fire-once", fireOnce, time.Hour, []rows{
			one("run", "2026-01-05T12:00:00Z"),
			many("missed", "2026-01-05T12:01:00Z", "2026-01-05T12:58:00Z", 58),
			one("caught up", "2026-01-05T12:59:00Z"),
			one("run", "2026-01-05T13:00:00Z"),
		}, "2026-01-05T13:01:00Z"},
		{"an-hour-on-fire-all", fireAll, time.Hour, []rows{
			one("run", "2026-01-05T12:00:00Z"),
			many("caught up", "2026-01-05T12:01:00Z", "2026-01-05T12:59:00Z", 59),
			one("run", "2026-01-05T13:00:00Z"),
		}, "2026-01-05T13:01:00Z"},
		{"an-hour-on-skip", skip, time.Hour, []rows{
			one("run", "2026-01-05T12:00:00Z"),
			many("missed", "2026-01-05T12:01:00Z", "2026-01-05T12:59:00Z", 59),
			one("run", "2026-01-05T13:00:00Z"),
		}, "2026-01-05T13:01:00Z"},
		{"ten-years-on", fireOnce, 10 * 365 * 24 * time.Hour, []rows{
			one("run", "2026-01-05T12:00:00Z"),
			stretch("missed", "2026-01-05T12:01:00Z", "2036-01-03T11:58:00Z", 5_255_998),
			one("caught up", "2036-01-03T11:59:00Z"),
			one("run", "2036-01-03T12:00:00Z"),
		}, "2036-01-03T12:01:00Z"},
		{"an-hour-back", fireOnce, -time.Hour, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-05T12:01:00Z"},
		{"ten-years-back", fireAll, -10 * 365 * 24 * time.Hour, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-05T12:01:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, start)
			j := s.create(tt.name, func(spec *job.Spec) {
				spec.Schedule, spec.Misfire, spec.Overlap, spec.Concurrency = "* * * * *", tt.misfire, job.OverlapAllow, 1000
			})
			s.now = start.Add(time.Minute)
			s.plan()
			s.now = s.now.Add(tt.jump)
			s.plan()
			s.wantRows(j.ID, tt.want, tt.next)
			if tt.jump > 0 {
				return
			}
			// The clock is put right, or catches up.
			s.now = start.Add(time.Minute + 31*time.Second)
			s.plan()
			want := append(tt.want[:0:0], many("run", "2026-01-05T12:00:00Z", "2026-01-05T12:01:00Z", 2))
			s.wantRows(j.ID, want, "2026-01-05T12:02:00Z")
		})
	}
}

// TestGoldenClockBackAcrossRestart: ids go on after the newest one although the clock
// went back while the daemon was down.
func TestGoldenClockBackAcrossRestart(t *testing.T) {
	t.Parallel()
	s := newShelf(t, outageStart)
	a := s.create("a", func(spec *job.Spec) {
		spec.Schedule, spec.Overlap, spec.Concurrency = "* * * * *", job.OverlapAllow, 1000
	})
	s.now = outageStart.Add(hours2)
	s.plan()
	s.now = outageStart.Add(-hours2)
	s.restart()
	b := s.create("b", func(spec *job.Spec) {
		spec.Schedule, spec.Overlap, spec.Concurrency = "* * * * *", job.OverlapAllow, 1000
	})
	s.now = s.now.Add(time.Hour)
	s.plan()
	executions := append(s.executions(a.ID), s.executions(b.ID)...)
	for i := 1; i < len(executions); i++ {
		if executions[i].ID.String() <= executions[i-1].ID.String() {
			t.Fatalf("execution %d of %q has id %s, not after %s", executions[i].RunNumber, executions[i].JobName, executions[i].ID, executions[i-1].ID)
		}
	}
	for _, j := range []job.Job{a, b} {
		if audit := s.audit(j.ID); !audit.Balanced() {
			t.Errorf("%s: %d faults%s", j.Name, audit.Faults, findings(audit))
		}
	}
}
