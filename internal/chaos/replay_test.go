package chaos

import (
	"cmp"
	"os"
	"testing"
)

// TestReplay checks the history that SCHEDD_CHAOS_HISTORY names, else one that is good.
func TestReplay(t *testing.T) {
	t.Parallel()
	h := load(t, cmp.Or(os.Getenv("SCHEDD_CHAOS_HISTORY"), "testdata/good/plain.jsonl"))
	found := Check(h)
	t.Log(tally(h, found))
	for _, v := range found {
		t.Error(v)
	}
}
