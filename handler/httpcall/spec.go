package httpcall

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// spec is one call, as a payload or the configuration has it.
type spec struct {
	url     string
	method  string
	headers map[string]string // canonical names
	body    []byte            // nil = none
	kind    string            // Content-Type of body
	timeout time.Duration     // 0 = Options.Timeout
	expect  []int             // empty = 200 to 299
	key     []byte            // signs the call; nil = it is not signed
	private bool              // the path is a secret
}

const (
	maxHeaders   = 64
	maxHeader    = 8 << 10 // bytes of one value
	maxTimeoutMS = 24 * 60 * 60 * 1000
	kindJSON     = "application/json"
	kindText     = "text/plain; charset=utf-8"
)

func methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
}

// parsePayload reads a payload of the free handler.
func parsePayload(g *Guard, payload json.RawMessage) (spec, job.Problems) {
	f := readFields(payload, "url", "method", "headers", "body", "timeout_ms", "expect_status")
	var s spec
	if f.Has("url") {
		s.url = f.Text("url")
		if _, why := g.parse(s.url); why != "" {
			f.Add("url", "not_allowed", "%s", why)
		}
	} else {
		f.Add("url", "required", "is required")
	}
	s.body, s.kind = f.body()
	s.method = f.method(s.body != nil)
	s.headers = f.headers()
	if f.Has("timeout_ms") {
		s.timeout = time.Duration(f.Number("timeout_ms", f.Members["timeout_ms"], 1, maxTimeoutMS)) * time.Millisecond
	}
	s.expect = f.expect()
	return s, f.Problems
}

func (f *fields) method(body bool) string {
	method := http.MethodGet
	if body {
		method = http.MethodPost
	}
	if f.Has("method") {
		method = f.Text("method")
		if !slices.Contains(methods(), method) {
			f.Add("method", "unknown", "%.20q is not one of %s", method, strings.Join(methods(), ", "))
		}
	}
	if body && bodiless(method) {
		f.Add("body", "contradiction", "does not go with %s", method)
	}
	return method
}

func bodiless(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// body returns what is sent; null is none.
func (f *fields) body() (body []byte, kind string) {
	raw := bytes.TrimSpace(f.Members["body"])
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, ""
	case raw[0] == '"':
		return []byte(f.Text("body")), kindText
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		f.Add("body", "syntax", "is not valid JSON")
	}
	return compact.Bytes(), kindJSON
}

func (f *fields) headers() map[string]string {
	if !f.Has("headers") {
		return nil
	}
	headers := map[string]string{}
	for _, m := range f.Object("payload.headers", f.Members["headers"]) {
		place := "headers." + m.Name
		value := f.StringAt(place, m.Value)
		if why := checkHeader(m.Name, value, false); why != "" {
			f.Add(place, "not_allowed", "%s", why)
			continue
		}
		name := http.CanonicalHeaderKey(m.Name)
		if _, taken := headers[name]; taken {
			f.Add(place, "duplicate", "is given twice: names do not differ by case")
		}
		headers[name] = value
	}
	if len(headers) > maxHeaders {
		f.Add("headers", "too_many", "has %d headers; at most %d are allowed", len(headers), maxHeaders)
	}
	return headers
}

func (f *fields) expect() []int {
	if !f.Has("expect_status") {
		return nil
	}
	raw := f.Members["expect_status"]
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return []int{f.Number("expect_status", raw, 200, 599)}
	}
	if len(items) == 0 || len(items) > maxHeaders {
		f.Add("expect_status", "type", "must be a status or a list of them")
	}
	var list []int
	for i, item := range items {
		list = append(list, f.Number(fmt.Sprintf("expect_status[%d]", i), item, 200, 599))
	}
	return list
}

// checkHeader says why a header may not be set, "" if it may. What frames the
// message, what proxies act on, and what says who calls, is ours.
func checkHeader(name, value string, operator bool) string {
	lower := strings.ToLower(name)
	switch {
	case !isToken(name):
		return "is not the name of a header"
	case strings.HasPrefix(lower, "proxy-"), strings.HasPrefix(lower, "x-schedd-"):
		return "must not be set"
	case lower == "cookie" && !operator:
		return "must not be set in a payload; the configuration can"
	case len(value) > maxHeader:
		return fmt.Sprintf("has %d bytes; at most %d are allowed", len(value), maxHeader)
	}
	switch lower {
	case "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer",
		"upgrade", "expect", "accept-encoding", "traceparent", "tracestate", "http2-settings":
		return "must not be set"
	}
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return "must not hold control characters"
		}
	}
	return ""
}

// isToken says whether s is a token of RFC 9110.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}
