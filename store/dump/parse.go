package dump

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/agentic-sdlc/scheduler/job"
)

// parseRow reads a line that appendJSON wrote.
func parseRow(line []byte) (Row, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Row{}, err
	}
	var name string
	if err := json.Unmarshal(fields["table"], &name); err != nil {
		return Row{}, fmt.Errorf("it names no table")
	}
	t := Of(name)
	if t == nil {
		return Row{}, fmt.Errorf("there is no table %q", name)
	}
	row := Row{Table: t, Values: make([]any, len(t.Columns))}
	known := 1
	for i := range t.Columns {
		c := &t.Columns[i]
		text, given := fields[c.Name]
		if !given {
			row.Values[i] = c.zero()
			continue
		}
		known++
		value, err := c.parse(text)
		if err != nil {
			return Row{}, fmt.Errorf("%s.%s: %w", name, c.Name, err)
		}
		row.Values[i] = value
	}
	if known < len(fields) {
		for field := range fields {
			if field != "table" && !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == field }) {
				return Row{}, fmt.Errorf("%s has no column %q", name, field)
			}
		}
	}
	return row, nil
}

// zero is the value that files leave out.
func (c *Column) zero() any {
	switch c.Kind {
	case Int, Enum, Key:
		return int64(0)
	case Bool:
		return false
	case Text:
		return ""
	case ID:
		return job.ID{}
	case Keys:
		return []int64(nil)
	case Packed:
		return []byte{}
	default:
		return nil
	}
}

func (c *Column) parse(text json.RawMessage) (any, error) {
	switch c.Kind {
	case Int, OptInt:
		return strconv.ParseInt(string(text), 10, 64)
	case Bool:
		return strconv.ParseBool(string(text))
	case Keys:
		return parseKeys(text)
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		if c.Kind == JSON {
			return parseBase64(text)
		}
		return nil, err
	}
	switch c.Kind {
	case Text:
		return Clean(s), nil
	case Enum:
		if i := slices.Index(c.Words, s); i >= 0 {
			return int64(i), nil
		}
		return nil, fmt.Errorf("%q is not known", s)
	case ID:
		var id job.ID
		err := id.UnmarshalText([]byte(s))
		return id, err
	case Key, OptKey:
		return parseKey(s)
	case JSON:
		return []byte(s), nil
	default:
		return base64.StdEncoding.DecodeString(s)
	}
}

// parseBase64 reads bytes that are no text.
func parseBase64(text json.RawMessage) (any, error) {
	var wrapped struct {
		Base64 []byte `json:"base64"`
	}
	err := json.Unmarshal(text, &wrapped)
	return wrapped.Base64, err
}

func parseKey(s string) (int64, error) {
	k, err := strconv.ParseUint(s, 16, 64)
	return int64(k), err
}

func parseKeys(text json.RawMessage) (any, error) {
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	keys := make([]int64, len(list))
	for i, s := range list {
		k, err := parseKey(s)
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	return keys, nil
}
