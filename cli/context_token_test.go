package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
)

// The token of a context goes to the context's server, unless a flag or the environment
// says another.
func TestTokenOfContext(t *testing.T) {
	t.Parallel()
	shown := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		reply(w, http.StatusOK, api.Whoami{Name: "ann", Role: "viewer", Via: "token"})
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	for _, name := range []string{"context", "env", "flag"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+"-token\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	other := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, tt := range []struct {
		name, tokenFile string
		env             map[string]string
		args            []string
		want            string
	}{
		{"context", file("context"), nil, nil, "context-token"},
		{"below home", "~/context", nil, nil, "context-token"},
		{"environment over context", file("context"), map[string]string{"SCHEDCTL_TOKEN_FILE": file("env")}, nil, "env-token"},
		{"token over file", file("context"), map[string]string{"SCHEDCTL_TOKEN": "bare", "SCHEDCTL_TOKEN_FILE": file("env")}, nil, "bare"},
		{"flag over both", file("context"), map[string]string{"SCHEDCTL_TOKEN": "bare"}, []string{"--token-file", file("flag")}, "flag-token"},
		{"another server by flag", file("context"), nil, []string{"--server", other}, ""},
		{"another server by environment", file("context"), map[string]string{"SCHEDCTL_SERVER": other}, nil, ""},
	} {
		w := world{env: map[string]string{"HOME": dir}, files: map[string]string{
			file(".config/schedctl/config.yaml"): "current_context: c\ncontexts:\n  - {name: c, server: '" + server.URL + "', token_file: '" + tt.tokenFile + "'}\n",
		}}
		for name, value := range tt.env {
			w.env[name] = value
		}
		shown = "nothing was asked"
		if r := runIn(t, w, append([]string{"whoami", "-o", "name"}, tt.args...)...); r.code != exitOK || shown != tt.want {
			t.Errorf("%s: status %d, shown %q, want %q: %s", tt.name, r.code, shown, tt.want, r.err)
		}
	}
}

func TestTokenFileOfContextIsRemembered(t *testing.T) {
	t.Parallel()
	w, path := home(""), "/home/ann/.config/schedctl/config.yaml"
	runIn(t, w, "config", "set-context", "c", "--server", "http://h:1", "--token-file", "~/ci.token").check(t, exitOK, "context c is set\n")
	if want := "contexts:\n  - name: c\n    server: http://h:1\n    token_file: ~/ci.token\n"; w.files[path] != want {
		t.Errorf("got %s", w.files[path])
	}
	if r := runIn(t, w, "config", "view", "-c", "c", "--show-origin"); !strings.Contains(r.out, "context c: token_file") {
		t.Errorf("view: %s", r.out)
	}
	for _, relative := range []string{"ci.token", "-", "../ci.token"} {
		runIn(t, w, "config", "set-context", "c", "--token-file", relative).check(t, exitUsage, "-", "begin it with / or ~/")
	}
	runIn(t, w, "config", "set-context", "c", "--token-file", "").check(t, exitOK, "")
	if want := "contexts:\n  - name: c\n    server: http://h:1\n"; w.files[path] != want {
		t.Errorf("got %s", w.files[path])
	}
}
