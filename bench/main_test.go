package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestMain lets the part rest start this binary as its daemon.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-child" {
		if err := run(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestEveryPart measures next to nothing of everything.
func TestEveryPart(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		parts []part
	}{"embedded": {nil, parts}, "comparison": {[]string{"-compare"}, comparison}} {
		t.Run(name, func(t *testing.T) {
			dir, err := publicFolder("", "b") // a short path, for sockets
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			out := filepath.Join(dir, "raw.json")
			if err := run(t.Context(), append(c.flags, "-all", "-tiny", "-dir", dir, "-out", out)); err != nil {
				t.Fatal(err)
			}
			wholeReport(t, out, c.parts)
		})
	}
}

// wholeReport checks that a file has whole figures of every part.
func wholeReport(t *testing.T, out string, parts []part) {
	t.Helper()
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	measured := map[string]bool{}
	for i := range r.Figures {
		f := &r.Figures[i]
		measured[f.Part] = true
		if f.Value < 0 || f.What == "" || f.Unit == "" {
			t.Errorf("figure %+v is not whole", f)
		}
	}
	for _, p := range parts {
		if !measured[p.name] {
			t.Errorf("no figure of %s", p.name)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args  []string
		parts int // 0 = an error
		size  string
	}{
		{nil, len(parts), "full"},
		{[]string{"-all", "-quick"}, len(parts), "quick"},
		{[]string{"-run", "tick, burst"}, 2, "full"},
		{[]string{"-compare"}, len(comparison), "full"},
		{[]string{"-compare", "-run", "spread"}, 1, "full"},
		{[]string{"-run", "spread"}, 0, ""},
		{[]string{"-run", "tock"}, 0, ""},
		{[]string{"tick"}, 0, ""},
	} {
		o, err := parse(c.args)
		if (err != nil) != (c.parts == 0) {
			t.Errorf("parse(%q) = %v", c.args, err)
		} else if err == nil && (len(o.parts) != c.parts || o.size.Name != c.size) {
			t.Errorf("parse(%q) = %d parts, size %s; want %d, %s", c.args, len(o.parts), o.size.Name, c.parts, c.size)
		}
	}
}
