package main

import "fmt"

// turn is one contender of a round.
type turn struct {
	to      *series
	measure func() (speed, error)
}

// inTurn measures the contenders, ours first, round by round; every round begins with
// another.
func inTurn(rounds int, turns ...turn) error {
	if oursOnly {
		turns = turns[:1]
	}
	for i := range rounds {
		for j := range turns {
			t := turns[(i+j)%len(turns)]
			v, err := t.measure()
			if err != nil {
				return err
			}
			t.to.add(v)
		}
	}
	return nil
}

// beside makes the figures of our rate, of a peer's, and of what one execution takes
// of the processors on either side.
func beside(what string, ours series, peer, how string, theirs series, g *Goal) []Figure {
	if len(theirs.rate) == 0 {
		return []Figure{medianOf(what, "/s", ours.rate, nil), medianOf("  CPU time of each: "+split(ours), "µs", ours.all, nil)}
	}
	return []Figure{
		against(what, "/s", ours.rate, peer, theirs.rate, g),
		against("  CPU time of each: "+split(ours), "µs", ours.all, peer, theirs.all, nil),
		medianOf("  "+peer+": "+how, "/s", theirs.rate, nil),
		medianOf("  CPU time of each: "+split(theirs), "µs", theirs.all, nil),
	}
}

// split says who takes the time.
func split(s series) string {
	return fmt.Sprintf("Go %s, PostgreSQL %s, Redis %s", number(median(s.cpu)), number(median(s.pg)), number(median(s.redis)))
}

// numbered writes how many.
func numbered(n int, what string) string { return fmt.Sprintf("%d %ss", n, what) }
