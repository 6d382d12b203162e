package httpapi

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// balanced checks the slots of every job.
func (b *bench) balanced() {
	b.t.Helper()
	for _, a := range read[[]api.SlotAudit](b.do("GET", base+"/audit/slots?limit=100", "").want(200)) {
		if !a.Balanced {
			b.t.Errorf("out of balance: %+v", a)
		}
	}
}

// TestStartDateMovesInterval checks that the interval of a job counts from its
// start_date, also when that is edited.
func TestStartDateMovesInterval(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/recurring", `{"name":"pulse","schedule":"@every 1h","start_date":"2026-11-23T12:00:00Z","handler_name":"noop"}`).want(201)
	b.now = monday.Add(90 * time.Minute)
	got := read[job.Job](b.do("PATCH", base+"/jobs/pulse", `{"start_date":"2026-11-23T15:07:00Z"}`).want(200))
	want := time.Date(2026, 11, 23, 15, 7, 0, 0, time.UTC)
	if got.NextRun == nil || !got.NextRun.Equal(want) {
		t.Errorf("next run %v, want %v", got.NextRun, want)
	}
	for range 3 {
		b.now = b.now.Add(time.Hour)
		b.plan()
		b.balanced()
	}
	b.do("PATCH", base+"/jobs/pulse", `{"description":"edited"}`).want(200)
	if got := read[job.Job](b.do("GET", base+"/jobs/pulse", "").want(200)); !got.NextRun.Equal(want.Add(2 * time.Hour)) {
		t.Errorf("next run %v, want %v", got.NextRun, want.Add(2*time.Hour))
	}
}

// TestCatchUpThatEnds checks a resume whose catch-up reaches the job's limit.
func TestCatchUpThatEnds(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/recurring", `{"name":"drip","schedule":"@hourly","start_date":"2026-11-23T12:00:00Z","max_executions":2,"overlap":"queue_all","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/drip/pause", "").want(204)
	b.now = monday.Add(5*time.Hour + time.Minute)
	b.do("POST", base+"/jobs/drip/resume", `{"catch_up":"all"}`).want(204)
	runs := read[[]job.Execution](b.do("GET", base+"/jobs/drip/executions?sort_order=asc", "").want(200))
	if len(runs) != 2 {
		t.Fatalf("%d runs, want 2", len(runs))
	}
	b.balanced()
	for _, e := range runs {
		b.now = b.now.Add(time.Minute)
		b.settle(e.ID, job.EventSucceed)
		b.balanced()
	}
	if _, err := b.store.CompleteJobs(t.Context(), b.now); err != nil {
		t.Fatal(err)
	}
	if got := read[job.Job](b.do("GET", base+"/jobs/drip", "").want(200)); got.Status != job.JobCompleted {
		t.Errorf("status %s, want completed", got.Status)
	}
}

// TestLimitRaised checks that a job that has reached its limit goes on when the limit
// is raised, while its last run is under way.
func TestLimitRaised(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/recurring", `{"name":"drip","schedule":"@hourly","start_date":"2026-11-23T12:00:00Z","max_executions":1,"handler_name":"noop"}`).want(201)
	b.now = monday.Add(time.Hour)
	b.plan()
	if got := read[job.Job](b.do("GET", base+"/jobs/drip", "").want(200)); got.NextRun != nil || got.Status != job.JobActive {
		t.Errorf("at its limit = %+v", got)
	}
	b.do("POST", base+"/jobs/drip/pause", "").want(409)
	b.now = b.now.Add(150 * time.Minute)
	raised := read[job.Job](b.do("PATCH", base+"/jobs/drip", `{"max_executions":3}`).want(200))
	if raised.NextRun == nil || !raised.NextRun.Equal(monday.Add(4*time.Hour)) {
		t.Errorf("next run %v", raised.NextRun)
	}
	if _, err := b.store.CompleteJobs(t.Context(), b.now); err != nil {
		t.Fatal(err)
	}
	b.now = monday.Add(4 * time.Hour)
	b.plan()
	b.balanced()
	if got := read[job.Job](b.do("GET", base+"/jobs/drip", "").want(200)); got.Status != job.JobActive {
		t.Errorf("status %s, want active", got.Status)
	}
}

