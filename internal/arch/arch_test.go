package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/agentic-sdlc/scheduler"

// source is one parsed Go file.
type source struct {
	path  string // from the top of the project, with slashes
	dir   string // its folder: the package
	test  bool
	lines int
	file  *ast.File
	fset  *token.FileSet
}

// top is the project's root folder, seen from this package.
var top = filepath.Join("..", "..")

// sources parses every Go file of the module. Folders with a go.mod of their own,
// testdata and hidden folders are not part of it.
var sources = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, name)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin" || isModule(name)) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, rel, text, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{
			path: rel, dir: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"),
			lines: bytes.Count(text, []byte{'\n'}), file: file, fset: fset,
		})
		return nil
	})
	return all, err
})

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func load(t *testing.T) []source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// imports returns the paths that the file imports.
func (s source) imports() []string {
	var all []string
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, p)
	}
	return all
}

// within reports whether an import path is one of the listed, or below one.
func within(p, list string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(l string) bool { return p == l || strings.HasPrefix(p, l+"/") })
}

func standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

func TestEveryPackageHasARow(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, s := range load(t) {
		found[s.dir] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		if _, ok := table[dir]; !ok {
			t.Errorf("package %s has no row in table_test.go: decide what it may import", dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(table)) {
		if !found[dir] {
			t.Errorf("table_test.go has a row for %s, which does not exist", dir)
		}
		for _, below := range strings.Fields(table[dir].ours) {
			if _, ok := table[below]; !ok {
				t.Errorf("table_test.go lets %s import %s, which has no row", dir, below)
			}
		}
	}
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, s := range load(t) {
		for _, p := range s.imports() {
			if problem := judge(s, p); problem != "" {
				t.Errorf("%s: %s", s.path, problem)
			}
		}
	}
}

// judge says what is wrong with one import, "" when nothing is.
func judge(s source, p string) string {
	r := table[s.dir]
	ours, isOurs := strings.CutPrefix(p, module+"/")
	switch {
	case p == "C":
		return "no cgo: the programs are static"
	case standard(p):
		if r.pure && !s.test && within(p, impure) {
			return fmt.Sprintf("package %s is pure and must not import %s", s.dir, p)
		}
	case isOurs && s.test:
	case isOurs:
		if !slices.Contains(strings.Fields(r.ours), ours) {
			return fmt.Sprintf("package %s must not import %s", s.dir, ours)
		}
	case within(p, r.third):
	case s.test && within(p, testOnly):
	default:
		return fmt.Sprintf("package %s must not import %s", s.dir, p)
	}
	return ""
}

// TestTheTableHasNoCycle keeps the rows themselves honest: Go refuses cycles of
// imports, but the table could allow one before anybody makes it.
func TestTheTableHasNoCycle(t *testing.T) {
	t.Parallel()
	done := map[string]bool{}
	var visit func(dir string, trail []string)
	visit = func(dir string, trail []string) {
		if slices.Contains(trail, dir) {
			t.Fatalf("the table allows a cycle: %s", strings.Join(append(trail, dir), " → "))
		}
		if done[dir] {
			return
		}
		for _, below := range strings.Fields(table[dir].ours) {
			visit(below, append(trail, dir))
		}
		done[dir] = true
	}
	for dir := range table {
		visit(dir, nil)
	}
}

func TestComponentsDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	components := []string{"daemon/timer", "daemon/dispatch", "daemon/executor", "daemon/maintain", "daemon/control"}
	for _, c := range components {
		for _, below := range strings.Fields(table[c].ours) {
			if strings.HasPrefix(below, "daemon") {
				t.Errorf("the table lets component %s import %s", c, below)
			}
		}
	}
}

// TestSchedctlLinksNoDriver follows the imports of schedctl through our packages,
// then asks the Go tool what the packages of others bring along.
func TestSchedctlLinksNoDriver(t *testing.T) {
	t.Parallel()
	below := map[string][]string{}
	for _, s := range load(t) {
		if !s.test {
			below[s.dir] = append(below[s.dir], s.imports()...)
		}
	}
	third := map[string]bool{}
	seen := map[string]bool{}
	var visit func(dir string)
	visit = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		for _, p := range below[dir] {
			if ours, ok := strings.CutPrefix(p, module+"/"); ok {
				visit(ours)
			} else if !standard(p) {
				third[p] = true
			}
		}
	}
	visit("cmd/schedctl")
	for dir := range seen {
		if within(dir, "daemon store queue handler migrations configs") {
			t.Errorf("schedctl links %s", dir)
		}
	}
	if len(third) == 0 {
		return
	}
	// Reading them makes a cached result of this test end with the next change.
	for _, name := range []string{"go.mod", "go.sum"} {
		if _, err := os.ReadFile(filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, slices.Sorted(maps.Keys(third))...)...)
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for p := range strings.FieldsSeq(string(out)) {
		if within(p, notInSchedctl) || slices.ContainsFunc(strings.Fields(notInSchedctl), func(l string) bool { return strings.HasPrefix(p, l) }) {
			t.Errorf("schedctl links %s", p)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, s := range load(t) {
		if s.file.Doc != nil && !s.test {
			documented[s.dir] = true
		} else if !s.test && !documented[s.dir] {
			documented[s.dir] = false
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(documented)) {
		if !documented[dir] {
			t.Errorf("package %s has no comment on its package clause (put it in doc.go)", dir)
		}
	}
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	var lengths []int
	for _, s := range load(t) {
		if s.test || ast.IsGenerated(s.file) {
			continue
		}
		lengths = append(lengths, s.lines)
		if s.lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: a reader cannot hold it in mind", s.path, s.lines, maxLines)
		}
	}
	slices.Sort(lengths)
	if median := lengths[len(lengths)/2]; median > maxMedian {
		t.Errorf("the median file has %d lines, more than %d", median, maxMedian)
	}
}

// selectors calls fn for every use of a name of an imported package.
func (s source) selectors(fn func(pkg, name string, pos token.Position)) {
	named := map[string]string{}
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		named[name] = p
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && named[x.Name] != "" {
				fn(named[x.Name], sel.Sel.Name, s.fset.Position(sel.Pos()))
			}
		}
		return true
	})
}

