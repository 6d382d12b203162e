package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/agentic-sdlc/scheduler/job"
)

// Answer is what a request of one's own was answered with.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // at most 64 MiB
}

// Raw sends a request of one's own: path is below the root of the daemon, body is JSON
// or nil. An answer that is an error becomes one, as everywhere.
func (c *Client) Raw(ctx context.Context, method, path string, query url.Values, body json.RawMessage, w Write) (Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.Timeout, errSlow)
	defer cancel()
	r := request{method: method, path: path, query: query, header: w.header()}
	r.header.Set("Accept", "application/json, */*;q=0.9") // some routes answer text
	if body != nil {
		r.body = body
	}
	resp, err := c.open(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Answer{}, c.explain(ctx, err)
	case len(data) > maxAnswer:
		return Answer{}, job.Errorf(job.TooLarge, "the answer of schedd is larger than %d MiB", maxAnswer>>20)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: bytes.TrimSpace(data)}, nil
}
