package daemon_test

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestGoldenOverlap is the same outages for jobs with the default overlap policy,
// skip: the first run is not over when the next slots are looked at. fire_all alone
// lets runs wait for their turn.
func TestGoldenOverlap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		schedule string
		misfire  job.Misfire
		outage   time.Duration
		want     []rows
	}{
		{"secondly-late", "* * * * * *", fireOnce, seconds5, []rows{
			one("run", "2026-01-05T11:59:58Z"),
			many("overlap", "2026-01-05T11:59:59Z", "2026-01-05T12:00:02Z", 4),
		}},
		{"secondly-once", "* * * * * *", fireOnce, hours2, []rows{
			stretch("missed", "2026-01-05T11:59:58Z", "2026-01-05T13:58:56Z", 7139),
			one("caught up", "2026-01-05T13:58:57Z"),
			many("overlap", "2026-01-05T13:58:58Z", "2026-01-05T13:59:57Z", 60),
		}},
		{"secondly-all", "* * * * * *", fireAll, hours2, []rows{
			stretch("missed", "2026-01-05T11:59:58Z", "2026-01-05T13:57:17Z", 7040),
			one("caught up", "2026-01-05T13:57:18Z"),
			many("caught up, queued", "2026-01-05T13:57:19Z", "2026-01-05T13:58:57Z", 99),
			many("queued", "2026-01-05T13:58:58Z", "2026-01-05T13:59:57Z", 60),
		}},
		{"secondly-skip", "* * * * * *", skip, hours2, []rows{
			stretch("missed", "2026-01-05T11:59:58Z", "2026-01-05T13:58:57Z", 7140),
			one("run", "2026-01-05T13:58:58Z"),
			many("overlap", "2026-01-05T13:58:59Z", "2026-01-05T13:59:57Z", 59),
		}},
		{"minutely-once", "* * * * *", fireOnce, hours2, []rows{
			stretch("missed", "2026-01-05T12:00:00Z", "2026-01-05T13:57:00Z", 118),
			one("caught up", "2026-01-05T13:58:00Z"),
			one("overlap", "2026-01-05T13:59:00Z"),
		}},
		{"minutely-skip", "* * * * *", skip, hours2, []rows{
			stretch("missed", "2026-01-05T12:00:00Z", "2026-01-05T13:58:00Z", 119),
			one("run", "2026-01-05T13:59:00Z"),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, outageStart)
			j := s.create(tt.name, func(spec *job.Spec) { spec.Schedule, spec.Misfire = tt.schedule, tt.misfire })
			s.now = outageStart.Add(tt.outage)
			s.plan()
			next := s.now.Add(time.Second)
			if tt.schedule == "* * * * *" {
				next = s.now.Truncate(time.Minute).Add(time.Minute)
			}
			s.wantRows(j.ID, tt.want, next.Format(time.RFC3339))
		})
	}
}

// TestGoldenLimits: a limit within the outage ends the job at a slot, and slots after
// it are not due.
func TestGoldenLimits(t *testing.T) {
	t.Parallel()
	at := func(text string) *time.Time { x, _ := time.Parse(time.RFC3339, text); return &x }
	limit := func(n int64) *int64 { return &n }
	tests := []struct {
		name string
		edit func(s *job.Spec)
		want []rows
	}{
		{"three-of-fire-all", func(s *job.Spec) { s.Misfire, s.MaxExecutions = fireAll, limit(3) }, []rows{
			many("missed", "2026-01-05T12:00:00Z", "2026-01-05T12:18:00Z", 19),
			many("caught up", "2026-01-05T12:19:00Z", "2026-01-05T12:21:00Z", 3),
		}},
		{"one-of-fire-once", func(s *job.Spec) { s.Misfire, s.MaxExecutions = fireOnce, limit(1) }, []rows{
			stretch("missed", "2026-01-05T12:00:00Z", "2026-01-05T13:57:00Z", 118),
			one("caught up", "2026-01-05T13:58:00Z"),
		}},
		{"end-date", func(s *job.Spec) { s.Misfire, s.EndDate = fireOnce, at("2026-01-05T12:30:00Z") }, []rows{
			many("missed", "2026-01-05T12:00:00Z", "2026-01-05T12:28:00Z", 29),
			one("caught up", "2026-01-05T12:29:00Z"),
		}},
		{"start-date", func(s *job.Spec) {
			s.Misfire, s.StartDate, s.EndDate = fireAll, at("2026-01-05T12:30:00Z"), at("2026-01-05T12:33:30Z")
		}, []rows{many("caught up", "2026-01-05T12:30:00Z", "2026-01-05T12:33:00Z", 4)}},
		{"grace-too-short", func(s *job.Spec) {
			s.Misfire, s.MisfireGrace, s.EndDate = fireOnce, limit(3_597_000-1), at("2026-01-05T13:01:00Z")
		}, []rows{
			many("missed", "2026-01-05T12:00:00Z", "2026-01-05T13:00:00Z", 61),
		}},
		{"grace-just-enough", func(s *job.Spec) {
			s.Misfire, s.MisfireGrace, s.EndDate = fireOnce, limit(3_597_000), at("2026-01-05T13:01:00Z")
		}, []rows{
			many("missed", "2026-01-05T12:00:00Z", "2026-01-05T12:59:00Z", 60),
			one("caught up", "2026-01-05T13:00:00Z"),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, outageStart)
			j := s.create(tt.name, func(spec *job.Spec) {
				spec.Schedule, spec.Overlap, spec.Concurrency = "* * * * *", job.OverlapAllow, 1000
				tt.edit(spec)
			})
			s.now = outageStart.Add(hours2)
			s.plan()
			s.wantRows(j.ID, tt.want, "")
			s.now = s.now.Add(days400)
			s.plan()
			s.wantRows(j.ID, tt.want, "")
		})
	}
}
