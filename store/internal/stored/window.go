package stored

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// Turns of candidates that have no room.
const (
	last = math.MaxInt - iota
	none
)

// Candidate is a waiting execution while the window is chosen.
type Candidate struct {
	store.Waiting
	Since time.Time // ready since, less the head start of its priority
	turn  int       // place within its platform; last = it only tells that something waits
}

// Window orders candidates by how long they have waited, head start included, within
// each platform, then takes one of each platform in turn. Of a platform in rooms no more
// are taken than it has room for, and one at the very end, so that who asks knows that
// something waits.
func Window(found []Candidate, limit int, rooms map[string]int) []store.Waiting {
	order := make([]*Candidate, len(found)) // candidates are large: what moves is where they are
	for i := range found {
		order[i] = &found[i]
	}
	slices.SortFunc(order, func(a, b *Candidate) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		if c := a.ReadyAt.Compare(b.ReadyAt); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	turns := map[string]int{}
	for _, c := range order {
		c.turn = turns[c.Platform]
		turns[c.Platform]++
		if room, limited := rooms[c.Platform]; limited && c.turn >= max(room, 0) {
			if c.turn > max(room, 0) {
				c.turn = none
			} else {
				c.turn = last
			}
		}
	}
	if len(rooms) > 0 {
		order = slices.DeleteFunc(order, func(c *Candidate) bool { return c.turn == none })
	}
	if len(turns) > 1 || len(rooms) > 0 {
		slices.SortStableFunc(order, func(a, b *Candidate) int { return cmp.Compare(a.turn, b.turn) })
	}
	list := make([]store.Waiting, 0, min(limit, len(order)))
	for _, c := range order[:min(limit, len(order))] {
		list = append(list, c.Waiting)
	}
	return list
}
