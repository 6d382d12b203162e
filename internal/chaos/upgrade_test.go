//go:build upgrade

package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// TestUpgrade runs the build before the newest step of the schema beside this one, on
// one PostgreSQL and one Redis under load and faults: node a is upgraded, then node b,
// and the invariants hold. SCHEDD_CHAOS_OLDER names another commit than that one.
func TestUpgrade(t *testing.T) {
	older, steps := olderBuild(t)
	tr := twoNodes(1, seconds(t, 90), "")
	tr.older = older
	tr.budget = budget{kills: 20, pauses: 5, flushes: 2, redisKills: 2, postgresKills: 2, cuts: 4}.over(tr.length, 90*time.Second)
	w := newSite(t, tr.setup)
	h, text := tr.drive(w)
	found := Check(h)
	t.Logf("%s\n%s", text, tally(h, found))
	for i, v := range found {
		if i < 25 {
			t.Error(v)
		}
	}
	by, span := mixed(h, w.nodes[0].newer, w.nodes[1].newer)
	line := fmt.Sprintf("upgrade: schema %d beside %d for %s: runs by the older node %d, by the newer %d, violations=%d",
		steps, ownSteps(t), span.Round(time.Second), by["b"], by["a"], len(found))
	t.Log(line)
	fmt.Println(line)
	if by["a"] < 20 || by["b"] < 20 {
		t.Error("one of the builds did next to nothing while both ran")
	}
	refuses(t, w, older)
}

// mixed counts the attempts that began between the two upgrades, by node.
func mixed(h *History, from, to time.Time) (map[string]int, time.Duration) {
	by := map[string]int{}
	to = to.Add(-5 * time.Second) // the second node's end and start
	for _, r := range h.Rows {
		for _, a := range r.Attempts {
			if a.Started.After(from) && a.Started.Before(to) {
				name, _, _ := strings.Cut(a.Node, "-")
				by[name]++
			}
		}
	}
	return by, to.Sub(from)
}

// refuses starts the older build once more: the schema is newer now, and it says so.
func refuses(t *testing.T, w *site, older string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), older, "serve", "--config", w.nodes[1].path("schedd.yaml"))
	out, err := cmd.CombinedOutput()
	exit, _ := errors.AsType[*exec.ExitError](err)
	if exit == nil || exit.ExitCode() != 5 || !bytes.Contains(out, []byte("schema")) {
		t.Errorf("the older build on the newer schema: %v, want exit status 5\n%s", err, out)
	}
}

// olderBuild builds the commit before the newest step of the PostgreSQL schema, and
// says how many steps it knows.
func olderBuild(t *testing.T) (path string, steps int) {
	t.Helper()
	commit := os.Getenv("SCHEDD_CHAOS_OLDER")
	if commit == "" {
		commit = strings.TrimSpace(git(t, "log", "-1", "--format=%H", "--diff-filter=A", "--", "migrations/postgres")) + "^"
	}
	dir, err := os.MkdirTemp("", "chaos-older-")
	if err != nil {
		t.Fatal(err)
	}
	if err := testbed.Remove(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	archive := filepath.Join(dir, "tree.tar")
	git(t, "archive", "-o", archive, commit)
	if out, err := exec.Command("tar", "-x", "-C", dir, "-f", archive).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	build := exec.Command("go", "build", "-tags", "failpoint", "-ldflags", "-s -w", "-o", filepath.Join(dir, "schedd-older"), "./cmd/schedd")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build of %s: %v\n%s", commit, err, out)
	}
	return filepath.Join(dir, "schedd-older"), stepsIn(t, filepath.Join(dir, "migrations", "postgres"))
}

func ownSteps(t *testing.T) int {
	return stepsIn(t, filepath.Join("..", "..", "migrations", "postgres"))
}

func stepsIn(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no steps in %s: %v", dir, err)
	}
	return len(files)
}

// git runs in the root of the repository.
func git(t *testing.T, args ...string) string {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stderr = filepath.Join("..", ".."), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
	return string(out)
}
