package stored

import "encoding/binary"

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
