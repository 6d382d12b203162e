package mutant

import "testing"

// TestNone checks that an ordinary build is sound.
func TestNone(t *testing.T) {
	t.Parallel()
	if Active != "" {
		t.Errorf("this build is a mutant: %s", Active)
	}
}
