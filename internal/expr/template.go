package expr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Template is a JSON value whose texts may have placeholders, "${expression}". A text that
// is one placeholder and nothing else becomes its value with its type; within a longer
// text it becomes text. "$${" stands for "${".
type Template struct {
	root  any             // of map[string]any, []any, *text and JSON values
	plain json.RawMessage // what it is when nothing in it is replaced
}

// text is a text with placeholders, at a path of the template.
type text struct {
	path  string
	parts []part
}

// part is a literal, or a placeholder.
type part struct {
	literal string
	program *Program // nil = literal
}

// fail is told what is wrong with a text, and its path, such as "payload.a[2]".
type fail = func(path string, err error)

// CompileTemplate reads a JSON value that stands at a path.
func CompileTemplate(at string, raw json.RawMessage, env Env, fail fail) *Template {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // a number stays as it was written
	var root any
	if err := dec.Decode(&root); err != nil {
		fail(at, errors.New("is not JSON"))
		return &Template{}
	}
	c := compiler{env: env, fail: fail}
	t := &Template{root: c.compile(at, root)}
	if c.count == 0 && !c.escaped {
		t.plain = raw
	}
	if c.count > MaxPlaceholders {
		fail(at, fmt.Errorf("has %d placeholders; at most %d are allowed", c.count, MaxPlaceholders))
	}
	return t
}

type compiler struct {
	env     Env
	fail    fail
	count   int
	escaped bool
}

// compile replaces the texts with placeholders within a value.
func (c *compiler) compile(path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = c.compile(path+"."+k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = c.compile(fmt.Sprintf("%s[%d]", path, i), v[i])
		}
	case string:
		return c.text(path, v)
	}
	return v
}

// text reads a text; one without placeholders stays a string.
func (c *compiler) text(path, s string) any {
	t := &text{path: path}
	rest, literal := s, ""
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			literal += rest
			break
		}
		if strings.HasSuffix(before, "$") {
			literal, rest, c.escaped = literal+before+"{", after, true
			continue
		}
		at := len(s) - len(after) - 1 // where it begins, from 1
		source, after, closed := cutPlaceholder(after)
		if !closed {
			c.fail(path, fmt.Errorf("${ at %d is not closed by }", at))
			return s
		}
		program, err := Compile(source, c.env)
		switch {
		case err != nil:
			c.fail(path, fmt.Errorf("${%.80s}: %w", source, err))
		case program == nil:
			c.fail(path, fmt.Errorf("${} at %d is empty", at))
		}
		c.count++
		if literal += before; literal != "" {
			t.parts = append(t.parts, part{literal: literal})
		}
		t.parts, rest, literal = append(t.parts, part{program: program}), after, ""
	}
	if len(t.parts) == 0 {
		return literal
	}
	if literal != "" {
		t.parts = append(t.parts, part{literal: literal})
	}
	return t
}

// cutPlaceholder splits what follows "${" at the } that closes it; braces and quotes
// within the expression are respected.
func cutPlaceholder(s string) (source, after string, closed bool) {
	depth, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}':
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// Expand fills the placeholders in. The text of an error names the place.
func (t *Template) Expand(env Env) (json.RawMessage, error) {
	if t.plain != nil {
		return t.plain, nil
	}
	value, err := expand(t.root, env)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("the result cannot be written as JSON")
	}
	return raw, nil
}

func expand(v any, env Env) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, member := range v {
			if out[k], err = expand(member, env); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			if out[i], err = expand(item, env); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *text:
		out, err := v.expand(env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.path, err)
		}
		return out, nil
	}
	return v, nil
}

// reference is how a reference to a secret begins. Whoever writes a template may name one;
// what is filled in may not, for it comes from anybody.
const reference = "secret://"

var errReference = errors.New("what is filled in must not name a secret (" + reference + ")")

func (t *text) expand(env Env) (any, error) {
	if len(t.parts) == 1 && t.parts[0].program != nil {
		value, err := t.parts[0].program.Run(env)
		if err == nil && refers(value) {
			err = errReference
		}
		return value, err
	}
	var b strings.Builder
	written := 0 // references by the template itself
	for _, p := range t.parts {
		if p.program == nil {
			written += strings.Count(p.literal, reference)
			b.WriteString(p.literal)
			continue
		}
		value, err := p.program.Text(env)
		if err != nil {
			return nil, err
		}
		b.WriteString(value)
	}
	if strings.Count(b.String(), reference) > written {
		return nil, errReference
	}
	return b.String(), nil
}

// refers reports whether a text within a value names a secret.
func refers(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, reference)
	case []any:
		return slices.ContainsFunc(v, refers)
	case map[string]any:
		for _, member := range v {
			if refers(member) {
				return true
			}
		}
	}
	return false
}
