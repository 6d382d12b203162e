package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Template is text with places to fill: {{.name}}, {{.payload.url}}, and with a function
// in front {{json .payload}}, {{upper .status}} or {{join .tags " "}}. Outside of them
// \n and \t are what they are in most languages. Package text/template is not used: it
// keeps the linker from leaving out what nobody calls, and makes every start slower.
type Template struct{ parts []part }

// part is literal text, or a place.
type part struct {
	text     string
	function string   // "" = the plain value
	path     []string // nil = text; an empty path is the whole thing
	argument string   // of join
}

var functions = []string{"join", "json", "upper"}

// ParseTemplate reads a template.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{}
	for {
		before, rest, found := strings.Cut(text, "{{")
		t.parts = append(t.parts, part{text: strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`).Replace(before)})
		if !found {
			return t, nil
		}
		place, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("{{%s is not closed by }}", rest)
		}
		p, err := parsePlace(strings.TrimSpace(place))
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, p)
		text = after
	}
}

// parsePlace reads what stands between the braces.
func parsePlace(text string) (p part, err error) {
	if !strings.HasPrefix(text, ".") {
		p.function, text, _ = strings.Cut(text, " ")
		if !slices.Contains(functions, p.function) {
			return p, fmt.Errorf("unknown function %q; there are %s", p.function, strings.Join(functions, ", "))
		}
		text = strings.TrimSpace(text)
	}
	path, argument, _ := strings.Cut(text, " ")
	if !strings.HasPrefix(path, ".") {
		return p, fmt.Errorf("%q is not a field: write {{.name}}", path)
	}
	p.path = []string{}
	for field := range strings.SplitSeq(path[1:], ".") {
		if field == "" && path != "." {
			return p, fmt.Errorf("%q is not a path of fields", path)
		}
		if field != "" {
			p.path = append(p.path, field)
		}
	}
	argument = strings.TrimSpace(argument)
	switch {
	case p.function == "join":
		if p.argument, err = strconv.Unquote(argument); err != nil {
			return p, fmt.Errorf(`join needs a separator in quotes: {{join %s ", "}}`, path)
		}
	case argument != "":
		return p, fmt.Errorf("%q behind %s means nothing", argument, path)
	}
	return p, nil
}

// Run writes the template filled with v, and a line break. What v has is made safe for
// terminals.
func (t *Template) Run(w io.Writer, v any) error {
	data, err := Generic(v)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.path == nil {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(Clean(p.fill(data)))
	}
	_, err = io.WriteString(w, strings.TrimSuffix(b.String(), "\n")+"\n")
	return err
}

// fill is what stands in a place; nothing where there is no such field.
func (p part) fill(data any) string {
	for _, field := range p.path {
		object, _ := data.(map[string]any)
		data = object[field]
	}
	switch p.function {
	case "json":
		return oneLine(data)
	case "upper":
		return strings.ToUpper(Scalar(data))
	case "join":
		list, _ := data.([]any)
		words := make([]string, len(list))
		for i, item := range list {
			words[i] = Scalar(item)
		}
		return strings.Join(words, p.argument)
	}
	return Scalar(data)
}
