package httpcall

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxHeaderKept bounds each header of a result, in bytes.
const maxHeaderKept = 256

// value is the result of a call that was answered.
type value struct {
	Status    int               `json:"status"`
	Headers   map[string]string `json:"headers,omitempty"`
	Body      json.RawMessage   `json:"body,omitempty"`
	Truncated bool              `json:"truncated,omitempty"` // the body had more
}

// result keeps the answer, none if there was none.
func (a answer) result() handler.Result {
	if a.status == 0 {
		return handler.Result{}
	}
	v := value{Status: a.status, Headers: a.kept(), Truncated: a.truncated}
	if !a.truncated && strings.Contains(a.header.Get("Content-Type"), "json") {
		v.Body = storable(a.body)
		if raw, err := marshal(v); err == nil && v.Body != nil && len(raw) <= job.MaxResult {
			return handler.Result{Value: raw}
		}
	}
	text := string(a.body[:min(len(a.body), job.MaxResult)])
	v.Truncated = v.Truncated || len(text) < len(a.body)
	for {
		raw, err := v.with(text)
		if err != nil || len(raw) <= job.MaxResult {
			return handler.Result{Value: raw}
		}
		v.Truncated = true
		// Escapes take up to six bytes for one: drop what is too much, at least.
		text = cut(text, len(text)-max(1, (len(raw)-job.MaxResult+5)/6))
	}
}

// with marshals the value with a text as its body.
func (v value) with(text string) ([]byte, error) {
	v.Body = nil
	if text != "" {
		body, err := marshal(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD"))
		if err != nil {
			return nil, err
		}
		v.Body = body
	}
	return marshal(v)
}

// storable returns a JSON body in a form that every store takes, nil if there is
// none: PostgreSQL refuses NUL and halves of surrogate pairs.
func storable(body []byte) json.RawMessage {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil || d.More() {
		return nil
	}
	raw, err := marshal(v)
	if err != nil || bytes.Contains(raw, []byte(`\u0000`)) {
		return nil
	}
	return raw
}

// marshal writes JSON without the escapes that only HTML needs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// kept returns the headers worth keeping.
func (a answer) kept() map[string]string {
	headers := map[string]string{}
	for _, name := range []string{"Content-Type", "Date", "Etag", "Location", "Retry-After", "Server", "X-Request-Id"} {
		if text := a.header.Get(name); text != "" {
			headers[name] = cut(strings.ToValidUTF8(text, "\uFFFD"), maxHeaderKept)
		}
	}
	return headers
}

// cut shortens s to at most n bytes, at a rune's edge.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:max(n, 0)]
}
