package sqlite

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
	err = s.write(ctx, func(c *conn) error {
		changed, err := c.exec(`UPDATE aftermaths SET state = ?, session = ?, outcome = ? WHERE k = ? AND state = ?`, args...)
		moved = changed > 0
		return err
	})
	return moved, err
}
