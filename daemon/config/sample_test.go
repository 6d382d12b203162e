package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/configs"
)

// TestSampleIsTheReference holds the commented file to the defaults: it has every
// key, each with its default, and marks those that a reload applies.
func TestSampleIsTheReference(t *testing.T) {
	t.Parallel()
	d := parseFile("schedd.yaml", []byte(configs.Sample))
	if len(d.problems) > 0 {
		t.Fatalf("the sample has problems:\n%v", d.problems)
	}
	cfg := Default()
	lines := strings.Split(configs.Sample, "\n")
	for _, f := range fields() {
		value, ok := at(d.tree, f.key)
		if !ok {
			t.Errorf("the sample lacks %s", f.key)
			continue
		}
		if got, want := formatValue(reflect.ValueOf(value)), formatValue(f.in(&cfg)); got != want {
			t.Errorf("the sample has %s: %s, the default is %s", f.key, got, want)
		}
		var line int
		for part := range strings.SplitSeq(strings.TrimPrefix(d.where[f.key], "schedd.yaml:"), ":") {
			for _, c := range part {
				line = line*10 + int(c-'0')
			}
			break
		}
		if got := strings.HasSuffix(lines[line-1], "[R]"); got != f.reload {
			t.Errorf("the sample marks %s as reloadable: %v, want %v", f.key, got, f.reload)
		}
	}
}

// TestSampleExamplesAreKeys reads what the sample has in comments.
func TestSampleExamplesAreKeys(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("  # - ", "  - ", "  #   ", "    ", "commands: []", "commands:", "urls: []", "urls:", "channels: []", "channels:", "notifications: []", "notifications:",
		"\n# - ", "\n- ", "\n#   ", "\n  ", "secrets: []", "secrets:", "file: smtp-password", "file: \"\"", "value: \"\"  ", "value: x  ",
		"/usr/local/bin/backup", "/bin/true").Replace(configs.Sample)
	cfg, _, err := Load(Options{File: file(t, text)})
	if err != nil {
		t.Fatalf("the examples have problems:\n%v", err)
	}
	if h := cfg.Handlers; len(h.Commands) != 1 || len(h.URLs) != 1 || len(h.Channels) != 3 || len(h.Notifications) != 1 {
		t.Errorf("the examples are %+v, want a command and an address", cfg.Handlers)
	}
}

// at finds a key's value in nested maps.
func at(tree map[string]any, key string) (any, bool) {
	head, rest, nested := strings.Cut(key, ".")
	value, ok := tree[head]
	if !nested || !ok {
		return value, ok
	}
	below, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	return at(below, rest)
}

func TestInit(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Init(&out); err != nil || out.String() != configs.Sample {
		t.Errorf("Init wrote %d bytes, %v, want the sample", out.Len(), err)
	}
	path := filepath.Join(t.TempDir(), "schedd.yaml")
	if err := InitFile(path); err != nil {
		t.Fatal(err)
	}
	if problems, warnings := Check(Options{File: path}); len(problems)+len(warnings) > 0 {
		t.Errorf("Check of a new file: %v %v, want nothing", problems, warnings)
	}
	before, _ := os.ReadFile(path)
	if err := InitFile(path); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("InitFile over a file = %v, want a refusal", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("InitFile changed a file that was there")
	}
}

func TestCheckReportsEverything(t *testing.T) {
	t.Parallel()
	problems, warnings := Check(Options{
		File: file(t, "timezone: Mars\nroles: []\n"), Env: []string{"SCHEDD_X=1"},
	})
	if len(problems) != 2 || len(warnings) != 1 {
		t.Errorf("Check = %q, %q, want two problems and a warning", problems, warnings)
	}
}

