package stored

import (
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
	slices.SortStableFunc(found, func(a, b Candidate) int {
		return cmp.Or(a.Since.Compare(b.Since), a.ReadyAt.Compare(b.ReadyAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	turns := map[string]int{}
	for i := range found {
		found[i].turn = turns[found[i].Platform]
		turns[found[i].Platform]++
	}
	if len(turns) > 1 {
		slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(a.turn, b.turn) })
	}
	list := make([]store.Waiting, 0, min(limit, len(found)))
	for i := range min(limit, len(found)) {
		list = append(list, found[i].Waiting)
	}
	return list
}
