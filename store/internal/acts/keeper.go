package acts

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Rules is the part of a store that keeps event rules. Adapters embed it.
type Rules struct {
	snapshot reads.Run
	write    func(ctx context.Context, fn func(tx Tx) error) error
}

// NewRules returns the rules of the database that snapshot and write reach; see
// reads.NewReader.
func NewRules(snapshot reads.Run, write func(ctx context.Context, fn func(tx Tx) error) error) Rules {
	return Rules{snapshot: snapshot, write: write}
}

// CreateRule stores a rule.
func (r *Rules) CreateRule(ctx context.Context, rule event.Rule) (made event.Rule, err error) {
	err = r.write(ctx, func(tx Tx) error {
		made = rule
		err := createRule(tx, &made)
		store.TrailOf(ctx).Note(stored.NoteRule(nil, &made))
		return err
	})
	return made, err
}

// ChangeRule changes a rule.
func (r *Rules) ChangeRule(ctx context.Context, p store.ChangeRule) (changed event.Rule, err error) {
	err = r.write(ctx, func(tx Tx) error {
		changed, err = changeRule(tx, &p, store.TrailOf(ctx))
		return err
	})
	return changed, err
}

// DeleteRule forgets a rule.
func (r *Rules) DeleteRule(ctx context.Context, platform, ref string) (gone event.Rule, err error) {
	err = r.write(ctx, func(tx Tx) error {
		gone, err = deleteRule(tx, platform, ref)
		store.TrailOf(ctx).Note(stored.NoteRule(&gone, nil))
		return err
	})
	return gone, err
}

// Rule returns a rule.
func (r *Rules) Rule(ctx context.Context, platform, ref string) (rule event.Rule, err error) {
	err = r.snapshot(ctx, platform, func(rows reads.Rows) error {
		rule, err = findRule(rows, platform, ref)
		return err
	})
	return rule, err
}

// ListRules returns the rules of a platform.
func (r *Rules) ListRules(ctx context.Context, platform string) (list []event.Rule, err error) {
	err = r.snapshot(ctx, platform, func(rows reads.Rows) error {
		list, err = listRules(rows, platform)
		return err
	})
	return list, err
}

// RuleActs returns the newest acts of a rule.
func (r *Rules) RuleActs(ctx context.Context, platform, ref string, limit int) (list []store.RuleAct, err error) {
	err = r.snapshot(ctx, platform, func(rows reads.Rows) error {
		list, err = ruleActs(rows, platform, ref, limit)
		return err
	})
	return list, err
}

// NextAct returns when the earliest act that waits is due.
func (r *Rules) NextAct(ctx context.Context) (at time.Time, err error) {
	err = r.snapshot(ctx, store.AnyPlatform, func(rows reads.Rows) error {
		at, err = NextAct(rows)
		return err
	})
	return at, err
}

// ForgetEvents removes events and acts that were over for so long.
func (r *Rules) ForgetEvents(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	err = r.write(ctx, func(tx Tx) error {
		_, more, err = Forget(tx, store.AnyPlatform, now, keep, limit)
		return err
	})
	return more, err
}
