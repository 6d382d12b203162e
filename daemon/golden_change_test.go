package daemon_test

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestGoldenReschedule: slots up to the edit are planned under the old schedule, as a
// tick would have; then the new one takes over. A one-time job's slot moves along.
func TestGoldenReschedule(t *testing.T) {
	t.Parallel()
	eachOutage(t, "", func(s *shelf, cells []cell) {
		s.now = outageStart.Add(cells[0].outage)
		next := s.now.Add(time.Hour).Truncate(time.Second)
		for i := range cells {
			c := &cells[i]
			to := job.NewTimes{Schedule: next.Format("5 4 15 * * *"), Timezone: "UTC"}
			if c.job == "one-time" {
				to, c.want = job.NewTimes{ExecuteAt: &next}, nil
			}
			s.mustChange(c.id, job.Reschedule(s.act(), to))
		}
		s.plan()
		s.restart()
		s.plan()
		for _, c := range cells {
			s.as(c, func() { s.wantRows(c.id, c.want, next.Format(time.RFC3339)) })
		}
		s.now = next.Add(time.Second)
		s.plan()
		for _, c := range cells {
			s.as(c, func() {
				if a := s.audit(c.id); !a.Balanced() || !a.Until.Equal(next) {
					s.Errorf("after the first slot of the new schedule: audit until %v, %d faults%s", a.Until, a.Faults, findings(a))
				}
			})
		}
	})
}

// TestGoldenResume: what a resume catches up is what was asked for, whatever the
// job's own misfire policy is.
func TestGoldenResume(t *testing.T) {
	t.Parallel()
	asked := map[job.Misfire]job.CatchUp{fireOnce: job.CatchUpOnce, fireAll: job.CatchUpAll}
	for _, own := range job.Misfires() {
		t.Run("job with "+string(own), func(t *testing.T) {
			t.Parallel()
			eachOutage(t, own, func(s *shelf, cells []cell) {
				for _, c := range cells {
					s.mustChange(c.id, job.Pause(s.act(), "outage", false))
				}
				s.restart()
				s.now = outageStart.Add(cells[0].outage)
				s.plan() // plans nothing
				for _, c := range cells {
					if asked[c.misfire] == "" {
						continue
					}
					s.mustChange(c.id, job.Resume(s.act(), asked[c.misfire]))
					s.as(c, func() { s.wantRows(c.id, c.want, c.next) })
				}
				s.plan()
				for _, c := range cells {
					if asked[c.misfire] != "" {
						s.as(c, func() { s.wantRows(c.id, c.want, c.next) })
					}
				}
			})
		})
	}
}

// TestGoldenResumeWithoutCatchUp: a pause has no slots. A one-time job whose time has
// passed needs to be told what to do, unless it is only late.
func TestGoldenResumeWithoutCatchUp(t *testing.T) {
	t.Parallel()
	eachOutage(t, "", func(s *shelf, cells []cell) {
		for _, c := range cells {
			s.mustChange(c.id, job.Pause(s.act(), "outage", false))
		}
		s.now = outageStart.Add(cells[0].outage)
		for i := range cells {
			c := &cells[i]
			_, err := s.change(c.id, job.Resume(s.act(), job.CatchUpNone))
			switch {
			case c.job == "one-time" && c.outage > time.Minute:
				if c.want, c.next = nil, ""; job.CodeOf(err) != job.Conflict {
					t.Errorf("%s: resume = %v, want a conflict", c.name(), err)
				}
			case err != nil:
				t.Errorf("%s: resume = %v", c.name(), err)
			case c.job != "one-time":
				c.want = nil
			}
		}
		s.plan()
		for _, c := range cells {
			s.as(c, func() { s.wantRows(c.id, c.want, c.next) })
		}
	})
}
