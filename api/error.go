package api

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/job"
)

// ErrorBody is the body of every answer that is not a success, always
// application/json.
type ErrorBody struct {
	Error     string           `json:"error"` // one sentence
	Code      job.Code         `json:"code"`
	Fields    []job.FieldError `json:"fields,omitempty"`
	Hint      string           `json:"hint,omitempty"`
	RequestID string           `json:"request_id,omitempty"`
}

// statuses is the one table from codes to HTTP.
var statuses = map[job.Code]int{
	job.Invalid:         http.StatusBadRequest,
	job.Unauthenticated: http.StatusUnauthorized,
	job.Forbidden:       http.StatusForbidden,
	job.NotFound:        http.StatusNotFound,
	job.Conflict:        http.StatusConflict,
	job.VersionMismatch: http.StatusPreconditionFailed,
	job.TooLarge:        http.StatusRequestEntityTooLarge,
	job.Unsupported:     http.StatusUnsupportedMediaType,
	job.RateLimited:     http.StatusTooManyRequests,
	job.Unavailable:     http.StatusServiceUnavailable,
	job.StorageFull:     http.StatusServiceUnavailable,
	job.Timeout:         http.StatusGatewayTimeout,
	job.Internal:        http.StatusInternalServerError,
}

// StatusOf returns the HTTP status of a code; 500 for one it does not know.
func StatusOf(code job.Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}
