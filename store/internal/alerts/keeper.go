package alerts

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
)

// Keeper is the part of a store that keeps rules and alerts. Adapters embed it.
type Keeper struct {
	read       reads.Run
	write      func(ctx context.Context, fn func(tx Tx) error) error
	skipLocked string
}

// NewKeeper returns a keeper of the database that read and write reach; skipLocked is what
// the database adds to a SELECT to lock what nobody else has locked.
func NewKeeper(read reads.Run, write func(ctx context.Context, fn func(tx Tx) error) error, skipLocked string) Keeper {
	return Keeper{read: read, write: write, skipLocked: skipLocked}
}

// SeedAlertRules stores the rules that the store never had.
func (k *Keeper) SeedAlertRules(ctx context.Context, rules []alert.Rule) error {
	return k.write(ctx, func(tx Tx) error { return Seed(tx, rules) })
}

// CreateAlertRule stores a rule.
func (k *Keeper) CreateAlertRule(ctx context.Context, r alert.Rule) (made alert.Rule, err error) {
	err = k.write(ctx, func(tx Tx) error {
		made = r
		return CreateRule(tx, &made, store.TrailOf(ctx))
	})
	return made, err
}

// ChangeAlertRule changes a rule.
func (k *Keeper) ChangeAlertRule(ctx context.Context, p store.ChangeAlertRule) (r alert.Rule, err error) {
	err = k.write(ctx, func(tx Tx) error {
		r, err = ChangeRule(tx, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// DeleteAlertRule forgets a rule.
func (k *Keeper) DeleteAlertRule(ctx context.Context, p store.DeleteAlertRule) (r alert.Rule, err error) {
	err = k.write(ctx, func(tx Tx) error {
		r, err = DeleteRule(tx, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// AlertRule returns a rule.
func (k *Keeper) AlertRule(ctx context.Context, platform, ref string) (r alert.Rule, err error) {
	err = k.read(ctx, platform, func(rows Rows) error {
		r, err = FindRule(rows, platform, ref)
		return err
	})
	return r, err
}

// ListAlertRules returns the rules of a platform.
func (k *Keeper) ListAlertRules(ctx context.Context, platform string) (list []alert.Rule, err error) {
	err = k.read(ctx, platform, func(rows Rows) error {
		list, err = ListRules(rows, platform)
		return err
	})
	return list, err
}

// Observe writes what a look at all rules found.
func (k *Keeper) Observe(ctx context.Context, p store.Observe) (o store.Observed, err error) {
	err = k.write(ctx, func(tx Tx) error {
		o, err = Observe(tx, &p)
		return err
	})
	return o, err
}

// Alert returns the alert of that number.
func (k *Keeper) Alert(ctx context.Context, platform string, number int64) (a alert.Alert, err error) {
	err = k.read(ctx, platform, func(rows Rows) error {
		a, err = Find(rows, platform, number)
		return err
	})
	return a, err
}

// ChangeAlert turns an alert.
func (k *Keeper) ChangeAlert(ctx context.Context, p store.ChangeAlert) (a alert.Alert, err error) {
	err = k.write(ctx, func(tx Tx) error {
		a, err = Change(tx, &p, store.TrailOf(ctx))
		return err
	})
	return a, err
}

// AlertCounts counts open
func (k *Keeper) AlertCounts(ctx context.Context, platform string) (list []store.AlertCount, err error) {
	err = k.read(ctx, platform, func(rows Rows) error {
		list, err = Counts(rows, platform)
		return err
	})
	return list, err
}

// TakeNotices gives what is to be told to the caller. What is found idle by a look takes
// no lock.
func (k *Keeper) TakeNotices(ctx context.Context, p store.TakeNotices) (list []store.TakenNotice, err error) {
	due := false
	if err := k.read(ctx, store.AnyPlatform, func(rows Rows) error {
		due, err = Due(rows, p.Now)
		return err
	}); err != nil || !due {
		return nil, err
	}
	err = k.write(ctx, func(tx Tx) error {
		list, err = Take(tx, &p, k.skipLocked)
		return err
	})
	return list, err
}

// EndNotice notes what became of a notice.
func (k *Keeper) EndNotice(ctx context.Context, p store.EndNotice) (noted bool, err error) {
	err = k.write(ctx, func(tx Tx) error {
		noted, err = End(tx, &p)
		return err
	})
	return noted, err
}

// Notices returns what channels were told.
func (k *Keeper) Notices(ctx context.Context, limit int) (list []store.TakenNotice, err error) {
	err = k.read(ctx, store.AnyPlatform, func(rows Rows) error {
		list, err = Notices(rows, limit)
		return err
	})
	return list, err
}

// ForgetAlerts removes alerts and notices that were over for so long.
func (k *Keeper) ForgetAlerts(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	err = k.write(ctx, func(tx Tx) error {
		more, err = Forget(tx, now, keep, limit)
		return err
	})
	return more, err
}
