package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/job"
)

func TestFormatsOfLists(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	hostile := pausedSync()
	hostile.Description, hostile.Tags, hostile.HandlerName = "=HYPERLINK(\"http://x\")", []string{"a", "b|c"}, "+cmd\x1b[2J"
	s.jobsPage("2", backup(), hostile)
	tests := []struct {
		name string
		args []string
		out  string
	}{
		{"csv", []string{"-o", "csv"}, "" +
			"name,type,status,schedule,next_run,last_run,executions_count,success_rate,handler_name\n" +
			"nightly-backup,cron,active,0 2 * * *,2026-11-23T07:00:00Z,2026-11-22T07:01:00Z,184,97.8,exec\n" +
			"price-sync,cron,paused,*/5 * * * *,,2026-11-20T13:30:00Z,9120,61.2,'+cmd\\x1b[2J\n"},
		{"csv with columns", []string{"-o", "csv", "--columns", "name,description,tags,max_retries", "--no-headers"}, "" +
			"nightly-backup,,backup,2\n" +
			"price-sync,\"'=HYPERLINK(\"\"http://x\"\")\",\"a,b|c\",2\n"},
		{"markdown", []string{"-o", "markdown", "--columns", "name,executions_count,tags"}, "" +
			"| NAME | RUNS | TAGS |\n| --- | --: | --- |\n| nightly-backup | 184 | backup |\n| price-sync | 9120 | a,b\\|c |\n"},
		{"columns", []string{"--columns", "revision,name,success_rate"}, "" +
			"REVISION  NAME             OK%\n6         nightly-backup  97.8\n6         price-sync      61.2\n"},
		{"jq", []string{"--jq", ".items[] | select(.failure_count > 100) | .name"}, "\"price-sync\"\n"},
		{"jq, raw", []string{"-r", "--jq", ".items[] | select(.failure_count > 100) | .name, [.name], .description"}, "price-sync\n[\"price-sync\"]\n=HYPERLINK(\"http://x\")\n"},
		{"jq of the frame", []string{"--jq", "[.total, (.items|length), .next_cursor]"}, "[2,2,null]\n"},
		{"template", []string{"-o", `template={{.name}}\t{{upper .status}} {{join .tags "+"}}{{.no_such}}`}, "nightly-backup\tACTIVE backup\nprice-sync\tPAUSED a+b|c\n"},
		{"sorted here", []string{"--sort-by", "-executions_count", "-o", "name"}, "price-sync\nnightly-backup\n"},
		{"sorted by two", []string{"--sort-by", "handler_name,name", "-o", "name"}, "price-sync\nnightly-backup\n"},
		{"nothing comes last", []string{"--sort-by", "-description", "-o", "name"}, "price-sync\nnightly-backup\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s.run(append([]string{"ls"}, tt.args...)...).check(t, exitOK, tt.out)
		})
	}
	lines := strings.Split(strings.TrimSpace(s.run("ls", "-o", "ndjson").out), "\n")
	if len(lines) != 2 {
		t.Fatalf("ndjson has %d lines", len(lines))
	}
	for _, line := range lines {
		var j job.Job
		if err := json.Unmarshal([]byte(line), &j); err != nil || j.Name == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestFormatsOfOneThing(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.run("job", "show", "nightly-backup", "--columns", "name,max_retries,tags").
		check(t, exitOK, "NAME            MAX RETRIES  TAGS\nnightly-backup  2            backup\n")
	s.run("job", "show", "nightly-backup", "-o", "csv", "--columns", "name,description").check(t, exitOK, "name,description\nnightly-backup,\n")
	s.run("job", "show", "nightly-backup", "--jq", ".payload.command[0]").check(t, exitOK, "\"/usr/local/bin/backup\"\n")
	s.run("job", "show", "nightly-backup", "--columns", "nam").check(t, exitUsage, "-", `no column "nam"`, `did you mean "name"`)
	if r := s.run("job", "show", "nightly-backup", "-o", "markdown"); !strings.Contains(r.out, "| NAME |") || !strings.Contains(r.out, "nightly-backup") {
		t.Errorf("markdown: %s", r.out)
	}
	var y job.Job
	if err := yaml.Unmarshal([]byte(s.run("job", "show", "nightly-backup", "-o", "yaml").out), &map[string]any{}); err != nil {
		t.Errorf("YAML: %v, %v", err, y)
	}
	s.run("job", "show", "nightly-backup", "--jq", ".name | error").check(t, exitUsage, "-", "--jq: error: nightly-backup")
}

func TestErrorsAreInTheFormat(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusNotFound, refusal(job.NotFound, "no such job"))
	s.run("job", "show", "x", "-o", "json").check(t, exitNotFound, "-", `"code": "not_found"`)
	s.run("job", "show", "x", "-o", "ndjson").check(t, exitNotFound, "-", `{"error":"no such job","code":"not_found"`)
	s.run("job", "show", "x", "--jq", ".").check(t, exitNotFound, "-", `"code": "not_found"`)
	s.run("job", "show", "x", "-o", "csv").check(t, exitNotFound, "-", "error: no such job")
}

