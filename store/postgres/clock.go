package postgres

import (
	"context"
	"time"
)

// Clock returns the server's clock.
func (s *Store) Clock(ctx context.Context) (now time.Time, err error) {
	err = s.read(ctx, func(t *tx) error {
		now, err = clock(t)
		return err
	})
	return now, err
}

func clock(t *tx) (now time.Time, err error) {
	_, err = t.first(`SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`, nil, func(r *row) { now = r.Time() })
	return now, err
}
