package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// request is one exchange.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         any // encoded as JSON; nil = none
	out          any // where the answer goes; nil = nowhere
	// accept lists statuses whose body goes to out although they are errors.
	accept int
	dry    bool // changes nothing, whatever the method
}

// do sends a request and reads its whole answer.
func (c *Client) do(ctx context.Context, r request) (http.Header, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.Timeout, errSlow)
	defer cancel()
	resp, err := c.open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.explain(ctx, err)
	case len(data) > maxAnswer:
		return nil, job.Errorf(job.TooLarge, "the answer of schedd is larger than %d MiB", maxAnswer>>20)
	case r.out == nil || len(bytes.TrimSpace(data)) == 0:
		return resp.Header, nil
	}
	if err := json.Unmarshal(data, r.out); err != nil {
		return nil, job.Errorf(job.Unavailable, "%s does not answer like schedd: %w", c.where(), err).
			WithHint("is another program listening there, or is its version too old?")
	}
	return resp.Header, nil
}

// open sends a request and returns the answer when it is not an error; the caller
// closes its body. A request that is harmless to repeat is sent once more when the
// connection broke before the answer, as it does when the daemon restarts.
func (c *Client) open(ctx context.Context, r request) (*http.Response, error) {
	if r.method != http.MethodGet && !r.dry && c.options.Allow != nil {
		if err := c.options.Allow(r.method, r.path); err != nil {
			return nil, err
		}
	}
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	resp, err := c.http.Do(req)
	repeatable := r.method == http.MethodGet || req.Header.Get(api.HeaderIdempotencyKey) != ""
	if err != nil && repeatable && broken(err) && ctx.Err() == nil {
		if req.GetBody != nil {
			req.Body, _ = req.GetBody()
		}
		resp, err = c.http.Do(req)
	}
	c.trace(req, resp, err, time.Since(began))
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	if resp.StatusCode/100 == 2 || resp.StatusCode == r.accept {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, c.refusal(resp)
}

// build makes the HTTP request.
func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	query := r.query
	if c.options.Platform != "" {
		if query == nil {
			query = url.Values{}
		}
		query.Set("platform_id", c.options.Platform)
	}
	target := c.base + r.path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		var data bytes.Buffer
		encoder := json.NewEncoder(&data)
		encoder.SetEscapeHTML(false) // a payload is kept as it was written
		if err := encoder.Encode(r.body); err != nil {
			return nil, job.Errorf(job.Invalid, "encode the request: %w", err)
		}
		body = bytes.NewReader(bytes.TrimSpace(data.Bytes()))
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, job.Errorf(job.Invalid, "make the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	for name, values := range r.header {
		if strings.ContainsFunc(values[0], unicode.IsControl) {
			return nil, job.Errorf(job.Invalid, "%s must be one line of text", name)
		}
		req.Header[name] = values
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// trace reports an exchange.
func (c *Client) trace(req *http.Request, resp *http.Response, err error, took time.Duration) {
	if c.options.Trace == nil {
		return
	}
	answer := ""
	if err != nil {
		answer = err.Error()
	} else {
		answer = resp.Status
		if id := resp.Header.Get(api.HeaderRequestID); id != "" {
			answer += " request " + id
		}
	}
	c.options.Trace(fmt.Sprintf("%s %s -> %s in %s", req.Method, req.URL.RequestURI(), answer, took.Round(10*time.Microsecond)))
}

// errSlow is the cause of a context that ended by Options.Timeout.
var errSlow = errors.New("request timed out")

// explain turns an error of the transport into one with a code.
func (c *Client) explain(ctx context.Context, err error) error {
	if u, ok := errors.AsType[*unreachable](err); ok && ctx.Err() == nil {
		return u.problem()
	}
	if errors.Is(context.Cause(ctx), errSlow) {
		return job.Errorf(job.Timeout, "%s did not answer within %s", c.where(), c.options.Timeout).
			WithHint("raise --timeout, or look at the daemon: systemctl status schedd")
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e := untrusted(err); e != nil {
		return e
	}
	if broken(err) {
		return job.Errorf(job.Unavailable, "%s closed the connection before it answered", c.where()).
			WithHint("systemctl status schedd")
	}
	return &job.Error{
		Code:    job.Unavailable,
		Message: c.where() + " does not answer like schedd",
		Hint:    "is another program listening there?",
		Err:     err,
	}
}

// where names the daemon in messages.
func (c *Client) where() string {
	if len(c.targets) == 1 {
		return c.targets[0].String()
	}
	return "schedd"
}

// broken reports whether a connection ended before the answer.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// newKey returns a random idempotency key.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
