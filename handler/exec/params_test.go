package exec

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
	"github.com/agentic-sdlc/scheduler/job"
)

// recorder notes the arguments of commands instead of starting them.
type recorder struct {
	mu   sync.Mutex
	argv [][]string
}

func (r *recorder) Run(_ context.Context, c supervise.Command) (supervise.Exit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.argv = append(r.argv, c.Argv)
	return supervise.Exit{}, nil
}

func withParams(t testing.TB, r Runner, argv []string, params ...Param) *Handler {
	t.Helper()
	h, err := Named(Options{Runner: r}, NamedOptions{Argv: argv, Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var anything = Param{Name: "x", Pattern: "(?s).*", AllowDash: true}

// TestParams is row B44: what the pattern does not match is refused, with its place.
func TestParams(t *testing.T) {
	t.Parallel()
	h := withParams(t, &recorder{}, []string{"/bin/true", "--db", "{{payload.db}}", "--n={{payload.n}}/{{payload.db}}"},
		Param{Name: "db", Pattern: "[a-z0-9_]{1,32}|-"}, Param{Name: "n", Pattern: "-?[0-9]+|true", Optional: true, Default: "7", AllowDash: true})
	for payload, want := range map[string]string{
		`{"db":"a"}`: "--db a --n=7/a", `{"db":"a_1","n":5}`: "--db a_1 --n=5/a_1", `{"db":"a","n":-5}`: "--db a --n=-5/a", `{"db":"a","n":true}`: "--db a --n=true/a",
		`{"db":"a","n":"9"}`: "--db a --n=9/a", ` {"db" : "a" }`: "--db a --n=7/a",
	} {
		s, err := h.plan(json.RawMessage(payload))
		if got := strings.Join(s.argv[min(1, len(s.argv)):], " "); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", payload, got, err, want)
		}
	}
	for payload, fields := range map[string]string{
		``: "payload.db", `{}`: "payload.db", `{"db":""}`: "payload.db", `{"db":"A"}`: "payload.db", `{"db":"a b"}`: "payload.db", `{"db":"a;b"}`: "payload.db", `{"db":"$(id)"}`: "payload.db",
		`{"db":"../../x"}`: "payload.db", `{"db":"-rf"}`: "payload.db", `{"db":"-"}`: "payload.db", `{"db":"a\n"}`: "payload.db", `{"db":"a\u0000"}`: "payload.db", `{"db":null}`: "payload.db",
		`{"db":["a"]}`: "payload.db", `{"db":{"a":1}}`: "payload.db", `{"db":"` + strings.Repeat("a", 33) + `"}`: "payload.db", `{"db":"a","extra":1}`: "payload.extra",
		`{"db":"a","db":"b"}`: "payload.db", `{"db":"a","n":"x"}`: "payload.n", `{"db":"a","n":1.5}`: "payload.n", `{"db":"{{payload.n}}"}`: "payload.db", `[]`: "payload",
		`{"db":"a`: "payload", `{"DB":"a"}`: "payload.DB payload.db",
	} {
		err := h.ValidatePayload(json.RawMessage(payload))
		var names []string
		if fault, ok := errors.AsType[*job.Error](err); ok {
			for _, f := range fault.Fields {
				names = append(names, f.Field)
			}
		}
		slices.Sort(names)
		if got := strings.Join(slices.Compact(names), " "); got != fields && !strings.HasPrefix(got, fields) {
			t.Errorf("%s: fields at fault %q (%v), want %q", payload, got, err, fields)
		}
	}
}

// TestParamsStayLiteral is V10: whatever a value is, it is a part of one argument, and
// nothing reads it again.
func TestParamsStayLiteral(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	h := withParams(t, r, []string{"/bin/echo", "{{payload.x}}", "a{{payload.x}}b", "last"}, anything)
	hostile := []string{
		"", " ", "a b", "a\tb", "a\nb", "'", `"`, "`id`", "$(id)", "${IFS}", "$HOME", ";id", "|id", "||id", "&id", "&&id", ">x", ">>x", "<x", "<<x", "*", "?", "[a]", "~", "~root", "{a,b}",
		"!", "!!", "#", `\`, `\n`, `\x00`, "-rf", "--", "-", "--help", "%s", "%n", "%00", "{{payload.x}}", "{{payload.y}}", "{{.}}", "{{", "}}", "${payload.x}", "a=b", "../../etc/passwd", "/", "//",
		"\x1b]0;x\x07", "\u202e", "\u0085", "é", "日本", "\U0001f600", strings.Repeat("a", 1000), "$(touch x)", "\r\n", "'; rm -rf /; '", "$((1+1))", "\\'", "a;b", "a|b", "a&b",
	}
	for _, value := range hostile {
		payload, _ := json.Marshal(map[string]string{"x": value})
		r.argv = nil
		if _, err := h.Run(t.Context(), &handler.Task{Payload: payload, Log: silent{}}); err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		if want := []string{"/bin/echo", value, "a" + value + "b", "last"}; len(r.argv) != 1 || !slices.Equal(r.argv[0], want) {
			t.Errorf("%q became %q", value, r.argv)
		}
	}
	t.Logf("%d values", len(hostile))
}

// silent takes lines.
type silent struct{}

func (silent) Line(job.LogLevel, job.Stream, string) {}

// TestParamsAreNotShared is V11: runs at the same time see their own values.
func TestParamsAreNotShared(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	argv := []string{"/bin/echo", "{{payload.x}}"}
	h := withParams(t, r, argv, anything)
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			payload, _ := json.Marshal(map[string]int{"x": i})
			if _, err := h.Run(t.Context(), &handler.Task{Payload: payload, Log: silent{}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, got := range r.argv {
		seen[got[1]] = true
	}
	if len(seen) != 1000 || argv[1] != "{{payload.x}}" {
		t.Errorf("%d distinct commands of 1000; the configuration says %q", len(seen), argv)
	}
}

// TestParamsRefused is row B91.
func TestParamsRefused(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]NamedOptions{
		"a placeholder without a parameter": {Argv: []string{"/bin/true", "{{payload.x}}"}},
		"the program is a parameter":        {Argv: []string{"{{payload.x}}"}, Params: []Param{anything}},
		"no pattern":                        {Argv: []string{"/bin/true", "{{payload.x}}"}, Params: []Param{{Name: "x"}}},
		"a bad pattern":                     {Argv: []string{"/bin/true", "{{payload.x}}"}, Params: []Param{{Name: "x", Pattern: "("}}},
		"a pattern that ends its group":     {Argv: []string{"/bin/true", "{{payload.x}}"}, Params: []Param{{Name: "x", Pattern: "a)|(?:.*"}}},
		"a bad name":                        {Argv: []string{"/bin/true", "{{payload.a-b}}"}, Params: []Param{{Name: "a-b", Pattern: "x"}}},
		"one name twice":                    {Argv: []string{"/bin/true", "{{payload.x}}"}, Params: []Param{anything, anything}},
	} {
		if _, err := Named(Options{Runner: &recorder{}}, n); job.CodeOf(err) != job.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	h := withParams(t, &recorder{}, []string{"/bin/echo", "{{payload.x}}"}, anything)
	payload, _ := json.Marshal(map[string]string{"x": strings.Repeat("a", maxArgv)})
	if err := h.ValidatePayload(payload); job.CodeOf(err) != job.Invalid {
		t.Errorf("more than %d bytes: %v, want invalid", maxArgv, err)
	}
}

// FuzzParams: whatever the payload, the command has as many arguments as the
// configuration, and the fixed ones are as they were.
func FuzzParams(f *testing.F) {
	h := withParams(f, &recorder{}, []string{"/bin/echo", "--x", "{{payload.x}}", "{{payload.y}}{{payload.x}}", "end"}, anything, Param{Name: "y", Pattern: "[a-z]*", Optional: true})
	f.Add(`{"x":"a"}`)
	f.Add(`{"x":"{{payload.y}}","y":"b"}`)
	f.Add(`{"x":1e5}`)
	f.Fuzz(func(t *testing.T, payload string) {
		s, err := h.plan(json.RawMessage(payload))
		if err == nil && (len(s.argv) != 5 || s.argv[0] != "/bin/echo" || s.argv[1] != "--x" || s.argv[4] != "end" || strings.ContainsRune(strings.Join(s.argv, ""), 0)) {
			t.Errorf("%q makes %q", payload, s.argv)
		}
	})
}
