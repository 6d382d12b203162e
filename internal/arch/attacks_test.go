package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// attack is a line of the list; each of its tests is PACKAGE.NAME.
var (
	attack = regexp.MustCompile(`(?m)^\| V(\d+) \| [^|]+ \| ([^|]+) \|$`)
	named  = regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`")
)

// attacks is how many there are in the list.
const attacks = 35

// TestAttacksAreTried holds the list of docs/security.md: every attack, in order, each with
// tests that there are.
func TestAttacksAreTried(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := attack.FindAllStringSubmatch(string(text), -1)
	if len(lines) != attacks {
		t.Errorf("the list has %d attacks, want %d", len(lines), attacks)
	}
	known, tests := map[string]map[string]bool{}, 0
	for i, line := range lines {
		if line[1] != strconv.Itoa(i+1) {
			t.Errorf("line %d is about V%s", i+1, line[1])
		}
		found := named.FindAllStringSubmatch(line[2], -1)
		if len(found) == 0 || strings.Count(line[2], "`") != 2*len(found) {
			t.Errorf("V%s names no test, or something else beside: %s", line[1], line[2])
		}
		for _, of := range found {
			if known[of[1]] == nil {
				known[of[1]] = testsOf(t, of[1])
			}
			if tests++; !known[of[1]][of[2]] {
				t.Errorf("V%s names %s.%s, and there is no such test", line[1], of[1], of[2])
			}
		}
	}
	t.Logf("accept: %d attacks, %d tests named", len(lines), tests)
}

// testsOf are the tests and fuzz targets of a package.
func testsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
