package control

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Vitals is what this node takes of its machine.
type Vitals struct {
	Resident int64   // bytes
	CPU      float64 // percent of one core, of late
}

// minutes is how far back figures are told by minutes; see api.TimeRange.
const minutes = 25 * time.Hour

// Metrics sums up what ended in [from, to), and counts what is there now. A zero to is
// now.
func (s *Service) Metrics(ctx context.Context, c Call, from, to time.Time) (api.Metrics, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Metrics{}, err
	}
	if to.IsZero() || to.After(c.Now) {
		to = c.Now
	}
	of, err := s.window(c, scope, from, to)
	if err != nil {
		return api.Metrics{}, err
	}
	tally, err := s.store.Tally(ctx, of)
	if err != nil {
		return api.Metrics{}, err
	}
	totals, err := s.totals(ctx, scope, c.Now)
	if err != nil {
		return api.Metrics{}, err
	}
	m := api.Metrics{
		Jobs: jobCounts(totals.Jobs), Executions: executionCounts(&tally), Performance: performance(&tally),
		Queue:       api.QueueCounts{Size: totals.Waiting, Processing: totals.Running, Delayed: totals.Delayed, Failed: totals.Dead, OldestMS: age(totals.OldestReady)},
		TimeRange:   api.TimeRange{Start: of.From, End: of.To},
		GeneratedAt: c.Now,
	}
	m.Executions.Pending, m.Executions.Running = totals.Waiting+totals.Delayed, totals.Running
	m.System, err = s.system(ctx, c)
	return m, err
}

// window is what to ask the store for: whole minutes or hours around a time.
func (s *Service) window(c Call, scope string, from, to time.Time) (store.TallyOf, error) {
	unit := time.Minute
	if c.Now.Sub(from) > minutes {
		unit = time.Hour
	}
	of := store.TallyOf{Platform: scope, From: from.Truncate(unit), To: to.Truncate(unit), Hours: unit == time.Hour}
	if of.To.Before(to) {
		of.To = of.To.Add(unit)
	}
	var p job.Problems
	if !from.Before(to) {
		p.Add("from", "contradiction", "must be before to, and in the past")
	}
	if c.Now.Sub(from) > store.KeepFigures {
		p.Add("from", "out_of_range", "must be within the last %d days: figures are not kept longer", store.KeepFigures/(24*time.Hour))
	}
	return of, p.Err()
}

func jobCounts(by map[job.JobStatus]int64) api.JobCounts {
	counts := api.JobCounts{
		Pending: by[job.JobPending], Active: by[job.JobActive], Paused: by[job.JobPaused], Completed: by[job.JobCompleted],
		Failed: by[job.JobFailed], Cancelled: by[job.JobCancelled], Error: by[job.JobError],
	}
	for _, n := range by {
		counts.Total += n
	}
	return counts
}

func executionCounts(t *job.Tally) api.ExecutionCounts {
	return api.ExecutionCounts{
		Total: t.Ended(), Successful: t.Success, Failed: t.Failed, Timeout: t.Timeout, Cancelled: t.Cancelled, Skipped: t.Skipped, Missed: t.Missed,
	}
}

func performance(t *job.Tally) api.Performance {
	ms := func(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }
	return api.Performance{
		SuccessRate: rate(t), AvgDurationMS: ms(t.Took.Average()),
		P50DurationMS: ms(t.Took.Percentile(50)), P95DurationMS: ms(t.Took.Percentile(95)), P99DurationMS: ms(t.Took.Percentile(99)),
	}
}

// rate is the success rate with two decimals. What is not all does not become it.
func rate(t *job.Tally) float64 {
	r := t.SuccessRate()
	rounded := math.Round(r*100) / 100
	if rounded == 100 && r < 100 {
		return 99.99
	}
	return rounded
}

// system counts live workers, and looks at this node.
func (s *Service) system(ctx context.Context, c Call) (api.System, error) {
	sessions, err := s.store.ListSessions(ctx, c.Now)
	if err != nil {
		return api.System{}, err
	}
	out := api.System{Node: s.o.Version.Node}
	for i := range sessions {
		one := &sessions[i]
		if one.ClosedAt == nil && one.LeaseUntil.After(c.Now) && has(one.Roles, "worker") {
			out.Workers++
		}
	}
	if !s.o.Started.IsZero() {
		out.UptimeSeconds = int64(c.Now.Sub(s.o.Started).Seconds())
	}
	if s.o.Vitals != nil {
		v := s.o.Vitals()
		out.MemoryUsageMB, out.CPUUsagePercent = math.Round(float64(v.Resident)/(1<<20)*10)/10, math.Round(v.CPU*10)/10
	}
	return out, nil
}

// Bounds of the lists of JobStats.
const (
	maxPatterns = 10
	maxHours    = 5
)

// JobStats sums up a job's executions that ended since an instant; the zero time is
// since ever.
func (s *Service) JobStats(ctx context.Context, c Call, ref string, since time.Time) (api.JobStats, error) {
	scope, err := c.scope()
	if err != nil {
		return api.JobStats{}, err
	}
	if since.After(c.Now) {
		return api.JobStats{}, fieldError("since", "out_of_range", "must be in the past")
	}
	f, err := s.store.JobFigures(ctx, scope, ref, since)
	if job.CodeOf(err) == job.NotFound {
		return api.JobStats{}, s.suggest(ctx, scope, ref, err)
	}
	if err != nil {
		return api.JobStats{}, err
	}
	return jobStats(&f, since, c.Now), nil
}