func TestShowReadsBack(t *testing.T) {
	t.Parallel()
	text := `
listen: {socket_mode: "0600", socket: /tmp/s}
worker: {slots: 3, defaults: {timeout: 36h}}
log: {redact: []}
handlers:
  commands: [{name: a.B, argv: [/bin/true, "*", "null", "1", "", "{{payload.x}}"], platforms: [ops], params: [{name: x, pattern: "[a-z]+"}], env: [{name: A, value: "x: y"}]}]
`
	cfg, origins, err := Load(Options{File: file(t, text)})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Show(&out, cfg, &origins); err != nil {
		t.Fatal(err)
	}
	again, _, err := Load(Options{File: file(t, out.String())})
	if err != nil {
		t.Fatalf("what Show wrote has problems:\n%v\n%s", err, out.String())
	}
	if diff := cmp.Diff(normal(cfg), normal(again)); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"slots: 3 # file " + origins.File + ":3:17\n", "lease: 30s # default\n",
		"commands: # file " + origins.File + ":6:13\n", "urls: [] # default\n", "timeout: 1d12h # file",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("Show lacks %q:\n%s", want, out.String())
		}
	}
}

// normal makes absent and empty lists the same.
func normal(cfg Config) Config {
	for i, c := range cfg.Handlers.Commands {
		if len(c.Env) == 0 {
			cfg.Handlers.Commands[i].Env = nil
		}
	}
	return cfg
}

func TestShowMasksSecrets(t *testing.T) {
	t.Parallel()
	cfg := usable()
	cfg.Handlers.Commands = []Command{{Name: "a", Env: []Pair{{"DB_PASSWORD", "hunter2"}, {"LANG", "C"}}}}
	cfg.Handlers.URLs = []URL{{
		Name: "b", URL: "https://u:hunter2@example.org/?x=y&access_token=hunter2",
		Headers: []Pair{{"Authorization", "Bearer hunter2"}, {"X-Api-Key", "hunter2"}, {"Accept", "text/plain"}},
	}, {Name: "c", URL: "://hunter2", Secret: "hunter2"}}
	cfg.Handlers.Channels = []Channel{
		{Name: "m", Type: "email", Password: "hunter2"}, {Name: "s", Type: "slack", URL: "https://example.org/hunter2"},
		{Name: "w", Type: "webhook", Secret: "hunter2", SecretFile: "/x", URL: "https://example.org/hunter2", URLFile: "/y"},
	}
	cfg.Handlers.KnowledgeBase.Token = "hunter2"
	var out bytes.Buffer
	if err := Show(&out, cfg, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("Show tells a secret:\n%s", out.String())
	}
	for _, want := range []string{"value: C", "value: text/plain", "access_token=***&x=y"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("Show lacks %q:\n%s", want, out.String())
		}
	}
	if cfg.Handlers.Commands[0].Env[0].Value != "hunter2" {
		t.Error("Show changed the configuration")
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Variables(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"SCHEDD_WORKER_DEFAULTS_TIMEOUT   worker.defaults.timeout   5m\n",
		"SCHEDD_ROLES                     roles                     api,scheduler,worker\n",
	} {
		if !strings.Contains(squeeze(out.String()), squeeze(want)) {
			t.Errorf("Variables lacks %q:\n%s", want, out.String())
		}
	}
}

// squeeze makes runs of blanks one.
func squeeze(s string) string {
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return s
}

func TestReloadable(t *testing.T) {
	t.Parallel()
	old, next := usable(), usable()
	if a, r := Reloadable(old, next); a != nil || r != nil {
		t.Errorf("nothing changed, but Reloadable = %v, %v", a, r)
	}
	next.Log.Level, next.Retention.KeepLast, next.Worker.Defaults.MaxRetries = "debug", 1, 0
	next.Worker.Slots, next.Listen.Socket = 1, "/tmp/other"
	next.Handlers.Commands = []Command{{Name: "a"}}
	applied, restart := Reloadable(old, next)
	if diff := cmp.Diff([]string{"worker.defaults.max_retries", "retention.keep_last", "log.level"}, applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"listen.socket", "worker.slots", "handlers.commands"}, restart); diff != "" {
		t.Errorf("needs a restart (-want +got):\n%s", diff)
	}
	merged := Apply(old, next)
	if a, r := Reloadable(merged, next); a != nil || len(r) != 3 {
		t.Errorf("after Apply there is %v to apply and %v for a restart, want nothing and the same three", a, r)
	}
	if a, r := Reloadable(old, merged); len(a) != 3 || r != nil {
		t.Errorf("Apply changed %v and %v, want the three reloadable keys only", a, r)
	}
}
