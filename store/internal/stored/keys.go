package stored

import (
	"encoding/binary"

	"github.com/agentic-sdlc/scheduler/job"
)

// KeyOf splits an execution's id into its row key, which the nodes' generators keep
// apart by their lanes, and the rest.
func KeyOf(id job.ID) (k, lo int64) {
	return int64(binary.BigEndian.Uint64(id[:8])), int64(binary.BigEndian.Uint64(id[8:]))
}

// IDOf joins what KeyOf split.
func IDOf(k, lo int64) job.ID {
	var id job.ID
	binary.BigEndian.PutUint64(id[:8], uint64(k))
	binary.BigEndian.PutUint64(id[8:], uint64(lo))
	return id
}

// PackKeys packs execution keys, eight bytes each.
func PackKeys(keys []int64) []byte {
	b := make([]byte, 0, 8*len(keys))
	for _, k := range keys {
		b = binary.BigEndian.AppendUint64(b, uint64(k))
	}
	return b
}

// UnpackKeys appends to dst what PackKeys packed.
func UnpackKeys(b []byte, dst []int64) []int64 {
	for ; len(b) >= 8; b = b[8:] {
		dst = append(dst, int64(binary.BigEndian.Uint64(b)))
	}
	return dst
}

// Keys reads a column of keys: null, one key by itself, or packed ones.
func Keys(v any) []int64 {
	switch v := v.(type) {
	case int64:
		return []int64{v}
	case []byte:
		return UnpackKeys(v, nil)
	}
	return nil
}
