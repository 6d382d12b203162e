package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// CreateRule stores a rule.
func (s *Store) CreateRule(ctx context.Context, r event.Rule) (event.Rule, error) {
	err := s.write(ctx, func(c *conn) error {
		err := acts.CreateRule(eventTx{c: c}, &r)
		store.TrailOf(ctx).Note(stored.NoteRule(nil, &r))
		return err
	})
	return r, err
}

// ChangeRule changes a rule.
func (s *Store) ChangeRule(ctx context.Context, p store.ChangeRule) (r event.Rule, err error) {
	err = s.write(ctx, func(c *conn) error {
		r, err = acts.ChangeRule(eventTx{c: c}, &p, store.TrailOf(ctx))
		return err
	})
	return r, err
}

// DeleteRule forgets a rule.
func (s *Store) DeleteRule(ctx context.Context, platform, ref string) (r event.Rule, err error) {
	err = s.write(ctx, func(c *conn) error {
		r, err = acts.DeleteRule(eventTx{c: c}, platform, ref)
		store.TrailOf(ctx).Note(stored.NoteRule(&r, nil))
		return err
	})
	return r, err
}

// Rule returns a rule.
func (s *Store) Rule(ctx context.Context, platform, ref string) (r event.Rule, err error) {
	err = s.read(ctx, func(c *conn) error {
		r, err = acts.FindRule(c.query, platform, ref)
		return err
	})
	return r, err
}

// ListRules returns the rules of a platform.
func (s *Store) ListRules(ctx context.Context, platform string) (list []event.Rule, err error) {
	err = s.read(ctx, func(c *conn) error {
		list, err = acts.ListRules(c.query, platform)
		return err
	})
	return list, err
}

// RuleActs returns the newest acts of a rule.
func (s *Store) RuleActs(ctx context.Context, platform, ref string, limit int) (list []store.RuleAct, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		list, err = acts.RuleActs(c.query, platform, ref, limit)
		return err
	})
	return list, err
}

const sqlAcceptEvent = `INSERT INTO events (k, lo, id, platform, name, data, at, depth, execution, trace_id, parent_span)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (platform, id) DO NOTHING`

// AcceptEvents stores events. Calls that come together share a commit.
func (s *Store) AcceptEvents(ctx context.Context, events []event.Event) (known []bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		known = make([]bool, len(events))
		for i := range events {
			e := &events[i]
			k, lo := stored.KeyOf(e.Key)
			var from any
			if !e.ExecutionID.IsZero() {
				from = e.ExecutionID[:]
			}
			n, err := c.exec(sqlAcceptEvent, k, lo, e.ID, e.Platform, e.Name, stored.EventData(e.Data), e.At.UnixMicro(), e.Depth, from, e.TraceID, e.SpanID)
			if err != nil {
				return err
			}
			if known[i] = n == 0; known[i] {
				continue
			}
			if _, err := c.exec(`INSERT INTO event_inbox (k) VALUES (?)`, k); err != nil {
				return err
			}
		}
		return nil
	})
	return known, err
}

// Act decides about events in the writer.
func (s *Store) Act(ctx context.Context, p store.Act) (acted store.Acted, err error) {
	look, same := s.quietActs.unchanged(s.writer)
	if at := s.actsDue.Load(); same && (at == 0 || p.Now.UnixMicro() < at) {
		return store.Acted{}, nil
	}
	idle, next := false, time.Time{}
	if err := s.snapshot(ctx, func(c *conn) error {
		if idle, err = acts.Idle(c.query, &p); err != nil || !idle {
			return err
		}
		next, err = acts.NextAct(c.query)
		return err
	}); err != nil {
		return store.Acted{}, err
	}
	if idle {
		s.actsDue.Store(0)
		if !next.IsZero() {
			s.actsDue.Store(next.UnixMicro())
		}
		s.quietActs.nothing(look)
		return store.Acted{}, nil
	}
	err = s.write(ctx, func(c *conn) error {
		acted, err = acts.Run(eventTx{s: s, c: c, now: p.Now, newID: p.NewID}, &dialect, &p)
		return err
	})
	return acted, err
}

// NextAct returns when the earliest act that waits is due.
func (s *Store) NextAct(ctx context.Context) (at time.Time, err error) {
	err = s.read(ctx, func(c *conn) error {
		at, err = acts.NextAct(c.query)
		return err
	})
	return at, err
}

// ForgetEvents removes events and acts that were over for so long.
func (s *Store) ForgetEvents(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		_, more, err = acts.Forget(eventTx{c: c}, store.AnyPlatform, now, keep, limit)
		return err
	})
	return more, err
}
