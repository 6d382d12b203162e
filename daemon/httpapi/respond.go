package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// answer is a body with its status and headers. Actions may return one, or anything
// that answerOf knows.
type answer struct {
	status int
	body   any // nil = none
	header [][2]string
}

// streamer writes its own answer, as it comes.
type streamer interface {
	stream(w *writer) error
}

// writer remembers the status that was sent.
type writer struct {
	http.ResponseWriter

	status int
}

// WriteHeader remembers the status.
func (w *writer) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// common sets the headers of every answer.
func (s *server) common(w *writer, rq *request) {
	h := w.Header()
	h.Set(api.HeaderRequestID, rq.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	if rq.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// respond writes what an action returned.
func (s *server) respond(w *writer, rq *request, result any) error {
	if st, ok := result.(streamer); ok {
		return st.stream(w)
	}
	s.write(w, rq, answerOf(result))
	return nil
}

// answerOf gives a result its status and headers.
func answerOf(result any) answer {
	switch r := result.(type) {
	case nil:
		return answer{status: http.StatusNoContent}
	case answer:
		return r
	case job.Job:
		return answer{status: http.StatusOK, body: r, header: [][2]string{etag(r.Revision)}}
	case api.Workflow:
		return answer{status: http.StatusOK, body: r, header: [][2]string{etag(r.Revision)}}
	}
	return answer{status: http.StatusOK, body: result}
}

// created is a 201.
func created(body any, replayed bool) answer {
	a := answer{status: http.StatusCreated, body: body}
	switch b := body.(type) {
	case job.Job:
		a.header = append(a.header, etag(b.Revision))
	case api.AlertRule:
		a.header = append(a.header, etag(b.Revision))
	case api.Workflow:
		a.header = append(a.header, etag(b.Revision))
	}
	if replayed {
		a.header = append(a.header, [2]string{api.HeaderReplayed, "true"})
	}
	return a
}

func etag(revision int64) [2]string {
	return [2]string{"ETag", `"` + strconv.FormatInt(revision, 10) + `"`}
}

// list is a bare array with its cursor and total in headers.
func list[T any](page store.Page[T]) answer {
	if page.Items == nil {
		page.Items = []T{}
	}
	a := answer{status: http.StatusOK, body: page.Items}
	if page.Next != "" {
		a.header = append(a.header, [2]string{api.HeaderNextCursor, page.Next})
	}
	if page.Total >= 0 {
		a.header = append(a.header, [2]string{api.HeaderTotalCount, strconv.FormatInt(page.Total, 10)})
	}
	return a
}

// buffers are reused between answers.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// write encodes an answer and sends it whole.
func (s *server) write(w *writer, rq *request, a answer) {
	h := w.Header()
	hurry(w)
	for _, kv := range a.header {
		h.Set(kv[0], kv[1])
	}
	if rq.ContentLength != 0 && rq.raw == nil {
		// Without this the server would wait for what it did not read, before it answers.
		h.Set("Connection", "close")
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() < 1<<20 {
			buffers.Put(b)
		}
	}()
	b.Reset()
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(a.body); err != nil {
		s.refuse(w, rq, fmt.Errorf("encode answer: %w", err))
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(a.status)
	_, _ = w.Write(b.Bytes()) // a caller that went away is no fault of ours
}

// refuse answers an error. What nobody classified is logged here, once, and told to
// nobody.
func (s *server) refuse(w *writer, rq *request, err error) {
	if w.status != 0 {
		return // a stream that broke: its caller sees that
	}
	code := job.CodeOf(err)
	attrs := []slog.Attr{slog.Any("err", err), slog.String("request_id", rq.id), slog.String("route", rq.route.pattern)}
	var method *methodError
	switch {
	case errors.As(err, &method):
		s.write(w, rq, answer{
			status: http.StatusMethodNotAllowed, header: [][2]string{{"Allow", method.allow}},
			body: api.ErrorBody{Error: method.Error(), Code: job.Invalid, RequestID: rq.id},
		})
		return
	case rq.Context().Err() != nil:
		s.log.LogAttrs(rq.Context(), slog.LevelDebug, "caller went away", attrs...)
	case code == job.Internal:
		s.log.LogAttrs(rq.Context(), slog.LevelError, "request failed", attrs...)
	case code == job.Unavailable || code == job.StorageFull || code == job.Timeout:
		s.log.LogAttrs(rq.Context(), slog.LevelWarn, "request failed", attrs...)
	}
	s.write(w, rq, errorAnswer(err, rq))
}

// errorAnswer is the error body of an error.
func errorAnswer(err error, rq *request) answer {
	body := api.ErrorBody{Error: "internal error", Code: job.Internal, RequestID: rq.id, Hint: "the log of schedd says more; look for the request id"}
	if e, ok := errors.AsType[*job.Error](err); ok && e.Code != job.Internal {
		body = api.ErrorBody{Error: e.Message, Code: e.Code, Fields: e.Fields, Hint: e.Hint, RequestID: rq.id}
	}
	a := answer{status: api.StatusOf(body.Code), body: body}
	switch a.status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		a.header = append(a.header, [2]string{"Retry-After", retryAfter(err)})
	case http.StatusUnauthorized:
		a.header = append(a.header, [2]string{"WWW-Authenticate", "Bearer"})
	}
	if status, ok := errors.AsType[*statusError](err); ok {
		a.status = status.status
	}
	return a
}

// retryAfter is how many seconds the caller shall wait, one at least.
func retryAfter(err error) string {
	var knows interface{ RetryAfter() time.Duration }
	if !errors.As(err, &knows) {
		return "1"
	}
	return strconv.Itoa(max(1, int(math.Ceil(knows.RetryAfter().Seconds()))))
}

// statusError is an error whose status the table of codes does not have.
type statusError struct {
	status int
	err    *job.Error
}

// Error returns the message.
func (e *statusError) Error() string { return e.err.Error() }

// Unwrap returns the error with the code.
func (e *statusError) Unwrap() error { return e.err }
