package alerts

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Channel is a way to tell people that this node has.
type Channel struct {
	Name, Type string
	Platforms  []string // whose alerts it may tell; empty = all
}

// Options of Alerts. All are required but Counted.
type Options struct {
	Store interface {
		store.Alerts
		Tally(ctx context.Context, t store.TallyOf) (job.Tally, error)
		Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
		HoldDuty(ctx context.Context, d store.Duty) (held bool, err error)
	}
	Logger  *slog.Logger
	Now     func() time.Time
	NewID   func() job.ID
	Session func() int64 // of this node
	Every   time.Duration
	// Totals counts what is there on a platform.
	Totals   func(ctx context.Context, platform string, now time.Time) (store.Totals, error)
	Channels []Channel
	// Send tells a channel. Its error is a *handler.Failure that says whether to try again.
	Send func(ctx context.Context, channel string, n *alert.Notice) error
	// Counted is told of each attempt: sent, retried or failed.
	Counted func(channel, result string)
}

// Alerts looks and tells.
type Alerts struct {
	o      Options
	look   time.Time    // when to look again
	forget time.Time    // when to forget again
	ticked atomic.Int64 // Unix microseconds of the last Tick that did all it had to; 0 = none did
}

// New returns Alerts; Run starts it.
func New(o Options) *Alerts {
	if o.Counted == nil {
		o.Counted = func(string, string) {}
	}
	return &Alerts{o: o}
}

// Keep is how long what is over is remembered.
const Keep = 90 * 24 * time.Hour

// Bounds of one look and of one delivery.
const (
	maxJobs    = 10_000          // of one kind
	leastDue   = 5 * time.Second // what is due for less is not looked at
	forgetting = 1000            // alerts and notices forgotten at once
)

// Tick looks if that is due and this node's duty, and tells what is to be told.
func (a *Alerts) Tick(ctx context.Context, now time.Time) error {
	var errs []error
	if !now.Before(a.look) {
		// Whoever looks keeps the duty until a little after its next look; the others ask
		// more often, so that the next look is late by little when it dies.
		soon := a.o.Every / 3
		a.look = now.Add(soon)
		held, err := a.o.Store.HoldDuty(ctx, store.Duty{Name: "alerts", Session: a.o.Session(), Now: now, Lease: a.o.Every + soon})
		if err == nil && held {
			a.look = now.Add(a.o.Every)
			err = errors.Join(a.Look(ctx, now), a.tidy(ctx, now))
		}
		errs = append(errs, err)
	}
	err := errors.Join(append(errs, a.deliver(ctx, now))...)
	if err == nil {
		a.ticked.Store(now.UnixMicro())
	}
	return err
}

// LastTick is when the last Tick did all that it had to; zero = none did yet.
func (a *Alerts) LastTick() time.Time {
	at := a.ticked.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMicro(at).UTC()
}

// Look compares all rules with how things are, once.
func (a *Alerts) Look(ctx context.Context, now time.Time) error {
	rules, err := a.o.Store.ListAlertRules(ctx, store.AnyPlatform)
	if err != nil {
		return err
	}
	rules = slices.DeleteFunc(rules, func(r alert.Rule) bool { return !r.Enabled })
	l := looking{a: a, now: now, figures: map[figuresOf]*alert.Figures{}, totals: map[string]*store.Totals{}}
	rounds, err := l.rounds(ctx, rules)
	if err != nil {
		return err
	}
	idle, err := l.idle(ctx, rounds)
	if err != nil || idle {
		return err
	}
	seen, err := a.o.Store.Observe(ctx, store.Observe{Now: now, NewID: a.o.NewID, Rounds: rounds, Recovered: l.recovered})
	if seen.Fired+seen.Resolved > 0 {
		a.o.Logger.InfoContext(ctx, "alerts changed", slog.Int("fired", seen.Fired), slog.Int("resolved", seen.Resolved), slog.Int("notices", seen.Notices))
	}
	return err
}

// Try says what a rule would find now. Nothing is written, and nobody is told.
func (a *Alerts) Try(ctx context.Context, now time.Time, r *alert.Rule) (alert.Round, error) {
	l := looking{a: a, now: now, figures: map[figuresOf]*alert.Figures{}, totals: map[string]*store.Totals{}}
	rounds, err := l.rounds(ctx, []alert.Rule{*r})
	if err != nil || len(rounds) == 0 {
		return alert.Round{Rule: *r}, err
	}
	return rounds[0], nil
}

// tidy forgets what is over for long, a batch at a time.
func (a *Alerts) tidy(ctx context.Context, now time.Time) error {
	if now.Before(a.forget) {
		return nil
	}
	a.forget = now.Add(time.Hour)
	more, err := a.o.Store.ForgetAlerts(ctx, now, Keep, forgetting)
	if more {
		a.forget = now
	}
	return err
}

// Reachable returns the channels of a list that there are and that tell alerts of the
// platform: by their name, else the first of that type. A rule about all platforms needs
// one that is for all.
func Reachable(channels []Channel, platform string, named []string) (names []string) {
	find := func(is func(c *Channel) bool) int {
		return slices.IndexFunc(channels, func(c Channel) bool {
			return is(&c) && (len(c.Platforms) == 0 || slices.Contains(c.Platforms, platform))
		})
	}
	for _, name := range named {
		i := find(func(c *Channel) bool { return c.Name == name })
		if i < 0 {
			i = find(func(c *Channel) bool { return c.Type == name })
		}
		if i >= 0 && !slices.Contains(names, channels[i].Name) {
			names = append(names, channels[i].Name)
		}
	}
	return names
}
