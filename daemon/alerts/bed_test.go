package alerts

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// start is when every test begins.
var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// bed is a store of rules, alerts and notices, whose figures and facts are what a test says,
// and a clock that a test moves.
type bed struct {
	*sqlite.Store

	t      *testing.T
	now    time.Time
	ids    job.IDs
	tally  job.Tally
	totals store.Totals
	facts  []alert.Facts
	asked  []store.AlertFacts
	looks  int
}

func newBed(t *testing.T) *bed {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Synchronous: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bed{Store: s, t: t, now: start, ids: job.IDs{Rand: rand.Reader}}
}

// Tally is what a test says.
func (b *bed) Tally(context.Context, store.TallyOf) (job.Tally, error) { return b.tally, nil }

// AlertFacts are what a test says; a look asks for them once.
func (b *bed) AlertFacts(_ context.Context, q store.AlertFacts) ([]alert.Facts, bool, error) {
	b.asked = append(b.asked, q)
	return b.facts, false, nil
}

// Observe counts looks that had something to write.
func (b *bed) Observe(ctx context.Context, o store.Observe) (store.Observed, error) {
	b.looks++
	return b.Store.Observe(ctx, o)
}

func (b *bed) newID() job.ID { return b.ids.New(b.now) }

// node is a node of its own, with the channels; send is nil where nothing may be sent.
func (b *bed) node(session int64, send func(channel string, n *alert.Notice) error, channels ...Channel) *Alerts {
	b.t.Helper()
	err := b.OpenSession(b.t.Context(), store.Session{ID: session, Node: string(rune('a' + session)), StartedAt: b.now, LeaseUntil: b.now.Add(240 * time.Hour)})
	if err != nil {
		b.t.Fatal(err)
	}
	return New(Options{
		Store: b, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }, NewID: b.newID, Session: func() int64 { return session }, Every: 15 * time.Second,
		Totals:   func(context.Context, string, time.Time) (store.Totals, error) { return b.totals, nil },
		Channels: channels,
		Send: func(_ context.Context, channel string, n *alert.Notice) error {
			if send == nil {
				b.t.Errorf("%s is told %s", channel, n.Rule)
				return nil
			}
			return send(channel, n)
		},
	})
}

// rule stores a rule about a platform.
func (b *bed) rule(name, metric string, op alert.Operator, value float64, over time.Duration, channels ...string) {
	b.t.Helper()
	_, err := b.CreateAlertRule(b.t.Context(), alert.Rule{
		ID: b.newID(), Platform: "default", Name: name, Metric: metric, Operator: op, Value: value, DurationMS: over.Milliseconds(),
		Severity: alert.Warning, Channels: channels, Enabled: true, CreatedAt: b.now, UpdatedAt: b.now,
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// tick passes some time and lets nodes do what they do.
func (b *bed) tick(after time.Duration, nodes ...*Alerts) {
	b.t.Helper()
	b.now = b.now.Add(after)
	for _, a := range nodes {
		if err := a.Tick(b.t.Context(), b.now); err != nil {
			b.t.Fatal(err)
		}
	}
}

// states are those of the alerts, the oldest first.
func (b *bed) states() []alert.State {
	b.t.Helper()
	page, err := b.ListAlerts(b.t.Context(), store.AlertFilter{Platform: store.AnyPlatform})
	if err != nil {
		b.t.Fatal(err)
	}
	states := []alert.State{}
	for _, a := range slices.Backward(page.Items) {
		states = append(states, a.State)
	}
	return states
}

func (b *bed) want(what string, want ...alert.State) {
	b.t.Helper()
	if got := b.states(); !slices.Equal(got, want) {
		b.t.Errorf("%s: the alerts are %v, want %v", what, got, want)
	}
}
