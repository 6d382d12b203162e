package main

import (
	"fmt"
	"os"
)

// tune measures every tuning of a peer and returns the one whose score is highest:
// it is compared with at its best on this machine, today.
func tune[T any](what string, tunings []T, try func(T) (score float64, err error)) (best T, err error) {
	if oursOnly {
		return tunings[0], nil
	}
	var top float64
	for i, t := range tunings {
		score, err := try(t)
		if err != nil {
			return best, fmt.Errorf("%s with %v: %w", what, t, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s with %v: %s\n", what, t, number(max(score, -score)))
		if i == 0 || score > top {
			best, top = t, score
		}
	}
	return best, nil
}
