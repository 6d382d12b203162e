package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// file writes a configuration that only we may write and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schedd.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// problemsOf returns what is wrong, one line each, with the file's name as FILE.
func problemsOf(t *testing.T, path string, o Options) []string {
	t.Helper()
	o.File, o.NoFile = path, path == ""
	_, _, err := Load(o)
	if err == nil {
		return nil
	}
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatalf("Load: %T %v, want Problems", err, err)
	}
	var lines []string
	for _, p := range ps {
		line := p.String()
		if path != "" {
			line = strings.ReplaceAll(line, path, "FILE")
		}
		lines = append(lines, line)
	}
	return lines
}

// TestPrecedence sets each kind of value in one more place at a time.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, key            string
		inFile, inEnv, flag  string
		dflt, file, env, set any // what holds in turn
	}{
		{"text", "log.level", "warn", "error", "debug", "info", "warn", "error", "debug"},
		{"number", "worker.slots", "10", "20", "30", 64, 10, 20, 30},
		{"truth", "store.auto_migrate", "false", "true", "false", true, false, true, false},
		{"duration", "worker.defaults.timeout", "1d", "90s", "0s", 5 * time.Minute, day, 90 * time.Second, time.Duration(0)},
		{"list", "log.redact", "[a]", "b, c", "d",
			Default().Log.Redact, []string{"a"}, []string{"b", "c"}, []string{"d"}},
		{"empty list", "handlers.exec.pass_env", "[]", "HOME", "A,B",
			Default().Handlers.Exec.PassEnv, []string{}, []string{"HOME"}, []string{"A", "B"}},
		{"list of numbers", "handlers.http.allow_ports", "[8080]", "8080,9090", "1",
			[]int{}, []int{8080}, []int{8080, 9090}, []int{1}},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			f, _ := findField(tt.key)
			var text strings.Builder
			parts := strings.Split(tt.key, ".")
			for i, part := range parts {
				text.WriteString(strings.Repeat("  ", i) + part + ":\n")
			}
			path := file(t, strings.TrimSuffix(text.String(), "\n")+" "+tt.inFile+"\n")

			o := Options{NoFile: true, Env: []string{f.variable() + "="}} // empty counts as unset
			check := func(want any, source Source) {
				t.Helper()
				cfg, origins, err := Load(o)
				if err != nil && tt.kind != "truth" { // the one there is has one good value
					t.Fatal(err)
				}
				if got := f.in(&cfg).Interface(); !reflect.DeepEqual(got, want) {
					t.Errorf("%s from %s = %#v, want %#v", tt.key, source, got, want)
				}
				if got := origins.Of(tt.key).Source; got != source {
					t.Errorf("origin of %s = %s, want %s", tt.key, got, source)
				}
			}
			check(tt.dflt, FromDefault)
			o.NoFile, o.File = false, path
			check(tt.file, FromFile)
			o.Env = []string{f.variable() + "=" + tt.inEnv}
			check(tt.env, FromEnv)
			o.Flags = []Flag{{Key: tt.key, Value: tt.flag, Name: "--flag"}}
			check(tt.set, FromFlag)
		})
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	path := file(t, "# one\nworker:\n  slots: 7\nhandlers:\n  commands:\n    - {name: a, argv: [/bin/true]}\n")
	_, origins, err := Load(Options{
		File: path, Env: []string{"SCHEDD_LOG_LEVEL=warn"},
		Flags: []Flag{{Key: "listen.socket", Value: "./s.sock", Name: "--socket"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Origin{
		"worker.slots":                 {FromFile, path + ":3:10"},
		"handlers.commands[0].argv[0]": {FromFile, path + ":6:24"},
		"log.level":                    {FromEnv, "SCHEDD_LOG_LEVEL"},
		"listen.socket":                {FromFlag, "--socket"},
		"timezone":                     {Source: FromDefault},
	}
	for key, w := range want {
		if got := origins.Of(key); got != w {
			t.Errorf("origin of %s = %+v, want %+v", key, got, w)
		}
	}
	if origins.File != path {
		t.Errorf("origins.File = %q, want %q", origins.File, path)
	}
}

func TestNamesKeepTheirCase(t *testing.T) {
	t.Parallel()
	cfg, _, err := Load(Options{File: file(t, `
handlers:
  commands:
    - name: Foo.Bar
      argv: [/bin/true, "*", "a=B"]
      env: [{name: Api_Key, value: Xy}]
      timeout: 2d
  urls:
    - {name: Re.Index, url: "https://KB.example.org/Path?Q=1", headers: [{name: X-Trace, value: "On"}]}
`)})
	if err != nil {
		t.Fatal(err)
	}
	want := Handlers{
		Exec: Default().Handlers.Exec,
		HTTP: Default().Handlers.HTTP,
		Commands: []Command{{
			Name: "Foo.Bar", Argv: []string{"/bin/true", "*", "a=B"}, Env: []Pair{{"Api_Key", "Xy"}}, Timeout: 2 * day,
		}},
		URLs: []URL{{Name: "Re.Index", URL: "https://KB.example.org/Path?Q=1", Headers: []Pair{{"X-Trace", "On"}}}},

		Channels: []Channel{}, Notifications: []Notification{}, KnowledgeBase: Default().Handlers.KnowledgeBase,
	}
	if diff := cmp.Diff(want, cfg.Handlers); diff != "" {
		t.Errorf("handlers (-want +got):\n%s", diff)
	}
}

func TestEnvironmentWarnings(t *testing.T) {
	t.Parallel()
	var got []string
	_, _, err := Load(Options{
		NoFile: true,
		Env: []string{
			"HOME=/root", "SCHEDD_WORKER_SLOTS=3",
			"SCHEDD_LISTN_SOCKET=x", "SCHEDD_QUITE_ELSE=x", "SCHEDD_HANDLERS_COMMANDS=x", "SCHEDD_listen_socket=x",
			// What handlers are given, and what others read.
			"SCHEDD_JOB_ID=x", "SCHEDD_JOB_NAME=x", "SCHEDD_EXECUTION_ID=x", "SCHEDD_ATTEMPT=1", "SCHEDD_FENCING_TOKEN=1",
			"SCHEDD_SCHEDULED_AT=x", "SCHEDD_RUN_NUMBER=1", "SCHEDD_OCCURRENCE=1", "SCHEDD_PLATFORM=x", "SCHEDD_SUPERVISOR=1",
			"SCHEDD_FAILPOINTS=x", "SCHEDD_TEST_PG_DSN=x",
		},
		Warn: func(w string) { got = append(got, w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"SCHEDD_HANDLERS_COMMANDS: ignored: this list fits only in the file",
		"SCHEDD_LISTN_SOCKET: ignored: no such key (did you mean SCHEDD_LISTEN_SOCKET?)",
		"SCHEDD_QUITE_ELSE: ignored: no such key",
		"SCHEDD_listen_socket: ignored: no such key (did you mean SCHEDD_LISTEN_SOCKET?)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestEnvironmentAndFlagProblems(t *testing.T) {
	t.Parallel()
	got := problemsOf(t, "", Options{
		Env: []string{"SCHEDD_WORKER_SLOTS=many", "SCHEDD_WORKER_LEASE=30", "SCHEDD_STORE_AUTO_MIGRATE=yes", "SCHEDD_LOG_LEVEL=loud"},
		Flags: []Flag{
			{Key: "listen.socket", Value: strings.Repeat("x", 108), Name: "--socket"},
			{Key: "no.such", Value: "x", Name: "--no-such"},
		},
	})
	want := []string{
		`SCHEDD_STORE_AUTO_MIGRATE: store.auto_migrate: "yes" is not true or false`,
		`SCHEDD_WORKER_SLOTS: worker.slots: "many" is not a whole number`,
		`SCHEDD_WORKER_LEASE: worker.lease: "30" has no unit: write 30s for seconds`,
		`--no-such: no.such: no such key`,
		`SCHEDD_LOG_LEVEL: log.level: "loud" is not one of debug, info, warn, error`,
		`--socket: listen.socket: the path has 108 bytes, a socket's may have 107: choose a shorter one`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestWhatDependsOnTheEnvironment(t *testing.T) {
	t.Parallel()
	cfg, _, err := Load(Options{NoFile: true, Env: []string{"HOME=/home/alice", "XDG_RUNTIME_DIR=/run/user/1000"}})
	if err != nil {
		t.Fatal(err)
	}
	dir, socket := "/home/alice/.local/state/schedd", "/run/user/1000/schedd/schedd.sock"
	if os.Geteuid() == 0 {
		dir, socket = "/var/lib/schedd", "/run/schedd/schedd.sock"
	}
	host, _ := os.Hostname()
	got := []string{cfg.NodeID, cfg.DataDir, cfg.Listen.Socket, cfg.Store.SQLite.Path}
	want := []string{host, dir, socket, filepath.Join(dir, "schedd.db")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("node_id, data_dir, socket, path (-want +got):\n%s", diff)
	}
}

func TestRelativeDataDirBecomesAbsolute(t *testing.T) {
	t.Parallel()
	cfg, _, err := Load(Options{NoFile: true, Flags: []Flag{{Key: "data_dir", Value: "x/y", Name: "--data-dir"}}})
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := filepath.Abs("x/y"); cfg.DataDir != want || cfg.Store.SQLite.Path != filepath.Join(want, "schedd.db") {
		t.Errorf("data_dir = %s, path = %s, want %s and schedd.db in it", cfg.DataDir, cfg.Store.SQLite.Path, want)
	}
}

func TestFileIsFound(t *testing.T) {
	t.Parallel()
	path := file(t, "timezone: Europe/Berlin\n")
	cfg, origins, err := Load(Options{Env: []string{"SCHEDD_CONFIG=" + path}})
	if err != nil || cfg.Timezone != "Europe/Berlin" || origins.File != path {
		t.Errorf("with SCHEDD_CONFIG: timezone %s from %s, %v, want Europe/Berlin from %s", cfg.Timezone, origins.File, err, path)
	}
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	if got := problemsOf(t, missing, Options{}); len(got) != 1 || got[0] != "FILE: cannot read it: no such file or directory" {
		t.Errorf("a missing file that was asked for: %q", got)
	}
}

func TestFileFaults(t *testing.T) {
	t.Parallel()
	mode := func(perm os.FileMode) func(*testing.T) string {
		return func(t *testing.T) string {
			path := file(t, "timezone: UTC\n")
			if err := os.Chmod(path, perm); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	text := func(s string) func(*testing.T) string { return func(t *testing.T) string { return file(t, s) } }
	tests := []struct {
		name string
		path func(t *testing.T) string
		want []string
	}{
		{"empty", text(""), []string{`FILE: is empty: "schedd config init" prints one to start from`}},
		{"blank", text(" \n\t\n"), []string{`FILE: is empty: "schedd config init" prints one to start from`}},
		{"comments only", text("# all defaults\n"), nil},
		{"2 MiB", text(strings.Repeat("# x\n", 1<<19)), []string{"FILE: is larger than 1048576 bytes"}},
		{"NUL", text("timezone: UTC\nlog:\x00\n"), []string{"FILE:2:5: holds a NUL byte: not a text file"}},
		{"not UTF-8", text("timezone: \xff\n"), []string{"FILE: is not UTF-8"}},
		{"a directory", func(t *testing.T) string { return t.TempDir() }, []string{"FILE: is not a regular file"}},
		{"group-writable", mode(0o660), []string{"FILE: its mode is 0660, so others can write it: chmod go-w FILE"}},
		{"world-writable", mode(0o606), []string{"FILE: its mode is 0606, so others can write it: chmod go-w FILE"}},
		{"a link to a world-writable file", func(t *testing.T) string {
			link := filepath.Join(t.TempDir(), "link.yaml")
			if err := os.Symlink(mode(0o666)(t), link); err != nil {
				t.Fatal(err)
			}
			return link
		}, []string{"FILE: its mode is 0666, so others can write it: chmod go-w FILE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, problemsOf(t, tt.path(t), Options{})); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryVariableIsDifferent(t *testing.T) {
	t.Parallel()
	var all []string
	for _, f := range fields() {
		if strings.Contains(f.key, delimiter) || strings.ToLower(f.key) != f.key {
			t.Errorf("key %s must be in lower case and without %s", f.key, delimiter)
		}
		if name := f.variable(); name != "" {
			if slices.Contains(all, name) || slices.Contains(known, name) {
				t.Errorf("variable %s stands for two things", name)
			}
			all = append(all, name)
		}
	}
}