func TestFolded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		width      int
		want       []string
	}{
		{"fits", "timeout 30m, 2 retries", 22, []string{"timeout 30m, 2 retries"}},
		{"between words", "timeout 30m, 2 retries  after 1m", 24, []string{"timeout 30m, 2 retries", "after 1m"}},
		{"a word without room", "exec  /opt/a/command/that/is/long x", 20, []string{"exec", "/opt/a/command/that/is/long", "x"}},
		{"no terminal", "timeout 30m, 2 retries", -15, []string{"timeout 30m, 2 retries"}},
		{"nothing", "", 40, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := folded(tt.text, tt.width); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestRemarksFollow keeps remarks below what they are about.
func TestRemarksFollow(t *testing.T) {
	t.Parallel()
	var both bytes.Buffer
	a := newApp(Env{Out: &both, Err: &both, IsTerminal: func(any) bool { return true }, Getenv: func(string) string { return "" },
		Height: func() int { return 40 }, Page: func(string, []byte) error { return errors.New("not needed") }})
	err := a.paged(func() error {
		a.hint("what to do")
		a.say("what there is")
		return nil
	})
	if want := "what there is\nhint: what to do\n"; err != nil || both.String() != want {
		t.Errorf("printed %q, %v; want %q", both.String(), err, want)
	}
}

func TestPager(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("2", backup(), pausedSync())
	table := s.runIn(world{tty: true}, "ls", "--color", "never").out
	tests := []struct {
		name  string
		w     world
		args  []string
		paged string // the command; "" = none
	}{
		{"longer than the terminal", world{tty: true, height: 3}, nil, defaultPager},
		{"fits", world{tty: true, height: 4}, nil, ""},
		{"no terminal", world{height: 3}, nil, ""},
		{"not wanted", world{tty: true, height: 3}, []string{"--no-pager"}, ""},
		{"PAGER", world{tty: true, height: 3, env: map[string]string{"PAGER": "more"}}, nil, "more"},
		{"SCHEDCTL_PAGER wins", world{tty: true, height: 3, env: map[string]string{"PAGER": "more", "SCHEDCTL_PAGER": "most"}}, nil, "most"},
		{"cat is none", world{tty: true, height: 3, env: map[string]string{"SCHEDCTL_PAGER": "cat"}}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, text := "", ""
			tt.w.page = func(command string, shown []byte) error {
				got, text = command, string(shown)
				return nil
			}
			r := s.runIn(tt.w, append([]string{"ls", "--color", "never"}, tt.args...)...)
			if got != tt.paged {
				t.Errorf("paged by %q, want %q", got, tt.paged)
			}
			if tt.paged != "" && (text != table || r.out != "") {
				t.Errorf("the pager got %q, standard output %q", text, r.out)
			}
		})
	}
}