// TestOneTimeOverHTTP checks a one-time job that a pause holds back.
func TestOneTimeOverHTTP(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/once", `{"name":"sla","in":"1h","handler_name":"noop"}`).want(201)
	b.do("POST", base+"/jobs/sla/pause", "").want(204)
	b.now = monday.Add(3 * time.Hour)
	b.plan()
	b.do("POST", base+"/jobs/sla/resume", "").want(409)
	b.do("POST", base+"/jobs/sla/resume", `{"catch_up":"once"}`).want(204)
	b.balanced()
	runs := read[[]job.Execution](b.do("GET", base+"/jobs/sla/executions", "").want(200))
	if len(runs) != 1 || !runs[0].CatchUp {
		t.Errorf("runs = %+v", runs)
	}
	b.do("PUT", base+"/jobs/sla/reschedule", `{"in":"1h"}`).want(400)
	b.do("PUT", base+"/jobs/sla/reschedule", `{"execute_at":"2026-11-24T12:00:00Z"}`).want(409)
	b.settle(runs[0].ID, job.EventSucceed)
	if _, err := b.store.CompleteJobs(t.Context(), b.now); err != nil {
		t.Fatal(err)
	}
	if got := read[job.Job](b.do("GET", base+"/jobs/sla", "").want(200)); got.Status != job.JobCompleted {
		t.Errorf("status %s, want completed", got.Status)
	}
	b.balanced()
}

// TestChangesKeepStore does random things to jobs over HTTP for a simulated month and
// audits the store after each.
func TestChangesKeepStore(t *testing.T) {
	b := newBench(t)
	dice := rand.New(rand.NewPCG(1, 2))
	schedules := []string{"*/7 * * * *", "0 */2 * * *", "@every 13m", "30 2 * * *", "15 9 * * MON-FRI"}
	for i := range 4 {
		b.do("POST", base+"/jobs/recurring", fmt.Sprintf(`{"name":"j%d","schedule":%q,"timezone":"America/New_York","misfire":%q,"overlap":%q,
			"start_date":"2026-11-23T10:00:00Z","handler_name":"noop"}`, i, schedules[i], job.Misfires()[i%3], job.Overlaps()[i%3])).want(201)
	}
	for range 200 {
		b.now = b.now.Add(time.Duration(dice.Int64N(int64(3 * time.Hour))).Truncate(time.Millisecond))
		path := fmt.Sprintf("%s/jobs/j%d", base, dice.IntN(4))
		switch dice.IntN(8) {
		case 0, 1:
			b.plan()
		case 2:
			b.do("POST", path+"/pause", fmt.Sprintf(`{"cancel_running":%t}`, dice.IntN(2) == 0))
		case 3:
			b.do("POST", path+"/resume", fmt.Sprintf(`{"catch_up":%q}`, job.CatchUps()[dice.IntN(3)]))
		case 4:
			b.do("PUT", path+"/reschedule", fmt.Sprintf(`{"schedule":%q}`, schedules[dice.IntN(len(schedules))]))
		case 5:
			b.do("PATCH", path, fmt.Sprintf(`{"description":"%d","misfire":%q}`, dice.Int(), job.Misfires()[dice.IntN(3)]))
		case 6:
			b.do("POST", path+"/run", "")
		case 7:
			b.do("PATCH", path, fmt.Sprintf(`{"start_date":%q}`, b.now.Add(time.Duration(dice.IntN(48))*time.Hour).Format(time.RFC3339)))
		}
		b.balanced()
		if t.Failed() {
			return
		}
	}
}
