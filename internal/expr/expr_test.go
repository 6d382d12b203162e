package expr

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func env(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestConditions(t *testing.T) {
	t.Parallel()
	values := env(t, `{"input":{"n":3,"tags":["a","b"],"user":null},"steps":{"dump":{"status":"success","result":{"rows":7}}}}`)
	for source, want := range map[string]bool{
		`input.n > 2`: true,
		`input.n == 3 && steps.dump.status == "success"`: true,
		`"a" in input.tags`:           true,
		`input.missing == nil`:        true,
		`input.user?.name == "x"`:     false,
		`steps.dump.result.rows == 7`: true,
		`any(input.tags, # == "b")`:   true,
		`"abc" matches "^a"`:          true,
	} {
		p, err := Condition(source, Any("input", "steps"))
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := p.Holds(values); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", source, got, err, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`other > 2`:                        "unknown name other",
		`input.n >`:                        "unexpected token",
		`1 + 1`:                            "bool",
		`repeat("a", 10) == "a"`:           "repeat",
		`all(input.a, all(input.b, true))`: "within another one",
		`"x" matches input.pattern`:        "not a computed one",
		`"x" matches "` + strings.Repeat("a", 257) + `"`:           "pattern of 257 bytes",
		strings.Repeat("(", 33) + "true" + strings.Repeat(")", 33): "nested deeper",
		`input.n == 1 ` + strings.Repeat(`|| input.n == 1 `, 70):   "bytes",
		`input.n ` + strings.Repeat(`+1`, 400) + ` == 1`:           "exceeds",
	} {
		if _, err := Condition(source, Any("input")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q", source, err, want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: the error has several lines: %v", source, err)
		}
	}
}

func TestEvaluationIsBounded(t *testing.T) {
	t.Parallel()
	began := time.Now()
	for _, source := range []string{`len(1..1e9) > 0`, `len(map(1..100000, # * 2)) > 0`} {
		p, err := Condition(source, nil)
		if err != nil {
			continue // refused is bounded, too
		}
		if _, err := p.Holds(nil); err == nil {
			t.Errorf("%s was evaluated", source)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	values := env(t, `{"input":{"n":3,"name":"x","list":[1,2]},"item":{"id":7}}`)
	for text, want := range map[string]string{
		`{"a":"${input.n}"}`:                     `{"a":3}`,
		`{"a":"n is ${input.n}, ${input.name}"}`: `{"a":"n is 3, x"}`,
		`["${input.list}", "${item}"]`:           `[[1,2],{"id":7}]`,
		`{"a":"$${input.n}"}`:                    `{"a":"${input.n}"}`,
		`{"a":"${ {"b": input.n} }"}`:            "",
		`{"a":"${ {\"b\": \"}\"} }"}`:            `{"a":{"b":"}"}}`,
		`{"a":12345678901234567890,"b":null}`:    `{"a":12345678901234567890,"b":null}`,
	} {
		if want == "" {
			continue
		}
		tpl := CompileTemplate("config", json.RawMessage(text), Any("input", "item"), func(path string, err error) { t.Errorf("%s: %s: %v", text, path, err) })
		got, err := tpl.Expand(values)
		if err != nil || string(got) != want {
			t.Errorf("%s = %s, %v; want %s", text, got, err, want)
		}
	}
	var paths []string
	CompileTemplate("config", json.RawMessage(`{"a":{"b":["${","ok","${nobody}"]}}`), Any("input"), func(path string, err error) { paths = append(paths, path+": "+err.Error()) })
	if got := strings.Join(paths, "\n"); !strings.Contains(got, `config.a.b[0]: ${ at 1 is not closed`) || !strings.Contains(got, "config.a.b[2]: ${nobody}: at column 1: unknown name") {
		t.Errorf("got %s", got)
	}
}

// TestFilledInNamesNoSecret: what comes from anybody must not name a secret, what the author
// of a template wrote may.
func TestFilledInNamesNoSecret(t *testing.T) {
	t.Parallel()
	env := Env{"input": map[string]any{"plain": "x", "named": "secret://db", "deep": map[string]any{"list": []any{1, "Bearer secret://db"}}, "half": "://db"}}
	for text, want := range map[string]string{
		`{"a":"secret://db ${input.plain}"}`: `{"a":"secret://db x"}`,
		`{"a":"secret://db"}`:                `{"a":"secret://db"}`,
		`{"a":"${input.named}"}`:             "",
		`{"a":"as ${input.named}"}`:          "",
		`{"a":"secret://x ${input.named}"}`:  "",
		`{"a":"${input.deep}"}`:              "",
		`{"a":"${input}"}`:                   "",
		`{"a":"${\"secret\"}${input.half}"}`: "",
	} {
		tpl := CompileTemplate("payload", json.RawMessage(text), Any("input"), func(path string, err error) { t.Errorf("%s: %s: %v", text, path, err) })
		got, err := tpl.Expand(env)
		if string(got) != want || err == nil && want == "" || err != nil && !strings.Contains(err.Error(), "payload.a: what is filled in must not name a secret") {
			t.Errorf("%s becomes %s, %v; want %q", text, got, err, want)
		}
	}
}
