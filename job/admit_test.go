package job_test

import (
	"fmt"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestAdmit is the overlap policy as a table: the rows are what runs and waits, the
// columns what one more run meets. "start", "wait", "wait+cancel", or the reason why
// it is skipped.
func TestAdmit(t *testing.T) {
	t.Parallel()
	policies := []struct {
		overlap     job.Overlap
		concurrency int
	}{
		{job.OverlapSkip, 1}, {job.OverlapSkip, 4}, {job.OverlapQueueOne, 1}, {job.OverlapQueueAll, 1},
		{job.OverlapCancelRunning, 1}, {job.OverlapAllow, 1}, {job.OverlapAllow, 3}, {job.OverlapAllow, 0},
	}
	tests := []struct {
		live, queued int
		drain        bool
		want         [8]string
	}{
		//                  skip/1     skip/4     queue_one/1  queue_all/1  cancel/1       allow/1        allow/3        allow/0
		{0, 0, false, [8]string{"start", "start", "start", "start", "start", "start", "start", "start"}},
		{1, 0, false, [8]string{"overlap", "overlap", "wait", "wait", "wait+cancel", "concurrency", "start", "concurrency"}},
		{2, 0, false, [8]string{"overlap", "overlap", "wait", "wait", "wait+cancel", "concurrency", "start", "concurrency"}},
		{3, 0, false, [8]string{"overlap", "overlap", "wait", "wait", "wait+cancel", "concurrency", "concurrency", "concurrency"}},
		{1, 1, false, [8]string{"overlap", "overlap", "overlap", "wait", "overlap", "concurrency", "concurrency", "concurrency"}},
		{1, 7, false, [8]string{"overlap", "overlap", "overlap", "wait", "overlap", "concurrency", "concurrency", "concurrency"}},
		{0, 1, false, [8]string{"overlap", "overlap", "overlap", "wait", "overlap", "concurrency", "concurrency", "concurrency"}},
		{0, 0, true, [8]string{"start", "start", "start", "start", "start", "start", "start", "start"}},
		{1, 0, true, [8]string{"wait", "wait", "wait", "wait", "wait", "wait", "start", "wait"}},
		{3, 0, true, [8]string{"wait", "wait", "wait", "wait", "wait", "wait", "wait", "wait"}},
		{1, 99, true, [8]string{"wait", "wait", "wait", "wait", "wait", "wait", "wait", "wait"}},
	}
	for _, tt := range tests {
		for i, p := range policies {
			t.Run(fmt.Sprintf("%s/%d live %d queued %d drain %t", p.overlap, p.concurrency, tt.live, tt.queued, tt.drain), func(t *testing.T) {
				t.Parallel()
				def := job.Job{Spec: job.Spec{Overlap: p.overlap, Concurrency: p.concurrency}}
				got := said(job.Admit(&def, job.State{Live: tt.live, Queued: tt.queued}, tt.drain))
				if got != tt.want[i] {
					t.Errorf("Admit = %s, want %s", got, tt.want[i])
				}
			})
		}
	}
}

// said puts an admission into one word.
func said(a job.Admission) string {
	switch {
	case a.Reason != "" && (a.Queued || a.CancelLive):
		return "skipped and more"
	case a.Reason != "":
		return string(a.Reason)
	case a.Queued && a.CancelLive:
		return "wait+cancel"
	case a.Queued:
		return "wait"
	case a.CancelLive:
		return "start+cancel"
	default:
		return "start"
	}
}
