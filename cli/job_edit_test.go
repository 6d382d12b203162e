package cli

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// editing is a world whose editor replaces old by new, one pair a call.
func editing(seen *[]string, pairs ...string) world {
	calls := 0
	return world{env: map[string]string{"EDITOR": "ed"}, edit: func(command, name string, text []byte) ([]byte, error) {
		*seen = append(*seen, command+" "+name+"\n"+string(text))
		if calls+1 >= len(pairs) {
			return nil, errors.New("asked too often")
		}
		out := strings.Replace(string(text), pairs[calls], pairs[calls+1], 1)
		calls += 2
		return []byte(out), nil
	}}
}

func TestJobEditNeedsATerminal(t *testing.T) {
	t.Parallel()
	var seen []string
	w := editing(&seen)
	w.env = map[string]string{}
	newStub(t).runIn(w, "job", "edit", "nightly-backup").check(t, exitUsage, "-", "there is no terminal to edit in", "schedctl job set")
	if len(seen) != 0 {
		t.Errorf("an editor was started: %q", seen)
	}
}

func TestJobEdit(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	refused := true
	s.handle("PATCH /jobs/{id}", func(w http.ResponseWriter, _ *http.Request) {
		if refused {
			refused = false
			reply(w, http.StatusBadRequest, api.ErrorBody{Error: "invalid", Code: job.Invalid, Fields: []job.FieldError{{Field: "schedule", Code: "range", Message: "hour 25 is out of range"}}})
			return
		}
		reply(w, http.StatusOK, backup())
	})
	var seen []string
	w := editing(&seen, "schedule: 0 2", "schedule: 0 25", "schedule: 0 25", "schedule: 0 5")
	s.runIn(w, "job", "edit", "nightly-backup", "--reason", "later").check(t, exitOK, "job nightly-backup changed, revision 6\nnext run 2026-11-23T07:00:00Z\n")
	if len(seen) != 2 || !strings.HasPrefix(seen[0], "ed nightly-backup.yaml\n# job nightly-backup (cron), revision 6") ||
		!strings.Contains(seen[1], "# refused: schedule: hour 25 is out of range\n") {
		t.Fatalf("the editor saw %q", seen)
	}
	patches := s.asked("PATCH")
	if got := patches[1]; got.Body != `{"schedule":"0 5 * * *"}` || got.Header.Get("If-Match") != `"6"` || got.Header.Get(api.HeaderReason) != "later" {
		t.Errorf("sent %s with %v", got.Body, got.Header)
	}

	tests := []struct{ name, old, new, sent string }{
		{"a field goes", "tags:\n  - backup\n", "", `{"tags":null}`},
		{"a payload", "--full", "--fast", `{"payload":{"command":["/usr/local/bin/backup","--fast"]}}`},
	}
	for _, tt := range tests {
		before := len(s.asked("PATCH"))
		s.runIn(editing(&seen, tt.old, tt.new), "job", "edit", "nightly-backup").check(t, exitOK, "")
		if sent := s.asked("PATCH")[before:]; len(sent) != 1 || sent[0].Body != tt.sent {
			t.Errorf("%s: sent %v, want %s", tt.name, sent, tt.sent)
		}
	}
	before := len(s.asked("PATCH"))
	s.runIn(editing(&seen, "no such text", ""), "job", "edit", "nightly-backup").check(t, exitOK, "", "Nothing changed.")
	w = world{tty: true, inTTY: true, edit: func(string, string, []byte) ([]byte, error) { return nil, nil }}
	s.runIn(w, "job", "edit", "nightly-backup").check(t, exitUsage, "-", "given up; nothing was changed")
	seen = nil
	s.runIn(editing(&seen, "schedule:", "shedule:", "no such text", ""), "job", "edit", "nightly-backup").check(t, exitUsage, "-", `given up; nothing was changed: unknown field "shedule"`)
	if len(seen) != 2 || !strings.Contains(seen[1], `# refused: unknown field "shedule"`) || !strings.Contains(seen[1], `did you mean "schedule"`) {
		t.Errorf("the editor saw %q", seen)
	}
	if len(s.asked("PATCH")) != before {
		t.Error("something was sent")
	}
}

