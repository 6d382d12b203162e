package main

import (
	"fmt"
	"strings"
)

// inWords tells a schema in a few words.
func inWords(schema any) string {
	s, _ := schema.(object)
	switch {
	case s["$ref"] != nil:
		return strings.TrimPrefix(s["$ref"].(string), "#/components/schemas/")
	case s["const"] != nil:
		return fmt.Sprint(s["const"])
	case s["enum"] != nil:
		return joined(s["enum"].([]any), " | ", func(v any) string {
			if v == nil {
				return "null"
			}
			return fmt.Sprint(v)
		})
	case s["anyOf"] != nil:
		return joined(s["anyOf"].([]any), " or ", inWords)
	case s["allOf"] != nil:
		return inWords(s["allOf"].([]any)[0])
	case s["items"] != nil:
		return "list of " + inWords(s["items"])
	}
	kind := "anything"
	switch t := s["type"].(type) {
	case string:
		kind = t
	case []any:
		kind = joined(t, " or ", func(v any) string { return v.(string) })
	}
	if format, ok := s["format"].(string); ok && format != "int64" {
		kind += " (" + format + ")"
	}
	if low, high := s["minimum"], s["maximum"]; low != nil && high != nil {
		kind += fmt.Sprintf(", %.0f to %.0f", low, high)
	}
	if standard := s["default"]; standard != nil {
		kind += fmt.Sprintf(", default %v", standard)
	}
	return kind
}

func joined(list []any, by string, tell func(any) string) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = tell(v)
	}
	return strings.Join(words, by)
}
