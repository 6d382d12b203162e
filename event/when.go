package event

import (
	"time"

	"github.com/agentic-sdlc/scheduler/internal/expr"
	"github.com/agentic-sdlc/scheduler/job"
)

// runJob is what conditions of jobs that no event makes run call "job".
type runJob struct {
	Name     string   `expr:"name"`
	Type     string   `expr:"type"`
	Platform string   `expr:"platform"`
	Tags     []string `expr:"tags"`
}

func whenNames() expr.Env {
	return expr.Env{"job": runJob{}, "payload": map[string]any{}, "slot": time.Time{}}
}

// CheckWhen checks the condition of a job that a schedule makes run: it sees the job, its
// payload, and the slot in the zone of the schedule.
func CheckWhen(s *job.Spec) job.Problems {
	var p job.Problems
	if _, err := expr.Condition(s.When, whenNames()); err != nil && len(s.When) <= job.MaxConditionLen { // what is longer, job refuses
		p.Add("when", "syntax", "%s", err)
	}
	return p
}

// Holds reports whether the condition of a job holds for a slot. One that cannot be
// evaluated does not.
func Holds(j *job.Job, slot time.Time) bool {
	c, err := expr.Condition(j.When, whenNames())
	if err != nil {
		return false
	}
	payload, err := object(j.Payload)
	if err != nil {
		return false
	}
	if zone, err := time.LoadLocation(j.Timezone); err == nil {
		slot = slot.In(zone)
	}
	ok, err := c.Holds(expr.Env{"job": runJob{j.Name, string(j.Type), j.Platform, j.Tags}, "payload": payload, "slot": slot})
	return err == nil && ok
}