func TestClocksAreReadInFewPlaces(t *testing.T) {
	t.Parallel()
	clock := strings.Fields("Now Since Until Sleep After Tick NewTimer NewTicker AfterFunc")
	used := map[string]bool{}
	for _, s := range load(t) {
		if s.test || within(s.dir, suites) || within(s.dir, "cmd internal") {
			continue
		}
		switch path.Base(s.path) {
		case "run.go", "env.go", "handle.go":
			continue
		}
		s.selectors(func(pkg, name string, pos token.Position) {
			if pkg != "time" || !slices.Contains(clock, name) {
				return
			}
			used[s.path] = true
			if clockFiles[s.path] == "" || table[s.dir].pure {
				t.Errorf("%s: time.%s: take now as a parameter, or wait in run.go", pos, name)
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(clockFiles)) {
		if !used[name] {
			t.Errorf("clockFiles has %s, which reads no clock", name)
		}
	}
}

func TestOnlyMainsExit(t *testing.T) {
	t.Parallel()
	for _, s := range load(t) {
		if s.test || within(s.dir, "cmd") || exitFiles[s.path] != "" {
			continue
		}
		s.selectors(func(pkg, name string, pos token.Position) {
			if pkg == "os" && name == "Exit" || pkg == "log" && strings.HasPrefix(name, "Fatal") {
				t.Errorf("%s: %s.%s: return an error; only a main ends the process", pos, pkg, name)
			}
		})
	}
}

var (
	statement = regexp.MustCompile(`(?i)\b(select|insert|update|delete|create|alter|default|where|values)\b`)
	sqlClock  = regexp.MustCompile(`(?i)\bnow\s*\(\s*\)|\bcurrent_(timestamp|time|date)\b|\b(clock|statement|transaction)_timestamp\b|` +
		`\b(datetime|date|time|julianday|unixepoch)\s*\(\s*('now'|\))|\bstrftime\s*\([^)]*'now'`)
)

func TestSQLReadsNoClock(t *testing.T) {
	t.Parallel()
	for _, s := range load(t) {
		if s.test || !within(s.dir, "store migrations") || s.path == sqlClockFile {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && statement.MatchString(lit.Value) {
				if clock := sqlClock.FindString(lit.Value); clock != "" {
					t.Errorf("%s: SQL with %s: pass now as a parameter", s.fset.Position(lit.Pos()), clock)
				}
			}
			return true
		})
	}
	err := fs.WalkDir(os.DirFS(top), "migrations", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(top, name))
		if clock := sqlClock.Find(text); clock != nil {
			t.Errorf("%s: %s: pass now as a parameter", name, clock)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
