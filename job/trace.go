package job

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// TraceID is the trace of an execution that nobody's trace led to: its own id.
func TraceID(id ID) string { return hex.EncodeToString(id[:]) }

// SpanID is the span of one attempt of an execution, derived (FNV-1a) so that it
// need not be stored.
func SpanID(id ID, attempt int) string {
	var b [16]byte
	return string(appendSpan(b[:0], id, attempt))
}

func appendSpan(b []byte, id ID, attempt int) []byte {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, c := range id {
		h = (h ^ uint64(c)) * prime
	}
	var digits [20]byte
	for _, c := range strconv.AppendInt(digits[:0], int64(attempt), 10) {
		h = (h ^ uint64(c)) * prime
	}
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], h)
	return hex.AppendEncode(b, sum[:])
}

// TraceParent is the W3C trace context of an attempt: of the trace, or of the
// execution's own when that is "". Who gets it is told whether the trace is recorded.
func TraceParent(trace string, id ID, attempt int, recorded bool) string {
	var room [64]byte
	b := append(room[:0], "00-"...)
	if trace == "" {
		b = hex.AppendEncode(b, id[:])
	} else {
		b = append(b, trace...)
	}
	b = appendSpan(append(b, '-'), id, attempt)
	if !recorded {
		return string(append(b, "-00"...))
	}
	return string(append(b, "-01"...))
}

// ReadTraceParent reads W3C trace context: trace and span, both in hexadecimal digits. What
// is malformed is no context.
func ReadTraceParent(text string) (trace, span string) {
	parts := strings.Split(text, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[1]) != 32 || len(parts[2]) != 16 {
		return "", ""
	}
	for _, part := range parts[1:3] {
		if b, err := hex.DecodeString(part); err != nil || part != strings.ToLower(part) || !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) {
			return "", ""
		}
	}
	return parts[1], parts[2]
}
