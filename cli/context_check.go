package cli

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/job"
)

// checkContexts holds a node of the file of contexts against what is written there: as
// t has it, a struct of texts and truths, or a list of them. It says where it differs.
func checkContexts(path string, n *yaml.Node, t reflect.Type) error {
	fault := func(n *yaml.Node, format string, args ...any) *job.Error {
		return usagef("%s:%d:%d: %s", path, n.Line, n.Column, fmt.Sprintf(format, args...))
	}
	switch {
	case n.Kind == yaml.AliasNode:
		return fault(n, "aliases are not taken here")
	case n.Tag == "!!null":
		return nil
	case t.Kind() == reflect.Slice && n.Kind != yaml.SequenceNode:
		return fault(n, "must be a list, each item beginning with \"-\"")
	case t.Kind() == reflect.Slice:
		for _, item := range n.Content {
			if err := checkContexts(path, item, t.Elem()); err != nil {
				return err
			}
		}
		return nil
	case t.Kind() == reflect.Bool && n.Tag != "!!bool":
		return fault(n, "must be true or false, not %.40q", n.Value)
	case t.Kind() == reflect.Struct && n.Kind != yaml.MappingNode:
		return fault(n, "must be fields, such as \"name: prod\"")
	case t.Kind() != reflect.Struct && n.Kind != yaml.ScalarNode:
		return fault(n, "must be one text")
	case t.Kind() != reflect.Struct:
		return nil
	}
	known := map[string]reflect.Type{}
	var names []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		known[name], names = field.Type, append(names, name)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case seen[key.Value]:
			return fault(key, "%q is there twice", key.Value)
		case known[key.Value] == nil:
			return fault(key, "unknown field %.40q", key.Value).WithHint("%s", notAllowed(key.Value, names).Error())
		}
		seen[key.Value] = true
		if err := checkContexts(path, value, known[key.Value]); err != nil {
			return err
		}
	}
	return nil
}
