package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// cursor is a row of cursors while it is locked.
type cursor struct {
	seq         int64
	nextRun     int64 // microseconds; 0 = none
	revision    int64
	numbers     int64
	runs        int64
	occurrences int64
	skipped     int64
	ending      bool
	live        []int64
}

const cursorColumns = `c.job, coalesce(c.next_run, 0), c.revision, c.numbers, c.runs, c.occurrences, c.skipped, c.ending, c.live`

// sqlLockCursors locks jobs, in the order in which everybody does.
const sqlLockCursors = `SELECT ` + cursorColumns + ` FROM cursors c WHERE c.job = ANY ($1::bigint[]) ORDER BY c.job FOR UPDATE`

func (c *cursor) scan(r pgx.Rows) error {
	var live pgtype.DriverBytes
	err := r.Scan(&c.seq, &c.nextRun, &c.revision, &c.numbers, &c.runs, &c.occurrences, &c.skipped, &c.ending, &live)
	c.live = stored.UnpackKeys(live, nil)
	return err
}

// lockCursors locks the jobs and returns their cursors.
func lockCursors(t *tx, seqs []int64) (map[int64]*cursor, error) {
	locked := make(map[int64]*cursor, len(seqs))
	if len(seqs) == 0 {
		return locked, nil
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	t.scan(sqlLockCursors, []any{seqs}, func(r pgx.Rows) error {
		c := &cursor{}
		if err := c.scan(r); err != nil {
			return err
		}
		locked[c.seq] = c
		return nil
	})
	return locked, t.flush()
}

// packLive stores keys; none is null.
func packLive(keys []int64) []byte {
	if len(keys) == 0 {
		return nil
	}
	return stored.PackKeys(keys)
}
