package main

import (
	"context"
	"fmt"
	"time"
)

// inTime waits for the instant, and says so when the preparation left less time
// before it than whoever is measured needs to look ahead.
func inTime(ctx context.Context, first time.Time, need time.Duration) error {
	if left := time.Until(first); left < need {
		return fmt.Errorf("all was ready %s before the first was due, not %s: the preparation takes longer than it was given", left, need)
	}
	return until(ctx, first)
}
