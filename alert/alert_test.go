package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

var at = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// ran is an execution that was due so long ago, began after a delay, and took so long; a
// negative duration leaves that out.
func ran(status job.Status, due, delay, took time.Duration) job.Execution {
	e := job.Execution{Status: status, Trigger: job.TriggerSchedule, ScheduledAt: at.Add(-due), RunNumber: 7}
	if delay >= 0 {
		e.StartedAt = new(e.ScheduledAt.Add(delay))
	}
	if delay >= 0 && took >= 0 {
		e.CompletedAt = new(e.StartedAt.Add(took))
	}
	return e
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const never = time.Duration(-1)
	tests := []struct {
		name   string
		metric string
		value  float64
		edit   func(f *Facts)
		want   string // part of the summary; "" = it is right
	}{
		{"due times went by", Missed, 0, func(f *Facts) { f.Miss = &Miss{Count: 3, At: at} }, "3 due times"},
		{"fewer than the value", Missed, 5, func(f *Facts) { f.Miss = &Miss{Count: 3, At: at} }, ""},
		{"a run that came late", Missed, 0, func(f *Facts) { f.Miss = &Miss{At: at} }, "its run came late"},
		{"made up for", Missed, 0, func(f *Facts) {
			f.Miss = &Miss{Count: 3, At: at.Add(-time.Hour), Raised: true}
			f.Recent = []job.Execution{ran(job.Success, time.Minute, 0, 0)}
		}, ""},
		{"not made up for by a failure", Missed, 0, func(f *Facts) {
			f.Miss = &Miss{Count: 3, At: at.Add(-time.Hour), Raised: true}
			f.Recent = []job.Execution{ran(job.Failed, time.Minute, 0, 0)}
		}, "3 due times"},
		{"a gap", Missed, 0, func(f *Facts) { f.Job.MaxGapMS, f.Recent = 60_000, []job.Execution{ran(job.Success, time.Hour, 0, 0)} }, "at least every 1m"},
		{"no gap", Missed, 0, func(f *Facts) {
			f.Job.MaxGapMS, f.Recent = 7_200_000, []job.Execution{ran(job.Success, time.Hour, 0, 0)}
		}, ""},
		{"paused", Missed, 0, func(f *Facts) { f.Miss, f.Job.Status = &Miss{Count: 3, At: at}, job.JobPaused }, ""},
		{"not begun", Late, 60_000, func(f *Facts) {
			f.Recent = []job.Execution{ran(job.Pending, 2*time.Minute, never, never), ran(job.Success, time.Hour, 0, 0)}
		}, "has not begun"},
		{"not planned", Late, 60_000, func(f *Facts) {
			f.Next, f.Recent = at.Add(-2*time.Minute), []job.Execution{ran(job.Success, time.Hour, 0, 0)}
		}, "has not begun"},
		{"within the jitter", Late, 60_000, func(f *Facts) {
			f.Job.JitterMS, f.Recent = 120_000, []job.Execution{ran(job.Pending, 2*time.Minute, never, never), ran(job.Success, time.Hour, 0, 0)}
		}, ""},
		{"held back", Late, 60_000, func(f *Facts) {
			f.Held, f.Recent = true, []job.Execution{ran(job.Pending, 2*time.Minute, never, never), ran(job.Success, time.Hour, 0, 0)}
		}, ""},
		{"began late", Late, 600_000, func(f *Facts) {
			f.Job.StartWithinMS, f.Recent = 1000, []job.Execution{ran(job.Success, time.Hour, 5*time.Second, 0)}
		}, "began 5s late"},
		{"in time again", Late, 600_000, func(f *Facts) {
			f.Job.StartWithinMS, f.Recent = 1000, []job.Execution{ran(job.Success, time.Hour, 0, 0), ran(job.Success, 2*time.Hour, 5*time.Second, 0)}
		}, ""},
		{"never ran", NeverRan, 60_000, func(f *Facts) { f.Recent = []job.Execution{ran(job.Pending, 2*time.Minute, never, never)} }, "has never run"},
		{"not due for long", NeverRan, 300_000, func(f *Facts) { f.Recent = []job.Execution{ran(job.Pending, 2*time.Minute, never, never)} }, ""},
		{"never ran for its gap", NeverRan, 60_000, func(f *Facts) { f.Job.MaxGapMS = 3_600_000 }, "at least every 1h"},
		{"ran once", NeverRan, 60_000, func(f *Facts) { f.Job.MaxGapMS, f.Recent = 60_000, []job.Execution{ran(job.Success, time.Hour, 0, 0)} }, ""},
		{"goes on too long", TooSlow, 0, func(f *Facts) {
			f.Job.FinishWithinMS, f.Recent = 1000, []job.Execution{ran(job.Running, time.Minute, 0, never)}
		}, "takes longer than 1s"},
		{"took too long", TooSlow, 0, func(f *Facts) {
			f.Job.FinishWithinMS, f.Recent = 1000, []job.Execution{ran(job.Success, time.Hour, 0, time.Minute)}
		}, "takes longer than 1s"},
		{"quick enough since", TooSlow, 0, func(f *Facts) {
			f.Job.FinishWithinMS, f.Recent = 1000, []job.Execution{ran(job.Success, time.Minute, 0, 0), ran(job.Success, time.Hour, 0, time.Minute)}
		}, ""},
		{"too quick", TooFast, 0, func(f *Facts) {
			f.Job.MinDurationMS, f.Recent = 1000, []job.Execution{ran(job.Success, time.Hour, 0, 0)}
		}, "at least 1s"},
		{"a quick failure", TooFast, 0, func(f *Facts) {
			f.Job.MinDurationMS, f.Recent = 1000, []job.Execution{ran(job.Failed, time.Hour, 0, 0)}
		}, ""},
		{"nothing is expected", TooFast, 0, func(f *Facts) { f.Recent = []job.Execution{ran(job.Success, time.Hour, 0, 0)} }, ""},
		{"another platform", TooFast, 0, func(f *Facts) {
			f.Job.Platform, f.Job.MinDurationMS, f.Recent = "shop", 1000, []job.Execution{ran(job.Success, time.Hour, 0, 0)}
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := Facts{Job: job.Job{Platform: "web", Spec: job.Spec{Name: "j"}, Status: job.JobActive, CreatedAt: at.Add(-24 * time.Hour)}}
			test.edit(&f)
			r := Rule{Platform: "web", Metric: test.metric, Operator: GT, Value: test.value}
			got := r.Judge(&f, at)
			switch {
			case test.want == "" && got != nil:
				t.Errorf("found %q, want nothing", got.Summary)
			case test.want != "" && (got == nil || !strings.Contains(got.Summary, test.want)):
				t.Errorf("found %+v, want %q", got, test.want)
			}
		})
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	f := Figures{Over: 10 * time.Minute, Waiting: 5, Jobs: map[job.JobStatus]int64{job.JobActive: 2, job.JobPaused: 1}, Oldest: time.Second}
	f.Tally.Success, f.Tally.Failed, f.Tally.Timeout = 6, 3, 1
	for metric, want := range map[string]float64{
		FailureRate: 40, TimeoutCount: 1, "scheduler.failure_count": 4, "scheduler.executions.success_rate": 60, "scheduler.executions.rate": 1,
		"scheduler.jobs.total": 3, "scheduler.jobs.active": 2, QueueSize: 5, "scheduler.queue.oldest_ms": 1000,
	} {
		r := Rule{Metric: metric, Operator: GE, Value: want}
		if got, beyond := r.Measure(&f); got != want || !beyond {
			t.Errorf("%s = %v, %v; want %v and beyond", metric, got, beyond, want)
		}
	}
	idle := Rule{Metric: FailureRate, Operator: GT}
	if value, beyond := idle.Measure(&Figures{}); value != 0 || beyond {
		t.Errorf("the failure rate of nothing = %v, %v", value, beyond)
	}
	for op, want := range map[Operator]bool{GT: false, GE: true, LT: false, LE: true, EQ: true, NE: false, "over": false} {
		if got := op.compare(1, 1); got != want {
			t.Errorf("1 %s 1 = %v", op, got)
		}
	}
}

// TestRipe has a gauge that must be beyond its value for ten minutes.
func TestRipe(t *testing.T) {
	t.Parallel()
	r := Round{Rule: Rule{Metric: QueueSize, DurationMS: 600_000}, Found: []Finding{{}}}
	ripe, since := r.Ripe(time.Time{}, at)
	if ripe || !since.Equal(at) {
		t.Errorf("first seen: %v since %s", ripe, since)
	}
	if ripe, since = r.Ripe(at, at.Add(9*time.Minute)); ripe || !since.Equal(at) {
		t.Errorf("after nine minutes: %v since %s", ripe, since)
	}
	if ripe, _ = r.Ripe(at, at.Add(10*time.Minute)); !ripe {
		t.Error("after ten minutes it does not fire")
	}
	r.Found = nil
	if ripe, since = r.Ripe(at, at.Add(time.Hour)); ripe || !since.IsZero() {
		t.Errorf("right again: %v since %s", ripe, since)
	}
}

// TestTurns is the life of an alert.
func TestTurns(t *testing.T) {
	t.Parallel()
	r, f := Rule{Name: "r", Metric: QueueSize, Operator: GT, Value: 1}, Finding{Platform: "web", Value: 2, Summary: "2 > 1"}
	a := New(&r, &f, nil, at)
	a.Number, a.Told = 17, []string{"ops"}
	if a.State != Firing || a.ID() != "a17" || len(a.Turns) != 1 {
		t.Fatalf("new: %+v", a)
	}
	if err := a.Quiet(Silenced, at, at.Add(time.Hour), "ops", ""); err != nil || a.State != Silenced {
		t.Fatalf("silenced: %v, %+v", err, a)
	}
	if turned, _ := a.Again(&f, at.Add(30*time.Minute)); turned {
		t.Error("it fires while it is silenced")
	}
	if a.Resolve(at.Add(40*time.Minute), By, "") {
		t.Error("somebody is told of the end of a silenced alert")
	}
	b := New(&r, &f, &a, at.Add(50*time.Minute))
	if b.State != Silenced || !b.Until.Equal(at.Add(time.Hour)) {
		t.Errorf("one that follows a silence: %+v", b)
	}
	if turned, _ := b.Again(&f, at.Add(time.Hour)); !turned || b.State != Firing {
		t.Errorf("after the silence: %+v", b)
	}
	if c := New(&r, &f, &a, at.Add(2*time.Hour)); c.State != Firing {
		t.Errorf("one that comes after the silence: %+v", c)
	}
	if err := a.Loud(at, "ops", ""); job.CodeOf(err) != job.Conflict {
		t.Errorf("a resolved alert can be turned: %v", err)
	}
	for range 2 * maxTurns {
		_ = b.Quiet(Acknowledged, at, time.Time{}, "ops", "")
	}
	if len(b.Turns) > maxTurns || b.Turns[0].State != Firing {
		t.Errorf("%d turns, the first %s", len(b.Turns), b.Turns[0].State)
	}
	for text, want := range map[string]int64{"a17": 17, "a0": 0, "17": 0, "a01": 0, "a-1": 0, "": 0, "a": 0} {
		if n, ok := ParseID(text); ok != (want > 0) || ok && n != want {
			t.Errorf("ParseID(%q) = %d, %v", text, n, ok)
		}
	}
}

func TestSeedsAreValid(t *testing.T) {
	t.Parallel()
	for _, r := range Seeds() {
		if err := r.Validate([]string{"slack", "email"}).Err(); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		if _, known := MetricOf(r.Metric); !known {
			t.Errorf("%s: no metric %s", r.Name, r.Metric)
		}
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	r := Rule{Name: "job-late", Metric: Late, Operator: GT, Severity: Warning}
	var list []*Alert
	for i := range 60 {
		id := job.ID{byte(i + 1)}
		a := New(&r, &Finding{Platform: "web", JobID: &id, JobName: "j", Summary: "the run has not begun"}, nil, at)
		a.Number = int64(i + 1)
		list = append(list, &a)
	}
	one := Tell("web", Firing, list[:1], at)
	if got := one.Subject(); got != "[firing] warning job-late: j" {
		t.Errorf("subject %q", got)
	}
	many := Tell("web", Resolved, list, at)
	if many.Count != 60 || len(many.Alerts) != maxListed || !strings.HasSuffix(many.Text(), "and 10 more: schedctl alert list\n") || many.Alerts[0].ResolvedAt == nil {
		t.Errorf("notice of 60: %d, %d listed\n%s", many.Count, len(many.Alerts), many.Text())
	}
}
