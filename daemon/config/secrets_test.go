package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDeclaredSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"smtp": "from a file\n", "dsn": "postgres://u:of-the-store@h/d"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _, err := Load(Options{Env: []string{"HOME=/root", "API_KEY=from a variable", credentials + "=" + dir}, File: file(t, `
store: {driver: postgres, postgres: {dsn_file: dsn}}
queue: {driver: redis, redis: {url: "redis://schedd:schedd@h"}}
agents: {redis_url: "redis://:of-agents@h"}
secrets:
  - {name: here, value: from the file itself, handlers: [http]}
  - {name: smtp, file: smtp, handlers: [exec, http], platforms: [web]}
  - {name: api_key, env: API_KEY, handlers: [http]}
handlers:
  commands: [{name: c, argv: [/bin/true], env: [{name: A_TOKEN, value: of-a-command}, {name: PLAIN, value: no-secret}]}]
  urls: [{name: u, url: "https://example.org/?a=plain&key=of-a-query", secret: signs-a-call, headers: [{name: Authorization, value: of-a-header}]}]
  channels: [{name: s, type: slack, url: "https://hooks.example.org/of-slack"}]
  knowledge_base: {url: "https://kb.example.org/", token: of-the-base}
alerts: {ping: {url: "https://example.org/of-the-ping"}}
`)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range cfg.Secrets() {
		got = append(got, s.Name+"="+s.Value+" "+strings.Join(s.Handlers, ",")+" "+strings.Join(s.Platforms, ","))
	}
	slices.Sort(got)
	want := []string{
		"agents.redis_url=of-agents  ", "alerts.ping.url=https://example.org/of-the-ping  ", "api_key=from a variable http ", "handlers.channels.s.url=https://hooks.example.org/of-slack  ",
		"handlers.commands.c.env.A_TOKEN=of-a-command  ", "handlers.knowledge_base.token=of-the-base  ", "handlers.urls.u.headers.Authorization=of-a-header  ",
		"handlers.urls.u.secret=signs-a-call  ", "handlers.urls.u.url=of-a-query  ", "here=from the file itself http ", "smtp=from a file exec,http web", "store.postgres.dsn=of-the-store  ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the secrets are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var shown strings.Builder
	if err := Show(&shown, cfg, nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range cfg.Secrets() {
		if strings.Contains(shown.String(), s.Value) {
			t.Errorf("%s is shown:\n%s", s.Name, shown.String())
		}
	}
	for _, want := range []string{"a=plain", "no-secret", "env: API_KEY", "file: smtp"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("%s is not shown:\n%s", want, shown.String())
		}
	}
}

func TestDeclaredSecretProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{name: "a b", value: x, handlers: [http]}`:                                    "must begin with a letter or a digit",
		`{name: a, value: x}`:                                                          "handlers: is needed",
		`{name: a, handlers: [http]}`:                                                  "needs one of value, file and env",
		`{name: a, value: x, file: y, handlers: [http]}`:                               "needs one of value, file and env",
		`{name: a, value: x, handlers: [http], platforms: [A]}`:                        `"A" is not the name of a platform`,
		`{name: a, value: x, handlers: [http]}, {name: a, value: x, handlers: [http]}`: "is declared twice",
		`{name: a, env: NOT_SET, handlers: [http]}`:                                    "$NOT_SET is not set",
		`{name: a, file: /does/not/exist, handlers: [http]}`:                           "no such file",
		`{name: a, file: relative, handlers: [http]}`:                                  "is relative, and there is no $CREDENTIALS_DIRECTORY",
	} {
		_, _, err := Load(Options{Env: []string{"HOME=/root"}, File: file(t, "secrets: ["+text+"]\n")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
