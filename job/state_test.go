package job_test

import (
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestExecutionTransitions lists every status and every event: 70 cells, of which
// twelve are moves.
func TestExecutionTransitions(t *testing.T) {
	t.Parallel()
	events := []job.Event{
		job.EventClaim, job.EventSucceed, job.EventFail, job.EventExpire, job.EventRetry,
		job.EventLose, job.EventAbandon, job.EventReturn, job.EventCancel, job.EventDrop,
	}
	const no = job.Status("")
	table := map[job.Status][10]job.Status{
		//             claim        succeed      fail        expire        retry        lose         abandon     return       cancel         drop
		job.Pending:   {job.Running, no, job.Failed, no, no, no, no, no, job.Cancelled, job.Skipped},
		job.Running:   {no, job.Success, job.Failed, job.TimedOut, job.Pending, job.Pending, job.Failed, job.Pending, job.Cancelled, no},
		job.Success:   {no, no, no, no, no, no, no, no, no, no},
		job.Failed:    {no, no, no, no, no, no, no, no, no, no},
		job.TimedOut:  {no, no, no, no, no, no, no, no, no, no},
		job.Cancelled: {no, no, no, no, no, no, no, no, no, no},
		job.Skipped:   {no, no, no, no, no, no, no, no, no, no},
	}
	if len(table) != len(job.Statuses()) {
		t.Fatalf("the table has %d statuses, there are %d", len(table), len(job.Statuses()))
	}
	for _, from := range job.Statuses() {
		for i, event := range events {
			got, ok := from.Next(event)
			if want := table[from][i]; got != want || ok != (want != no) {
				t.Errorf("%s + %s = %q, %t; want %q", from, event, got, ok, want)
			}
		}
		if terminal := from != job.Pending && from != job.Running; from.Terminal() != terminal {
			t.Errorf("%s is terminal: %t, want %t", from, from.Terminal(), terminal)
		}
		if _, ok := from.Next("reincarnate"); ok {
			t.Errorf("%s has a move for an event that does not exist", from)
		}
	}
	if _, ok := job.Status("nonsense").Next(job.EventClaim); ok {
		t.Error("a status that does not exist has a move")
	}
}

// TestJobTransitions lists every status of a job and every event: 49 cells.
func TestJobTransitions(t *testing.T) {
	t.Parallel()
	events := []job.JobEvent{job.JobPause, job.JobResume, job.JobCancel, job.JobComplete, job.JobFail, job.JobBreak, job.JobRevive}
	const no = job.JobStatus("")
	table := map[job.JobStatus][7]job.JobStatus{
		//                pause          resume         cancel            complete          fail           break         revive
		job.JobPending:   {job.JobPaused, job.JobActive, job.JobCancelled, no, no, no, no},
		job.JobActive:    {job.JobPaused, no, job.JobCancelled, job.JobCompleted, job.JobFailed, job.JobError, no},
		job.JobPaused:    {no, job.JobActive, job.JobCancelled, job.JobCompleted, job.JobFailed, job.JobError, no},
		job.JobCompleted: {no, no, no, no, no, no, no},
		job.JobFailed:    {no, no, no, no, no, no, no},
		job.JobCancelled: {no, no, no, no, no, no, no},
		job.JobError:     {job.JobPaused, no, job.JobCancelled, no, no, no, job.JobActive},
	}
	if len(table) != len(job.JobStatuses()) {
		t.Fatalf("the table has %d statuses, there are %d", len(table), len(job.JobStatuses()))
	}
	for _, from := range job.JobStatuses() {
		moves := 0
		for i, event := range events {
			got, ok := from.Next(event)
			if want := table[from][i]; got != want || ok != (want != no) {
				t.Errorf("%s + %s = %q, %t; want %q", from, event, got, ok, want)
			}
			if ok {
				moves++
			}
		}
		if from.Terminal() != (moves == 0) {
			t.Errorf("%s is terminal: %t, but has %d moves", from, from.Terminal(), moves)
		}
	}
}
