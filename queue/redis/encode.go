package redis

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/queue"
)

// appendEvent appends an event as it travels: as JSON, with data as it is. Events are
// too many for reflection.
func appendEvent(b []byte, e *queue.Event) []byte {
	b = appendText(append(b, `{"event":`...), e.Name)
	b = appendText(append(b, `,"id":`...), e.ID)
	if e.Platform != "" {
		b = appendText(append(b, `,"platform":`...), e.Platform)
	}
	b = e.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano)
	b = append(b, `","data":`...)
	if len(e.Data) == 0 {
		return append(b, "null}"...)
	}
	return append(append(b, e.Data...), '}')
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return appendOdd(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendOdd is appendText for texts with signs that need a look.
func appendOdd(b []byte, s string) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always encodes
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
