package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of a body.
const (
	maxDepth    = 32
	maxElements = 10_000

	maxApplyElements = 1_000_000 // of a body that holds many jobs, each of which keeps maxElements
)

// member is one field of the object that a body is.
type member struct {
	name string
	raw  json.RawMessage
}

// fault is what is wrong with a body, and where.
type fault struct {
	pos     int
	path    string // of the field, "" = the body itself
	code    string
	message string
}

// within adds the name of what surrounds the fault.
func (f *fault) within(name string) *fault {
	switch {
	case f.path == "":
		f.path = name
	case f.path[0] == '[':
		f.path = name + f.path
	default:
		f.path = name + "." + f.path
	}
	return f
}

// scanBody reads one JSON object, token by token, and returns its members in order.
// It refuses what encoding/json lets pass: duplicate names, trailing data, text that
// is not Unicode; and what would cost too much.
func scanBody(raw []byte, elements int) ([]member, error) {
	s := scanner{data: raw, most: elements}
	members, f := s.body()
	if f == nil {
		return members, nil
	}
	line := bytes.Count(raw[:f.pos], []byte("\n")) + 1
	column := f.pos - bytes.LastIndexByte(raw[:f.pos], '\n')
	where := "body"
	if f.path != "" {
		where = f.path
	}
	var p job.Problems
	p.Add(where, f.code, "%s (line %d, column %d)", f.message, line, column)
	return nil, p.Err()
}

// scanner walks over JSON.
type scanner struct {
	data     []byte
	pos      int
	depth    int
	elements int
	most     int // elements
}

func (s *scanner) fault(code, format string, args ...any) *fault {
	return &fault{pos: min(s.pos, len(s.data)), code: code, message: fmt.Sprintf(format, args...)}
}

// body reads the whole text.
func (s *scanner) body() ([]member, *fault) {
	if bytes.HasPrefix(s.data, []byte("\xef\xbb\xbf")) {
		return nil, s.fault("syntax", "starts with a byte order mark; send plain UTF-8")
	}
	s.blanks()
	switch c := s.peek(); {
	case c == 0 && s.pos >= len(s.data):
		return nil, s.fault("empty", "is empty; expected a JSON object")
	case c != '{':
		return nil, s.fault("type", "expected a JSON object, got %s", kindOf(c))
	}
	var members []member
	if f := s.object(&members); f != nil {
		return nil, f
	}
	s.blanks()
	if s.pos < len(s.data) {
		return nil, s.fault("trailing", "has extra data after the JSON object")
	}
	return members, nil
}

// kindOf names the kind of value that starts with c.
func kindOf(c byte) string {
	switch {
	case c == '[':
		return "array"
	case c == '{':
		return "object"
	case c == '"':
		return "string"
	case c == 'n':
		return "null"
	case c == 't', c == 'f':
		return "boolean"
	case c == '-', c >= '0' && c <= '9':
		return "number"
	}
	return "something else"
}

func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) blanks() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// unexpected says what stands where something else should.
func (s *scanner) unexpected(want string) *fault {
	if s.pos >= len(s.data) {
		return s.fault("syntax", "ends too early: expected %s", want)
	}
	r := bytes.Runes(s.data[s.pos:min(s.pos+4, len(s.data))])[0]
	return s.fault("syntax", "expected %s, got %q", want, r)
}

