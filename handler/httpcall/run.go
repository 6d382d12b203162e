package httpcall

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	defaultTimeout = 60 * time.Second
	maxRead        = 1 << 20 // bytes of a body
)

// Run makes the call of t and returns when it was answered, or cannot be any more.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	s, err := h.plan(t.Payload)
	if err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	if s.timeout == 0 {
		s.timeout = h.timeout
	}
	own, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	began := time.Now()
	answer, err := h.call(own, s, t)
	took := time.Since(began)
	if err != nil {
		f := failure(ctx, s, err)
		note(t, s, job.LogWarn, "%s", f.Message)
		return answer.result(), f
	}
	note(t, s, job.LogInfo, "%d in %s", answer.status, took.Round(time.Millisecond))
	return answer.result(), answer.judge(s, time.Now())
}

// note writes a line of ours about the call, without the query: it may hold a key.
func note(t *handler.Task, s spec, level job.LogLevel, format string, args ...any) {
	where := withoutQuery(s.url)
	if s.private {
		where = hostOf(s.url)
	}
	t.Log.Line(level, job.StreamSystem, s.method+" "+where+": "+fmt.Sprintf(format, args...))
}

// answer is what a server said.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	truncated bool // the server had more to say
}

// call sends the request and reads the answer. With an error, the answer may be there
// in part.
func (h *Handler) call(ctx context.Context, s spec, t *handler.Task) (answer, error) {
	req, err := h.request(ctx, s, t, time.Now())
	if err != nil {
		return answer{}, err
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxRead+1))
	if len(a.body) > maxRead {
		a.body, a.truncated = a.body[:maxRead], true
	}
	if err != nil && !s.success(a.status) {
		err = nil // the status says enough
	}
	return a, err
}
