package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// ResponseError is an answer that was no success. errors.As finds the *job.Error
// inside.
type ResponseError struct {
	Problem   *job.Error
	Status    int    // of HTTP
	RequestID string // what the daemon's log calls the request, "" when it did not say
}

// Error returns the daemon's sentence.
func (e *ResponseError) Error() string { return e.Problem.Error() }

// Unwrap returns the problem.
func (e *ResponseError) Unwrap() error { return e.Problem }

// refusal reads an answer that is no success.
func (c *Client) refusal(resp *http.Response) error {
	var body api.ErrorBody
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := json.Unmarshal(data, &body); err != nil || body.Error == "" {
		return &ResponseError{
			Status: resp.StatusCode,
			Problem: &job.Error{
				Code:    codeOf(resp.StatusCode),
				Message: fmt.Sprintf("%s answered %s without saying why", c.where(), resp.Status),
				Hint:    "is that schedd, and is its version recent enough?",
			},
		}
	}
	if body.Code == "" {
		body.Code = codeOf(resp.StatusCode)
	}
	if body.RequestID == "" {
		body.RequestID = resp.Header.Get(api.HeaderRequestID)
	}
	return &ResponseError{
		Status:    resp.StatusCode,
		RequestID: body.RequestID,
		Problem:   &job.Error{Code: body.Code, Message: body.Error, Fields: body.Fields, Hint: body.Hint},
	}
}

// codeOf is the table of package api read backwards, for answers that do not come
// from schedd itself.
func codeOf(status int) job.Code {
	for _, code := range job.Codes() {
		if api.StatusOf(code) == status {
			return code
		}
	}
	return job.Internal
}