// value reads one value of any kind.
func (s *scanner) value() *fault {
	switch c := s.peek(); {
	case c == '{':
		return s.object(nil)
	case c == '[':
		return s.array()
	case c == '"':
		_, f := s.text()
		return f
	case c == '-', c >= '0' && c <= '9':
		return s.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.unexpected("a value")
}

// enter counts one level of nesting.
func (s *scanner) enter() *fault {
	if s.depth++; s.depth > maxDepth {
		return s.fault("too_deep", "is nested deeper than %d levels", maxDepth)
	}
	s.pos++
	s.blanks()
	return nil
}

// element counts one member or item.
func (s *scanner) element() *fault {
	if s.elements++; s.elements > s.most {
		return s.fault("too_many", "has more than %d elements", s.most)
	}
	return nil
}

// more reads what follows an element: true for a comma, false for the end.
func (s *scanner) more(end byte) (bool, *fault) {
	s.blanks()
	switch s.peek() {
	case ',':
		s.pos++
		s.blanks()
		return true, nil
	case end:
		s.pos++
		s.depth--
		return false, nil
	}
	return false, s.unexpected(fmt.Sprintf(`"," or %q`, string(end)))
}

// object reads an object; members, when not nil, gets its fields.
func (s *scanner) object(members *[]member) *fault {
	if f := s.enter(); f != nil {
		return f
	}
	if s.peek() == '}' {
		s.pos++
		s.depth--
		return nil
	}
	seen := map[string]struct{}{}
	for {
		start := s.pos
		if s.peek() != '"' {
			return s.unexpected("a field name in double quotes")
		}
		name, f := s.text()
		if f != nil {
			return f
		}
		if _, twice := seen[name]; twice {
			s.pos = start
			return s.fault("duplicate", "appears twice").within(clip(name))
		}
		seen[name] = struct{}{}
		s.blanks()
		if s.peek() != ':' {
			return s.unexpected(`":"`).within(clip(name))
		}
		s.pos++
		s.blanks()
		begin := s.pos
		f = s.element()
		if f == nil {
			f = s.value()
		}
		if f != nil {
			return f.within(clip(name))
		}
		if members != nil {
			*members = append(*members, member{name: name, raw: s.data[begin:s.pos]})
		}
		more, f := s.more('}')
		if f != nil || !more {
			return f
		}
	}
}

// array reads an array.
func (s *scanner) array() *fault {
	if f := s.enter(); f != nil {
		return f
	}
	if s.peek() == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for i := 0; ; i++ {
		f := s.element()
		if f == nil {
			f = s.value()
		}
		if f != nil {
			return f.within("[" + strconv.Itoa(i) + "]")
		}
		more, f := s.more(']')
		if f != nil || !more {
			return f
		}
	}
}

// text reads a string and returns it decoded.
func (s *scanner) text() (string, *fault) {
	start := s.pos
	escapes := false
	for s.pos++; ; s.pos++ {
		if s.pos >= len(s.data) {
			return "", s.fault("syntax", "ends within a string")
		}
		c := s.data[s.pos]
		if c == '"' {
			break
		}
		if c < ' ' {
			return "", s.fault("syntax", "has the control character U+%04X within a string; escape it", c)
		}
		if c == '\\' {
			escapes = true
			s.pos++
		}
	}
	s.pos++
	raw := s.data[start:s.pos]
	plain := string(raw[1 : len(raw)-1])
	if escapes {
		if err := json.Unmarshal(raw, &plain); err != nil {
			s.pos = start
			return "", s.fault("syntax", "has a wrong escape within a string")
		}
	}
	if wrong := job.TextFault(raw); wrong != "" {
		s.pos = start
		return "", s.fault("text", "%s", wrong)
	}
	return plain, nil
}

// number reads a number that a float can hold.
func (s *scanner) number() *fault {
	start := s.pos
	for s.pos < len(s.data) && bytes.IndexByte([]byte("+-.eE0123456789"), s.data[s.pos]) >= 0 {
		s.pos++
	}
	raw := s.data[start:s.pos]
	if !json.Valid(raw) {
		s.pos = start
		return s.fault("syntax", "%.40q is not a number", raw)
	}
	if _, err := strconv.ParseFloat(string(raw), 64); errors.Is(err, strconv.ErrRange) {
		s.pos = start
		return s.fault("out_of_range", "the number %.40s is out of range", raw)
	}
	return nil
}

// clip shortens a name for a message.
func clip(name string) string {
	if runes := []rune(name); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return name
}
