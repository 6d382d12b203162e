package postgres

import (
	"context"
	"time"

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

// alerting is write for what changes rules and alerts.
func (s *Store) alerting(ctx context.Context, fn func(tx alerts.Tx) error) error {
	return s.write(ctx, func(t *tx) error { return fn(alertTx{t: t}) })
}
