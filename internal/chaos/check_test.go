package chaos

import (
	"bytes"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the made-up histories anew")

// TestGoodHistories holds the checker to what it must not flag.
func TestGoodHistories(t *testing.T) {
	t.Parallel()
	write(t, "good", good)
	for _, path := range histories(t, "good", 5) {
		for _, v := range Check(load(t, path)) {
			t.Errorf("%s: %s", filepath.Base(path), v)
		}
	}
}

// TestBadHistories holds the checker to what it must flag: one fault each, by the
// invariant that the file's name begins with.
func TestBadHistories(t *testing.T) {
	t.Parallel()
	spoiled := map[string]func() *tale{}
	for name, b := range bad {
		spoiled[name] = func() *tale { t := b.from(); b.spoil(t); return t }
	}
	write(t, "bad", spoiled)
	seen := map[string]bool{}
	for _, path := range histories(t, "bad", 25) {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		want, _, _ := strings.Cut(name, "-")
		seen[want] = true
		found := Check(load(t, path))
		var texts []string
		flagged := false
		for _, v := range found {
			flagged = flagged || v.Invariant == want
			texts = append(texts, v.String())
		}
		if !flagged {
			t.Errorf("%s is not flagged by %s, only %q", name, want, texts)
		}
		if testing.Verbose() {
			t.Logf("%s: %s", name, strings.Join(texts, "; "))
		}
	}
	for _, c := range []string{"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13", "C14", "C15", "C16"} {
		if !seen[c] {
			t.Errorf("no history breaks %s", c)
		}
	}
}

// TestRoundTrip reads what was written.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, tell := range good {
		want := tell().History
		var b bytes.Buffer
		if err := want.Write(&b); err != nil {
			t.Fatal(err)
		}
		got, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s changed on its way (-want +got):\n%s", name, diff)
		}
	}
	for _, text := range []string{"{", `{"what":1}`, `{"row":[]}`} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("Read(%q) found nothing wrong", text)
		}
	}
}

// write makes the files when -update asks for it.
func write(t *testing.T, folder string, tales map[string]func() *tale) {
	t.Helper()
	if !*update {
		return
	}
	for name, tell := range tales {
		if err := tell().Save(filepath.Join("testdata", folder, name+".jsonl")); err != nil {
			t.Fatal(err)
		}
	}
}

func histories(t *testing.T, folder string, atLeast int) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.jsonl"))
	if err != nil || len(paths) < atLeast {
		t.Fatalf("%d histories in %s, want %d at least (%v)", len(paths), folder, atLeast, err)
	}
	return paths
}

func load(t *testing.T, path string) *History {
	t.Helper()
	h, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
