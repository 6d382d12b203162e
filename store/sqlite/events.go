package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

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

// deciding is write for what changes event rules.
func (s *Store) deciding(ctx context.Context, fn func(tx acts.Tx) error) error {
	return s.write(ctx, func(c *conn) error { return fn(eventTx{c: c}) })
}
