package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// CreateRule stores a rule.
func (s *Store) CreateRule(ctx context.Context, r event.Rule) (made event.Rule, err error) {
	err = s.write(ctx, func(t *tx) error {
		made = r
		err := acts.CreateRule(&eventTx{t: t}, &made)
		store.TrailOf(ctx).Note(stored.NoteRule(nil, &made))
		return err
	})
	return made, err
}

// ChangeRule changes a rule.
func (s *Store) ChangeRule(ctx context.Context, p store.ChangeRule) (r event.Rule, err error) {
	err = s.write(ctx, func(t *tx) error {
		r, err = acts.ChangeRule(&eventTx{t: t}, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// DeleteRule forgets a rule.
func (s *Store) DeleteRule(ctx context.Context, platform, ref string) (r event.Rule, err error) {
	err = s.write(ctx, func(t *tx) error {
		r, err = acts.DeleteRule(&eventTx{t: t}, platform, ref)
		store.TrailOf(ctx).Note(stored.NoteRule(&r, nil))
		return err
	})
	return r, err
}

// Rule returns a rule.
func (s *Store) Rule(ctx context.Context, platform, ref string) (r event.Rule, err error) {
	err = s.read(ctx, func(t *tx) error {
		r, err = acts.FindRule(t.query, platform, ref)
		return err
	})
	return r, err
}

// ListRules returns the rules of a platform.
func (s *Store) ListRules(ctx context.Context, platform string) (list []event.Rule, err error) {
	err = s.read(ctx, func(t *tx) error {
		list, err = acts.ListRules(t.query, platform)
		return err
	})
	return list, err
}

// RuleActs returns the newest acts of a rule.
func (s *Store) RuleActs(ctx context.Context, platform, ref string, limit int) (list []store.RuleAct, err error) {
	err = s.read(ctx, func(t *tx) error {
		list, err = acts.RuleActs(t.query, platform, ref, limit)
		return err
	})
	return list, err
}

// Act decides about events. What is found idle by a look takes no lock.
func (s *Store) Act(ctx context.Context, p store.Act) (acted store.Acted, err error) {
	idle := true
	if err := s.read(ctx, func(t *tx) error {
		idle, err = acts.Idle(t.query, &p)
		return err
	}); err != nil || idle {
		return store.Acted{}, err
	}
	err = s.write(ctx, func(t *tx) error {
		x := &eventTx{s: s, t: t, now: p.Now, newID: p.NewID}
		if acted, err = acts.Run(x, &dialect, &p); err != nil {
			return err
		}
		writeEvents(t, &x.events, p.Now)
		return nil
	})
	return acted, err
}

// NextAct returns when the earliest act that waits is due.
func (s *Store) NextAct(ctx context.Context) (at time.Time, err error) {
	err = s.read(ctx, func(t *tx) error {
		at, err = acts.NextAct(t.query)
		return err
	})
	return at, err
}

// ForgetEvents removes events and acts that were over for so long.
func (s *Store) ForgetEvents(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		_, more, err = acts.Forget(&eventTx{t: t}, store.AnyPlatform, now, keep, limit)
		return err
	})
	return more, err
}
