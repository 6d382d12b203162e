package job

// JobStatus is where a job stands.
type JobStatus string

// The job statuses. JobPending is reserved for jobs that wait for another job.
const (
	JobPending   JobStatus = "pending"
	JobActive    JobStatus = "active"
	JobPaused    JobStatus = "paused"
	JobCompleted JobStatus = "completed" // one-time and done, or a limit was reached
	JobFailed    JobStatus = "failed"    // one-time and out of retries
	JobCancelled JobStatus = "cancelled"
	JobError     JobStatus = "error" // its definition cannot be read; left alone until it is changed
)

// JobStatuses lists them.
func JobStatuses() []JobStatus {
	return []JobStatus{JobPending, JobActive, JobPaused, JobCompleted, JobFailed, JobCancelled, JobError}
}

// Terminal reports whether a job in this status never runs by itself again.
func (s JobStatus) Terminal() bool {
	return s == JobCompleted || s == JobFailed || s == JobCancelled
}

// Status is where an execution stands.
type Status string

// The execution statuses.
const (
	Pending   Status = "pending" // waits: for a worker, for its retry, or for another run of its job
	Running   Status = "running"
	Success   Status = "success"
	Failed    Status = "failed"
	TimedOut  Status = "timeout"
	Cancelled Status = "cancelled"
	Skipped   Status = "skipped" // born terminal, with a reason
)

// Statuses lists them.
func Statuses() []Status {
	return []Status{Pending, Running, Success, Failed, TimedOut, Cancelled, Skipped}
}

// Terminal reports whether an execution in this status is over.
func (s Status) Terminal() bool {
	return s != Pending && s != Running
}

// Event is what happens to an execution.
type Event string

// The events of the execution's life.
const (
	EventClaim   Event = "claim"   // a node session takes it
	EventSucceed Event = "succeed" //
	EventFail    Event = "fail"    // failed and not retried
	EventExpire  Event = "expire"  // timed out and not retried
	EventRetry   Event = "retry"   // failed or timed out, another attempt follows
	EventLose    Event = "lose"    // its worker vanished; it is started again
	EventAbandon Event = "abandon" // its worker vanished; it is not started again
	EventReturn  Event = "return"  // a draining worker hands it back
	EventPark    Event = "park"    // its attempt goes on later, and needs no worker until then
	EventCancel  Event = "cancel"  //
	EventDrop    Event = "drop"    // waiting for its turn when the turn was taken away
)

// transitions is the one table of legal moves of an execution. What is not here
// does not happen.
var transitions = map[Status]map[Event]Status{
	Pending: {
		EventClaim:  Running,
		EventCancel: Cancelled,
		EventDrop:   Skipped,
		EventFail:   Failed, // poison or expired before a start
	},
	Running: {
		EventSucceed: Success,
		EventFail:    Failed,
		EventExpire:  TimedOut,
		EventRetry:   Pending,
		EventLose:    Pending,
		EventAbandon: Failed,
		EventReturn:  Pending,
		EventPark:    Pending,
		EventCancel:  Cancelled,
	},
}

// Next returns the status that event leads to, and whether the move is legal.
func (s Status) Next(event Event) (Status, bool) {
	next, ok := transitions[s][event]
	return next, ok
}

// JobEvent is what happens to a job's status.
type JobEvent string

// The events of a job's life.
const (
	JobPause    JobEvent = "pause"
	JobResume   JobEvent = "resume"
	JobCancel   JobEvent = "cancel"
	JobComplete JobEvent = "complete"
	JobFail     JobEvent = "fail"
	JobBreak    JobEvent = "break" // its definition cannot be read
	JobRevive   JobEvent = "revive"
)

var jobTransitions = map[JobStatus]map[JobEvent]JobStatus{
	JobPending: {JobPause: JobPaused, JobCancel: JobCancelled, JobResume: JobActive},
	JobActive:  {JobPause: JobPaused, JobCancel: JobCancelled, JobComplete: JobCompleted, JobFail: JobFailed, JobBreak: JobError},
	JobPaused:  {JobResume: JobActive, JobCancel: JobCancelled, JobComplete: JobCompleted, JobFail: JobFailed, JobBreak: JobError},
	JobError:   {JobRevive: JobActive, JobCancel: JobCancelled, JobPause: JobPaused},
}

// Next returns the status that event leads to, and whether the move is legal.
func (s JobStatus) Next(event JobEvent) (JobStatus, bool) {
	next, ok := jobTransitions[s][event]
	return next, ok
}
