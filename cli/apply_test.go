package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

const reportFile = `name: report
type: cron
timezone: Europe/Berlin
schedule: "0 25 * * MON"
command: [/bin/report]
retires: 3
`

// Sample session 22: the place, the line and a caret, on a terminal only.
func TestValidateShowsThePlace(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	w := world{files: map[string]string{"jobs/report.yaml": reportFile}, tty: true}
	s.runIn(w, "validate", "-f", "jobs/report.yaml").check(t, exitUsage, `jobs/report.yaml:4:11: schedule: hour: 25 is outside 0–23 (at 3)
  3 | timezone: Europe/Berlin
  4 | schedule: "0 25 * * MON"
    |           ^
jobs/report.yaml:6:1: unknown field "retires" (did you mean "max_retries"?)
  5 | command: [/bin/report]
  6 | retires: 3
    | ^
`, "2 problems in 1 file")
	w.tty = false
	s.runIn(w, "validate", "-f", "jobs/report.yaml").check(t, exitUsage, `jobs/report.yaml:4:11: schedule: hour: 25 is outside 0–23 (at 3)
jobs/report.yaml:6:1: unknown field "retires" (did you mean "max_retries"?)
`, "error: 2 problems in 1 file\n")
	// apply tells them on standard error and asks nobody.
	s.runIn(w, "apply", "-f", "jobs/report.yaml").check(t, exitUsage, "-", "jobs/report.yaml:4:11: schedule", "error: 2 problems in 1 file")
	s.runIn(w, "apply", "-f", "jobs/report.yaml", "-o", "json").check(t, exitUsage, "-", `"field": "jobs/report.yaml:4:11"`)
	// A file cannot drive the terminal.
	w.files["evil.yaml"] = "na\u001b[31mme: x\n\"\\e]0;x\\a\": 1\n"
	w.tty = true
	w.env = map[string]string{"NO_COLOR": "1"}
	if r := s.runIn(w, "validate", "-f", "evil.yaml"); strings.ContainsAny(r.out+r.err, "\x1b\x07") {
		t.Errorf("the terminal is driven: %q", r.out+r.err)
	}
}

// Sample session 21: what would change, and when jobs would run then.
func TestDiff(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	at := func(text string) *time.Time {
		v, _ := time.Parse(time.RFC3339, text)
		return &v
	}
	zero, one, two := 0, 1, 2
	weekly := job.Job{Spec: job.Spec{Name: "weekly-backup", Type: job.TypeCron, Schedule: "0 0 * * SUN", Timezone: "UTC", DSTPolicy: "once"}, Status: job.JobActive, NextRun: at("2026-11-29T00:00:00Z")}
	s.on("POST /jobs/apply", http.StatusOK, api.Applied{DryRun: true, Created: 1, Changed: 1, Unchanged: 1, Items: []api.AppliedJob{
		{Index: &zero, Action: api.ActionChange, Name: "daily-cleanup", NextRunBefore: at("2026-11-23T02:00:00Z"), NextRun: at("2026-11-23T03:30:00Z"), Changes: []api.FieldChange{
			{Field: "schedule", Old: json.RawMessage(`"0 2 * * *"`), New: json.RawMessage(`"30 3 * * *"`)}, {Field: "timeout_ms", New: json.RawMessage(`1800000`)},
		}},
		{Index: &one, Action: api.ActionCreate, Name: "weekly-backup", NextRun: weekly.NextRun, Job: weekly},
		{Index: &two, Action: api.ActionUnchanged, Name: "same"},
	}})
	w := world{files: map[string]string{"j.yaml": "type: cron\nname: a\nschedule: \"@daily\"\ncommand: [x]\n"}, tty: true, env: map[string]string{"NO_COLOR": "1"}}
	s.runIn(w, "diff", "-f", "j.yaml").check(t, exitFailed, `~ job daily-cleanup
-   schedule: 0 2 * * *
+   schedule: 30 3 * * *          # next run Mon 02:00 UTC → Mon 03:30 UTC
+   timeout_ms: 1800000
+ job weekly-backup               # `+firstWords(t, weekly)+`, first run Sun 2026-11-29 00:00 UTC
1 to create, 1 to change, 1 unchanged
`)
	w.tty = false
	s.runIn(w, "diff", "-f", "j.yaml", "-q").check(t, exitFailed, "daily-cleanup\nweekly-backup\n")
	s.runIn(w, "diff", "-f", "j.yaml", "--prune-selector", "tag=x").check(t, exitUsage, "-", "goes with --prune")
	s.runIn(w, "diff", "-f", "j.yaml", "--prune", "--prune-selector", "x").check(t, exitUsage, "-", "is not tag=NAME")
	s.runIn(w, "diff", "-f", "j.yaml", "-f", "j.yaml").check(t, exitUsage, "-", "is given twice")
}

func firstWords(t *testing.T, j job.Job) string {
	t.Helper()
	sched, err := job.Compile(&j)
	if err != nil {
		t.Fatal(err)
	}
	return sched.Describe()
}

// An error inside the daemon must not look like a difference.
func TestDiffFails(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /jobs/apply", http.StatusInternalServerError, api.ErrorBody{Error: "internal error", Code: job.Internal})
	w := world{files: map[string]string{"j.yaml": "type: cron\nname: a\nschedule: \"@daily\"\ncommand: [x]\n"}}
	s.runIn(w, "diff", "-f", "j.yaml").check(t, exitUsage, "-", "internal error")
}
