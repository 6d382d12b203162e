package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// payloadFlags are how a payload is given: whole, or member by member.
type payloadFlags struct {
	flag      string // that gives all of it; "" = --payload
	whole     string
	set       []string
	setString []string
}

// given reports whether any of them was used.
func (p payloadFlags) given() bool { return p.whole != "" || len(p.set)+len(p.setString) > 0 }

// build returns the payload: base, or what the flag says, with the members that
// --set and --set-string name.
func (p payloadFlags) build(a *app, base json.RawMessage) (map[string]any, error) {
	object := map[string]any{}
	switch {
	case p.whole != "":
		text, source := []byte(p.whole), or(p.flag, "--payload")
		if path, isFile := strings.CutPrefix(p.whole, "@"); isFile {
			data, err := a.input(path, job.MaxPayload)
			if err != nil {
				return nil, err
			}
			text, source = data, path
		}
		if err := decodeObject(text, &object); err != nil {
			return nil, usagef("%s: %v", source, err).WithHint(`a payload is a JSON object, for example {"key": "value"}`)
		}
	case len(base) > 0:
		if err := decodeObject(base, &object); err != nil {
			return nil, job.Errorf(job.Internal, "read the job's payload: %w", err)
		}
	}
	for _, assignment := range p.set {
		path, text, ok := strings.Cut(assignment, "=")
		if !ok {
			return nil, usagef("--set %q has no =", assignment).WithHint("write --set key=value")
		}
		if err := setMember(object, path, literal(text)); err != nil {
			return nil, err
		}
	}
	for _, assignment := range p.setString {
		path, text, ok := strings.Cut(assignment, "=")
		if !ok {
			return nil, usagef("--set-string %q has no =", assignment).WithHint("write --set-string key=value")
		}
		if err := setMember(object, path, text); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// decodeObject reads exactly one JSON object; numbers keep their digits.
func decodeObject(text []byte, into *map[string]any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("it is empty")
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the JSON value")
	}
	object, ok := value.(map[string]any)
	if !ok {
		return errors.New("it is JSON, but no object")
	}
	*into = object
	return nil
}

// literal reads text as JSON when it is JSON, else as a string.
func literal(text string) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return text
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return text
	}
	return value
}

// setMember sets a member of an object; dots in the path lead into objects.
func setMember(object map[string]any, path string, value any) error {
	keys := strings.Split(path, ".")
	for i, key := range keys {
		if key == "" {
			return usagef("%q is not a path of names with dots between them", path)
		}
		if i == len(keys)-1 {
			object[key] = value
			break
		}
		inner, ok := object[key].(map[string]any)
		if _, exists := object[key]; exists && !ok {
			return usagef("cannot set %q: %q is not an object", path, strings.Join(keys[:i+1], "."))
		}
		if !ok {
			inner = map[string]any{}
			object[key] = inner
		}
		object = inner
	}
	return nil
}

// encode writes a payload.
func encode(object map[string]any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return nil, usagef("encode the payload: %v", err)
	}
	if buf.Len() > job.MaxPayload {
		return nil, usagef("the payload has %d bytes; at most %d are allowed", buf.Len(), job.MaxPayload)
	}
	return bytes.TrimSpace(buf.Bytes()), nil
}

// compact is JSON on one line, "" for nothing.
func compact(raw json.RawMessage) string {
	var buf bytes.Buffer
	if json.Compact(&buf, raw) != nil {
		return string(raw)
	}
	return buf.String()
}
