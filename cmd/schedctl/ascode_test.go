package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAsCode takes a crontab of 25 lines through import, export and import, and a hundred
// jobs through apply.
func TestAsCode(t *testing.T) {
	t.Parallel()
	first, second := launch(t), launch(t)
	file, err := filepath.Abs("../../examples/crontab/full.crontab")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	crontab := filepath.Join(dir, "exported")
	must(t, first, "crontab", "import", file, "--skip-refused")
	write(t, crontab, must(t, first, "crontab", "export"))
	if got := must(t, first, "crontab", "import", crontab, "-o", "json"); strings.Count(got, `"action": "unchanged"`) != len(cronLines) {
		t.Errorf("importing the export again changes something:\n%s", got)
	}
	must(t, second, "crontab", "import", crontab)
	want, got := definitions(t, first), definitions(t, second)
	if diff := cmp.Diff(want, got); diff != "" || len(want) != len(cronLines) {
		t.Errorf("%d jobs of the export differ from those of the original (-original +export):\n%s", len(want), diff)
	}

	jobs := filepath.Join(dir, "jobs.yaml")
	write(t, jobs, must(t, first, "job", "export"))
	if _, stderr, status := first("apply", "-f", jobs); status != 0 || !strings.Contains(stderr, fmt.Sprintf("0 created, 0 changed, %d unchanged", len(cronLines))) {
		t.Errorf("export and apply: status %d, %s; want nothing changed", status, stderr)
	}

	hundred(t, second, dir)
	t.Cleanup(func() {
		fmt.Printf("accept: import, export, import: %d lines identical; export, apply: 0 changes; 100 jobs with one bad: none written\n", len(cronLines))
	})
}

// hundred applies a hundred jobs, one of them bad in a way that only the daemon can
// tell, then without it, then again.
func hundred(t *testing.T, run func(args ...string) (string, string, int), dir string) {
	t.Helper()
	var b strings.Builder
	for i := range 100 {
		handler := "exec"
		if i == 37 {
			handler = "exce"
		}
		fmt.Fprintf(&b, "- type: cron\n  name: job-%d\n  schedule: \"%d 3 * * *\"\n  handler_name: %s\n  payload: {command: [/bin/true]}\n", i, i%60, handler)
	}
	file := filepath.Join(dir, "hundred.yaml")
	write(t, file, b.String())
	before := definitions(t, run)
	_, stderr, status := run("apply", "-f", file)
	if place := fmt.Sprintf("%s:%d:17: handler_name: handler \"exce\" is not registered", file, 37*5+4); status != 2 || !strings.Contains(stderr, place) {
		t.Errorf("apply with one bad of 100: status %d, %s; want 2 and %s", status, stderr, place)
	}
	if diff := cmp.Diff(before, definitions(t, run)); diff != "" {
		t.Errorf("apply with one bad of 100 wrote something:\n%s", diff)
	}
	write(t, file, strings.ReplaceAll(b.String(), "exce", "exec"))
	for _, want := range []string{"100 created, 0 changed, 0 unchanged", "0 created, 0 changed, 100 unchanged"} {
		if _, stderr, status := run("apply", "-f", file); status != 0 || !strings.Contains(stderr, want) {
			t.Errorf("apply: status %d, %s; want 0 and %s", status, stderr, want)
		}
	}
}

// definitions are the jobs of a daemon by name, as job files say them.
func definitions(t *testing.T, run func(args ...string) (string, string, int)) map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(must(t, run, "job", "export", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, def := range list {
		all[def["name"].(string)] = def
	}
	return all
}

func must(t *testing.T, run func(args ...string) (string, string, int), args ...string) string {
	t.Helper()
	out, stderr, status := run(args...)
	if status != 0 {
		t.Fatalf("schedctl %v: status %d, %s", args, status, stderr)
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
