package sqlite

import (
	"context"
	"time"

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

// alerting is write for what changes rules and alerts.
func (s *Store) alerting(ctx context.Context, fn func(tx alerts.Tx) error) error {
	return s.write(ctx, func(c *conn) error { return fn(alertTx{c: c}) })
}
