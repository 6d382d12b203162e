package sqlite

import (
	"context"
	"encoding/binary"
	"slices"
)

// A cursor remembers which executions of its job may not be over, so that settling
// one need not touch the cursor: the next planning looks at them and forgets those
// that are. Usually there is none or one, stored as its key; more are packed, eight
// bytes each.

// unpackKeys reads what packKeys wrote, into dst.
func unpackKeys(v any, dst []int64) []int64 {
	switch v := v.(type) {
	case int64:
		return append(dst, v)
	case []byte:
		for ; len(v) >= 8; v = v[8:] {
			dst = append(dst, int64(binary.BigEndian.Uint64(v)))
		}
	}
	return dst
}

// packKeys stores keys: null, an integer, or a blob.
func packKeys(keys []int64) any {
	switch len(keys) {
	case 0:
		return nil
	case 1:
		return keys[0]
	}
	return packBlob(keys)
}

// packBlob stores keys as a blob whatever their number.
func packBlob(keys []int64) []byte {
	b := make([]byte, 0, 8*len(keys))
	for _, k := range keys {
		b = binary.BigEndian.AppendUint64(b, uint64(k))
	}
	return b
}

const sqlStatusOf = `SELECT status, queued FROM executions WHERE k = ?`

// stillLive removes from keys the executions that are over.
func stillLive(c *conn, keys []int64) ([]int64, error) {
	var failure error
	keys = slices.DeleteFunc(keys, func(k int64) bool {
		over := true // a row that retention removed is over
		_, err := c.first(context.Background(), sqlStatusOf, []any{k}, func(r *row) { over = r.int() > statusRunning })
		if err != nil && failure == nil {
			failure = err
		}
		return over
	})
	return keys, failure
}

const sqlCountQueued = `SELECT count(*) FROM executions WHERE job = ? AND queued IS NOT NULL`

// countQueued returns how many executions of the job wait for another to end.
func countQueued(c *conn, seq int64) (n int64, err error) {
	_, err = c.first(context.Background(), sqlCountQueued, []any{seq}, func(r *row) { n = r.int() })
	return n, err
}
