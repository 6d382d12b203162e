package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// fields reads the members of a payload and collects everything that is wrong.
type fields struct {
	members  map[string]json.RawMessage
	problems job.Problems
}

// member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// readFields splits a payload into its members, of which only the known ones are
// allowed, once each. An empty payload has none.
func readFields(payload json.RawMessage, known ...string) *fields {
	f := &fields{members: map[string]json.RawMessage{}}
	if len(bytes.TrimSpace(payload)) == 0 {
		return f
	}
	for _, m := range f.object("payload", payload) {
		if !slices.Contains(known, m.name) {
			hint := ""
			if near := job.Nearest(m.name, known); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			f.add(m.name, "unknown", "is not a field of this handler%s", hint)
			continue
		}
		f.members[m.name] = m.value
	}
	return f
}

// add notes a problem of a member.
func (f *fields) add(name, code, format string, args ...any) {
	f.problems.Add("payload."+name, code, format, args...)
}

func (f *fields) has(name string) bool { return f.members[name] != nil }

// object splits an object into members, and notes names that come twice.
func (f *fields) object(path string, raw json.RawMessage) []member {
	members, err := split(raw)
	switch {
	case errors.Is(err, errNoObject):
		f.problems.Add(path, "type", "must be a JSON object")
	case err != nil:
		f.problems.Add(path, "syntax", "is not valid JSON")
	}
	seen := map[string]bool{}
	for _, m := range members {
		if seen[m.name] {
			f.problems.Add(path+"."+m.name, "duplicate", "is given twice")
		}
		seen[m.name] = true
	}
	return members
}

var errNoObject = errors.New("no object")

func split(raw json.RawMessage) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	start, err := d.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, errNoObject
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: fmt.Sprint(name)}
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("trailing data")
	}
	return members, nil
}

// bool reads true or false; false when it is absent or wrong.
func (f *fields) bool(name string) bool {
	if !f.has(name) {
		return false
	}
	switch string(bytes.TrimSpace(f.members[name])) {
	case "true":
		return true
	case "false":
	default:
		f.add(name, "type", "must be true or false")
	}
	return false
}

// text reads a string; "" when it is absent or wrong.
func (f *fields) text(name string) string {
	if !f.has(name) {
		return ""
	}
	return f.stringAt(name, f.members[name])
}

// texts reads a list of strings.
func (f *fields) texts(name string) []string {
	if !f.has(name) {
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(f.members[name], &items); err != nil || items == nil {
		f.add(name, "type", "must be a list of strings")
		return nil
	}
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = f.stringAt(fmt.Sprintf("%s[%d]", name, i), item)
	}
	return list
}

// stringAt reads the string at a place. NUL cannot be given to a program.
func (f *fields) stringAt(place string, raw json.RawMessage) string {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		f.add(place, "type", "must be a string")
		return ""
	}
	if strings.ContainsRune(*s, 0) {
		f.add(place, "text", "must not contain the character NUL")
	}
	return *s
}
