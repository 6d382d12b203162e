package job

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"testing"
)

func TestTraceParent(t *testing.T) {
	t.Parallel()
	id := ID{1, 2, 3, 250, 15: 9}
	for _, attempt := range []int{0, 1, 12, -3} {
		h := fnv.New64a()
		_, _ = h.Write(id[:])
		_, _ = h.Write([]byte(strconv.Itoa(attempt)))
		span := hex.EncodeToString(h.Sum(nil))
		if got := SpanID(id, attempt); got != span {
			t.Errorf("SpanID(%d) = %s, want %s", attempt, got, span)
		}
		for trace, shown := range map[string]string{"": TraceID(id), "0af7651916cd43dd8448eb211c80319c": "0af7651916cd43dd8448eb211c80319c"} {
			if got, want := TraceParent(trace, id, attempt, true), "00-"+shown+"-"+span+"-01"; got != want {
				t.Errorf("TraceParent(%q, %d) = %s, want %s", trace, attempt, got, want)
			}
		}
	}
}
