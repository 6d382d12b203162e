package redis

import (
	"context"
	"time"
)

// Tidy tidies now; consumers are gone after that time.
func (q *Queue) Tidy(ctx context.Context, gone time.Duration) error {
	for _, key := range q.keys {
		if err := q.tidy(ctx, key, gone); err != nil {
			return err
		}
	}
	return nil
}
