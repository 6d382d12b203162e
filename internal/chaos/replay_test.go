package chaos

import (
	"os"
	"testing"
)

// TestReplay checks the history that SCHEDD_CHAOS_HISTORY names.
func TestReplay(t *testing.T) {
	t.Parallel()
	path := os.Getenv("SCHEDD_CHAOS_HISTORY")
	if path == "" {
		return
	}
	h := load(t, path)
	found := Check(h)
	t.Log(tally(h, found))
	for _, v := range found {
		t.Error(v)
	}
}
