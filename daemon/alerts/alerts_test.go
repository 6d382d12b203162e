package alerts

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// TestFigures lets a figure go up and down, and looks every quarter of a minute: a window
// fires at once, a gauge when it was beyond its value for as long as the rule says.
func TestFigures(t *testing.T) {
	t.Parallel()
	type step struct {
		after time.Duration
		value int64
		want  []alert.State
	}
	firing, resolved := alert.Firing, alert.Resolved
	for name, test := range map[string]struct {
		metric string
		op     alert.Operator
		value  float64
		over   time.Duration
		steps  []step
	}{
		"a window fires at once": {"scheduler.failure_count", alert.GT, 2, 5 * time.Minute, []step{
			{15 * time.Second, 2, nil}, {15 * time.Second, 3, []alert.State{firing}}, {15 * time.Second, 9, []alert.State{firing}}, {15 * time.Second, 2, []alert.State{resolved}},
			{15 * time.Second, 3, []alert.State{resolved, firing}},
		}},
		"at least":     {"scheduler.failure_count", alert.GE, 2, 5 * time.Minute, []step{{15 * time.Second, 1, nil}, {15 * time.Second, 2, []alert.State{firing}}, {15 * time.Second, 1, []alert.State{resolved}}}},
		"less than":    {"scheduler.failure_count", alert.LT, 2, 5 * time.Minute, []step{{15 * time.Second, 2, nil}, {15 * time.Second, 1, []alert.State{firing}}, {15 * time.Second, 2, []alert.State{resolved}}}},
		"at most":      {"scheduler.failure_count", alert.LE, 2, 5 * time.Minute, []step{{15 * time.Second, 3, nil}, {15 * time.Second, 2, []alert.State{firing}}}},
		"exactly":      {"scheduler.failure_count", alert.EQ, 2, 5 * time.Minute, []step{{15 * time.Second, 3, nil}, {15 * time.Second, 2, []alert.State{firing}}, {15 * time.Second, 1, []alert.State{resolved}}}},
		"anything but": {"scheduler.failure_count", alert.NE, 2, 5 * time.Minute, []step{{15 * time.Second, 2, nil}, {15 * time.Second, 3, []alert.State{firing}}}},
		"a gauge must last": {alert.QueueSize, alert.GT, 10, time.Minute, []step{
			{15 * time.Second, 11, nil}, {30 * time.Second, 11, nil}, {29 * time.Second, 11, nil}, {16 * time.Second, 11, []alert.State{firing}}, {15 * time.Second, 10, []alert.State{resolved}},
		}},
		"a gauge that falls begins anew": {alert.QueueSize, alert.GT, 10, time.Minute, []step{
			{15 * time.Second, 11, nil}, {45 * time.Second, 11, nil}, {15 * time.Second, 10, nil}, {15 * time.Second, 11, nil}, {45 * time.Second, 11, nil}, {15 * time.Second, 11, []alert.State{firing}},
		}},
		"a gauge without a duration": {alert.QueueSize, alert.GT, 10, 0, []step{{15 * time.Second, 11, []alert.State{firing}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.rule("r", test.metric, test.op, test.value, test.over)
			a := b.node(1, nil)
			for i, s := range test.steps {
				b.tally.Failed, b.totals.Waiting = s.value, s.value
				b.tick(s.after, a)
				if got := b.states(); !slices.Equal(got, append([]alert.State{}, s.want...)) {
					t.Fatalf("after step %d, %s from the start: %v, want %v", i+1, b.now.Sub(start), got, s.want)
				}
			}
		})
	}
}

// TestExpectations makes jobs that are not as they should be, each in one way, and finds an
// alert of each by the rule about that; it ends when the job is right.
func TestExpectations(t *testing.T) {
	t.Parallel()
	for metric, wrong := range map[string]func(b *bed, f *alert.Facts){
		alert.Missed: func(b *bed, f *alert.Facts) { f.Miss = &alert.Miss{Count: 2, At: b.now} },
		alert.Late: func(b *bed, f *alert.Facts) {
			f.Job.StartWithinMS, f.Recent = 1000, []job.Execution{b.run(job.Pending, time.Minute), b.run(job.Success, time.Hour)}
		},
		alert.NeverRan: func(b *bed, f *alert.Facts) { f.Recent = []job.Execution{b.run(job.Pending, time.Hour)} },
		alert.TooSlow: func(b *bed, f *alert.Facts) {
			f.Job.FinishWithinMS, f.Recent = 1000, []job.Execution{b.run(job.Running, time.Minute)}
		},
		alert.TooFast: func(b *bed, f *alert.Facts) {
			f.Job.MinDurationMS, f.Recent = 1000, []job.Execution{b.run(job.Success, time.Minute)}
		},
	} {
		t.Run(metric, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.rule("r", metric, alert.GT, 0, 0)
			a := b.node(1, nil)
			right := alert.Facts{Job: job.Job{ID: b.newID(), Platform: "default", Spec: job.Spec{Name: "nightly"}, Status: job.JobActive, CreatedAt: start.Add(-24 * time.Hour)}}
			b.facts = []alert.Facts{right}
			b.tick(15*time.Second, a)
			b.want("nothing is wrong")
			broken := right
			wrong(b, &broken)
			b.facts = []alert.Facts{broken}
			b.tick(15*time.Second, a)
			b.want("it is wrong", alert.Firing)
			b.tick(15*time.Second, a)
			b.want("it goes on", alert.Firing)
			broken.Job.Status = job.JobPaused
			b.facts = []alert.Facts{broken}
			b.tick(15*time.Second, a)
			b.want("it is paused", alert.Resolved)
			if q := b.asked[0]; (metric == alert.Late || metric == alert.NeverRan) == q.DueBefore.IsZero() || q.Limit != maxJobs {
				t.Errorf("it asked for %+v", q)
			}
		})
	}
}

