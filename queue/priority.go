package queue

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Ageing is how long a message waits to rise by one priority level. There is no
// ceiling: what was ready four minutes ago at low goes before what is critical
// and ready now, so that nothing starves.
const Ageing = time.Minute

// Rank is a priority's index in job.Priorities; what is unknown counts as medium.
func Rank(p job.Priority) int64 {
	switch p {
	case job.PriorityLow:
		return 0
	case job.PriorityHigh:
		return 2
	case job.PriorityCritical:
		return 3
	default:
		return 1
	}
}
