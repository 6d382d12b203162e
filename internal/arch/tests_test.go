package arch

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"testing"
)

// ofTests reports whether a file is a test or helps tests.
func (s source) ofTests() bool { return s.test || within(s.dir, suites+" internal/testbed") }

// TestTestsWaitForConditions: a length of time in a test is too short on one machine and
// too long on all others.
func TestTestsWaitForConditions(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, s := range load(t) {
		if !s.ofTests() || slices.Contains(s.imports(), "testing/synctest") { // the time of a bubble is made up
			continue
		}
		s.selectors(func(pkg, name string, pos token.Position) {
			if pkg != "time" || name != "Sleep" {
				return
			}
			used[s.path] = true
			if sleepFiles[s.path] == "" {
				t.Errorf("%s: time.Sleep: wait for a condition with testbed.Eventually, or in a bubble of testing/synctest", pos)
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(sleepFiles)) {
		if !used[name] {
			t.Errorf("sleepFiles has %s, which does not sleep", name)
		}
	}
}

// TestNoTestIsSkipped: what is not tried is not known to work.
func TestNoTestIsSkipped(t *testing.T) {
	t.Parallel()
	for _, s := range load(t) {
		if !s.ofTests() {
			continue
		}
		for _, pos := range s.skips() {
			t.Errorf("%s: a test that is skipped shows nothing: let it fail and say what it needs", pos)
		}
	}
}

// skips returns where tests are skipped, or ask whether they should be.
func (s source) skips() (all []token.Position) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow", "Short"}, sel.Sel.Name) {
			all = append(all, s.fset.Position(sel.Pos()))
		}
		return true
	})
	return all
}