func TestJobClone(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	paused := backup()
	paused.Status, paused.AllowOverlap = job.JobPaused, false
	s.on("GET /jobs/{id}", http.StatusOK, paused)
	s.on("POST /jobs/cron", http.StatusCreated, backup())
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Words: "Words"})
	s.run("job", "clone", "nightly-backup", "weekly", "-s", "0 3 * * SUN", "--set", "x=1", "--allow-overlap", "--tag", "new").check(t, exitOK, "")
	want := `{"name":"weekly","schedule":"0 3 * * SUN","timezone":"America/New_York","dst_policy":"once","jitter_ms":0,"misfire":"fire_once",` +
		`"handler_name":"exec","handler_type":"function","payload":{"command":["/usr/local/bin/backup","--full"],"x":1},"enabled":false,` +
		`"max_retries":2,"retry_delay_ms":60000,"retry_backoff":"exponential","retry_max_delay_ms":0,"timeout_ms":1800000,"priority":"high",` +
		`"concurrency":1,"allow_overlap":true,"on_lost":"retry","tags":["new"]}`
	if got := s.asked("POST /jobs/cron")[0].Body; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.run("job", "clone", "nightly-backup").check(t, exitUsage, "-", "missing argument NEW")
}

func TestJobTag(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.jobsPage("2", backup(), pausedSync())
	s.bulk(backup(), pausedSync())
	one := `"ids":["nightly-backup"]`
	tests := []struct {
		args []string
		body string
	}{
		{[]string{"nightly-backup", "+critical", "-backup"}, one + `,"add_tags":["critical"],"remove_tags":["backup"]`},
		{[]string{"nightly-backup", "-backup", "--reason", "x"}, one + `,"reason":"x","remove_tags":["backup"]`},
		{[]string{"-o", "name", "nightly-backup", "+a", "+b"}, one + `,"add_tags":["a","b"]`},
		{[]string{"nightly-backup", "+v", "-q", "--quiet"}, one + `,"add_tags":["v"],"remove_tags":["q"]`},
		{[]string{"n*", "+v", "--dry-run"}, `"ids":["` + backup().ID.String() + `","` + pausedSync().ID.String() + `"],"dry_run":true,"add_tags":["v"]`},
	}
	for _, tt := range tests {
		before := len(s.asked("POST"))
		s.run(append([]string{"job", "tag"}, tt.args...)...).check(t, exitOK, "")
		sent := s.asked("POST")[before:]
		if want := `{"action":"tag",` + tt.body + `}`; len(sent) != 1 || sent[0].Body != want {
			t.Errorf("%v sent %v, want %s", tt.args, sent, want)
		}
	}
	s.run("job", "tag", "n*", "+v").check(t, exitUsage, "-", "refusing without confirmation")
	if r := s.run("job", "tag", "--help"); r.code != exitOK || !strings.Contains(r.out, "schedctl job tag JOB") {
		t.Errorf("help: %d %s%s", r.code, r.out, r.err)
	}
	s.run("job", "tag", "nightly-backup", "+a", "--reson", "x").check(t, exitUsage, "-", "unknown flag --reson", "did you mean --reason")
}

func TestBulkDryRun(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("2", backup(), pausedSync())
	s.bulk(backup(), pausedSync())
	for _, verb := range []string{"pause", "resume", "cancel", "delete"} {
		s.run("job", verb, "*-*", "--dry-run").check(t, exitOK, "would "+verb+" 2 jobs: nightly-backup price-sync\n")
		s.run("job", verb, "--tag", "x", "--dry-run", "-o", "name").check(t, exitOK, "nightly-backup\nprice-sync\n")
		s.run("job", verb, "--all").check(t, exitUsage, "-", "refusing without confirmation", "add --yes")
	}
	for _, c := range s.asked("POST") {
		if !strings.Contains(c.Body, `"dry_run":true`) {
			t.Errorf("this changed something: %s", c.Body)
		}
	}
	s.runIn(world{inTTY: true, in: "y\n"}, "job", "pause", "--all").check(t, exitUsage, "-", "This pauses every job: 2 jobs.", "Type 2 to confirm", "not confirmed")
}
