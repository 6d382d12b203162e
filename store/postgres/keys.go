package postgres

import (
	"context"
	"encoding/binary"

	"github.com/agentic-sdlc/scheduler/job"
)

// keyOf splits an execution's id into its row key, which the nodes' generators keep
// apart by their lanes, and the rest.
func keyOf(id job.ID) (k, lo int64) {
	return int64(binary.BigEndian.Uint64(id[:8])), int64(binary.BigEndian.Uint64(id[8:]))
}

// idOf joins what keyOf split.
func idOf(k, lo int64) job.ID {
	var id job.ID
	binary.BigEndian.PutUint64(id[:8], uint64(k))
	binary.BigEndian.PutUint64(id[8:], uint64(lo))
	return id
}

// Lane hands out the next lane for a generator of ids: see job.IDs.UseLane. Nodes that
// share the database and started one after the other have different ones; two that
// share one get along, with some of their transactions done twice.
func (s *Store) Lane(ctx context.Context) (lane int, err error) {
	err = s.read(ctx, func(t *tx) error {
		_, err := t.first(`SELECT nextval('lanes')`, nil, func(r *row) { lane = int(r.int() % job.Lanes) })
		return err
	})
	return lane, err
}
