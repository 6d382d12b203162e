package job

import "time"

// HeadStart is how much longer than a low one an execution of the priority seems to
// have waited: what has waited longest, head start included, goes first. So an urgent
// one goes ahead of a backlog, and a low one is never passed for ever: critical goes
// before anything that has waited less than an hour longer.
func HeadStart(p Priority) time.Duration {
	switch p {
	case PriorityCritical:
		return time.Hour
	case PriorityHigh:
		return 10 * time.Minute
	case PriorityMedium:
		return time.Minute
	default:
		return 0
	}
}
