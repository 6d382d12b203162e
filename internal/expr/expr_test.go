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
		p, err := CompileCondition(source, "input", "steps")
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
		``:                                 "is empty",
		`other > 2`:                        "unknown name other",
		`input.n >`:                        "unexpected token",
		`1 + 1`:                            "bool",
		`repeat("a", 10) == "a"`:           "repeat",
		`all(input.a, all(input.b, true))`: "predicate within a predicate",
		`"x" matches input.pattern`:        "computed pattern",
		`"x" matches "` + strings.Repeat("a", 257) + `"`:           "pattern of 257 bytes",
		strings.Repeat("(", 33) + "true" + strings.Repeat(")", 33): "nested deeper",
		`input.n == 1 ` + strings.Repeat(`|| input.n == 1 `, 70):   "bytes",
		`input.n ` + strings.Repeat(`+1`, 400) + ` == 1`:           "exceeds",
	} {
		if _, err := CompileCondition(source, "input"); err == nil || !strings.Contains(err.Error(), want) {
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
		p, err := CompileCondition(source)
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
		tpl := CompileTemplate(json.RawMessage(text), func(path string, err error) { t.Errorf("%s: %s: %v", text, path, err) }, "input", "item")
		got, err := tpl.Expand(values)
		if err != nil || string(got) != want {
			t.Errorf("%s = %s, %v; want %s", text, got, err, want)
		}
	}
	var paths []string
	CompileTemplate(json.RawMessage(`{"a":{"b":["${","ok","${nobody}"]}}`), func(path string, err error) { paths = append(paths, path+": "+err.Error()) }, "input")
	if got := strings.Join(paths, "\n"); !strings.Contains(got, `a.b[0]: "${" without`) || !strings.Contains(got, "a.b[2]: ${nobody}: unknown name") {
		t.Errorf("got %s", got)
	}
	if !Placeholders(json.RawMessage(`{"a":"${x}"}`)) || Placeholders(json.RawMessage(`{"a":"x"}`)) {
		t.Error("Placeholders is wrong")
	}
}
