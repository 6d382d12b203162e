package postgres

import (
	"context"
	"encoding/binary"

	"github.com/agentic-sdlc/scheduler/job"
)

// lanes is how many stores can make executions at the same millisecond without
// meeting. Two in one lane meet now and then, and one of them changes lanes.
const lanes = 16

// An execution's key is 48 bits of milliseconds, the 12 bits of the id's counter and
// 4 bits of lane. The generators of two nodes count from zero in every millisecond,
// so that their ids begin alike; the lane, which the store puts into the first random
// bits of an id, keeps their keys apart.

// keyOf splits an execution's id into its row key and its second half.
func keyOf(id job.ID) (k, lo int64) {
	high := binary.BigEndian.Uint64(id[:8])
	return int64(high>>16<<16 | high&0xfff<<4 | uint64(id[8]&(lanes-1))), int64(binary.BigEndian.Uint64(id[8:]))
}

// idOf joins what keyOf split.
func idOf(k, lo int64) job.ID {
	var id job.ID
	binary.BigEndian.PutUint64(id[:8], uint64(k)>>16<<16|0x7000|uint64(k)>>4&0xfff)
	binary.BigEndian.PutUint64(id[8:], uint64(lo))
	return id
}

// oldestKey is the key before which those of executions made earlier lie, by
// milliseconds since 1970.
func oldestKey(ms int64) int64 { return ms << 16 }

// newID makes an id in this store's lane.
func (s *Store) newID(from func() job.ID) job.ID {
	id := from()
	id[8] = id[8]&^(lanes-1) | byte(s.lane.Load())
	return id
}

// changeLane moves to the next lane.
func (s *Store) changeLane(ctx context.Context) error {
	return s.read(ctx, func(t *tx) error {
		_, err := t.first(`SELECT nextval('lanes')`, nil, func(r *row) { s.lane.Store(uint32(r.int() % lanes)) })
		return err
	})
}
