package main

import (
	"context"
	"fmt"
	"time"
)

// patience bounds every wait for the scheduler: longer, and something is broken.
const patience = 3 * time.Minute

// await waits for an instant that c delivers.
func await(ctx context.Context, c <-chan time.Time, what string) (time.Time, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case at := <-c:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-timer.C:
		return time.Time{}, fmt.Errorf("%s: nothing came of it within %s", what, patience)
	}
}

// until waits for an instant to come.
func until(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
