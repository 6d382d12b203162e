package stored

// What the column queued of an execution says; null, and 0 on the way there, is that it
// waits for nothing but a worker.
const (
	QueuedBehind = 1 // it waits for another run of its job
	QueuedHeld   = 2 // it is held while its job is paused
)

// QueuedBeside is the column of a run that waits until fewer than so many of its job are
// under way: above 1 it is that many and two.
func QueuedBeside(places int) int64 {
	if places <= 1 {
		return QueuedBehind
	}
	return int64(places) + QueuedHeld
}

// Places is how many runs of a job may be under way for one to start that has this in the
// column queued, own being those that the job allows.
func Places(queued int64, own int) int {
	if queued <= QueuedHeld {
		return own
	}
	return max(own, int(queued-QueuedHeld))
}
