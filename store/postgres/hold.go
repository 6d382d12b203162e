package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// InUseError says which nodes use a store that must be idle.
type InUseError struct {
	What  string // the store
	Nodes []string
}

// Error names them.
func (e *InUseError) Error() string {
	return fmt.Sprintf("%s is in use by %s: stop every schedd on it, and wait for the lease of one that crashed", e.What, strings.Join(e.Nodes, ", "))
}

// Hold keeps every schedd from using the store until release, or says which ones do.
func (s *Store) Hold(ctx context.Context) (release func() error, err error) {
	held, done, ended := make(chan error, 1), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.withConn(ctx, func(c *pgxpool.Conn) error {
			t := &tx{ctx: ctx, conn: c.Conn()}
			defer t.rollback()
			t.queue("BEGIN")
			t.queue(noLimits)
			t.queue("LOCK TABLE sessions IN SHARE MODE")
			err := wantNobody(t, "the store")
			held <- err
			if err == nil {
				<-done
			}
			return err
		})
	}()
	select {
	case err = <-held:
	case err = <-ended:
	}
	if err != nil {
		return nil, idle(err)
	}
	return func() error {
		close(done)
		return <-ended
	}, nil
}

const sqlNodes = `SELECT DISTINCT node COLLATE "C" FROM sessions WHERE closed_at IS NULL AND lease_until > $1 ORDER BY 1`

// wantNobody refuses a store that live sessions use.
func wantNobody(t *tx, what string) error {
	now, err := clock(t)
	if err != nil {
		return err
	}
	var nodes []string
	err = t.query(sqlNodes, []any{now.UnixMicro()}, func(r *row) error {
		nodes = append(nodes, r.Text())
		return nil
	})
	if err == nil && len(nodes) > 0 {
		return &InUseError{What: what, Nodes: nodes}
	}
	return err
}

// idle is classify for what needs an idle store.
func idle(err error) error {
	if used, ok := errors.AsType[*InUseError](err); ok {
		return used
	}
	return classify(err)
}
