package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// ticking is how many jobs are due at each tick, in the small store and in the large.
const ticking = 100

// tick measures a tick of the timer with the same due jobs in a store of 1 000 and in
// a large one, in turn. Due are, in turn, jobs that were created together and jobs
// that lie as far apart as the store lets them: their cursors share no page.
func tick(ctx context.Context, dir string, s size) ([]Figure, error) {
	small, err := sqliteShelf(filepath.Join(dir, "small"))
	if err != nil {
		return nil, err
	}
	large, err := sqliteShelf(filepath.Join(dir, "large"))
	if err != nil {
		return nil, err
	}
	return tickBoth(ctx, small, large, ticking, s)
}

// tickBoth measures ticks on two shelves, one with few jobs and one with many.
func tickBoth(ctx context.Context, few, many shelf, due int, s size) ([]Figure, error) {
	stored := max(1000, 2*due)
	small, err := newTicker(ctx, few, stored, due)
	if err != nil {
		return nil, err
	}
	defer small.store.Close()
	large, err := newTicker(ctx, many, s.Many, due)
	if err != nil {
		return nil, err
	}
	defer large.store.Close()
	var near, far, idle pair
	for i := range s.Rounds + 1 {
		var all [2]tickTimes
		for range s.Ticks {
			for j, t := range []*ticker{small, large} {
				if err := t.two(ctx, &all[j]); err != nil {
					return nil, err
				}
			}
		}
		if i > 0 { // the first warms up
			near.add(all[0].near, all[1].near)
			far.add(all[0].far, all[1].far)
			idle.add(all[0].idle, all[1].idle)
		}
	}
	what := fmt.Sprintf("%s stored jobs: a tick that ", number(float64(s.Many)))
	return []Figure{
		near.figure(stored, what+fmt.Sprintf("plans %d, created together", due), atMost(1.2, 1)),
		far.figure(stored, what+fmt.Sprintf("plans %d, far apart", due), atMost(1.2, 1)),
		idle.figure(stored, what+"finds nothing due", nil),
	}, nil
}

// pair is the same measured with few and with many jobs stored, round by round.
type pair struct{ small, large []float64 }

func (p *pair) add(small, large []float64) {
	p.small, p.large = append(p.small, median(small)), append(p.large, median(large))
}

func (p *pair) figure(few int, what string, g *Goal) Figure {
	return against(what, "ms", p.large, number(float64(few))+" stored", p.small, g)
}

// tickTimes are the times of single ticks, in milliseconds.
type tickTimes struct{ near, far, idle []float64 }

// tickShared measures ticks with few and with many jobs stored in PostgreSQL.
func tickShared(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		return inDatabase(ctx, sv, func(few string) ([]Figure, error) {
			return inDatabase(ctx, sv, func(many string) ([]Figure, error) {
				return tickBoth(ctx, postgresShelf(few), postgresShelf(many), 1000, s)
			})
		})
	})
}
