package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestTokenSources is row B78: where a token may come from, and what wins.
func TestTokenSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, kept := put("good", "file-token\n", 0o600), put("schedctl/tokens/http_127.0.0.1_7070", "kept-token\n", 0o600)
	const server = "http://127.0.0.1:7070"
	for _, tt := range []struct {
		name string
		o    Options
		env  map[string]string
		want string // the token, or the code of the error
	}{
		{"none", Options{Server: server}, nil, ""},
		{"an option", Options{Server: server, Token: "option"}, map[string]string{"SCHEDCTL_TOKEN": "env"}, "option"},
		{"a file", Options{Server: server, TokenFile: good}, map[string]string{"SCHEDCTL_TOKEN": "env"}, "file-token"},
		{"a file with blanks", Options{Server: server, TokenFile: put("blanks", "\n  x \r\n", 0o400)}, nil, "x"},
		{"standard input", Options{Server: server, TokenFile: "-", TokenInput: strings.NewReader("in\n")}, nil, "in"},
		{"the environment", Options{Server: server}, map[string]string{"SCHEDCTL_TOKEN": "env", "SCHEDCTL_TOKEN_FILE": good}, "env"},
		{"a file of the environment", Options{Server: server}, map[string]string{"SCHEDCTL_TOKEN_FILE": good, "XDG_CONFIG_HOME": dir}, "file-token"},
		{"what login kept", Options{Server: server}, map[string]string{"XDG_CONFIG_HOME": dir}, "kept-token"},
		{"what login kept for another", Options{Server: "http://127.0.0.1:7071"}, map[string]string{"XDG_CONFIG_HOME": dir}, ""},
		{"a socket", Options{Server: "unix:///x"}, map[string]string{"SCHEDCTL_TOKEN": "env"}, ""},
		{"a socket and a file", Options{Server: "unix:///x", TokenFile: good}, nil, "invalid"},
		{"mode 0644", Options{Server: server, TokenFile: put("open", "x", 0o644)}, nil, "forbidden"},
		{"mode 0640", Options{Server: server, TokenFile: put("group", "x", 0o640)}, nil, "forbidden"},
		{"no file", Options{Server: server, TokenFile: filepath.Join(dir, "none")}, nil, "invalid"},
		{"a directory", Options{Server: server, TokenFile: dir}, nil, "invalid"},
		{"an empty file", Options{Server: server, TokenFile: put("empty", " \n", 0o600)}, nil, "invalid"},
		{"two tokens", Options{Server: server, TokenFile: put("two", "a\nb\n", 0o600)}, nil, "invalid"},
		{"a binary", Options{Server: server, TokenFile: put("bin", "a\x00b", 0o600)}, nil, "invalid"},
		{"too much", Options{Server: server, TokenFile: put("big", strings.Repeat("a", 5000), 0o600)}, nil, "invalid"},
		{"an empty input", Options{Server: server, TokenFile: "-", TokenInput: strings.NewReader("")}, nil, "invalid"},
		{"a header in it", Options{Server: server, Token: "a\r\nX: y"}, nil, "invalid"},
	} {
		tt.o.Getenv = func(name string) string { return tt.env[name] }
		c, err := New(tt.o)
		got := string(job.CodeOf(err))
		if err == nil {
			got = c.Shown()
		}
		if got != tt.want {
			t.Errorf("%s: %q (%v), want %q", tt.name, got, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "file-token") {
			t.Errorf("%s: the error tells the token: %v", tt.name, err)
		}
	}
	if c, err := New(Options{Server: server, Getenv: func(name string) string { return map[string]string{"XDG_CONFIG_HOME": dir}[name] }}); err != nil || c.KeptToken() != kept {
		t.Errorf("KeptToken() = %q, %v; want %q", c.KeptToken(), err, kept)
	}
}

// TestTokenInClear is row B70.
func TestTokenInClear(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	for server, refused := range map[string]bool{
		"http://192.0.2.1:7070": true, "http://sched.example.org": true, "http://127.0.0.1.nip.example": true, "http://localhost.example": true, "http://[2001:db8::1]:1": true, "http://0.0.0.0:1": true,
		"http://127.0.0.1:7070": false, "http://127.8.8.8": false, "http://localhost:7070": false, "http://[::1]:7070": false, "https://sched.example.org": false,
	} {
		_, err := New(Options{Server: server, Token: "x", Getenv: none})
		if (err != nil) != refused || refused && (job.CodeOf(err) != job.Invalid || !strings.Contains(err.Error(), "in clear")) {
			t.Errorf("%s: %v, want refused %t", server, err, refused)
		}
		if _, err := New(Options{Server: server, Token: "x", Getenv: none, Insecure: true}); err != nil {
			t.Errorf("%s with Insecure: %v", server, err)
		}
		if _, err := New(Options{Server: server, Getenv: none}); err != nil {
			t.Errorf("%s without a token: %v", server, err)
		}
	}
}

// TestTokenIsShown: to the server, to nobody it sends us to, and not in the trace.
func TestTokenIsShown(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	var shown string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = r.Header.Get("Authorization")
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	var traced string
	c, err := New(Options{Server: server.URL, Token: "the-token", Trace: func(line string) { traced += line }, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Whoami(context.Background())
	if shown != "Bearer the-token" || err == nil || strings.Contains(traced+err.Error(), "the-token") || traced == "" {
		t.Errorf("shown %q, traced %q, %v", shown, traced, err)
	}
}

func TestCAFile(t *testing.T) {
	t.Parallel()
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{junk, "/no/such/file"} {
		if _, err := New(Options{Server: "https://sched.example.org", CAFile: file, Getenv: func(string) string { return "" }}); job.CodeOf(err) != job.Invalid {
			t.Errorf("%s: %v, want invalid", file, err)
		}
	}
}
