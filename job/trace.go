package job

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"
)

// TraceID is the trace of an execution that nobody's trace led to: its own id.
func TraceID(id ID) string { return hex.EncodeToString(id[:]) }

// SpanID is the span of one attempt of an execution, derived (FNV-1a) so that it
// need not be stored.
func SpanID(id ID, attempt int) string {
	h := fnv.New64a()
	_, _ = h.Write(id[:])
	_, _ = h.Write([]byte(strconv.Itoa(attempt)))
	return hex.EncodeToString(h.Sum(nil))
}
