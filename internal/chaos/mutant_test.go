//go:build mutants

package chaos

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
)

// catchers are the invariants that must flag each mutant, one of them at least.
var catchers = map[string][]string{
	mutant.NoCAS:         {"C2", "C6", "C8", "C1"},
	mutant.SlotTwice:     {"C2"},
	mutant.NoToken:       {"C9", "C8", "C10"},
	mutant.ClaimAny:      {"C9", "C3", "C2", "C5", "C10"},
	mutant.ReapAny:       {"C10", "C3", "C9"},
	mutant.AnnounceOnce:  {"C7", "C14"},
	mutant.CountersApart: {"C8"},
	mutant.NoFence:       {"C3", "C4", "C9"},
	mutant.Early:         {"C1"},
}

// TestMutants shows that the tests would find the faults that the mutants have: each
// is caught within three seeds. SCHEDD_CHAOS_MUTANTS names those to try; "" = all.
func TestMutants(t *testing.T) {
	names := strings.Split(os.Getenv("SCHEDD_CHAOS_MUTANTS"), ",")
	if names[0] == "" {
		names = mutant.All()
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			want := catchers[name]
			if want == nil {
				t.Fatalf("there is no mutant %q", name)
			}
			for seed := range uint64(3) {
				h, text := mutantTrial(name, seed+1, seconds(t, 40)).live(t)
				found := Check(h)
				t.Logf("seed %d: %s\n%s\nflagged %v", seed+1, text, tally(h, found), flags(found))
				if i := slices.IndexFunc(found, func(v Violation) bool { return slices.Contains(want, v.Invariant) }); i >= 0 {
					line := fmt.Sprintf("mutant %s: caught with seed %d by %s", name, seed+1, found[i])
					t.Log(line)
					fmt.Println(line)
					return
				}
			}
			t.Errorf("mutant %s was not caught", name)
		})
	}
}

// TestMutantsNone holds the same build, with none of its faults switched on, to the same
// pauses, cuts and kills: what flags a mutant flags nothing else.
func TestMutantsNone(t *testing.T) {
	h, text := mutantTrial("", 1, seconds(t, 40)).live(t)
	if found := Check(h); len(found) > 0 {
		t.Fatalf("without a fault, seed 1: %s\n%s\nflagged %v: %s", text, tally(h, found), flags(found), found[0])
	}
	fmt.Println("mutant none: nothing flagged with seed 1")
}

// mutantTrial is a run that gives the mutant a chance.
func mutantTrial(name string, seed uint64, length time.Duration) *trial {
	tr := twoNodes(seed, length, name)
	// Near a clock that is moved much is forgiven, and a node that is killed leaves
	// nothing behind: pauses and cuts make the owners that come too late.
	tr.budget = budget{kills: 10, pauses: 9, flushes: 1, redisKills: 1, postgresKills: 2, cuts: 4}.over(length, 40*time.Second)
	return &tr
}

// flags counts violations by invariant.
func flags(found []Violation) map[string]int {
	n := map[string]int{}
	for _, v := range found {
		n[v.Invariant]++
	}
	return n
}
