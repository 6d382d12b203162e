package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

func ciToken() api.Token {
	return api.Token{
		ID: "ab12cd34", Name: "ci", Role: "operator", PlatformID: new("web"), State: api.TokenValid, CreatedAt: now, CreatedBy: "root",
		ExpiresAt: now.Add(90 * 24 * time.Hour), LastUsedAt: new(now.Add(-2 * time.Hour)),
	}
}

const ciSecret = "schd_ab12cd34_secret"

func newCI() api.NewToken { return api.NewToken{Token: ciToken(), Secret: ciSecret} }

func TestTokenCreate(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /tokens", http.StatusCreated, newCI())
	s.run("token", "create", "ci", "--role", "operator", "-p", "web", "--expires", "30d").check(t, 0, ciSecret+"\n", "token ci expires 2027-02-20; it is not shown again")
	if got := s.asked("POST /tokens")[0]; got.Body != `{"name":"ci","role":"operator","expires_in":"720h0m0s"}` || got.Query != "platform_id=web" {
		t.Errorf("asked %s ? %s", got.Body, got.Query)
	}
	s.run("token", "create", "ci", "-q").check(t, 0, ciSecret+"\n")
	if got := s.run("token", "create", "ci", "-o", "json"); !strings.Contains(got.out, `"token": "`+ciSecret+`"`) {
		t.Errorf("JSON: %s", got.out)
	}
	if got := s.asked("POST /tokens")[1]; got.Body != `{"name":"ci","role":"viewer","expires_in":"2160h0m0s"}` {
		t.Errorf("asked with defaults: %s", got.Body)
	}

	file := filepath.Join(t.TempDir(), "ci.token")
	s.run("token", "create", "ci", "--out", file).check(t, 0, "token ci written to "+file+" (0600), expires 2027-02-20; it is not shown again\n")
	text, _ := os.ReadFile(file)
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 || string(text) != ciSecret+"\n" {
		t.Errorf("the file: %v, %v, %q", info.Mode(), err, text)
	}
	before := len(s.asked("POST"))
	s.run("token", "create", "ci", "--out", file).check(t, 5, "-", "exists")
	s.run("token", "create", "ci", "--out", "/no/such/place").check(t, 2, "-", "write the token")
	if n := len(s.asked("POST")); n != before {
		t.Error("a token was made that there is no place for")
	}
}

func TestTokenCreateThatFails(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /tokens", http.StatusConflict, refusal(job.Conflict, `there is a token "ci" already`))
	file := filepath.Join(t.TempDir(), "ci.token")
	s.run("token", "create", "ci", "--out", file).check(t, 5, "-", `there is a token "ci" already`)
	if _, err := os.Stat(file); err == nil {
		t.Error("a file is left of a token that was not made")
	}
	for _, args := range [][]string{{"create"}, {"create", "a", "b"}, {"create", "a", "--role", "root"}, {"create", "a", "--expires", "90"}, {"rotate"}, {"revoke"}, {"revoke", "ci"}, {"list", "--state", "good"}, {"list", "x"}} {
		s.run(append([]string{"token"}, args...)...).check(t, 2, "-")
	}
}

func TestTokenRotate(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /tokens/{id}/rotate", http.StatusCreated, newCI())
	s.run("token", "rotate", "ci", "--expires", "1h").check(t, 0, ciSecret+"\n")
	if got := s.asked("POST /tokens/ci/rotate")[0]; got.Body != `{"expires_in":"1h0m0s"}` {
		t.Errorf("asked %s", got.Body)
	}
}

func TestTokenRevoke(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	gone := ciToken()
	gone.State = api.TokenRevoked
	s.on("DELETE /tokens/{id}", http.StatusOK, gone)
	s.run("token", "revoke", "ci", "--yes", "--reason", "lost").check(t, 0, "token ci (ab12cd34) revoked\n")
	if got := s.asked("DELETE /tokens/ci"); len(got) != 1 || got[0].Header.Get(api.HeaderReason) != "lost" {
		t.Errorf("asked %+v", got)
	}
}

func TestTokenList(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	old := api.Token{ID: "zzzzzzzz", Name: "old\x1b[2J", Role: "admin", PlatformID: new("*"), State: api.TokenExpired, CreatedAt: now, CreatedBy: "root", ExpiresAt: now.Add(-time.Hour)}
	s.on("GET /tokens", http.StatusOK, []api.Token{ciToken(), old})
	got := s.run("token", "list")
	want := "TOKEN       STATE    ROLE      PLATFORM  EXPIRES               LAST USED             ID"
	if got.code != 0 || !strings.HasPrefix(got.out, want) || !strings.Contains(got.out, `old\x1b[2J`) || strings.Contains(got.out, "\x1b[2J") {
		t.Errorf("%d:\n%s\nwant\n%s", got.code, got.out, want)
	}
	s.run("token", "list", "--state", "valid", "-o", "name").check(t, 0, "ci\n")
}

func TestWhoami(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /whoami", http.StatusOK, api.Whoami{Name: "alice", Role: "operator", PlatformID: new("*"), Via: "socket"})
	s.run("whoami").check(t, 0, "alice: operator of all platforms at unix://"+s.socket+"\n", "you may use the handlers that the configuration names")
	s.run("whoami", "-o", "name").check(t, 0, "alice\n")
}

// TestLogin keeps a token for one server.
func TestLogin(t *testing.T) {
	t.Parallel()
	var shown []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer "+ciSecret {
			reply(w, http.StatusUnauthorized, refusal(job.Unauthenticated, "a valid token is needed"))
			return
		}
		reply(w, http.StatusOK, api.Whoami{Name: "token:ci", Role: "operator", PlatformID: new("web"), Via: "token", TokenID: "ab12cd34", ExpiresAt: new(now)})
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	env := map[string]string{"SCHEDCTL_SERVER": server.URL, "XDG_CONFIG_HOME": dir}
	runIn(t, world{env: env, in: "wrong\n"}, "login").check(t, 4, "-", "a valid token is needed", "the one that was shown is unknown there, has expired or was revoked")
	if files, _ := filepath.Glob(dir + "/schedctl/tokens/*"); len(files) != 0 {
		t.Errorf("kept a token that opens nothing: %v", files)
	}
	for range 2 {
		runIn(t, world{env: env, in: ciSecret + "\n"}, "login").check(t, 0, "", "")
	}
	files, _ := filepath.Glob(dir + "/schedctl/tokens/*")
	if len(files) != 1 {
		t.Fatalf("kept %v, want one file", files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode() != 0o600 {
		t.Errorf("the kept token: %v, %v; want mode 0600", info.Mode(), err)
	}
	shown = nil
	runIn(t, world{env: env}, "whoami").check(t, 0, "token:ci: operator of platform web at "+server.URL+"\ntoken ab12cd34, expires 2026-11-22\n")
	if len(shown) != 1 || shown[0] != "Bearer "+ciSecret {
		t.Errorf("shown %v", shown)
	}
	runIn(t, world{env: map[string]string{"XDG_CONFIG_HOME": dir}, in: ciSecret}, "login").check(t, 2, "-", "login where?")
	runIn(t, world{env: map[string]string{"SCHEDCTL_SERVER": server.URL}, in: ciSecret}, "login").check(t, 2, "-", "there is no place to keep the token")
	runIn(t, world{env: env}, "whoami", "-vv").check(t, 0, "")
	if got := runIn(t, world{env: env}, "whoami", "-vv"); strings.Contains(got.err, ciSecret) {
		t.Errorf("-vv shows the token: %s", got.err)
	}
}
