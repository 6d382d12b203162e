package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// maxPlaceholders bounds the placeholders of one template.
const maxPlaceholders = 100

// template is JSON whose texts may hold ${EXPRESSION}. A text that is one placeholder
// and nothing else becomes the value with its type; "$${" stands for "${".
type template struct {
	root  any // of map[string]any, []any, text, and JSON values
	plain json.RawMessage
}

// text is a text with placeholders.
type text struct {
	path  string
	parts []part
}

// part is plain text, or a placeholder.
type part struct {
	plain string
	prog  *program // nil = plain
}

// compileTemplate compiles a configuration, which must be an object.
func compileTemplate(p *job.Problems, field string, raw json.RawMessage) *template {
	switch {
	case len(raw) == 0:
		p.Add(field, "required", "is required: a JSON object")
		return nil
	case len(raw) > MaxConfig:
		p.Add(field, "too_large", "has %d bytes; at most %d are allowed", len(raw), MaxConfig)
		return nil
	case !json.Valid(raw) || !isObject(raw):
		p.Add(field, "type", "must be a JSON object")
		return nil
	}
	if fault := job.TextFault(raw); fault != "" {
		p.Add(field, "text", "%s", fault)
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var root any
	_ = dec.Decode(&root) // it is valid
	c := compiler{problems: p}
	t := &template{root: c.compile(field, root)}
	if c.count == 0 && !c.escaped {
		t.plain = raw
	}
	if c.count > maxPlaceholders {
		p.Add(field, "too_many", "has %d placeholders; at most %d are allowed", c.count, maxPlaceholders)
	}
	return t
}

type compiler struct {
	problems *job.Problems
	count    int
	escaped  bool
}

// compile replaces texts with placeholders within a value.
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

// text parses a text; one without placeholders stays what it is.
func (c *compiler) text(path, s string) any {
	t := &text{path: path}
	rest, plain := s, ""
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			plain += rest
			break
		}
		if i > 0 && rest[i-1] == '$' {
			plain, rest, c.escaped = plain+rest[:i-1]+"${", rest[i+2:], true
			continue
		}
		source, after, ok := cutPlaceholder(rest[i+2:])
		if !ok {
			c.problems.Add(path, "syntax", "${ at %d is not closed by }", len(s)-len(rest)+i+1)
			return s
		}
		prog, err := expression(source)
		switch {
		case err != nil:
			c.problems.Add(path, "syntax", "${%.80s}: %s", source, err)
		case prog == nil:
			c.problems.Add(path, "syntax", "${} at %d is empty", len(s)-len(rest)+i+1)
		}
		c.count++
		if plain += rest[:i]; plain != "" {
			t.parts = append(t.parts, part{plain: plain})
		}
		t.parts, rest, plain = append(t.parts, part{prog: prog}), after, ""
	}
	if len(t.parts) == 0 {
		return plain
	}
	if plain != "" {
		t.parts = append(t.parts, part{plain: plain})
	}
	return t
}

// cutPlaceholder splits what follows "${" at the } that closes it; braces and quotes
// within the expression are respected.
func cutPlaceholder(s string) (source, after string, ok bool) {
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

// render fills the placeholders in. The text of an error names the place.
func (t *template) render(s scope) (json.RawMessage, error) {
	if t.plain != nil {
		return t.plain, nil
	}
	value, err := render(t.root, s)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(value)
	switch {
	case err != nil:
		return nil, errors.New("the result cannot be written as JSON")
	case len(raw) > 2*MaxConfig:
		return nil, fmt.Errorf("the result has %d bytes; at most %d are allowed", len(raw), 2*MaxConfig)
	}
	return raw, nil
}

func render(v any, s scope) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, member := range v {
			if out[k], err = render(member, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			if out[i], err = render(member, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *text:
		return v.render(s)
	}
	return v, nil
}

func (t *text) render(s scope) (any, error) {
	if len(t.parts) == 1 && t.parts[0].prog != nil {
		value, err := t.parts[0].prog.eval(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		return value, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.prog == nil {
			b.WriteString(p.plain)
			continue
		}
		value, err := p.prog.text(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// Literal reports whether a text of a configuration has no placeholder.
func Literal(s string) bool { return !strings.Contains(s, "${") }