// run is an execution that was due so long ago, and took no time if it is over.
func (b *bed) run(status job.Status, ago time.Duration) job.Execution {
	e := job.Execution{Status: status, Trigger: job.TriggerSchedule, ScheduledAt: b.now.Add(-ago), RunNumber: 7}
	if status != job.Pending {
		e.StartedAt = &e.ScheduledAt
	}
	if status == job.Success {
		e.CompletedAt = &e.ScheduledAt
	}
	return e
}

// TestMaintenance: what an operator holds back is not late.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rule("r", alert.Late, alert.GT, 1000, 0)
	a := b.node(1, nil)
	f := alert.Facts{Job: job.Job{ID: b.newID(), Platform: "default", Spec: job.Spec{Name: "nightly"}, Status: job.JobActive}, Recent: []job.Execution{b.run(job.Pending, time.Hour), b.run(job.Success, 2*time.Hour)}}
	b.facts = []alert.Facts{f}
	if err := b.SetHold(t.Context(), store.Hold{Kind: store.HoldMaintenance, By: "me", Since: b.now}); err != nil {
		t.Fatal(err)
	}
	b.tick(15*time.Second, a)
	b.want("maintenance")
	if len(b.asked) != 1 || !b.asked[0].DueBefore.IsZero() {
		t.Errorf("it asked for %+v: what is due need not be looked at", b.asked)
	}
}

