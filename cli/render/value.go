package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/itchyny/gojq"
)

// Generic returns v as the maps, lists and scalars that its JSON has. Numbers keep
// their digits.
func Generic(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return out, nil
}

// Scalar writes a value of Generic on one line: text as it is, null as nothing, lists
// of text with commas, everything else as JSON.
func Scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok {
				return oneLine(v)
			}
			words[i] = text
		}
		return strings.Join(words, ",")
	}
	return oneLine(v)
}

func oneLine(v any) string {
	text, err := encode(v, "")
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// Query is an expression of jq, ready to run.
type Query struct{ code *gojq.Code }

// ParseQuery reads an expression of jq. It can read neither files nor the environment.
func ParseQuery(text string) (*Query, error) {
	parsed, err := gojq.Parse(text)
	if err != nil {
		return nil, err
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, err
	}
	return &Query{code}, nil
}

// Run writes what the expression makes of v, one JSON value a line; raw leaves out the
// quotes of values that are text.
func (q *Query) Run(w io.Writer, v any, raw bool) error {
	in, err := Generic(v)
	if err != nil {
		return err
	}
	results := q.code.Run(in)
	for {
		value, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := value.(error); failed {
			if halt, ok := err.(*gojq.HaltError); ok && halt.Value() == nil { //nolint:errorlint // never wrapped
				return nil
			}
			return err
		}
		text, err := marshal(value, raw)
		if err != nil {
			return err
		}
		if _, err := w.Write(escape(append(text, '\n'), jsonEscape)); err != nil {
			return err
		}
	}
}

// marshal writes one result of a query; raw leaves text as it is.
func marshal(value any, raw bool) ([]byte, error) {
	if text, is := value.(string); is && raw {
		return []byte(text), nil
	}
	return gojq.Marshal(value)
}
