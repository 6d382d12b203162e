package postgres

import (
	"time"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// row hands out the columns of one result row in order.
type row = stored.Row

// noInstant stands for null where instants travel in arrays.
const noInstant = -1 << 63

// microsOr stores an instant in an array; the zero time becomes noInstant.
func microsOr(t time.Time) int64 {
	if t.IsZero() {
		return noInstant
	}
	return t.UnixMicro()
}