// TestSilence: who silenced an alert is not told, until the silence is over.
func TestSilence(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rule("r", alert.QueueSize, alert.GT, 10, 0, "pager")
	var told []alert.State
	a := b.node(1, func(_ string, n *alert.Notice) error { told = append(told, n.State); return nil }, Channel{Name: "pager", Type: "webhook"})
	b.totals.Waiting = 11
	b.tick(15*time.Second, a)
	_, err := b.ChangeAlert(t.Context(), store.ChangeAlert{Platform: store.AnyPlatform, Number: 1, Now: b.now, NewID: b.newID, Change: func(al *alert.Alert) error {
		return al.Quiet(alert.Silenced, b.now, b.now.Add(time.Minute), "me", "known")
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.tick(15*time.Second, a)
		b.want("silent", alert.Silenced)
	}
	if len(told) != 1 {
		t.Errorf("told %v while silent, want the first alone", told)
	}
	b.tick(15*time.Second, a)
	b.want("the silence is over", alert.Firing)
	b.totals.Waiting = 0
	b.tick(15*time.Second, a)
	b.want("it is over", alert.Resolved)
	if want := []alert.State{alert.Firing, alert.Firing, alert.Resolved}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// TestDeliveries: a channel that fails is tried again, later and later, with the same id, by
// whichever node; one that refuses for good is not.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rule("r", alert.QueueSize, alert.GT, 10, 0, "pager", "mail", "gone")
	ids := map[string]map[job.ID]bool{}
	at := map[string][]time.Duration{}
	send := func(channel string, n *alert.Notice) error {
		if ids[channel] == nil {
			ids[channel] = map[job.ID]bool{}
		}
		ids[channel][n.ID] = true
		at[channel] = append(at[channel], b.now.Sub(start))
		switch {
		case channel == "gone":
			return &handler.Failure{Class: "http_410", Message: "gone", Permanent: true}
		case channel == "pager" && len(at[channel]) < 4:
			return errors.New("busy")
		}
		return nil
	}
	// One at a time: the channels are told at once otherwise.
	channels := []Channel{{Name: "pager", Type: "webhook"}}
	first, second := b.node(1, send, channels...), b.node(2, send, append(channels, Channel{Name: "mail", Type: "email"})...)
	third := b.node(3, send, Channel{Name: "gone", Type: "webhook"})
	first.o.Channels = append(channels, Channel{Name: "mail", Type: "email"}, Channel{Name: "gone", Type: "webhook"}) // for what a rule may reach
	b.totals.Waiting = 11
	first.o.Store = nobodyTells{b}
	b.tick(0, first)
	first.o.Store, first.o.Channels = b, channels
	for range 60 {
		b.tick(time.Second, first, second, third)
	}
	if want := []time.Duration{1 * time.Second, 6 * time.Second, 16 * time.Second, 36 * time.Second}; !slices.Equal(at["pager"], want) {
		t.Errorf("the pager was told at %v, want %v", at["pager"], want)
	}
	if len(at["mail"]) != 1 || len(at["gone"]) != 1 {
		t.Errorf("mail was told %d times, what is gone %d times, want once each", len(at["mail"]), len(at["gone"]))
	}
	for channel, of := range ids {
		if len(of) != 1 {
			t.Errorf("%s was told by %d ids", channel, len(of))
		}
	}
}

// nobodyTells is a store that has nothing to tell.
type nobodyTells struct{ *bed }

func (nobodyTells) TakeNotices(context.Context, store.TakeNotices) ([]store.TakenNotice, error) {
	return nil, nil
}

// TestGivenUp: after so many failures a channel is told no more.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rule("r", alert.QueueSize, alert.GT, 10, 0, "pager")
	tries := 0
	results := map[string]int{}
	a := b.node(1, func(string, *alert.Notice) error { tries++; return errors.New("busy") }, Channel{Name: "pager", Type: "webhook"})
	a.o.Counted = func(_, result string) { results[result]++ }
	b.totals.Waiting = 11
	b.tick(0, a)
	for range 2 * maxAttempts {
		b.tick(longestWait, a)
	}
	if tries != maxAttempts || results["failed"] != 1 || results["retried"] != maxAttempts-1 {
		t.Errorf("%d tries, counted %v; want %d, the last as failed", tries, results, maxAttempts)
	}
}

// TestDuty: one node looks; when it dies another goes on, soon.
func TestDuty(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.rule("r", alert.QueueSize, alert.GT, 10, time.Hour)
	b.totals.Waiting = 11
	first, second := b.node(1, nil), b.node(2, nil)
	for range 61 {
		b.tick(time.Second, first, second)
	}
	if b.looks != 5 {
		t.Errorf("%d looks in a minute, want 5: one node looks every 15 s", b.looks)
	}
	// The first dies just after a look.
	died, looks := b.now, b.looks
	for b.looks == looks && b.now.Sub(died) < time.Minute {
		b.tick(time.Second, second)
	}
	if gap := b.now.Sub(died); gap > 26*time.Second {
		t.Errorf("the next look was %s after the last, want 26 s at most", gap)
	}
	for range 60 {
		b.tick(time.Second, second)
	}
	if b.looks != looks+5 {
		t.Errorf("%d looks in the minute after, want 4", b.looks-looks-1)
	}
}
