package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
)

const contextsYAML = `# where we work
current_context: local
contexts:
  - name: local
    output: name
  - name: prod # careful
    server: http://prod.example.org:7233
    platform: web
    tz: Europe/Berlin
    confirm: true
    color: red
`

// home is a world whose file of contexts is text.
func home(text string) world {
	w := world{env: map[string]string{"HOME": "/home/ann"}, files: map[string]string{}}
	if text != "" {
		w.files["/home/ann/.config/schedctl/config.yaml"] = text
	}
	return w
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("1", backup())
	ask := func(env map[string]string, args ...string) string {
		w := home(contextsYAML)
		for name, value := range env {
			w.env[name] = value
		}
		before := len(s.asked("GET"))
		r := s.runIn(w, append([]string{"ls"}, args...)...)
		if r.code != exitOK {
			t.Fatalf("%v: %s", args, r.err)
		}
		call := s.asked("GET")[before]
		platform, _, _ := strings.Cut(strings.TrimPrefix(call.Query[strings.Index(call.Query+"platform_id=", "platform_id="):], "platform_id="), "&")
		return platform + "|" + strings.SplitN(r.out, "\n", 2)[0]
	}
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"context", nil, nil, "|nightly-backup"},
		{"environment over context", map[string]string{"SCHEDCTL_OUTPUT": "csv"}, []string{"--columns", "name"}, "|name"},
		{"flag over both", map[string]string{"SCHEDCTL_OUTPUT": "csv"}, []string{"-o", "ndjson", "--platform", "x"}, "x|{"},
		{"another context", nil, []string{"-c", "prod", "-o", "name"}, "web|nightly-backup"},
		{"context of the environment", map[string]string{"SCHEDCTL_CONTEXT": "prod"}, []string{"-o", "name"}, "web|nightly-backup"},
		{"platform of the environment", map[string]string{"SCHEDCTL_CONTEXT": "prod", "SCHEDCTL_PLATFORM": "b"}, []string{"-o", "name"}, "b|nightly-backup"},
		{"without a platform", nil, []string{"-c", "prod", "-p", "-", "-o", "name"}, "default|nightly-backup"},
		{"all platforms", nil, []string{"--all-platforms", "-o", "name"}, "%2A|nightly-backup"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(tt.env, tt.args...); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestConfigCommands(t *testing.T) {
	t.Parallel()
	w := home(contextsYAML)
	path := "/home/ann/.config/schedctl/config.yaml"
	runIn(t, w, "config", "path").check(t, exitOK, path+"\n")
	runIn(t, w, "config", "get-contexts", "-o", "csv", "--columns", "used,name,server").
		check(t, exitOK, "used,name,server\n*,local,\n,prod,http://prod.example.org:7233\n")
	runIn(t, w, "config", "view", "--show-origin", "-c", "prod", "--tz", "UTC").check(t, exitOK, ""+
		"SETTING   VALUE                         ORIGIN\n"+
		"context   prod                          flag --context\n"+
		"server    http://prod.example.org:7233  context prod: server\n"+
		"platform  web                           context prod: platform\n"+
		"output    table                         default\n"+
		"tz        UTC                           flag --tz\n"+
		"time      -                             default\n"+
		"timeout   30s                           default\n"+
		"color     auto                          default\n")
	runIn(t, w, "config", "use-context", "prod").check(t, exitOK, "prod\n")
	runIn(t, w, "config", "use-context", "prd").check(t, exitUsage, "-", `no context "prd"`, `did you mean "prod"`)
	runIn(t, w, "config", "set-context", "prod", "--platform", "api", "--tz", "").check(t, exitOK, "")
	runIn(t, w, "config", "set-context", "new", "--server", "unix:///x", "-o", "table").check(t, exitOK, "context new is set\n")
	runIn(t, w, "config", "delete-context", "local", "-o", "table").check(t, exitOK, "context local is forgotten\n")
	want := `# where we work
current_context: prod
contexts:
  - name: prod # careful
    server: http://prod.example.org:7233
    platform: api
    confirm: true
    color: red
  - name: new
    server: unix:///x
    output: table
`
	if got := w.files[path]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	runIn(t, w, "config", "set-context", "a/b").check(t, exitUsage, "-", "no name for a context")
	empty := home("")
	runIn(t, empty, "config", "set-context", "first", "--server", "/run/s").check(t, exitOK, "context first is set\n", "hint: schedctl config use-context first")
	if got := empty.files[path]; got != "contexts:\n  - name: first\n    server: /run/s\n" {
		t.Errorf("got %s", got)
	}
}

func TestBrokenContexts(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, says string }{
		{"unknown field", "contexts:\n  - name: a\n    servr: x\n", `config.yaml:3:5: unknown field "servr"`},
		{"unknown field at the top", "contxts: []\n", `did you mean "contexts"?`},
		{"text where a truth is", "contexts:\n  - name: a\n    confirm: 7\n", `config.yaml:3:14: must be true or false, not "7"`},
		{"list where a text is", "contexts:\n  - name: [a]\n", "must be one text"},
		{"one context, no list", "contexts:\n  name: a\n", "must be a list"},
		{"a text", "hello\n", "must be fields"},
		{"twice the same field", "contexts: []\ncontexts: []\n", `config.yaml:2:1: "contexts" is there twice`},
		{"not YAML", "contexts: [", "did not find expected"},
		{"no name", "contexts:\n  - server: x\n", "needs a name of its own"},
		{"twice", "contexts:\n  - name: a\n  - name: a\n", `"a" is not one`},
		{"current is not there", "current_context: b\ncontexts:\n  - name: a\n", `no context "b"`},
		{"bad value", "current_context: a\ncontexts:\n  - name: a\n    output: yml\n", `context a: output="yml"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			runIn(t, home(tt.text), "explain", "@daily").check(t, exitUsage, "-", tt.says)
		})
	}
}

func TestContextThatAsks(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.bulk(backup())
	careful := func() world {
		w := home(contextsYAML)
		w.env["SCHEDCTL_CONTEXT"] = "prod"
		return w
	}
	s.runIn(careful(), "job", "show", "nightly-backup", "-o", "json").check(t, exitOK, "") // nothing changes
	s.runIn(careful(), "job", "pause", "nightly-backup").check(t, exitUsage, "-", "refusing without confirmation", "add --yes")
	w := careful()
	w.inTTY, w.in = true, "n\n"
	s.runIn(w, "job", "pause", "nightly-backup").check(t, exitUsage, "-", "This changes something on prod (schedctl job pause).", "not confirmed")
	if n := len(s.asked("POST")); n != 0 {
		t.Fatalf("%d requests were sent", n)
	}
	s.runIn(careful(), "job", "pause", "nightly-backup", "--dry-run").check(t, exitOK, "would pause 1 job: nightly-backup\n")
	s.on("POST /jobs/{id}/backfill", http.StatusOK, api.Backfilled{Job: "nightly-backup", Items: []api.BackfillItem{}})
	s.runIn(careful(), "backfill", "nightly-backup", "--from", "yesterday", "--to", "today", "--dry-run").check(t, exitOK, "") // nothing changes here either
	s.runIn(careful(), "job", "pause", "nightly-backup", "--yes").check(t, exitOK, "job nightly-backup paused\n")
}

func TestCompletionInstall(t *testing.T) {
	t.Parallel()
	w := home("")
	w.env["SHELL"] = "/usr/bin/fish"
	runIn(t, w, "completion", "install").check(t, exitOK, "/home/ann/.config/fish/completions/schedctl.fish\n")
	runIn(t, w, "completion", "install", "bash").check(t, exitOK, "/home/ann/.local/share/bash-completion/completions/schedctl\n")
	runIn(t, w, "completion", "install", "zsh").check(t, exitOK, "", "fpath=(/home/ann/.local/share/zsh/site-functions $fpath)")
	if got := w.files["/home/ann/.local/share/zsh/site-functions/_schedctl"]; !strings.HasPrefix(got, "#compdef schedctl") {
		t.Errorf("zsh got %.40q", got)
	}
	w.env["SHELL"] = "/bin/sh"
	runIn(t, w, "completion", "install").check(t, exitUsage, "-", `"sh"`)
}

func TestWriteFileIsWholeAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b.yaml")
	for _, text := range []string{"first", "second"} {
		if err := writeFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}
