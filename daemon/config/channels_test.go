package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHandlerSecretsComeFromFiles reads each secret from the folder of credentials.
func TestHandlerSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"mail": "pw\n", "slack": "https://hooks.example.org/x\n", "sign": "whsec_AA==\n", "kb": "tok\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _, err := Load(Options{Env: []string{"HOME=/root", credentials + "=" + dir}, File: file(t, `
handlers:
  channels:
    - {name: email, type: email, host: h, from: a@example.org, username: u, password_file: mail}
    - {name: ops, type: slack, url_file: slack}
    - {name: pager, type: webhook, url: "https://example.org/", secret_file: sign}
  urls: [{name: x, url: "https://example.org/", secret_file: sign}]
  knowledge_base: {url: "https://kb.example.org/", token_file: kb}
`)})
	if err != nil {
		t.Fatal(err)
	}
	h := cfg.Handlers
	got := strings.Join([]string{h.Channels[0].Password, h.Channels[1].URL, h.Channels[2].Secret, h.URLs[0].Secret, h.KnowledgeBase.Token}, " ")
	if want := "pw https://hooks.example.org/x whsec_AA== whsec_AA== tok"; got != want {
		t.Errorf("the secrets are %q, want %q", got, want)
	}
}

func TestChannelProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`channels: [{name: a, type: fax}]`:                                             `"fax" is not one of email, slack, webhook`,
		`channels: [{name: a, type: email}]`:                                           "needs from",
		`channels: [{name: a, type: slack}]`:                                           "is needed, e.g. https://hooks.example.org",
		`channels: [{name: a, type: slack, url: u, url_file: f}]`:                      "keep one",
		`channels: [{name: a, type: slack, url: u}, {name: a, type: slack, url: u}]`:   "is the name of",
		`channels: [{name: a, type: email, host: h, from: f, tls: none, username: u}]`: "without TLS",
		`channels: [{name: a, type: email, host: h, from: f, password: p}]`:            "needs a username",
		`channels: [{name: a, type: slack, url: u, platforms: [A]}]`:                   `"A" is not the name of a platform`,
		`notifications: [{name: a}]`:                                                   "needs a message",
		`notifications: [{name: exec, message: m}]`:                                    "built-in handler",
		`notifications: [{name: a, message: m, channel: x}]`:                           `"x" is not the name of a channel`,
		`knowledge_base: {url: "ftp://x"}`:                                             "is not an http:// or https:// address",
		`urls: [{name: a, url: "https://example.org/", secret: s, secret_file: f}]`:    "keep one",
		`channels: [{name: a, type: email, host: h, from: f, url: u}]`:                 "email has no url",
	} {
		_, _, err := Load(Options{Env: []string{"HOME=/root"}, File: file(t, "handlers: {"+text+"}\n")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
