package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/job"
)

// document is what a file says and where it says it.
type document struct {
	file     string
	tree     map[string]any    // sections are maps, values have the types of their keys
	keys     []string          // that have a value
	where    map[string]string // of keys and of what is inside lists: "handlers.commands[0].name"
	problems Problems
	readable bool // the file's syntax is good
}

// openFile reads and parses a file.
func openFile(path string) *document {
	data, problems := readFile(path)
	if len(problems) > 0 {
		return &document{file: path, problems: problems}
	}
	return parseFile(path, data)
}

// parseFile reads YAML into values of the right types. It reports keys that are
// unknown, in the wrong case or given twice, values of the wrong type, and what has
// no place in a configuration: anchors, aliases, tags and a second document.
func parseFile(file string, data []byte) *document {
	d := &document{file: file, tree: map[string]any{}, where: map[string]string{}}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	switch err := dec.Decode(&root); {
	case errors.Is(err, io.EOF):
		d.readable = true // comments only: every default holds
		return d
	case err != nil:
		d.problems.add(d.syntax(err), "", "%s", syntaxText(err))
		return d
	}
	d.readable = true
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		d.problems.add(d.at(&more), "", "a second document starts here: one file holds one configuration")
	}
	d.section(root.Content[0], reflect.TypeFor[Config](), "", d.tree)
	return d
}

// section reads a mapping whose keys are the fields of t into tree; prefix ends
// with a dot unless it is empty.
func (d *document) section(n *yaml.Node, t reflect.Type, prefix string, tree map[string]any) {
	d.mapping(n, t, prefix, func(key string, v *yaml.Node, sf reflect.StructField) {
		name := sf.Tag.Get("yaml")
		if sf.Type.Kind() == reflect.Struct {
			below := map[string]any{}
			tree[name] = below
			d.section(v, sf.Type, key+".", below)
			return
		}
		if value, ok := d.value(v, sf.Type, key); ok {
			tree[name] = value
			d.keys = append(d.keys, key)
		}
	})
}

// mapping calls each for every good key of n that is not null.
func (d *document) mapping(n *yaml.Node, t reflect.Type, prefix string, each func(key string, v *yaml.Node, sf reflect.StructField)) {
	name := strings.TrimSuffix(prefix, ".")
	if !d.plain(n, name) || isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.problems.add(d.at(n), name, "holds keys (%s), not %s", strings.Join(names(t), ", "), kind(n))
		return
	}
	first := map[string]*yaml.Node{}
	for i := 0; i < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if !d.plain(k, name) {
			continue
		}
		key := prefix + k.Value
		if again, ok := first[k.Value]; ok {
			d.problems.add(d.at(k), key, "is given twice: first on line %d", again.Line)
			continue
		}
		first[k.Value] = k
		sf, ok := fieldNamed(t, k.Value)
		if !ok {
			d.problems.add(d.at(k), key, "%s", unknown(t, prefix, k.Value))
			continue
		}
		d.where[key] = d.at(v)
		if d.plain(v, key) && !isNull(v) {
			each(key, v, sf)
		}
	}
}

// value reads a scalar, a list of words or a list of mappings.
func (d *document) value(n *yaml.Node, t reflect.Type, key string) (any, bool) {
	if t.Kind() != reflect.Slice {
		if n.Kind != yaml.ScalarNode {
			d.problems.add(d.at(n), key, "must be %s, not %s", wanted(t), kind(n))
			return nil, false
		}
		v, err := parseScalar(t, n.Value)
		if err != nil {
			d.problems.add(d.at(n), key, "%v", err)
		}
		return v, err == nil
	}
	if n.Kind != yaml.SequenceNode {
		d.problems.add(d.at(n), key, "must be a list, not %s", kind(n))
		return nil, false
	}
	list := make([]any, 0, len(n.Content))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", key, i)
		d.where[at] = d.at(item)
		if !d.plain(item, at) {
			continue
		}
		if t.Elem().Kind() == reflect.Struct {
			entry := map[string]any{}
			d.mapping(item, t.Elem(), at+".", func(key string, v *yaml.Node, sf reflect.StructField) {
				if value, ok := d.value(v, sf.Type, key); ok {
					entry[sf.Tag.Get("yaml")] = value
				}
			})
			list = append(list, entry)
		} else if v, ok := d.value(item, t.Elem(), at); ok {
			list = append(list, v)
		}
	}
	return list, true
}

// plain refuses what a configuration has no use for and a reader may overlook.
func (d *document) plain(n *yaml.Node, key string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.problems.add(d.at(n), key, "aliases (*%s) are not allowed; quote a text that starts with *", n.Value)
	case n.Anchor != "":
		d.problems.add(d.at(n), key, "anchors (&%s) are not allowed; quote a text that starts with &", n.Anchor)
	case n.Style&yaml.TaggedStyle != 0:
		d.problems.add(d.at(n), key, "tags (%s) are not allowed; quote a text that starts with !", n.Tag)
	default:
		return true
	}
	return false
}

func (d *document) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d:%d", d.file, n.Line, n.Column) }

var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax returns the place of a syntax error; the parser knows the line only, and
// says nothing for the first.
func (d *document) syntax(err error) string {
	line := "1"
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
		line = m[1]
	}
	return fmt.Sprintf("%s:%s:1", d.file, line)
}

func syntaxText(err error) string {
	text := "syntax error: " + syntaxLine.ReplaceAllString(err.Error(), "")
	if strings.Contains(text, "anchor") || strings.Contains(text, "alphabetic or numeric") {
		text += ` (quote a text that starts with * or &)`
	}
	return text
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kind names what stands in the file.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys"
	case yaml.SequenceNode:
		return "a list"
	default:
		return fmt.Sprintf("%q", n.Value)
	}
}

// wanted names what a key takes.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	default:
		return "a single value"
	}
}

// unknown says what is wrong with a key that t does not have.
func unknown(t reflect.Type, prefix, name string) string {
	if _, ok := fieldNamed(t, strings.ToLower(name)); ok {
		return fmt.Sprintf("unknown key: keys are in lower case (did you mean %s%s?)", prefix, strings.ToLower(name))
	}
	if s := job.Nearest(name, names(t)); s != "" {
		return fmt.Sprintf("unknown key (did you mean %s%s?)", prefix, s)
	}
	for _, f := range fields() {
		if strings.HasSuffix(f.key, "."+name) {
			return fmt.Sprintf("unknown key (did you mean %s?)", f.key)
		}
	}
	return "unknown key"
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for sf := range t.Fields() {
		if sf.Tag.Get("yaml") == name {
			return sf, true
		}
	}
	return reflect.StructField{}, false
}

func names(t reflect.Type) []string {
	var all []string
	for sf := range t.Fields() {
		all = append(all, sf.Tag.Get("yaml"))
	}
	return all
}
