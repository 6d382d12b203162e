package httpapi

import (
	"encoding/json"
	"fmt"
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
	limit := maxElements
	if _, many := in.(*api.Apply); many {
		limit = maxApplyElements
	}
	members, err := scanBody(rq.raw, limit)
	if err != nil {
		return err
	}
	var null *[]string
	switch in := in.(type) {
	case *api.JobInput:
		if rq.Method == http.MethodPatch {
			null = &in.Null
		}
	case *api.PlatformInput:
		null = &in.Null
	}
	return decodeMembers(members, in, null).Err()
}

// decodeMembers reads fields into in. null, when not nil, gets those that are null.
func decodeMembers(members []member, in any, null *[]string) job.Problems {
	target := reflect.ValueOf(in).Elem()
	fields := fieldsOf(target.Type())
	var p job.Problems
	for _, m := range members {
		index, known := fields.index[m.name]
		switch {
		case !known:
			fields.unknown(&p, m.name)
		case string(m.raw) == "null" && null != nil:
			*null = append(*null, m.name)
		case string(m.raw) == "null":
			p.Add(m.name, "null", "must not be null; leave it out for the default")
		default:
			decodeField(&p, m, target.FieldByIndex(index))
		}
	}
	return p
}

// decodeJobs reads definitions of jobs; each is as strict as a body of its own.
func decodeJobs(p *job.Problems, m member, jobs *[]api.JobDefinition) {
	var items []json.RawMessage
	if err := json.Unmarshal(m.raw, &items); err != nil {
		p.Add(m.name, "type", "expected an array of jobs, got %s", kindOf(m.raw[0]))
		return
	}
	*jobs = make([]api.JobDefinition, len(items))
	for i, raw := range items {
		at := fmt.Sprintf("%s[%d]", m.name, i)
		if raw[0] != '{' {
			p.Add(at, "type", "expected a job, got %s", kindOf(raw[0]))
			continue
		}
		members, err := scanBody(raw, maxElements)
		if err != nil {
			p.Add(at, "syntax", "%v", err)
			continue
		}
		for _, f := range decodeMembers(members, &(*jobs)[i], nil) {
			p.Add(at+"."+f.Field, f.Code, "%s", f.Message)
		}
	}
}

// decodeField reads one value.
func decodeField(p *job.Problems, m member, field reflect.Value) {
	if jobs, ok := field.Addr().Interface().(*[]api.JobDefinition); ok {
		decodeJobs(p, m, jobs)
		return
	}
	if decodeNested(p, m, field) {
		return
	}
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

// decodeNested reads objects within the body, which are as strict as the body itself:
// one, or a list of them. false = the field holds none.
func decodeNested(p *job.Problems, m member, field reflect.Value) bool {
	isObject := func(t reflect.Type) bool { return t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() }
	switch t := field.Type(); {
	case t.Kind() == reflect.Pointer && isObject(t.Elem()):
		field.Set(reflect.New(t.Elem()))
		decodeObject(p, m.name, m.raw, field)
	case t.Kind() == reflect.Slice && isObject(t.Elem()):
		var items []json.RawMessage
		if err := json.Unmarshal(m.raw, &items); err != nil {
			p.Add(m.name, "type", "expected an array of objects, got %s", kindOf(m.raw[0]))
			return true
		}
		field.Set(reflect.MakeSlice(t, len(items), len(items)))
		for i, raw := range items {
			decodeObject(p, fmt.Sprintf("%s[%d]", m.name, i), raw, field.Index(i).Addr())
		}
	default:
		return false
	}
	return true
}

// decodeObject reads one object into the struct that in points to.
func decodeObject(p *job.Problems, at string, raw json.RawMessage, in reflect.Value) {
	if raw[0] != '{' {
		p.Add(at, "type", "expected an object, got %s", kindOf(raw[0]))
		return
	}
	members, err := scanBody(raw, maxElements)
	if err != nil {
		p.Add(at, "syntax", "%v", err)
		return
	}
	var null *[]string
	if input, ok := in.Interface().(*api.JobInput); ok { // its fields are those of a job
		null = &input.Null
	}
	for _, f := range decodeMembers(members, in.Interface(), null) {
		p.Add(at+"."+f.Field, f.Code, "%s", f.Message)
	}
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
	index    map[string][]int
	names    []string
	readOnly map[string]bool // fields of the resource that only the server writes
}

// known caches fields by type.
var known sync.Map

func fieldsOf(t reflect.Type) *fields {
	if f, ok := known.Load(t); ok {
		return f.(*fields)
	}
	f := &fields{index: map[string][]int{}, readOnly: map[string]bool{}}
	for _, sf := range reflect.VisibleFields(t) {
		if name := jsonName(sf); name != "" {
			f.index[name] = sf.Index
			f.names = append(f.names, name)
		}
	}
	if t == reflect.TypeFor[api.JobInput]() || t == reflect.TypeFor[api.JobDefinition]() {
		for _, sf := range reflect.VisibleFields(reflect.TypeFor[job.Job]()) {
			if name := jsonName(sf); name != "" && f.index[name] == nil {
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
