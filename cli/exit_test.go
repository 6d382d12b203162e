package cli

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestEveryCodeHasAnExitStatus(t *testing.T) {
	t.Parallel()
	if len(exits) != len(job.Codes()) {
		t.Errorf("%d codes have an exit status, there are %d codes", len(exits), len(job.Codes()))
	}
	for _, code := range job.Codes() {
		if status, ok := exits[code]; !ok || status == exitOK {
			t.Errorf("code %q has exit status %d", code, status)
		}
	}
	for _, status := range job.Statuses() {
		if _, ok := outcomes[status]; !ok {
			t.Errorf("execution status %q has no exit status", status)
		}
	}
}

// What the daemon refuses with a code ends schedctl with that code's status.
func TestRefusalsBecomeExitStatuses(t *testing.T) {
	t.Parallel()
	for _, code := range job.Codes() {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("GET /jobs/{id}", api.StatusOf(code), refusal(code, "no"))
			s.run("job", "show", "x").check(t, exits[code], "-", "error: no\n")
		})
	}
}

func TestHelpListsEveryExitStatus(t *testing.T) {
	t.Parallel()
	r := runIn(t, world{}, "help", "exit-codes")
	r.check(t, exitOK, "")
	statuses := map[int]bool{exitInterrupted: true, exitOwn: true, exitOK: true}
	for _, s := range exits {
		statuses[s] = true
	}
	for _, s := range outcomes {
		statuses[s] = true
	}
	for s := range statuses {
		if !strings.Contains(r.out, fmt.Sprintf("\n%5d  ", s)) {
			t.Errorf("exit status %d is not listed", s)
		}
	}
}

func TestErrorsForPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusNotFound, api.ErrorBody{
		Error: `job "nightly-bakcup" not found`, Code: job.NotFound, Hint: "did you mean nightly-backup?", RequestID: "req-1",
	})
	s.on("POST /jobs/cron", http.StatusBadRequest, api.ErrorBody{
		Error: "schedule: bad (and 1 more)", Code: job.Invalid,
		Fields: []job.FieldError{{Field: "schedule", Message: "bad"}, {Field: "name", Message: "\x1b[2Jworse"}},
	})
	r := s.run("job", "show", "nightly-bakcup")
	r.check(t, exitNotFound, "-")
	if want := "error: job \"nightly-bakcup\" not found\nhint: did you mean nightly-backup?\n"; r.err != want {
		t.Errorf("got %q, want %q", r.err, want)
	}
	s.run("job", "show", "nightly-bakcup", "-v").check(t, exitNotFound, "-", "request: req-1\n")
	s.run("job", "show", "nightly-bakcup", "-o", "json").check(t, exitNotFound, "-", `"code": "not_found"`, `"request_id": "req-1"`)
	s.run("job", "create", "cron", "x", "-s", "x", "--", "true").
		check(t, exitUsage, "-", "error: schedule: bad\n", `error: name: \x1b[2Jworse`)
	s.runIn(world{tty: true}, "job", "show", "nightly-bakcup").check(t, exitNotFound, "-", "\x1b[31merror:\x1b[0m job")
}

// TestTroubleshootingHasStatuses holds the table of codes in docs/troubleshooting.md
// against those of the API and of schedctl.
func TestTroubleshootingHasStatuses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range job.Codes() {
		if row := fmt.Sprintf("\n| `%s` | %d | %d |", code, api.StatusOf(code), exits[code]); !strings.Contains(string(text), row) {
			t.Errorf("docs/troubleshooting.md lacks the row %q", row)
		}
	}
}
