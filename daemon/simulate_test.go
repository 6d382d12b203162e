package daemon_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
)

// simulatedJobs are the jobs that the simulator and the daemon are held against each
// other with: fixed times within gaps and repeats, times that follow the clock, limits,
// every misfire and overlap policy.
var simulatedJobs = map[string]func(s *job.Spec){
	"gap":       func(s *job.Spec) { s.Schedule = "30 2 * * *" },
	"repeat":    func(s *job.Spec) { s.Schedule = "30 1 * * *" },
	"quarter":   func(s *job.Spec) { s.Schedule = "*/15 * * * *" },
	"minutely":  func(s *job.Spec) { s.Schedule = "*/3 * * * *" },
	"all":       func(s *job.Spec) { s.Schedule, s.Misfire = "*/5 * * * *", job.MisfireFireAll },
	"skip":      func(s *job.Spec) { s.Schedule, s.Misfire = "*/5 * * * *", job.MisfireSkip },
	"grace":     func(s *job.Spec) { s.Schedule, s.MisfireGrace = "0 * * * *", new(int64(60_000)) },
	"every":     func(s *job.Spec) { s.Schedule = "@every 7m" },
	"hashed":    func(s *job.Spec) { s.Schedule = "H * * * *" },
	"jitter":    func(s *job.Spec) { s.Schedule, s.JitterMS = "*/10 * * * *", 30_000 },
	"wall":      func(s *job.Spec) { s.Schedule, s.DSTPolicy = "30 1,2 * * *", "wall" },
	"secondly":  func(s *job.Spec) { s.Schedule, s.Misfire = "*/20 0-9 * * * *", job.MisfireFireAll },
	"queue-one": func(s *job.Spec) { s.Schedule, s.Overlap, s.Concurrency = "*/20 * * * *", job.OverlapQueueOne, 1 },
	"overlap":   func(s *job.Spec) { s.Schedule, s.Overlap, s.Concurrency = "*/20 * * * *", job.OverlapSkip, 1 },
}

// weekends are those on which clocks change, with an outage of 90 minutes across it.
var weekends = []struct{ zone, from, outage string }{
	{"America/New_York", "2026-03-08T03:00:00Z", "2026-03-08T06:20:30Z"},
	{"America/New_York", "2026-11-01T02:00:00Z", "2026-11-01T05:20:30Z"},
	{"Europe/Berlin", "2026-03-28T21:00:00Z", "2026-03-29T00:20:30Z"},
	{"Europe/Berlin", "2026-10-24T21:00:00Z", "2026-10-25T00:20:30Z"},
}

// TestSimulate: what the simulator says of a weekend is what the daemon's store has when
// its clock was moved through it. Nothing that was started ends on either side.
func TestSimulate(t *testing.T) {
	t.Parallel()
	for _, w := range weekends {
		t.Run(w.zone+" "+w.from[:10], func(t *testing.T) {
			t.Parallel()
			from, outage := instantOf(t, w.from), instantOf(t, w.outage)
			sim := job.Simulation{
				From: from, To: from.Add(9 * time.Hour), Policy: job.DefaultPolicy(), RunTime: 1000 * time.Hour,
				Outages: []job.Outage{{From: outage, To: outage.Add(90 * time.Minute)}},
			}
			s := newShelf(t, from.Add(-time.Second))
			jobs := map[string]job.Job{}
			for name, edit := range simulatedJobs {
				jobs[name] = s.create(name, func(spec *job.Spec) {
					spec.Timezone, spec.Overlap, spec.Concurrency = w.zone, job.OverlapAllow, 1000
					edit(spec)
				})
			}
			s.through(&sim)
			rows := 0
			for name, j := range jobs {
				t.Run(name, func(t *testing.T) {
					got, err := job.Simulate(&j, sim)
					if err != nil {
						t.Fatal(err)
					}
					rows += len(got.Rows)
					if diff := cmp.Diff(s.written(j.ID), simulated(got.Rows)); diff != "" {
						t.Errorf("the simulator differs from the daemon (-daemon +simulator):\n%s", diff)
					}
					if next := s.job(j.ID).NextRun; (next == nil) != got.NextRun.IsZero() || next != nil && !next.Equal(got.NextRun) {
						t.Errorf("the simulator ends at %v, the daemon at %v", got.NextRun, next)
					}
				})
			}
			if rows < 500 {
				t.Errorf("only %d records were compared", rows)
			}
		})
	}
}

// through moves the daemon's clock to every due time at which it is up.
func (s *shelf) through(sim *job.Simulation) {
	s.Helper()
	for {
		due, err := s.store.NextDue(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		for _, out := range sim.Outages {
			if !due.Before(out.From) && due.Before(out.To) {
				due = out.To
			}
		}
		if due.IsZero() || due.After(sim.To) {
			return
		}
		s.now = due
		for s.plan().More {
		}
	}
}

// written are the records of a job, one a line.
func (s *shelf) written(id job.ID) []string {
	s.Helper()
	byID := map[job.ID]job.Execution{}
	for _, e := range s.executions(id) {
		byID[e.ID] = e
	}
	var lines []string
	err := s.store.Entries(s.Context(), job.DefaultPlatform, id.String(), time.Time{}, time.Unix(1<<40, 0), func(e job.LedgerEntry) error {
		r := job.SimulatedRow{Slot: e.Slot, Range: e.Range, Reason: e.Reason}
		if run, ok := byID[e.ID]; ok && e.Range == nil && run.Status != job.Skipped {
			r = job.SimulatedRow{Slot: e.Slot, CatchUp: run.CatchUp, Queued: run.ReadyAt == nil}
			if run.ReadyAt != nil {
				r.StartAt = *run.ReadyAt // not before this, nor before somebody planned it
				if run.CreatedAt.After(r.StartAt) {
					r.StartAt = run.CreatedAt
				}
			}
		}
		lines = append(lines, line(r))
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return lines
}

func simulated(rows []job.SimulatedRow) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = line(r)
	}
	return lines
}

// line is a record in words. A run that starts when it is due has no start of its own.
func line(r job.SimulatedRow) string {
	at := r.Slot.UTC().Format(time.RFC3339)
	switch {
	case r.Range != nil:
		return fmt.Sprintf("%s to %s: %d %s", at, r.Range.To.UTC().Format(time.RFC3339), r.Range.Count, r.Reason)
	case r.Reason != "":
		return fmt.Sprintf("%s: %s", at, r.Reason)
	}
	start := "waits"
	if !r.StartAt.IsZero() {
		start = r.StartAt.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%s: run, caught up %t, start %s", at, r.CatchUp, start)
}

func instantOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