func jobStats(f *store.JobFigures, since, now time.Time) api.JobStats {
	var kept job.Tally // of the periods; starts are told apart
	for i := range f.Periods {
		kept.Merge(&f.Periods[i].Tally, 0)
	}
	sum := f.Ever
	if !since.IsZero() {
		sum = kept
	}
	j := &f.Job
	stats := api.JobStats{
		JobID: j.ID, JobName: j.Name, PlatformID: j.PlatformID, Since: instant(since),
		TotalExecutions: sum.Ended(), Successful: sum.Success, Failed: sum.Failed, Timeout: sum.Timeout, Cancelled: sum.Cancelled, Skipped: sum.Skipped,
		SuccessRate: rate(&sum), AvgDurationMS: millis(sum.Took.Average(), sum.Success),
		MinDurationMS: millis(kept.Took.Min, kept.Success), MaxDurationMS: millis(kept.Took.Max, kept.Success),
		P50DurationMS: millis(kept.Took.Percentile(50), kept.Success), P95DurationMS: millis(kept.Took.Percentile(95), kept.Success),
		P99DurationMS: millis(kept.Took.Percentile(99), kept.Success),
		Timezone:      j.Timezone, BusiestHours: busiest(f.Periods, j.Timezone), Trend: trend(f.Periods), GeneratedAt: now,
	}
	for i, p := range f.Patterns {
		if i == maxPatterns {
			break
		}
		stats.FailurePatterns = append(stats.FailurePatterns, api.Pattern{ErrorType: cmp.Or(p.Class, "other"), Message: p.Message, Count: p.Count, LastOccurrence: p.Last})
	}
	if e := f.Last; e != nil && e.StartedAt != nil {
		stats.LastExecution = &api.LastExecution{
			ExecutionID: e.ID, Run: e.JobName + "/" + strconv.FormatInt(e.RunNumber, 10), Status: e.Status, StartedAt: *e.StartedAt, DurationMS: e.DurationMS,
		}
	}
	if j.NextRun != nil {
		stats.NextExecution = &api.NextExecution{ScheduledAt: *j.NextRun, EstimatedDurationMS: cmp.Or(stats.AvgDurationMS, j.AvgDurationMS)}
	}
	return stats
}

// millis is a duration of n successes; nil when there are none.
func millis(d time.Duration, n int64) *int64 {
	if n == 0 {
		return nil
	}
	ms := d.Round(time.Millisecond).Milliseconds()
	return &ms
}

// busiest are the hours of the day, as a job's zone has them, in which most started.
func busiest(periods []job.Period, timezone string) []api.BusyHour {
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		zone = time.UTC
	}
	var by [24]int64
	for i := range periods {
		for _, c := range periods[i].Tally.Starts {
			by[periods[i].Start.Add(time.Duration(c.At)*job.Quarter).In(zone).Hour()] += c.N
		}
	}
	hours := []api.BusyHour{}
	for hour, n := range by {
		if n > 0 {
			hours = append(hours, api.BusyHour{Hour: hour, ExecutionCount: n})
		}
	}
	slices.SortStableFunc(hours, func(a, b api.BusyHour) int { return cmp.Compare(b.ExecutionCount, a.ExecutionCount) })
	return hours[:min(len(hours), maxHours)]
}

// trend sums periods up by day.
func trend(periods []job.Period) []api.DayStats {
	days := []api.DayStats{}
	var sum job.Tally
	for i := range periods {
		day := periods[i].Start.Format(time.DateOnly)
		if len(days) == 0 || days[len(days)-1].Day != day {
			days, sum = append(days, api.DayStats{Day: day}), job.Tally{}
		}
		sum.Merge(&periods[i].Tally, 0)
		last := &days[len(days)-1]
		last.Executions, last.Successful, last.AvgDurationMS = sum.Ended(), sum.Success, millis(sum.Took.Average(), sum.Success)
	}
	return slices.DeleteFunc(days, func(d api.DayStats) bool { return d.Executions == 0 })
}

// PlatformHealth is Health as a part of something larger shows it. Figures are those of
// the caller's platform.
func (s *Service) PlatformHealth(ctx context.Context, c Call) (api.PlatformHealth, error) {
	scope, err := c.scope()
	if err != nil {
		return api.PlatformHealth{}, err
	}
	h := s.Health(ctx, c)
	p := api.PlatformHealth{Status: h.Status, Timestamp: h.Timestamp}
	p.Components.Database = h.Components["database"]
	own := &p.Components.Scheduler
	own.Status, own.QueueHealth = up, Healthy
	if part, ok := h.Components["scheduler"]; ok {
		own.Status = part.Status
	}
	for i := range h.Issues {
		if h.Issues[i].Component == "queue" && own.QueueHealth == Healthy {
			own.QueueHealth = Degraded
		}
	}
	if p.Components.Database.Status == down {
		return p, nil
	}
	totals, err := s.totals(ctx, scope, c.Now)
	own.ActiveJobs, own.PendingExecutions = totals.Jobs[job.JobActive], totals.Waiting+totals.Delayed
	return p, err
}
