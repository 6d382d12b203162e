package dump

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/job"
)

// Row is one row of a table, with a value for each of its columns. The values hold
// until the next row is asked for.
type Row struct {
	Table  *Table
	Values []any
}

// Exporter is a store that can be read as a whole.
type Exporter interface {
	// Export returns every row as of one moment, by table in the order of Tables. An error
	// ends it.
	Export(ctx context.Context) iter.Seq2[Row, error]
}

// Importer is a store that can be filled as a whole.
type Importer interface {
	// Import fills an empty store, or changes nothing; see the adapters.
	Import(ctx context.Context, rows iter.Seq2[Row, error]) (Sums, error)
}

// Clean makes text what every store can keep: bytes that are not UTF-8, and NUL, become
// U+FFFD.
func Clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// appendJSON appends the row as a line of a file. What is null, empty or zero is left
// out: reading gives it back by the column's kind.
func (r Row) appendJSON(b []byte) ([]byte, error) {
	if len(r.Values) != len(r.Table.Columns) {
		return nil, fmt.Errorf("a row of %s has %d values, want %d", r.Table.Name, len(r.Values), len(r.Table.Columns))
	}
	b = append(b, `{"table":"`...)
	b = append(b, r.Table.Name...)
	b = append(b, '"')
	for i := range r.Table.Columns {
		c := &r.Table.Columns[i]
		start := len(b)
		b = append(b, ',', '"')
		b = append(b, c.Name...)
		b = append(b, '"', ':')
		var ok, fits bool
		if b, ok, fits = c.append(b, r.Values[i]); !fits {
			return nil, fmt.Errorf("%s.%s: value %v of type %T does not fit", r.Table.Name, c.Name, r.Values[i], r.Values[i])
		}
		if !ok {
			b = b[:start]
		}
	}
	return append(b, '}', '\n'), nil
}

// append appends a value; ok is false when it can be left out, fits when it is not of
// the column's kind.
func (c *Column) append(b []byte, value any) (out []byte, ok, fits bool) {
	if value == nil {
		return b, false, c.Kind == OptInt || c.Kind == OptKey || c.Kind == OptPacked || c.Kind == JSON
	}
	switch v := value.(type) {
	case int64:
		return c.appendInt(b, v)
	case bool:
		return strconv.AppendBool(b, v), v, c.Kind == Bool
	case string:
		return quote(b, v), v != "", c.Kind == Text
	case job.ID:
		return quote(b, v.String()), true, c.Kind == ID
	case []int64:
		b = append(b, '[')
		for i, k := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendKey(b, k)
		}
		return append(b, ']'), len(v) > 0, c.Kind == Keys
	case []byte:
		return c.appendBytes(b, v)
	}
	return b, false, false
}

func (c *Column) appendInt(b []byte, v int64) (out []byte, ok, fits bool) {
	switch c.Kind {
	case Int:
		return strconv.AppendInt(b, v, 10), v != 0, true
	case OptInt:
		return strconv.AppendInt(b, v, 10), true, true
	case Key, OptKey:
		return appendKey(b, v), true, true
	case Enum:
		if v < 0 || v >= int64(len(c.Words)) {
			return b, false, false
		}
		return quote(b, c.Words[v]), true, true
	}
	return b, false, false
}

// appendBytes writes JSON as the text that it is, so that not a blank of it changes,
// and what is not text as base64 in an object.
func (c *Column) appendBytes(b, v []byte) (out []byte, ok, fits bool) {
	switch {
	case c.Kind == Packed || c.Kind == OptPacked:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"'), true, true
	case c.Kind != JSON:
		return b, false, v == nil
	case v == nil:
		return b, false, true
	case !utf8.Valid(v):
		b = append(b, `{"base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"', '}'), true, true
	default:
		return quote(b, string(v)), true, true
	}
}

func appendKey(b []byte, k int64) []byte { return fmt.Appendf(b, `"%016x"`, uint64(k)) }

// quote appends a JSON string. What need not be escaped is what most text is.
func quote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			text, _ := json.Marshal(s) // a string always marshals
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
