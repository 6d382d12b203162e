package config

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/configs"
)

// schemaNode is the part of JSON Schema that a configuration needs.
type schemaNode struct {
	Schema      string                `json:"$schema,omitempty"`
	Title       string                `json:"title,omitempty"`
	Description string                `json:"description,omitempty"`
	Type        string                `json:"type,omitempty"`
	Enum        []string              `json:"enum,omitempty"`
	Pattern     string                `json:"pattern,omitempty"`
	Minimum     *float64              `json:"minimum,omitempty"`
	Maximum     *float64              `json:"maximum,omitempty"`
	Default     any                   `json:"default,omitempty"`
	Items       *schemaNode           `json:"items,omitempty"`
	Properties  map[string]schemaNode `json:"properties,omitempty"`
	Additional  *bool                 `json:"additionalProperties,omitempty"`
}

// durationPattern is what ParseDuration reads, as far as an editor can tell.
const durationPattern = `^(0|([0-9]+(\.[0-9]+)?(w|d|h|m|s|ms|us|µs|ns))+)$`

// Schema writes the JSON Schema of the configuration, for editors: the keys, their
// types, words and bounds, and what the commented sample says of each.
func Schema(w io.Writer) error {
	said, err := remarks()
	if err != nil {
		return err
	}
	root := schemaOf(reflect.TypeFor[Config](), reflect.ValueOf(Default()), "", "", said)
	root.Schema, root.Title = "https://json-schema.org/draft/2020-12/schema", "Configuration of schedd"
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("encode the schema: %w", err)
	}
	return nil
}

// schemaOf describes a value; standard is its default, invalid inside of lists.
func schemaOf(t reflect.Type, standard reflect.Value, key string, tag reflect.StructTag, said map[string]string) schemaNode {
	n := schemaNode{Description: said[key]}
	switch {
	case t == durationType:
		n.Type, n.Pattern = "string", durationPattern
	case t.Kind() == reflect.Struct:
		closed := false
		n.Type, n.Properties, n.Additional = "object", map[string]schemaNode{}, &closed
		for f := range t.Fields() {
			name, value := f.Tag.Get("yaml"), reflect.Value{}
			if standard.IsValid() {
				value = standard.FieldByIndex(f.Index)
			}
			n.Properties[name] = schemaOf(f.Type, value, strings.TrimPrefix(key+"."+name, "."), f.Tag, said)
		}
		return n
	case t.Kind() == reflect.Slice:
		items := schemaOf(t.Elem(), reflect.Value{}, key+"[]", tag, said)
		n.Type, n.Items = "array", &items
	case t.Kind() == reflect.Bool:
		n.Type = "boolean"
	case t.Kind() == reflect.String:
		n.Type = "string"
		if words, ok := tag.Lookup("oneof"); ok {
			n.Enum = strings.Split(words, "|")
		}
	case t.Kind() == reflect.Float64:
		n.Type = "number"
	default:
		n.Type = "integer"
	}
	if low, high, ok := strings.Cut(tag.Get("range"), ".."); ok && (n.Type == "integer" || n.Type == "number") {
		n.Minimum, n.Maximum = bound(low), bound(high)
	}
	n.Default = standardOf(standard)
	return n
}

func bound(text string) *float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return &v
}

// standardOf is a default as a file would have it; nil where there is none to tell.
func standardOf(v reflect.Value) any {
	switch {
	case !v.IsValid(), v.Kind() == reflect.Slice && v.Len() == 0:
		return nil
	case v.Type() == durationType:
		return formatValue(v)
	}
	return v.Interface()
}

// remarks are what the sample says behind each key.
func remarks() (map[string]string, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(configs.Sample), &root); err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	said := map[string]string{}
	var walk func(n *yaml.Node, prefix string)
	walk = func(n *yaml.Node, prefix string) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			key := strings.TrimPrefix(prefix+"."+name.Value, ".")
			if text := strings.TrimSpace(strings.TrimPrefix(name.LineComment+value.LineComment, "#")); text != "" {
				said[key] = text
			}
			if value.Kind == yaml.MappingNode {
				walk(value, key)
			}
		}
	}
	walk(root.Content[0], "")
	return said, nil
}
