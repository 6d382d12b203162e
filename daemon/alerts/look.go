package alerts

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/store"
)

// figuresOf names figures that rules may share.
type figuresOf struct {
	platform string
	over     time.Duration // 0 = what is there now
}

// looking is one look at all rules. Nothing in it reads history: figures are sums, and of
// jobs it reads those that the store points out.
type looking struct {
	a         *Alerts
	now       time.Time
	figures   map[figuresOf]*alert.Figures
	totals    map[string]*store.Totals
	recovered []store.Recovered
}

// rounds looks at each rule.
func (l *looking) rounds(ctx context.Context, rules []alert.Rule) ([]alert.Round, error) {
	rounds := make([]alert.Round, 0, len(rules))
	var ofJobs []int // places of the rounds about jobs
	for i := range rules {
		r := &rules[i]
		m, known := alert.MetricOf(r.Metric)
		if !known { // of a later program
			continue
		}
		round := alert.Round{Rule: *r}
		if m.Class == alert.OfJob {
			ofJobs = append(ofJobs, len(rounds))
		} else {
			f, err := l.measure(ctx, r, m.Class)
			if err != nil {
				return nil, err
			}
			round = r.Look(f)
		}
		round.Send = Reachable(l.a.o.Channels, r.Platform, r.Channels)
		rounds = append(rounds, round)
	}
	return rounds, l.judge(ctx, rounds, ofJobs)
}

// measure returns the figures that a rule compares.
func (l *looking) measure(ctx context.Context, r *alert.Rule, class alert.Class) (*alert.Figures, error) {
	key := figuresOf{platform: r.Platform}
	if class == alert.Window {
		key.over = r.Duration()
	}
	if f := l.figures[key]; f != nil {
		return f, nil
	}
	f := &alert.Figures{Over: key.over}
	l.figures[key] = f
	if class == alert.Window {
		var err error
		f.Tally, err = l.a.o.Store.Tally(ctx, store.TallyOf{
			Platform: r.Platform, From: l.now.Add(-key.over).Truncate(time.Minute), To: l.now.Truncate(time.Minute).Add(time.Minute),
		})
		return f, err
	}
	t, err := l.a.o.Totals(ctx, r.Platform, l.now)
	f.Jobs, f.Waiting, f.Running, f.Delayed, f.Dead, f.Oldest = t.Jobs, t.Waiting, t.Running, t.Delayed, t.Dead, t.OldestReady
	return f, err
}

// judge looks at the jobs that may not be as they should be.
func (l *looking) judge(ctx context.Context, rounds []alert.Round, ofJobs []int) error {
	if len(ofJobs) == 0 {
		return nil
	}
	held, maintenance, err := l.held(ctx)
	if err != nil {
		return err
	}
	q := store.AlertFacts{Limit: maxJobs}
	for _, i := range ofJobs {
		r := &rounds[i].Rule
		if r.Metric != alert.Late && r.Metric != alert.NeverRan || maintenance {
			continue
		}
		if due := l.now.Add(-max(leastDue, time.Duration(r.Value)*time.Millisecond)); due.After(q.DueBefore) {
			q.DueBefore = due
		}
	}
	facts, partial, err := l.a.o.Store.AlertFacts(ctx, q)
	if err != nil {
		return err
	}
	for i := range facts {
		f := &facts[i]
		f.Held = maintenance || held(f.Job.Platform)
		missed := false
		for _, at := range ofJobs {
			round := &rounds[at]
			round.Partial = partial
			if found := round.Rule.Judge(f, l.now); found != nil {
				round.Found = append(round.Found, *found)
				missed = missed || round.Rule.Metric == alert.Missed
			}
		}
		l.recover(f, missed)
	}
	return nil
}

// recover notes that due times which went by are over: made up for, or nobody's concern.
func (l *looking) recover(f *alert.Facts, missed bool) {
	if f.Miss != nil && !missed {
		l.recovered = append(l.recovered, store.Recovered{Job: f.Job.ID, At: f.Miss.At})
	}
}

// held returns on which platforms operators keep runs from starting, and whether they do
// so everywhere.
func (l *looking) held(ctx context.Context) (on func(platform string) bool, maintenance bool, err error) {
	holds, err := l.a.o.Store.Holds(ctx, l.now)
	for i := range holds {
		maintenance = maintenance || holds[i].Kind == store.HoldMaintenance
	}
	return func(platform string) bool {
		for i := range holds {
			if holds[i].Covers(platform) {
				return true
			}
		}
		return false
	}, maintenance, err
}

// idle reports whether there is nothing to write: nothing was found, and nothing is open.
func (l *looking) idle(ctx context.Context, rounds []alert.Round) (bool, error) {
	if len(l.recovered) > 0 {
		return false, nil
	}
	for i := range rounds {
		if len(rounds[i].Found) > 0 || !rounds[i].Rule.Pending.IsZero() {
			return false, nil
		}
	}
	open, err := l.a.o.Store.AlertCounts(ctx, store.AnyPlatform)
	return len(open) == 0, err
}
