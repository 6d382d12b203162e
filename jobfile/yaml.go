package jobfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (?:line (\d+): )?`) })

// readYAML reads every document of a text. What a job file has no use for is refused:
// anchors and aliases, which can make a short text a huge one, tags, and merge keys.
func (r *reader) readYAML(data []byte) []*node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*node
	for {
		var root yaml.Node
		err := dec.Decode(&root)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			r.yamlSyntax(data, err)
			return docs
		}
		if n := r.convert(root.Content[0], 1); n != nil && n.kind != kindNull {
			docs = append(docs, n)
		}
	}
}

// yamlSyntax reports a text that is no YAML. The parser knows the line only.
func (r *reader) yamlSyntax(data []byte, err error) {
	at := &node{line: 1, column: 1}
	if m := yamlLine().FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
		at.line, _ = strconv.Atoi(m[1])
	}
	text := yamlLine().ReplaceAllString(err.Error(), "")
	line := lineOf(data, at.line)
	at.column = len(line) - len(strings.TrimLeft(line, " \t")) + 1
	for _, word := range []string{"anchor", "alphabetic or numeric", "cannot start any token"} {
		if strings.Contains(text, word) {
			text += "; quote a text that starts with *, &, @, % or `, such as a schedule"
			break
		}
	}
	r.add(at, "", "syntax", "this is not YAML: %s", text)
}

func lineOf(data []byte, n int) string {
	lines := bytes.Split(data, []byte("\n"))
	if n < 1 || n > len(lines) {
		return ""
	}
	return string(lines[n-1])
}

// convert turns a YAML node into ours; nil when it is refused.
func (r *reader) convert(y *yaml.Node, depth int) *node {
	n := &node{line: y.Line, column: y.Column}
	switch {
	case depth > maxDepth:
		r.add(n, "", "too_deep", "is nested deeper than %d levels", maxDepth)
		return nil
	case y.Kind == yaml.AliasNode:
		r.add(n, "", "alias", "aliases (*%s) are not allowed; quote a text that starts with *", clip(y.Value))
		return nil
	case y.Anchor != "":
		r.add(n, "", "anchor", "anchors (&%s) are not allowed; quote a text that starts with &", clip(y.Anchor))
		return nil
	case y.Style&yaml.TaggedStyle != 0:
		r.add(n, "", "tag", "tags (%s) are not allowed; quote a text that starts with !", clip(y.Tag))
		return nil
	case r.count(n):
		return nil
	}
	switch y.Kind {
	case yaml.ScalarNode:
		return r.scalar(y, n)
	case yaml.SequenceNode:
		n.kind = kindList
		for _, child := range y.Content {
			if item := r.convert(child, depth+1); item != nil {
				n.items = append(n.items, item)
			}
		}
	case yaml.MappingNode:
		n.kind = kindObject
		for i := 0; i+1 < len(y.Content); i += 2 {
			r.yamlMember(n, y.Content[i], y.Content[i+1], depth)
		}
	}
	return n
}

func (r *reader) yamlMember(n *node, k, v *yaml.Node, depth int) {
	key := &node{kind: kindText, text: k.Value, line: k.Line, column: k.Column}
	switch {
	case k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Style&yaml.TaggedStyle != 0:
		r.add(key, "", "key", "a key must be plain text")
		return
	case k.Tag == "!!merge":
		r.add(key, "", "merge", "merge keys (<<) are not allowed")
		return
	}
	value := r.convert(v, depth+1)
	if value == nil {
		value = &node{line: v.Line, column: v.Column, kind: kindRefused}
	}
	r.member(n, key, value)
}

// scalar reads a single value as YAML 1.2 does.
func (r *reader) scalar(y *yaml.Node, n *node) *node {
	n.text = y.Value
	switch y.ShortTag() {
	case "!!null":
		n.kind = kindNull
	case "!!bool":
		n.kind, n.text = kindFlag, strings.ToLower(y.Value)
	case "!!int", "!!float":
		n.kind = kindNumber
		if text, ok := number(y); ok {
			n.text = text
			return n
		}
		r.add(n, "", "number", "%s is no number that JSON can hold; quote it if it is a text", clip(y.Value))
		return nil
	default: // texts, and instants that look like ones
		n.kind = kindText
	}
	return n
}

// number writes a number of YAML as JSON does.
func number(y *yaml.Node) (string, bool) {
	if json.Valid([]byte(y.Value)) {
		if f, err := strconv.ParseFloat(y.Value, 64); err == nil && !math.IsInf(f, 0) {
			return y.Value, true
		}
		return "", false
	}
	var i int64
	var f float64
	switch {
	case y.ShortTag() == "!!int" && y.Decode(&i) == nil:
		return strconv.FormatInt(i, 10), true
	case y.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f):
		return strconv.FormatFloat(f, 'g', -1, 64), true
	}
	return "", false
}
