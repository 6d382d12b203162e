package httpcall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// Handler makes HTTP calls. It is safe for concurrent use.
type Handler struct {
	guard   *Guard
	client  *http.Client
	timeout time.Duration
	agent   string
	named   *spec // nil = the payload spells the call out
}

var (
	_ handler.Handler   = (*Handler)(nil)
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns the handler whose payload spells out the call.
func New(o Options) (*Handler, error) {
	if o.Guard == nil {
		guard, err := NewGuard(GuardOptions{})
		if err != nil {
			return nil, err
		}
		o.Guard = guard
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = "schedd"
	}
	return &Handler{guard: o.Guard, client: o.Guard.Client(), timeout: o.Timeout, agent: o.UserAgent}, nil
}

// Named returns a handler for one fixed call. The error, with code invalid, says
// what is wrong with n.
func Named(o Options, n NamedOptions) (*Handler, error) {
	h, err := New(o)
	if err != nil {
		return nil, err
	}
	s, problems := parseNamed(h.guard, n)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	h.named = &s
	return h, nil
}

func parseNamed(g *Guard, n NamedOptions) (spec, job.Problems) {
	var p job.Problems
	s := spec{url: n.URL, method: n.Method, headers: map[string]string{}, timeout: n.Timeout, expect: n.ExpectStatus, private: n.Private}
	if s.key = signingKey(n.Secret); s.key == nil && n.Secret != "" {
		p.Add("secret", "syntax", "starts with whsec_ and is not base64")
	}
	if _, why := g.parse(n.URL); why != "" {
		p.Add("url", "not_allowed", "%s", why)
	}
	if s.method == "" {
		s.method = http.MethodPost
	}
	if !slices.Contains(methods(), s.method) {
		p.Add("method", "unknown", "%.20q is not a method", s.method)
	}
	for _, name := range slices.Sorted(maps.Keys(n.Headers)) {
		if why := checkHeader(name, n.Headers[name], true); why != "" {
			p.Add("headers."+name, "not_allowed", "%s", why)
		}
		s.headers[http.CanonicalHeaderKey(name)] = n.Headers[name]
	}
	if n.Timeout < 0 {
		p.Add("timeout", "out_of_range", "must not be negative")
	}
	for i, status := range n.ExpectStatus {
		if status < 200 || status > 599 {
			p.Add(fmt.Sprintf("expect_status[%d]", i), "out_of_range", "%d is outside 200 to 599", status)
		}
	}
	return s, p
}

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	if h.named != nil {
		if bodiless(h.named.method) {
			return json.RawMessage(`{"type":"object","additionalProperties":false}`)
		}
		return json.RawMessage(`{"type":"object","description":"the JSON body of the call"}`)
	}
	return json.RawMessage(`{"type":"object","required":["url"],"additionalProperties":false,"properties":{` +
		`"url":{"type":"string","format":"uri"},` +
		`"method":{"enum":["GET","HEAD","POST","PUT","PATCH","DELETE","OPTIONS"],"description":"default: GET without a body, else POST"},` +
		`"headers":{"type":"object","additionalProperties":{"type":"string"}},` +
		`"body":{"description":"text is sent as it is, the rest as JSON"},` +
		`"timeout_ms":{"type":"integer","minimum":1,"maximum":86400000},` +
		`"expect_status":{"description":"default: 200 to 299","oneOf":[{"type":"integer"},{"type":"array","items":{"type":"integer"}}]}}}`)
}

// ValidatePayload reports everything that is wrong with a payload: an error with
// code invalid and a field for each problem, such as "payload.url".
func (h *Handler) ValidatePayload(payload json.RawMessage) error {
	_, err := h.plan(payload)
	return err
}

// plan makes a call of a payload.
func (h *Handler) plan(payload json.RawMessage) (spec, error) {
	if h.named == nil {
		s, problems := parsePayload(h.guard, payload)
		return s, problems.Err()
	}
	s := *h.named
	if bodiless(s.method) {
		return s, readFields(payload).Problems.Err()
	}
	if len(bytes.TrimSpace(payload)) == 0 {
		payload = json.RawMessage("{}")
	}
	var p job.Problems
	if !json.Valid(payload) {
		p.Add("payload", "syntax", "is not valid JSON")
	}
	s.body, s.kind = payload, kindJSON
	return s, p.Err()
}

// request builds the request of one attempt.
func (h *Handler) request(ctx context.Context, s spec, t *handler.Task, now time.Time) (*http.Request, error) {
	var body io.Reader
	if s.body != nil {
		body = bytes.NewReader(s.body)
	}
	req, err := http.NewRequestWithContext(ctx, s.method, s.url, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", h.agent)
	req.Header.Set("Idempotency-Key", t.ExecutionID.String())
	if s.body != nil {
		req.Header.Set("Content-Type", s.kind)
	}
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("X-Schedd-Execution-Id", t.ExecutionID.String())
	req.Header.Set("X-Schedd-Attempt", strconv.Itoa(t.Attempt))
	req.Header.Set("X-Schedd-Fencing-Token", strconv.FormatInt(t.Token, 10))
	req.Header.Set("X-Schedd-Scheduled-At", t.ScheduledAt.UTC().Format(time.RFC3339))
	if t.TraceParent != "" {
		req.Header.Set("Traceparent", t.TraceParent)
	}
	if s.key != nil {
		sign(req.Header, s.key, t.ExecutionID.String(), now, s.body)
	}
	return req, nil
}
