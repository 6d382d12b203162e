package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/alerts"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

var _ alerts.Tx = alertTx{}

// alertTx changes rules and alerts in one transaction.
type alertTx struct{ t *tx }

func (x alertTx) Query(query string, args []any, fn func(r *stored.Row) error) error {
	return x.t.query(query, args, fn)
}

func (x alertTx) Exec(query string, args ...any) (int64, error) { return x.t.exec(query, args...) }

// Lock waits for others that change alerts. Readers go on.
func (x alertTx) Lock() error {
	x.t.queue(`LOCK TABLE alerts IN SHARE ROW EXCLUSIVE MODE`)
	return x.t.flush()
}

func (x alertTx) Emit(events *stored.Events, now time.Time) error {
	writeEvents(x.t, events, now)
	return nil
}

// SeedAlertRules stores the rules that the store never had.
func (s *Store) SeedAlertRules(ctx context.Context, rules []alert.Rule) error {
	return s.write(ctx, func(t *tx) error { return alerts.Seed(alertTx{t: t}, rules) })
}

// CreateAlertRule stores a rule.
func (s *Store) CreateAlertRule(ctx context.Context, r alert.Rule) (made alert.Rule, err error) {
	err = s.write(ctx, func(t *tx) error {
		made = r
		return alerts.CreateRule(alertTx{t: t}, &made, store.TrailOf(ctx))
	})
	return made, err
}

// ChangeAlertRule changes a rule.
func (s *Store) ChangeAlertRule(ctx context.Context, p store.ChangeAlertRule) (r alert.Rule, err error) {
	err = s.write(ctx, func(t *tx) error {
		r, err = alerts.ChangeRule(alertTx{t: t}, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// DeleteAlertRule forgets a rule.
func (s *Store) DeleteAlertRule(ctx context.Context, p store.DeleteAlertRule) (r alert.Rule, err error) {
	err = s.write(ctx, func(t *tx) error {
		r, err = alerts.DeleteRule(alertTx{t: t}, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// AlertRule returns a rule.
func (s *Store) AlertRule(ctx context.Context, platform, ref string) (r alert.Rule, err error) {
	err = s.read(ctx, func(t *tx) error {
		r, err = alerts.FindRule(t.query, platform, ref)
		return err
	})
	return r, err
}

// ListAlertRules returns the rules of a platform.
func (s *Store) ListAlertRules(ctx context.Context, platform string) (list []alert.Rule, err error) {
	err = s.read(ctx, func(t *tx) error {
		list, err = alerts.ListRules(t.query, platform)
		return err
	})
	return list, err
}

// Observe writes what a look at all rules found.
func (s *Store) Observe(ctx context.Context, p store.Observe) (o store.Observed, err error) {
	err = s.write(ctx, func(t *tx) error {
		o, err = alerts.Observe(alertTx{t: t}, &p)
		return err
	})
	return o, err
}

// Alert returns the alert of that number.
func (s *Store) Alert(ctx context.Context, platform string, number int64) (a alert.Alert, err error) {
	err = s.read(ctx, func(t *tx) error {
		a, err = alerts.Find(t.query, platform, number)
		return err
	})
	return a, err
}

// ChangeAlert turns an alert.
func (s *Store) ChangeAlert(ctx context.Context, p store.ChangeAlert) (a alert.Alert, err error) {
	err = s.write(ctx, func(t *tx) error {
		a, err = alerts.Change(alertTx{t: t}, &p, store.TrailOf(ctx))
		return err
	})
	return a, err
}

// AlertCounts counts open alerts.
func (s *Store) AlertCounts(ctx context.Context, platform string) (list []store.AlertCount, err error) {
	err = s.read(ctx, func(t *tx) error {
		list, err = alerts.Counts(t.query, platform)
		return err
	})
	return list, err
}

// TakeNotices gives what is to be told to the caller. What is found idle by a look takes
// no lock.
func (s *Store) TakeNotices(ctx context.Context, p store.TakeNotices) (list []store.TakenNotice, err error) {
	due := false
	if err := s.read(ctx, func(t *tx) error {
		due, err = alerts.Due(t.query, p.Now)
		return err
	}); err != nil || !due {
		return nil, err
	}
	err = s.write(ctx, func(t *tx) error {
		list, err = alerts.Take(alertTx{t: t}, &p, ` FOR UPDATE SKIP LOCKED`)
		return err
	})
	return list, err
}

// EndNotice notes what became of a notice.
func (s *Store) EndNotice(ctx context.Context, p store.EndNotice) (noted bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		noted, err = alerts.End(alertTx{t: t}, &p)
		return err
	})
	return noted, err
}

// Notices returns what channels were told.
func (s *Store) Notices(ctx context.Context, limit int) (list []store.TakenNotice, err error) {
	err = s.read(ctx, func(t *tx) error {
		list, err = alerts.Notices(t.query, limit)
		return err
	})
	return list, err
}

// ForgetAlerts removes alerts and notices that were over for so long.
func (s *Store) ForgetAlerts(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		more, err = alerts.Forget(alertTx{t: t}, now, keep, limit)
		return err
	})
	return more, err
}
