package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
)

// MoveAftermath takes the aftermath of a final failure from one state to another.
func (s *Store) MoveAftermath(ctx context.Context, m store.MoveAftermath) (moved bool, err error) {
	args, err := reads.AftermathArgs(&m)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(t *tx) error {
		changed, err := t.exec(`UPDATE aftermaths SET state = $1, session = $2, outcome = $3 WHERE k = $4 AND state = $5`, args...)
		moved = changed > 0
		return err
	})
	return moved, err
}
