package jobfile

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// addJob reads one job.
func (s *Set) addJob(r *reader, n *node) {
	r.job = ""
	switch n.kind {
	case kindObject:
	case kindRefused:
		return
	default:
		r.add(n, "", "type", "expected a job, which is keys and values, got %s", n.kind)
		return
	}
	j := Job{At: r.at(n), places: map[string]Position{}, bad: map[string]bool{}}
	if i := slices.IndexFunc(n.keys, func(k *node) bool { return k.text == "name" }); i >= 0 && n.items[i].kind == kindText {
		r.job = n.items[i].text
		j.At = r.at(n.keys[i])
	}
	for i, key := range n.keys {
		f, v := fieldNamed(key.text), n.items[i]
		if f == nil {
			r.add(key, key.text, "unknown_field", "%s", unknown(key.text))
			j.bad[meant[key.text]], j.bad[job.Nearest(key.text, names())] = true, true
			continue
		}
		r.places(&j, f.name, v)
		if raw, ok := r.value(&j, f, v); ok && f.means == "" {
			if err := j.fill(f.name, raw); err != nil {
				r.wrong(&j, f, v, "type", "%s: cannot be read", f.name)
			}
		}
	}
	r.shorthands(&j, n)
	s.Jobs = append(s.Jobs, j)
}

func (r *reader) at(n *node) Position {
	return Position{File: r.file, Line: n.line, Column: n.column}
}

// places remembers where a value and what is inside it stand.
func (r *reader) places(j *Job, path string, n *node) {
	j.places[path] = r.at(n)
	for i, item := range n.items {
		if n.kind == kindObject {
			r.places(j, path+"."+n.keys[i].text, item)
		} else {
			r.places(j, path+"["+strconv.Itoa(i)+"]", item)
		}
	}
}

// wrong notes a fault of a field, about which nothing else is said then.
func (r *reader) wrong(j *Job, f *field, n *node, code, format string, args ...any) {
	j.bad[f.name] = true
	if f.means != "" {
		j.bad[f.means] = true
	}
	if n.kind != kindRefused {
		r.add(n, f.name, code, format, args...)
	}
}

// value reads what a field takes as JSON.
func (r *reader) value(j *Job, f *field, n *node) (json.RawMessage, bool) {
	switch {
	case n.kind == kindNull:
		r.wrong(j, f, n, "null", "%s: must not be null; leave it out for the default", f.name)
		return nil, false
	case !f.takes(n):
		quote := ""
		if n.kind == kindNumber || n.kind == kindFlag {
			quote = " (quote it)"
		}
		if f.want() != "a text" {
			quote = ""
		}
		r.wrong(j, f, n, "type", "%s: expected %s, got %s%s", f.name, f.want(), n.say(), quote)
		return nil, false
	}
	switch f.shape {
	case integer:
		return r.integer(j, f, n)
	case instant:
		if _, err := time.Parse(time.RFC3339, n.text); err != nil {
			r.wrong(j, f, n, "type", "%s: expected a time in RFC 3339 with its offset, such as 2026-11-22T17:30:00Z, got %q", f.name, clip(n.text))
			return nil, false
		}
	case duration:
		if _, err := parseDuration(n.text); err != nil {
			r.wrong(j, f, n, "type", "%s: %v", f.name, err)
			return nil, false
		}
	}
	return n.raw(), true
}

// integer reads a whole number.
func (r *reader) integer(j *Job, f *field, n *node) (json.RawMessage, bool) {
	if _, err := strconv.ParseInt(n.text, 10, 64); err == nil {
		return json.RawMessage(n.text), true
	}
	if v, err := strconv.ParseFloat(n.text, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return json.RawMessage(strconv.FormatInt(int64(v), 10)), true
	}
	r.wrong(j, f, n, "type", "%s: expected a whole number, got %s", f.name, clip(n.text))
	return nil, false
}

// takes reports whether a value has the kind that a field wants.
func (f *field) takes(n *node) bool {
	switch f.shape {
	case integer:
		return n.kind == kindNumber
	case flag:
		return n.kind == kindFlag
	case object:
		return n.kind == kindObject
	case words:
		return n.kind == kindList && !slices.ContainsFunc(n.items, func(item *node) bool { return item.kind != kindText })
	case objects:
		return n.kind == kindList && !slices.ContainsFunc(n.items, func(item *node) bool { return item.kind != kindObject })
	default:
		return n.kind == kindText
	}
}

// want says what a field takes.
func (f *field) want() string {
	return [...]string{
		text: "a text", word: "a text", integer: "a whole number", flag: "true or false", instant: "a time such as 2026-11-22T17:30:00Z",
		duration: `a duration such as "90s" or "1h30m"`, words: "a list of texts", object: "keys and values", objects: "a list of keys and values",
	}[f.shape]
}

// say names a value for a message.
func (n *node) say() string {
	switch n.kind {
	case kindNumber, kindFlag:
		return clip(n.text)
	case kindText:
		return fmt.Sprintf("%q", clip(n.text))
	case kindList:
		for _, item := range n.items {
			if item.kind != kindText {
				return "a list with " + item.say()
			}
		}
	}
	return n.kind.String()
}

// shorthands turns durations and what runs into the fields that they are short for.
func (r *reader) shorthands(j *Job, n *node) {
	what := ""
	for i, key := range n.keys {
		f, v := fieldNamed(key.text), n.items[i]
		if f == nil || f.means == "" || j.bad[f.name] {
			continue
		}
		if f.shape == duration {
			r.lengthen(j, f, n, v)
			continue
		}
		if what != "" {
			r.wrong(j, f, key, "contradiction", "%s: goes not together with %s", f.name, what)
			continue
		}
		what = f.name
		r.runs(j, f, v)
	}
}

// lengthen turns a duration into milliseconds.
func (r *reader) lengthen(j *Job, f *field, n, v *node) {
	if n.has(f.means) {
		r.wrong(j, f, v, "contradiction", "%s: give %s or %s, not both", f.name, f.name, f.means)
		return
	}
	d, err := parseDuration(v.text)
	if err == nil {
		err = j.fill(f.means, json.RawMessage(strconv.FormatInt(d.Milliseconds(), 10)))
	}
	if err != nil {
		r.wrong(j, f, v, "type", "%s: %v", f.name, err)
	}
	j.places[f.means] = r.at(v)
}

// runs puts command, shell or url into the payload of its handler.
func (r *reader) runs(j *Job, f *field, v *node) {
	handler := "exec"
	if f.name == "url" {
		handler = "http"
	}
	switch {
	case j.HandlerName == nil && !j.bad["handler_name"]:
		j.HandlerName = &handler
		j.places["handler_name"] = r.at(v)
	case j.HandlerName != nil && *j.HandlerName != handler:
		r.wrong(j, f, v, "contradiction", "%s: is for the handler %s, not for %s", f.name, handler, clip(*j.HandlerName))
		return
	}
	member := quoted(f.name) + ":" + string(v.raw())
	switch body := strings.TrimSuffix(string(j.Payload), "}"); {
	case j.places["payload."+f.name] != Position{}:
		r.wrong(j, f, v, "duplicate", "%s: stands in the payload too", f.name)
		return
	case len(body) <= 1:
		j.Payload = json.RawMessage("{" + member + "}")
	default:
		j.Payload = json.RawMessage(body + "," + member + "}")
	}
	r.places(j, "payload."+f.name, v)
	if _, ok := j.places["payload"]; !ok {
		j.places["payload"] = r.at(v)
	}
}

func (n *node) has(key string) bool {
	return slices.ContainsFunc(n.keys, func(k *node) bool { return k.text == key })
}
