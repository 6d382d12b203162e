package event

import (
	"sync"
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

// maxConditions bounds the conditions that are kept compiled.
const maxConditions = 1000

// conditions are those of jobs, compiled: each slot asks again.
var conditions conditionCache

// conditionCache keeps conditions by their text. Its zero value is ready.
type conditionCache struct {
	mu    sync.Mutex
	known map[string]*expr.Program
}

// compiled returns a condition, compiled at its first use.
func (k *conditionCache) compiled(text string) (*expr.Program, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.known[text]; c != nil {
		return c, nil
	}
	c, err := expr.Condition(text, whenNames())
	if err != nil || c == nil {
		return c, err
	}
	if len(k.known) >= maxConditions {
		clear(k.known)
	}
	if k.known == nil {
		k.known = map[string]*expr.Program{}
	}
	k.known[text] = c
	return c, nil
}

// Holds reports whether the condition of a job holds for a slot. One that cannot be
// evaluated does not.
func Holds(j *job.Job, slot time.Time) bool {
	c, err := conditions.compiled(j.When)
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
