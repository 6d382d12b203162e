package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

func TestHide(t *testing.T) {
	t.Parallel()
	const value = `p<a&"ss w\örd%/+x`
	v := New([]Secret{{Name: "db", Value: value}, {Name: "short", Value: "root"}, {Name: "key", Value: "-----BEGIN KEY-----\nMIIBOgIBAAJBAKj\n"}, {Name: "longer", Value: value + "er"}})
	inside, _ := json.Marshal(map[string]string{"a": value})
	for name, text := range map[string]string{
		"plain": value, "twice": value + value, "within": "x" + value + "y", "JSON": string(inside), "quoted": strconv.Quote(value), "query": url.QueryEscape(value), "path": url.PathEscape(value),
		"userinfo": url.UserPassword("u", value).String(), "hex": hex.EncodeToString([]byte(value)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(value))),
		"base64": base64.StdEncoding.EncodeToString([]byte(value)), "basic": base64.StdEncoding.EncodeToString([]byte("user:" + value)), "base64 URL": base64.RawURLEncoding.EncodeToString([]byte("ab" + value + "c")),
	} {
		got := v.Hide(text)
		if !strings.Contains(got, "[redacted:db]") || strings.Contains(got, "ss w") {
			t.Errorf("%s: %q is told of %q", name, got, text)
		}
	}
	for text, want := range map[string]string{
		"root":                   "root",
		"log in as " + value[:8]: "log in as " + value[:8],
		value + "er":             "[redacted:longer]",
		"a\nMIIBOgIBAAJBAKj\nb":  "a\n[redacted:key]\nb",
		"":                       "",
	} {
		if got := v.Hide(text); got != want {
			t.Errorf("Hide(%q) = %q, want %q", text, got, want)
		}
	}
	var none *Vault
	if none.Hide(value) != value || string(none.HideJSON(inside)) != string(inside) {
		t.Error("a vault that is none hides")
	}
}

func TestHideJSON(t *testing.T) {
	t.Parallel()
	v := New([]Secret{{Name: "pin", Value: "12345678"}, {Name: "word", Value: `a"b\c<d`}})
	for text, want := range map[string]string{
		`{"a":"x 12345678 y"}`: `{"a":"x [redacted:pin] y"}`,
		`{"a":12345678}`:       `"{\"a\":[redacted:pin]}"`,
		`["a\"b\\c<d"]`:        `["[redacted:word]"]`,
		`["a\"b\\c\u003cd"]`:   `["[redacted:word]"]`,
		`{"a": 1}`:             `{"a": 1}`,
		``:                     ``,
	} {
		got := v.HideJSON(json.RawMessage(text))
		if string(got) != want || text != "" && !json.Valid(got) {
			t.Errorf("HideJSON(%s) = %s, want %s", text, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	v := New([]Secret{
		{Name: "smtp_password", Value: `p"w`, Handlers: []string{"exec", "http"}},
		{Name: "web", Value: "for web", Handlers: []string{"http"}, Platforms: []string{"web"}},
		{Name: "store.postgres.dsn", Value: "of nobody"},
	})
	for _, tt := range []struct{ platform, handler, payload, want string }{
		{"default", "http", `{"a": 1.50, "b": "none"}`, `{"a": 1.50, "b": "none"}`},
		{"default", "http", `{"n":1.50,"h":{"Authorization":"Bearer secret://smtp_password"},"l":["secret://smtp_password,secret://smtp_password"]}`,
			`{"h":{"Authorization":"Bearer p\"w"},"l":["p\"w,p\"w"],"n":1.50}`},
		{"web", "http", `{"a":"secret://web"}`, `{"a":"for web"}`},
		{"default", "http", `{"a":"secret://web"}`, `payload.a: there is no secret "web" for handler "http" of platform "default"`},
		{"web", "exec", `{"a":[{"b":"secret://web"}]}`, `payload.a[0].b: there is no secret "web"`},
		{"default", "exec", `{"a":"secret://store.postgres.dsn"}`, `there is no secret "store"`},
		{"default", "exec", `{"a":"secret://"}`, `there is no secret ""`},
		{"default", "exec", `{"secret://smtp_password":1}`, `{"secret://smtp_password":1}`},
		{"default", "exec", `{"a":"secret://`, `{"a":"secret://`},
	} {
		got, err := v.Resolve(tt.platform, tt.handler, json.RawMessage(tt.payload))
		text := string(got)
		if err != nil {
			text = err.Error()
			if job.CodeOf(err) != job.Invalid {
				t.Errorf("%s: code %s, want invalid", tt.payload, job.CodeOf(err))
			}
		}
		if text != tt.want && (err == nil || !strings.Contains(text, tt.want)) {
			t.Errorf("%s of %s for %s: %s, want %s", tt.payload, tt.platform, tt.handler, text, tt.want)
		}
	}
	var none *Vault
	if _, err := none.Resolve("default", "exec", json.RawMessage(`{"a":"secret://x"}`)); err == nil {
		t.Error("a vault that is none knows a secret")
	}
}
