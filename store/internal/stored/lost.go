package stored

import (
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Lose decides over an execution whose worker vanished, for the lost-th time, and notes
// in t how its attempt ended.
func Lose(t *store.Settlement, spec *job.Spec, lost int) {
	decision := job.DecideLost(spec, lost)
	t.Event, t.DeadReason = decision.Event, decision.DeadReason
	t.Error, t.ErrorClass = "its worker vanished before it ended", "worker_lost"
	if decision.DeadReason == "poison" {
		t.Error = "its worker vanished three times"
	}
}

// AttemptStatus is how an attempt ended that did not end its execution.
func AttemptStatus(t *store.Settlement) string {
	switch {
	case t.Event == job.EventLose:
		return "lost"
	case t.Event == job.EventRetry && t.ErrorClass == "timeout":
		return "timeout"
	case t.Event == job.EventRetry:
		return "failed"
	}
	return "handed_back"
}
