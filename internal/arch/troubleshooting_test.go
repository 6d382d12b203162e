package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// heading is a message in docs/troubleshooting.md.
var heading = regexp.MustCompile("(?m)^### `(.*)`$")

// TestTroubleshootingNamesRealMessages looks for every message of docs/troubleshooting.md in
// the code: what is not said any more must not be explained.
func TestTroubleshootingNamesRealMessages(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	code := production(t)
	messages := heading.FindAllStringSubmatch(string(text), -1)
	if len(messages) < 30 {
		t.Errorf("%d messages are explained, want 30 at least", len(messages))
	}
	for _, m := range messages {
		told := 0
		for part := range strings.SplitSeq(m[1], "…") {
			part = strings.Trim(part, " ,;:()")
			told += len(part)
			if part != "" && !strings.Contains(code, part) {
				t.Errorf("%q: nothing says %q", m[1], part)
			}
		}
		if told < 12 {
			t.Errorf("%q has too little text to be found", m[1])
		}
	}
}

// production is the text of all Go files that ship.
func production(t *testing.T) string { return productionOf(t, "../..") }

// productionOf is the text of the Go files that ship in some folders.
func productionOf(t *testing.T, roots ...string) string {
	t.Helper()
	var all strings.Builder
	for _, root := range roots {
		readProduction(t, root, &all)
	}
	return all.String()
}

func readProduction(t *testing.T, root string, all *strings.Builder) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "bench" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".git")):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go"):
			return nil
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
