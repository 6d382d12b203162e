// Package payload reads the JSON object that a job gives its handler: every member by
// name, and every problem at once, with its place.
package payload

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

// Fields reads the members of a payload and collects everything that is wrong.
type Fields struct {
	Members  map[string]json.RawMessage // the known ones, by name
	Problems job.Problems
}

// Member is one name and value of a JSON object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Read splits a payload into its members, of which only the known ones are
// allowed, once each. An empty payload has none.
func Read(payload json.RawMessage, known ...string) *Fields {
	f := &Fields{Members: map[string]json.RawMessage{}}
	if len(bytes.TrimSpace(payload)) == 0 {
		return f
	}
	for _, m := range f.Object("payload", payload) {
		if !slices.Contains(known, m.Name) {
			hint := ""
			if near := job.Nearest(m.Name, known); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			f.Add(m.Name, "unknown", "is not a field of this handler%s", hint)
			continue
		}
		f.Members[m.Name] = m.Value
	}
	return f
}

// Add notes a problem of a member.
func (f *Fields) Add(name, code, format string, args ...any) {
	f.Problems.Add("payload."+name, code, format, args...)
}

// Has reports whether the payload has the member.
func (f *Fields) Has(name string) bool { return f.Members[name] != nil }

// Object splits an object into members, and notes names that come twice.
func (f *Fields) Object(path string, raw json.RawMessage) []Member {
	members, err := split(raw)
	switch {
	case errors.Is(err, errNoObject):
		f.Problems.Add(path, "type", "must be a JSON object")
	case err != nil:
		f.Problems.Add(path, "syntax", "is not valid JSON")
	}
	seen := map[string]bool{}
	for _, m := range members {
		if seen[m.Name] {
			f.Problems.Add(path+"."+m.Name, "duplicate", "is given twice")
		}
		seen[m.Name] = true
	}
	return members
}

var errNoObject = errors.New("no object")

func split(raw json.RawMessage) ([]Member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	start, err := d.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, errNoObject
	}
	var members []Member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := Member{Name: fmt.Sprint(name)}
		if err := d.Decode(&m.Value); err != nil {
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

// Bool reads true or false; false when it is absent or wrong.
func (f *Fields) Bool(name string) bool {
	if !f.Has(name) {
		return false
	}
	switch string(bytes.TrimSpace(f.Members[name])) {
	case "true":
		return true
	case "false":
	default:
		f.Add(name, "type", "must be true or false")
	}
	return false
}

// Text reads a string; "" when it is absent or wrong.
func (f *Fields) Text(name string) string {
	if !f.Has(name) {
		return ""
	}
	return f.StringAt(name, f.Members[name])
}

// Texts reads a list of strings.
func (f *Fields) Texts(name string) []string {
	if !f.Has(name) {
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(f.Members[name], &items); err != nil || items == nil {
		f.Add(name, "type", "must be a list of strings")
		return nil
	}
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = f.StringAt(fmt.Sprintf("%s[%d]", name, i), item)
	}
	return list
}

// StringAt reads the string at a place. NUL cannot be given to a program.
func (f *Fields) StringAt(place string, raw json.RawMessage) string {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		f.Add(place, "type", "must be a string")
		return ""
	}
	if strings.ContainsRune(*s, 0) {
		f.Add(place, "text", "must not contain the character NUL")
	}
	return *s
}

// Number reads an integer within bounds; 0 when it is absent or wrong.
func (f *Fields) Number(place string, raw json.RawMessage, low, high int) int {
	var n *int
	if err := json.Unmarshal(raw, &n); err != nil || n == nil {
		f.Add(place, "type", "must be an integer")
		return 0
	}
	if *n < low || *n > high {
		f.Add(place, "out_of_range", "%d is outside %d to %d", *n, low, high)
	}
	return *n
}
