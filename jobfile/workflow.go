package jobfile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/workflow"
)

// Workflow is the workflow of a file, and what is wrong with it.
type Workflow struct {
	api.WorkflowInput

	Problems Problems

	file, text string
	at         Position
	places     map[string]Position
	bad        map[string]bool
}

// workflowShort are keys that are short for fields of the API, by the field: durations in
// the place of milliseconds, and what a step runs.
var workflowShort = map[string]string{
	"timeout": "timeout_ms", "retry_delay": "retry_delay_ms", "retry_max_delay": "retry_max_delay_ms", "poll": "poll_ms", "handler": "handler_name",
}

// stepRuns are keys that say handler and payload of a step at once, as in a job.
var stepRuns = map[string]string{"command": "exec", "shell": "exec", "url": "http"}

// ParseWorkflow reads a file with one workflow, in YAML or JSON, and checks what can be
// told without a daemon.
func ParseWorkflow(file string, data []byte) *Workflow {
	w := &Workflow{file: file, text: string(data), places: map[string]Position{}, bad: map[string]bool{}, at: Position{File: file, Line: 1, Column: 1}}
	r := &reader{file: file}
	docs := r.read(data)
	switch {
	case len(r.problems) > 0:
	case len(docs) != 1 || docs[0].kind != kindObject:
		r.add(&node{line: 1, column: 1}, "", "type", "expected one workflow, which is keys and values")
	default:
		w.at = r.at(docs[0])
		w.object(r, docs[0], "", reflect.ValueOf(&w.WorkflowInput).Elem())
	}
	w.Problems = r.problems
	if len(docs) == 1 {
		for _, f := range w.Definition.Validate() {
			if !w.bad[f.Field] && !w.bad[root(f.Field)] {
				w.Problems = append(w.Problems, w.problem(f))
			}
		}
	}
	w.Problems.sort([]string{file})
	return w
}

// Text returns the file as it was read.
func (w *Workflow) Text() string { return w.text }

// Blame turns the fields of a server's error into problems with a place; ok is false when
// there are none.
func (w *Workflow) Blame(faults []job.FieldError) (problems Problems, ok bool) {
	for _, f := range faults {
		problems = append(problems, w.problem(f))
	}
	problems.sort([]string{w.file})
	return problems, len(problems) > 0
}

// problem gives a fault of a field its place.
func (w *Workflow) problem(f job.FieldError) Problem {
	at := w.at
	for path := f.Field; path != ""; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
		if place, ok := w.places[path]; ok {
			at = place
			break
		}
	}
	return Problem{Position: at, Job: w.Name, Field: f.Field, Code: f.Code, Message: f.Field + ": " + f.Message}
}

// object reads keys and values into a struct of the API.
func (w *Workflow) object(r *reader, n *node, path string, into reflect.Value) {
	fields := map[string]reflect.Value{}
	for _, sf := range reflect.VisibleFields(into.Type()) {
		if name, _, _ := strings.Cut(sf.Tag.Get("json"), ","); name != "" {
			fields[name] = into.FieldByIndex(sf.Index)
		}
	}
	for i, key := range n.keys {
		name, value := key.text, n.items[i]
		long := name
		if means := workflowShort[name]; means != "" && fields[means].IsValid() {
			long = means
		}
		at := join(path, long)
		w.mark(r, at, value)
		switch field := fields[long]; {
		case stepRuns[name] != "" && fields["payload"].IsValid():
			w.runs(r, n, name, value, path, fields)
		case !field.IsValid():
			r.add(key, at, "unknown_field", "unknown field %q%s", clip(name), nearField(name, fields))
			w.bad[at] = true
		case value.kind == kindRefused:
			w.bad[at] = true
		case long != name && long != "handler_name":
			w.duration(r, value, at, name, field)
		default:
			w.value(r, value, at, field)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// mark remembers where a value and what is inside it stand.
func (w *Workflow) mark(r *reader, path string, n *node) {
	w.places[path] = r.at(n)
	for i, item := range n.items {
		if n.kind == kindObject {
			w.mark(r, path+"."+n.keys[i].text, item)
		} else {
			w.mark(r, path+"["+strconv.Itoa(i)+"]", item)
		}
	}
}

func nearField(name string, fields map[string]reflect.Value) string {
	var names []string
	for field := range fields {
		names = append(names, field)
	}
	slices.Sort(names)
	if near := job.Nearest(strings.ReplaceAll(name, "-", "_"), names); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// value reads what a field takes.
func (w *Workflow) value(r *reader, n *node, at string, field reflect.Value) {
	switch t := field.Type(); {
	case t == reflect.TypeFor[[]workflow.Step]() && n.kind == kindList:
		steps := reflect.MakeSlice(t, len(n.items), len(n.items))
		field.Set(steps)
		for i, item := range n.items {
			place := fmt.Sprintf("%s[%d]", at, i)
			if item.kind != kindObject {
				r.add(item, place, "type", "%s: expected keys and values, got %s", place, item.say())
				w.bad[root(at)] = true
				continue
			}
			w.object(r, item, place, steps.Index(i))
		}
	case t == reflect.TypeFor[*workflow.Engine]() && n.kind == kindObject:
		field.Set(reflect.New(t.Elem()))
		w.object(r, n, at, field.Elem())
	case n.kind == kindNull:
		r.add(n, at, "null", "%s: must not be null; leave it out for the default", at)
		w.bad[at] = true
	default:
		if err := json.Unmarshal(n.raw(), field.Addr().Interface()); err != nil {
			r.add(n, at, "type", "%s: %s is not what it takes", at, n.say())
			w.bad[at] = true
		}
	}
}

// duration turns a duration into the milliseconds of a field.
func (w *Workflow) duration(r *reader, n *node, at, name string, field reflect.Value) {
	d, err := parseDuration(n.text)
	if err != nil || n.kind != kindText {
		r.add(n, at, "type", `%s: expected a duration such as "90s" or "1h30m", got %s`, name, n.say())
		w.bad[at] = true
		return
	}
	_ = json.Unmarshal([]byte(strconv.FormatInt(d.Milliseconds(), 10)), field.Addr().Interface()) // an integer, by the table
}

// runs makes handler and payload of what a step runs.
func (w *Workflow) runs(r *reader, n *node, name string, value *node, path string, fields map[string]reflect.Value) {
	if n.has("handler_name") || n.has("handler") || n.has("payload") {
		r.add(value, path, "contradiction", "%s: goes not together with handler or payload", name)
		w.bad[path] = true
		return
	}
	fields["handler_name"].SetString(stepRuns[name])
	fields["payload"].SetBytes([]byte("{" + quoted(name) + ":" + string(value.raw()) + "}"))
	w.mark(r, join(path, "payload."+name), value)
	w.places[join(path, "handler_name")] = r.at(value)
}
