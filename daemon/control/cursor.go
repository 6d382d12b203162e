package control

import (
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"strings"
)

// A cursor is the store's, with a sum over it and over the list that it belongs to: a
// cursor that was edited, cut off, or taken from another list is refused here. The sum
// guards against mistakes, not against malice.

// sealCursor adds the sum; "" stays "". of is the filter without its page.
func sealCursor(cursor string, of any) string {
	if cursor == "" {
		return ""
	}
	return cursor + "." + sumOf(cursor, of)
}

// openCursor returns the store's cursor.
func openCursor(text string, of any) (string, error) {
	if text == "" {
		return "", nil
	}
	i := strings.LastIndexByte(text, '.')
	if i < 0 || text[i+1:] != sumOf(text[:i], of) {
		return "", fieldError("cursor", "cursor", "is not one of this list; take it from %s, with the same filter and order", "X-Next-Cursor")
	}
	return text[:i], nil
}

func sumOf(cursor string, of any) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(cursor))
	text, _ := json.Marshal(of) // filters always encode
	_, _ = h.Write(text)
	return hex.EncodeToString(h.Sum(nil))
}

// listOf is a filter of jobs without its page.
func listOf(f JobFilter) JobFilter {
	f.Limit, f.Offset, f.Cursor, f.WithTotal = 0, 0, "", false
	return f
}

// historyOf is a filter of executions without its page.
func historyOf(f ExecutionFilter) ExecutionFilter {
	f.Limit, f.Offset, f.Cursor, f.WithTotal = 0, 0, "", false
	return f
}
