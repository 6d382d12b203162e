//go:build mutants

package canary

import (
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
)

// TestLeakIsFound runs a build that has payloads in its log: the canary and the place must
// be named.
func TestLeakIsFound(t *testing.T) {
	leaks := live(t, mutant.Leak, "sqlite")
	want := "header of a call that ok is in log: "
	i := slices.IndexFunc(leaks, func(l string) bool { return strings.HasPrefix(l, want) })
	if i < 0 {
		t.Fatalf("none of %d leaks is %q: %q", len(leaks), want, leaks)
	}
	for _, leak := range leaks {
		if _, place, _ := strings.Cut(leak, " is in "); !strings.HasPrefix(place, "log: ") {
			t.Errorf("found where nothing was planted: %s", leak)
		}
	}
	t.Logf("accept: a build that leaks on purpose: %d leaks, such as: %s", len(leaks), leaks[i])
}
