package stored

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// Candidate is a waiting execution while the window is chosen.
type Candidate struct {
	store.Waiting
	Since time.Time // ready since, less the head start of its priority
	turn  int       // place within its platform
}

// Window orders candidates by how long they have waited, head start included, within
// each platform, then takes one of each platform in turn.
func Window(found []Candidate, limit int) []store.Waiting {
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
	}
	if len(turns) > 1 {
		slices.SortStableFunc(order, func(a, b *Candidate) int { return cmp.Compare(a.turn, b.turn) })
	}
	list := make([]store.Waiting, 0, min(limit, len(order)))
	for _, c := range order[:min(limit, len(order))] {
		list = append(list, c.Waiting)
	}
	return list
}
