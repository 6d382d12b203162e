package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Template is a JSON value in which texts have placeholders, "${expression}". One that is
// a whole text keeps the type of its value; within a longer text it becomes text.
type Template struct {
	root any
}

// piece is a part of a text: literal, or the value of a program.
type piece struct {
	literal string
	program *Program
}

// whole is a text that is one placeholder, mixed one that has some.
type (
	whole struct{ program *Program }
	mixed []piece
)

// CompileTemplate reads the placeholders of a JSON value. fail is called with the path
// of each text that cannot be read, such as "a.b[2]", and what is wrong with it.
func CompileTemplate(value json.RawMessage, fail func(path string, err error), names ...string) *Template {
	decoder := json.NewDecoder(strings.NewReader(string(value)))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		fail("", errors.New("is not JSON"))
		return &Template{}
	}
	return &Template{root: read(root, "", fail, names)}
}

// Placeholders reports whether a JSON value has any.
func Placeholders(value json.RawMessage) bool { return strings.Contains(string(value), "${") }

func read(v any, path string, fail func(string, error), names []string) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			at := key
			if path != "" {
				at = path + "." + key
			}
			v[key] = read(member, at, fail, names)
		}
	case []any:
		for i, item := range v {
			v[i] = read(item, fmt.Sprintf("%s[%d]", path, i), fail, names)
		}
	case string:
		compiled, err := readText(v, names)
		if err != nil {
			fail(path, err)
			return v
		}
		return compiled
	}
	return v
}

// readText splits a text into literals and placeholders; "$${" is a literal "${".
func readText(text string, names []string) (any, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var pieces mixed
	literal := ""
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			literal += rest
			break
		}
		if strings.HasSuffix(before, "$") {
			literal, rest = literal+before+"{", after
			continue
		}
		literal += before
		end := closing(after)
		if end < 0 {
			return nil, errors.New(`"${" without its "}"`)
		}
		program, err := Compile(after[:end], names...)
		if err != nil {
			return nil, fmt.Errorf("${%s}: %w", after[:end], err)
		}
		if literal == "" && len(pieces) == 0 && end == len(after)-1 {
			return whole{program}, nil
		}
		pieces = append(pieces, piece{literal: literal}, piece{program: program})
		literal, rest = "", after[end+1:]
	}
	if len(pieces) == 0 {
		return literal, nil
	}
	return append(pieces, piece{literal: literal}), nil
}

// closing finds the brace that ends a placeholder: those in its texts and maps do not.
func closing(text string) int {
	depth := 0
	var quote rune
	escaped := false
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && c == '\\' && quote != '`':
			escaped = true
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i
		case c == '}':
			depth--
		}
	}
	return -1
}

// Expand returns the value with its placeholders replaced.
func (t *Template) Expand(env map[string]any) (json.RawMessage, error) {
	value, err := expand(t.root, env)
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func expand(v any, env map[string]any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			if out[key], err = expand(member, env); err != nil {
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
	case whole:
		return v.program.value(env)
	case mixed:
		return v.text(env)
	}
	return v, nil
}

// value is Run with the expression in its error.
func (p *Program) value(env map[string]any) (any, error) {
	value, err := p.Run(env)
	if err != nil {
		return nil, fmt.Errorf("${%s}: %w", p.source, err)
	}
	return value, nil
}

func (m mixed) text(env map[string]any) (string, error) {
	var b strings.Builder
	for _, part := range m {
		if part.program == nil {
			b.WriteString(part.literal)
			continue
		}
		value, err := part.program.value(env)
		if err != nil {
			return "", err
		}
		if text, ok := value.(string); ok {
			b.WriteString(text)
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return "", fmt.Errorf("${%s}: %w", part.program.source, err)
		}
		b.Write(raw)
	}
	return b.String(), nil
}
