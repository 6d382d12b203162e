package cli

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzArgs: no command line panics, and each ends with a status that is documented. No
// daemon is there; words that name files are left out.
func FuzzArgs(f *testing.F) {
	for _, seed := range []string{
		"", "ls", "ls --limit 0", "job create cron x -s @hourly -- true", "job create once x --in 5", "explain @hourly -n 3", "explain \x1b[31m", "next --window -1h",
		"run x --set a.b=1 --set a=2", "ls -o template={{.}} --columns name", "--jq .[ ls", "job tag x +a -b", "wait x --for status=failed", "help nothing", "completion bash",
		"__complete job show ''", "explain 0,0,,1 * * *", "ls --sort-by -name,next_run", "api GET jobs", "config view --show-origin", "job pause --all -y",
	} {
		f.Add(seed)
	}
	known := []int{exitOwn, exitInterrupted}
	for _, m := range exitMeanings {
		known = append(known, m.status)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "/") || strings.Contains(line, "--out") || strings.Contains(line, "-w") {
			return
		}
		w := world{deadline: 2 * time.Second, env: map[string]string{"SCHEDCTL_SERVER": "unix:///nonexistent/s"}, files: map[string]string{}}
		if got := runIn(t, w, strings.Fields(line)...); !slices.Contains(known, got.code) {
			t.Errorf("schedctl %q ends with %d:\n%s", line, got.code, got.err)
		}
	})
}
