package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// decode reads the body into in, a pointer to a struct of package api. All faults of
// all fields are reported at once.
func (rq *request) decode(in any) error {
	if len(rq.raw) == 0 && rq.route.optional {
		return nil
	}
	members, err := scanBody(rq.raw)
	if err != nil {
		return err
	}
	target := reflect.ValueOf(in).Elem()
	fields := fieldsOf(target.Type())
	patch, _ := in.(*api.JobInput)
	if rq.Method != http.MethodPatch {
		patch = nil
	}
	var p job.Problems
	for _, m := range members {
		index, known := fields.index[m.name]
		switch {
		case !known:
			fields.unknown(&p, m.name)
		case string(m.raw) == "null" && patch != nil:
			patch.Null = append(patch.Null, m.name)
		case string(m.raw) == "null":
			p.Add(m.name, "null", "must not be null; leave it out for the default")
		default:
			decodeField(&p, m, target.Field(index))
		}
	}
	return p.Err()
}

// decodeField reads one value.
func decodeField(p *job.Problems, m member, field reflect.Value) {
	err := json.Unmarshal(m.raw, field.Addr().Interface())
	if err == nil {
		return
	}
	kind := field.Type()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	got := kindOf(m.raw[0])
	if got == "number" || got == "string" && kind == reflect.TypeFor[time.Time]() {
		got = clip(string(m.raw))
	}
	p.Add(m.name, "type", "expected %s, got %s", expected(kind), got)
}

// expected names what a field takes.
func expected(kind reflect.Type) string {
	switch {
	case kind == reflect.TypeFor[time.Time]():
		return "a time in RFC 3339 with its offset, such as 2026-11-22T17:30:00Z"
	case kind.Kind() == reflect.String:
		return "a string"
	case kind.Kind() == reflect.Bool:
		return "true or false"
	case kind.Kind() == reflect.Int || kind.Kind() == reflect.Int64:
		return "an integer"
	case kind.Kind() == reflect.Slice:
		return "an array of strings"
	}
	return "a JSON value"
}

// fields are what a body may have.
type fields struct {
	index    map[string]int
	names    []string
	readOnly map[string]bool // fields of the resource that only the server writes
}

// known caches fields by type.
var known sync.Map

func fieldsOf(t reflect.Type) *fields {
	if f, ok := known.Load(t); ok {
		return f.(*fields)
	}
	f := &fields{index: map[string]int{}, readOnly: map[string]bool{}}
	for i := range t.NumField() {
		if name := jsonName(t.Field(i)); name != "" {
			f.index[name] = i
			f.names = append(f.names, name)
		}
	}
	if t == reflect.TypeFor[api.JobInput]() {
		for _, sf := range reflect.VisibleFields(reflect.TypeFor[job.Job]()) {
			if name := jsonName(sf); name != "" && f.index[name] == 0 {
				f.readOnly[name] = true
			}
		}
	}
	known.Store(t, f)
	return f
}

// jsonName is the name of a field in JSON, "" when it has none.
func jsonName(sf reflect.StructField) string {
	name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// unknown notes a field that the body may not have.
func (f *fields) unknown(p *job.Problems, name string) {
	if f.readOnly[name] {
		p.Add(name, "read_only", "is set by the server")
		return
	}
	hint := ""
	if near := job.Nearest(name, f.names); near != "" {
		hint = `; did you mean "` + near + `"?`
	}
	p.Add(clip(name), "unknown_field", "unknown field%s", hint)
}
