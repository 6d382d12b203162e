package sqlite

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
type alertTx struct{ c *conn }

func (x alertTx) Query(query string, args []any, fn func(r *stored.Row) error) error {
	return x.c.query(query, args, fn)
}

func (x alertTx) Exec(query string, args ...any) (int64, error) { return x.c.exec(query, args...) }

func (alertTx) Lock() error { return nil }

func (x alertTx) Emit(events *stored.Events, now time.Time) error {
	return writeEvents(x.c, events, now)
}

// SeedAlertRules stores the rules that the store never had.
func (s *Store) SeedAlertRules(ctx context.Context, rules []alert.Rule) error {
	return s.write(ctx, func(c *conn) error { return alerts.Seed(alertTx{c: c}, rules) })
}

// CreateAlertRule stores a rule.
func (s *Store) CreateAlertRule(ctx context.Context, r alert.Rule) (made alert.Rule, err error) {
	err = s.write(ctx, func(c *conn) error {
		made = r
		return alerts.CreateRule(alertTx{c: c}, &made, store.TrailOf(ctx))
	})
	return made, err
}

// ChangeAlertRule changes a rule.
func (s *Store) ChangeAlertRule(ctx context.Context, p store.ChangeAlertRule) (r alert.Rule, err error) {
	err = s.write(ctx, func(c *conn) error {
		r, err = alerts.ChangeRule(alertTx{c: c}, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// DeleteAlertRule forgets a rule.
func (s *Store) DeleteAlertRule(ctx context.Context, p store.DeleteAlertRule) (r alert.Rule, err error) {
	err = s.write(ctx, func(c *conn) error {
		r, err = alerts.DeleteRule(alertTx{c: c}, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// AlertRule returns a rule.
func (s *Store) AlertRule(ctx context.Context, platform, ref string) (r alert.Rule, err error) {
	err = s.read(ctx, func(c *conn) error {
		r, err = alerts.FindRule(c.query, platform, ref)
		return err
	})
	return r, err
}

// ListAlertRules returns the rules of a platform.
func (s *Store) ListAlertRules(ctx context.Context, platform string) (list []alert.Rule, err error) {
	err = s.read(ctx, func(c *conn) error {
		list, err = alerts.ListRules(c.query, platform)
		return err
	})
	return list, err
}

// Observe writes what a look at all rules found.
func (s *Store) Observe(ctx context.Context, p store.Observe) (o store.Observed, err error) {
	err = s.write(ctx, func(c *conn) error {
		o, err = alerts.Observe(alertTx{c: c}, &p)
		return err
	})
	return o, err
}

// Alert returns the alert of that number.
func (s *Store) Alert(ctx context.Context, platform string, number int64) (a alert.Alert, err error) {
	err = s.read(ctx, func(c *conn) error {
		a, err = alerts.Find(c.query, platform, number)
		return err
	})
	return a, err
}

// ChangeAlert turns an alert.
func (s *Store) ChangeAlert(ctx context.Context, p store.ChangeAlert) (a alert.Alert, err error) {
	err = s.write(ctx, func(c *conn) error {
		a, err = alerts.Change(alertTx{c: c}, &p, store.TrailOf(ctx))
		return err
	})
	return a, err
}

// AlertCounts counts open alerts.
func (s *Store) AlertCounts(ctx context.Context, platform string) (list []store.AlertCount, err error) {
	err = s.read(ctx, func(c *conn) error {
		list, err = alerts.Counts(c.query, platform)
		return err
	})
	return list, err
}

// TakeNotices gives what is to be told to the caller. What is found idle by a look takes
// no lock.
func (s *Store) TakeNotices(ctx context.Context, p store.TakeNotices) (list []store.TakenNotice, err error) {
	due := false
	if err := s.read(ctx, func(c *conn) error {
		due, err = alerts.Due(c.query, p.Now)
		return err
	}); err != nil || !due {
		return nil, err
	}
	err = s.write(ctx, func(c *conn) error {
		list, err = alerts.Take(alertTx{c: c}, &p, ``)
		return err
	})
	return list, err
}

// EndNotice notes what became of a notice.
func (s *Store) EndNotice(ctx context.Context, p store.EndNotice) (noted bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		noted, err = alerts.End(alertTx{c: c}, &p)
		return err
	})
	return noted, err
}

// Notices returns what channels were told.
func (s *Store) Notices(ctx context.Context, limit int) (list []store.TakenNotice, err error) {
	err = s.read(ctx, func(c *conn) error {
		list, err = alerts.Notices(c.query, limit)
		return err
	})
	return list, err
}

// ForgetAlerts removes alerts and notices that were over for so long.
func (s *Store) ForgetAlerts(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		more, err = alerts.Forget(alertTx{c: c}, now, keep, limit)
		return err
	})
	return more, err
}
