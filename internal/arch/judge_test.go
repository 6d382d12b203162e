package arch

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestJudge plants faults, so that a rule that stopped working is noticed.
func TestJudge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, imports string
		want                string // in the verdict; "" = allowed
	}{
		{"domain downwards", "job/a.go", module + "/schedule", ""},
		{"domain upwards", "job/a.go", module + "/store", "package job must not import store"},
		{"domain with a clock's friend", "schedule/a.go", "math/rand/v2", "is pure"},
		{"domain's tests may", "schedule/a_test.go", "os", ""},
		{"component sideways", "daemon/timer/a.go", module + "/daemon/executor", "must not import daemon/executor"},
		{"component to an adapter", "daemon/timer/a.go", module + "/store/sqlite", "must not import store/sqlite"},
		{"composition to an adapter", "daemon/a.go", module + "/store/sqlite", ""},
		{"command line to the daemon", "cli/a.go", module + "/daemon", "must not import daemon"},
		{"a driver where it belongs", "store/sqlite/a.go", "modernc.org/sqlite/lib", ""},
		{"a driver elsewhere", "store/a.go", "modernc.org/sqlite", "must not import modernc.org/sqlite"},
		{"a library with a similar name", "store/sqlite/a.go", "modernc.org/sqliteplus", "must not import modernc.org/sqliteplus"},
		{"a test library in a test", "store/a_test.go", "pgregory.net/rapid", ""},
		{"a test library outside", "store/a.go", "pgregory.net/rapid", "must not import pgregory.net/rapid"},
		{"another library in a test", "store/a_test.go", "github.com/stretchr/testify/require", "must not import"},
		{"a package without a row", "nowhere/a.go", module + "/job", "must not import job"},
		{"cgo", "store/sqlite/a.go", "C", "no cgo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := tt.file[:strings.LastIndex(tt.file, "/")]
			s := source{path: tt.file, dir: dir, test: strings.HasSuffix(tt.file, "_test.go")}
			got := judge(s, tt.imports)
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("judge(%s imports %s) = %q, want %q in it", tt.file, tt.imports, got, tt.want)
			}
		})
	}
}

func TestSelectorsSeeThroughNames(t *testing.T) {
	t.Parallel()
	text := "package a\nimport (\n\tclock \"time\"\n\t\"os\"\n)\nvar x = clock.Now\nfunc f(time T) { time.Now(); os.Exit(1) }\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	source{file: file, fset: fset}.selectors(func(pkg, name string, _ token.Position) { got = append(got, pkg+"."+name) })
	if want := "time.Now os.Exit"; strings.Join(got, " ") != want {
		t.Errorf("selectors = %q, want %q", strings.Join(got, " "), want)
	}
}

func TestSkipsAreFound(t *testing.T) {
	t.Parallel()
	text := "package a\nimport \"testing\"\nfunc f(t *testing.T, s struct{ t *testing.T }) {\n" +
		"t.Skip()\ns.t.Skipf(``)\nif testing.Short() {\nt.SkipNow()\n}\nt.Skipped()\nwouldSkip()\n}\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a_test.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, pos := range (source{file: file, fset: fset}).skips() {
		lines = append(lines, pos.Line)
	}
	if want := []int{4, 5, 6, 7}; !slices.Equal(lines, want) {
		t.Errorf("skips in lines %v, want %v", lines, want)
	}
}

func TestSQLClockPattern(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"SELECT now()":                             true,
		"created TEXT DEFAULT CURRENT_TIMESTAMP":   true,
		"VALUES (datetime('now', 'utc'))":          true,
		"SELECT strftime('%s', 'now')":             true,
		"SELECT unixepoch()":                       true,
		"UPDATE t SET a = clock_timestamp()":       true,
		"SELECT known(x) FROM t":                   false,
		"SELECT now FROM t WHERE a = :now":         false,
		"SELECT datetime(created_at, 'unixepoch')": false,
		"SELECT date(slot) FROM t":                 false,
	}
	for sql, want := range tests {
		if got := sqlClock.MatchString(sql); got != want {
			t.Errorf("sqlClock matches %q: %v, want %v", sql, got, want)
		}
	}
}
