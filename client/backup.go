package client

import (
	"context"
	"io"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
)

// Backup copies everything that the store keeps, as of one moment, to w. It takes as long
// as it takes: only ctx ends it. What was written before an error is of no use.
func (c *Client) Backup(ctx context.Context, w io.Writer) (written int64, err error) {
	resp, err := c.open(ctx, request{method: http.MethodGet, path: api.RouteBackup})
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	from := &answerReader{r: resp.Body}
	if written, err = io.Copy(w, from); from.err != nil {
		return written, c.explain(ctx, from.err)
	}
	return written, err
}

// answerReader remembers that it was the daemon that failed, and not who writes.
type answerReader struct {
	r   io.Reader
	err error
}

// Read reads on.
func (a *answerReader) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // Read returns io.EOF itself
		a.err = err
	}
	return n, err
}
