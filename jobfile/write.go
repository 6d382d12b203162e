package jobfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/api"
)

// Marshal writes definitions as documents of YAML, fields in the order of the table,
// what runs as command, shell or url where nothing else is in the payload.
func Marshal(defs []api.JobDefinition) ([]byte, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	for i := range defs {
		raw, err := json.Marshal(&defs[i])
		if err != nil {
			return nil, fmt.Errorf("write job %d: %w", i, err)
		}
		docs := (&reader{file: "job.json"}).readJSON(raw)
		if len(docs) != 1 {
			return nil, fmt.Errorf("write job %d: cannot be read again", i)
		}
		shorten(docs[0])
		if err := enc.Encode(docs[0].yaml()); err != nil {
			return nil, fmt.Errorf("write job %d: %w", i, err)
		}
	}
	return out.Bytes(), enc.Close()
}

// shorten orders the members of a job and takes what runs out of its payload.
func shorten(n *node) {
	members := map[string]*node{}
	for i, key := range n.keys {
		members[key.text] = n.items[i]
	}
	if p := members["payload"]; p != nil && len(p.keys) == 1 && members["handler_name"] != nil {
		f := fieldNamed(p.keys[0].text)
		handler := members["handler_name"].text
		if f != nil && f.means == "payload" && f.takes(p.items[0]) && (f.name == "url") == (handler == "http") && (f.name == "url" || handler == "exec") {
			members[f.name] = p.items[0]
			delete(members, "payload")
			delete(members, "handler_name")
		}
	}
	n.keys, n.items = nil, nil
	for _, f := range fields {
		if value := members[f.name]; value != nil {
			n.keys, n.items = append(n.keys, &node{kind: kindText, text: f.name}), append(n.items, value)
		}
	}
}

// yaml turns a value into a node of YAML that is read as the same.
func (n *node) yaml() *yaml.Node {
	switch n.kind {
	case kindText:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: n.text, Style: styleOf(n.text)}
	case kindNumber:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: n.text}
	case kindFlag:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: n.text}
	case kindList, kindObject:
		y := &yaml.Node{Kind: yaml.SequenceNode}
		if n.kind == kindObject {
			y.Kind = yaml.MappingNode
		}
		plain := n.kind == kindList
		for i, item := range n.items {
			if n.kind == kindObject {
				y.Content = append(y.Content, (&node{kind: kindText, text: n.keys[i].text}).yaml())
			}
			plain = plain && item.kind != kindList && item.kind != kindObject
			y.Content = append(y.Content, item.yaml())
		}
		if plain || len(n.items) == 0 {
			y.Style = yaml.FlowStyle
		}
		return y
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}

// styleOf writes texts with characters that nobody sees in quotes, where escapes are
// understood.
func styleOf(text string) yaml.Style {
	if slices.ContainsFunc([]rune(text), func(r rune) bool {
		return r < ' ' && r != '\n' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff'
	}) {
		return yaml.DoubleQuotedStyle
	}
	return 0
}
