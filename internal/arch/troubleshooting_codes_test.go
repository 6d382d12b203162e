package arch

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// classes finds the classes of errors that the code gives to runs.
var classes = regexp.MustCompile(`(?:\bClass: +|ErrorClass = |ErrorClass = [^,\n]*, |\bfailure\(|\bfailed\(|return )"([a-z]+(?:_[a-z]+)+|error|signal|timeout|cancelled|unhealthy|unkillable)"`)

// TestTroubleshootingHasEveryCode holds the tables of docs/troubleshooting.md against the
// code: each code of an error, class of a failed run, reason of a run that was not made,
// and reason of a dead letter has its row.
func TestTroubleshootingHasEveryCode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var codes, skips, ofRuns []string
	for _, code := range job.Codes() {
		codes = append(codes, string(code))
	}
	for _, reason := range append(job.SkipReasons(), job.RangePruned) {
		skips = append(skips, string(reason))
	}
	for _, found := range classes.FindAllStringSubmatch(productionOf(t, "../../handler", "../../daemon/executor", "../../store/internal/stored"), -1) {
		ofRuns = append(ofRuns, found[1])
	}
	slices.Sort(ofRuns)
	if ofRuns = slices.Compact(ofRuns); len(ofRuns) < 35 {
		t.Errorf("found %d classes of errors, want 35 at least: %v", len(ofRuns), ofRuns)
	}
	for _, table := range []struct {
		title string
		want  []string
	}{
		{"Errors by code", codes},
		{"Why a run failed: `error_class`", ofRuns},
		{"Why there was no run: `skip_reason`", skips},
		{"Why there is a dead letter", job.DeadReasons()},
	} {
		_, after, found := strings.Cut(string(text), "\n## "+table.title+"\n")
		if !found {
			t.Errorf("docs/troubleshooting.md has no section %q", table.title)
			continue
		}
		section, _, _ := strings.Cut(after, "\n## ")
		for _, word := range table.want {
			if !regexp.MustCompile("(?m)^\\|[^|]*`" + word + "`[^|]*\\|").MatchString(section) {
				t.Errorf("docs/troubleshooting.md, %q: no row for %q", table.title, word)
			}
		}
	}
}
