package job_test

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// outages are lengths whose cost must not differ by more than a little.
var outages = []struct {
	name string
	long time.Duration
}{
	{"1h", time.Hour},
	{"400d", 400 * 24 * time.Hour},
	{"20y", 20 * 365 * 24 * time.Hour},
}

// planner returns a function that plans an outage of a job of one schedule.
func planner(tb testing.TB, expr string, misfire job.Misfire, long time.Duration) (plan func(), result *job.Plan) {
	tb.Helper()
	def := job.Job{Spec: job.Spec{Type: job.TypeCron, Schedule: expr, Timezone: "America/New_York", DSTPolicy: "once", Misfire: misfire, Overlap: job.OverlapSkip}}
	sched, err := job.Compile(&def)
	if err != nil {
		tb.Fatal(err)
	}
	start := time.Date(2026, 1, 5, 11, 59, 57, 0, time.UTC)
	st, result := job.State{NextRun: sched.Next(start)}, &job.Plan{}
	return func() { job.MakePlan(&def, sched, st, start.Add(long), job.DefaultPolicy(), result) }, result
}

func BenchmarkMakePlan(b *testing.B) {
	for _, expr := range []string{"* * * * * *", "* * * * *", "30 2 * * *"} {
		for _, misfire := range []job.Misfire{job.MisfireFireOnce, job.MisfireFireAll} {
			for _, o := range outages {
				b.Run(expr+"/"+string(misfire)+"/"+o.name, func(b *testing.B) {
					plan, _ := planner(b, expr, misfire, o.long)
					b.ReportAllocs()
					for b.Loop() {
						plan()
					}
				})
			}
		}
	}
}

// TestPlanCost bounds what an outage costs by ten times what the design promises:
// a planner that steps through 34 million slots takes seconds.
func TestPlanCost(t *testing.T) {
	for _, misfire := range job.Misfires() {
		t.Run(string(misfire), func(t *testing.T) {
			plan, result := planner(t, "* * * * * *", misfire, 400*24*time.Hour)
			best := time.Hour
			for range 10 {
				start := time.Now()
				plan()
				best = min(best, time.Since(start))
			}
			if best > 10*time.Millisecond {
				t.Errorf("planning 400 days of a secondly job took %v, want less than 1 ms", best)
			}
			if n := len(result.Runs) + len(result.Skips) + len(result.Ranges); n > 300 {
				t.Errorf("the plan writes %d rows, want a few ranges and at most 100 runs", n)
			}
			if allocs := testing.AllocsPerRun(5, plan); allocs > 0 {
				t.Errorf("planning into a used Plan allocates %v times, want never", allocs)
			}
		})
	}
}
