package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

// object is a piece of the document; its keys are written in alphabetical order.
type object = map[string]any

// schemas collects what components/schemas has.
type schemas struct {
	comments comments
	made     object                  // by name
	types    map[string]reflect.Type // by name
	bounds   object                  // of fields of definitions of jobs
}

func newSchemas(c comments) (*schemas, error) {
	var file struct {
		Defs map[string]struct {
			Properties object `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(jobfile.Schema(), &file); err != nil {
		return nil, err
	}
	return &schemas{comments: c, made: object{}, types: map[string]reflect.Type{}, bounds: file.Defs["job"].Properties}, nil
}

// of is the schema of a type. What people send has nothing but its fields; what schedd
// answers may get more with time.
func (s *schemas) of(t reflect.Type, sent bool) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), sent)
	case t == reflect.TypeFor[job.ID]():
		return object{"type": "string", "format": "uuid"}
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case enums[t].name != "":
		return s.enumeration(t)
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), sent)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), sent)}
	case reflect.Struct:
		return s.reference(t, sent)
	case reflect.Interface: // any value
		return object{}
	}
	panic(fmt.Sprintf("a field of type %s has no schema", t))
}

// reference makes the schema of a struct, once, and refers to it.
func (s *schemas) reference(t reflect.Type, sent bool) object {
	name := componentName(t)
	if _, known := s.made[name]; !known {
		s.made[name] = object{} // it may refer to itself
		s.types[name] = t
		s.made[name] = s.structure(t, sent)
	}
	if s.types[name] != t {
		panic(fmt.Sprintf("%s and %s are both called %s", s.types[name], t, name))
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// enumeration makes the schema of a type that is a list of words, and refers to it.
func (s *schemas) enumeration(t reflect.Type) object {
	e := enums[t]
	if s.made[e.name] == nil {
		schema := object{"type": "string", "enum": e.words}
		if about := s.comments.of(t); about != "" {
			schema["description"] = about
		}
		s.made[e.name] = schema
	}
	return object{"$ref": "#/components/schemas/" + e.name}
}

// componentName is the name of a struct in the document.
func componentName(t reflect.Type) string {
	if t.String() == "handler.Info" {
		return "Handler"
	}
	return strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
}

// nulls are fields that may be null, which their types do not show: limits that a
// platform has not.
var nulls = []string{
	"Platform.allowed_handlers",
	"PlatformInput.max_jobs", "PlatformInput.max_running", "PlatformInput.events_per_second", "PlatformInput.creates_per_minute", "PlatformInput.allowed_handlers",
}

func (s *schemas) structure(t reflect.Type, sent bool) object {
	properties, required := object{}, []string{}
	for _, sf := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		optional := strings.Contains(options, "omit")
		property := s.property(t, &sf, name, sent)
		if about := s.comments.field(t, sf.Index); about != "" {
			property["description"] = about
		}
		pointer := sf.Type.Kind() == reflect.Pointer && !optional && !sent
		if pointer || slices.Contains(nulls, componentName(t)+"."+name) {
			property = nullable(property)
		}
		properties[name] = property
		if !optional {
			required = append(required, name)
		}
	}
	schema := object{"type": "object", "properties": properties}
	if about := s.comments.of(t); about != "" {
		schema["description"] = about
	}
	if len(required) > 0 {
		slices.Sort(required)
		schema["required"] = required
	}
	if sent {
		schema["additionalProperties"] = false
	}
	return schema
}

// property is the schema of one field.
func (s *schemas) property(t reflect.Type, sf *reflect.StructField, name string, sent bool) object {
	if t := sf.Type; t.Kind() == reflect.Pointer && enums[t.Elem()].name != "" {
		return s.enumeration(t.Elem())
	}
	if bound, ok := s.bounds[name].(object); ok && (t == reflect.TypeFor[api.JobInput]() || t == reflect.TypeFor[api.JobDefinition]()) {
		return maps.Clone(bound)
	}
	if slices.Contains(objects, name) && sf.Type == reflect.TypeFor[json.RawMessage]() {
		return object{"type": "object"}
	}
	if words := words[componentName(t)+"."+name]; words != nil {
		return object{"type": "string", "enum": words}
	}
	return s.of(sf.Type, sent)
}

// nullable lets a schema be null too.
func nullable(schema object) object {
	out := maps.Clone(schema)
	delete(out, "description")
	if kind, ok := out["type"].(string); ok {
		out["type"] = []string{kind, "null"}
		switch list := out["enum"].(type) {
		case []string:
			out["enum"] = withNull(list)
		case []any:
			out["enum"] = withNull(list)
		}
	} else if either, ok := out["anyOf"].([]any); ok {
		out["anyOf"] = append(slices.Clone(either), object{"type": "null"})
	} else if len(out) > 0 {
		out = object{"anyOf": []any{out, object{"type": "null"}}}
	}
	if about, ok := schema["description"]; ok {
		out["description"] = about
	}
	return out
}

func withNull[T any](list []T) []any {
	out := make([]any, 0, len(list)+1)
	for _, item := range list {
		out = append(out, item)
	}
	return append(out, nil)
}
