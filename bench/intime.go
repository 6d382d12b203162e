package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errLate says that the preparation took longer than it was given.
var errLate = errors.New("the preparation took too long")

// inTime waits for the instant. It is errLate when the preparation left less time
// before it than whoever is measured needs to look ahead.
func inTime(ctx context.Context, first time.Time, need time.Duration) error {
	if left := time.Until(first); left < need {
		return fmt.Errorf("%w: all was ready %s before the first was due, not %s", errLate, left, need)
	}
	return until(ctx, first)
}

// withLead measures what is due so long after the preparation begins; longer, when
// that was too short for this machine at this hour.
func withLead(lead time.Duration, measure func(lead time.Duration) (punctual, error)) (punctual, error) {
	for {
		p, err := measure(lead)
		if lead *= 2; !errors.Is(err, errLate) || lead > patience {
			return p, err
		}
	}
}
