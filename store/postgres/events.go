package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
)

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

// deciding is write for what changes event rules.
func (s *Store) deciding(ctx context.Context, fn func(tx acts.Tx) error) error {
	return s.write(ctx, func(t *tx) error { return fn(&eventTx{t: t}) })
}
