package main

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
)

// headerNames are the headers of answers, by their name in components/headers.
var headerNames = map[string]string{
	"RequestID": api.HeaderRequestID, "NextCursor": api.HeaderNextCursor, "TotalCount": api.HeaderTotalCount, "Replayed": api.HeaderReplayed,
	"ETag": "ETag", "RetryAfter": "Retry-After", "Authenticate": "WWW-Authenticate",
}

func sharedHeaders() object {
	header := func(about, kind string) object { return object{"description": about, "schema": object{"type": kind}} }
	return object{
		"RequestID":    header("Names the request in the log", "string"),
		"NextCursor":   header("Asks for the following page as the parameter cursor; absent on the last", "string"),
		"TotalCount":   header("How many items match, when total=true asked", "integer"),
		"Replayed":     header("true when the Idempotency-Key was seen before, and this is the first answer", "string"),
		"ETag":         header("The revision of the job, in quotes", "string"),
		"RetryAfter":   header("Seconds to wait", "integer"),
		"Authenticate": header("Bearer", "string"),
	}
}

// errorStatuses are the statuses of errors, and when they are answered.
var errorStatuses = map[int]string{
	http.StatusBadRequest:            "Malformed or not allowed; fields says where",
	http.StatusUnauthorized:          "A valid token is needed",
	http.StatusForbidden:             "The caller may not do this",
	http.StatusNotFound:              "No such thing, or not the caller's",
	http.StatusNotAcceptable:         "The caller does not read what this route answers",
	http.StatusConflict:              "A name is taken, a state forbids it, or an Idempotency-Key stands for another body",
	http.StatusPreconditionFailed:    "The job has another revision than If-Match says",
	http.StatusRequestEntityTooLarge: "The body is too large",
	http.StatusUnsupportedMediaType:  "The body is not application/json in UTF-8",
	http.StatusTooManyRequests:       "Too many requests, or too many streams",
	http.StatusInternalServerError:   "A fault of schedd; its log says more",
	http.StatusServiceUnavailable:    "The store or the queue is away or full, or schedd stops; try again",
	http.StatusGatewayTimeout:        "It took too long",
}

// errorName names the answer with a status in components/responses.
func errorName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

func sharedResponses() object {
	all := object{}
	for status, about := range errorStatuses {
		headers := object{api.HeaderRequestID: ref("headers", "RequestID")}
		switch status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			headers[headerNames["RetryAfter"]] = ref("headers", "RetryAfter")
		case http.StatusUnauthorized:
			headers[headerNames["Authenticate"]] = ref("headers", "Authenticate")
		}
		all[errorName(status)] = object{
			"description": about, "headers": headers, "content": object{"application/json": object{"schema": ref("schemas", "ErrorBody")}},
		}
	}
	return all
}

// isText reports whether an answer is a text of its own.
func isText(t reflect.Type) bool { return t.Name() == "reading" }
