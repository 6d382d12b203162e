package main

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/httpapi"
	"github.com/agentic-sdlc/scheduler/job"
)

// required are the fields that creating a job needs, by route; others need what their
// type says.
var required = map[string][]string{
	api.RouteJobsCron:      {"name", "schedule", "handler_name"},
	api.RouteJobsEvent:     {"name", "handler_name"},
	api.RouteJobsRecurring: {"name", "schedule", "handler_name"},
	api.RouteJobsOnce:      {"name", "handler_name"},
}

const about = `schedd is a job scheduler. It answers on a Unix socket, and over TCP to callers with a token
([security](https://github.com/agentic-sdlc/scheduler/blob/main/docs/security.md)).
How pages, idempotency keys, revisions and streams are used is told in
[api.md](https://github.com/agentic-sdlc/scheduler/blob/main/docs/api.md).`

// describe makes the whole document.
func describe(operations []httpapi.Operation, c comments) (object, error) {
	s, err := newSchemas(c)
	if err != nil {
		return nil, err
	}
	paths, seen := object{}, map[string]bool{}
	for i := range operations {
		op := &operations[i]
		if op.ID == "" || seen[op.ID] {
			return nil, fmt.Errorf("%s %s has no description of its own in daemon/httpapi/describe.go", op.Method, op.Pattern)
		}
		seen[op.ID] = true
		described, err := s.operation(op)
		if err != nil {
			return nil, err
		}
		if paths[op.Pattern] == nil {
			paths[op.Pattern] = object{}
		}
		paths[op.Pattern].(object)[strings.ToLower(op.Method)] = described
	}
	s.of(reflect.TypeFor[api.ErrorBody](), false)
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "schedd", "version": "v1", "summary": "The API of the job scheduler schedd", "description": strings.Join(strings.Fields(about), " "),
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []any{object{"url": "/", "description": "The daemon that serves this description"}},
		"security": []any{object{"token": []any{}}, object{}},
		"tags":     tagsOf(operations),
		"paths":    paths,
		"components": object{
			"schemas": s.made, "parameters": sharedParameters(), "headers": sharedHeaders(), "responses": sharedResponses(),
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "Over TCP. On the socket the kernel says who calls."}},
		},
	}, nil
}

// tagOf is the part of the API that a pattern belongs to.
func tagOf(pattern string) string {
	rest, ok := strings.CutPrefix(pattern, api.Prefix+"/")
	if !ok {
		return "daemon"
	}
	head, _, _ := strings.Cut(rest, "/")
	switch head {
	case "export", "next":
		return "jobs"
	case "health", "version", "whoami":
		return "daemon"
	}
	return head
}

func tagsOf(operations []httpapi.Operation) []any {
	var tags []any
	seen := map[string]bool{}
	for i := range operations {
		if tag := tagOf(operations[i].Pattern); !seen[tag] {
			seen[tag] = true
			tags = append(tags, object{"name": tag})
		}
	}
	return tags
}

func (s *schemas) operation(op *httpapi.Operation) (object, error) {
	described := object{"operationId": op.ID, "summary": op.Summary, "tags": []string{tagOf(op.Pattern)}, "responses": s.responses(op)}
	if op.Role == "" {
		described["security"] = []any{object{}}
	} else {
		described["x-role"] = op.Role
	}
	all, err := parametersOf(op)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		described["parameters"] = all
	}
	if op.Body != nil {
		described["requestBody"] = object{"required": !op.OptionalBody, "content": object{"application/json": object{"schema": s.body(op)}}}
	}
	return described, nil
}

// body is the schema of what a request has.
func (s *schemas) body(op *httpapi.Operation) object {
	schema := s.of(op.Body, true)
	if op.Pattern == api.RouteJob && op.Method == http.MethodPatch {
		return s.patch("JobInput", "JobPatch", "What changes of a job; null gives a field its default")
	}
	if op.Pattern == api.RoutePlatforms || op.Pattern == api.RoutePlatformOfAll {
		return s.patch("PlatformInput", "PlatformLimits", "What is said of a platform; null lifts a limit")
	}
	if fields := required[op.Pattern]; fields != nil {
		return object{"allOf": []any{schema, object{"type": "object", "required": fields}}}
	}
	return schema
}

// patch is a body with null for every field.
func (s *schemas) patch(of, name, about string) object {
	input := s.made[of].(object)
	properties := object{}
	for field, property := range input["properties"].(object) {
		properties[field] = nullable(property.(object))
	}
	s.made[name] = object{"type": "object", "properties": properties, "additionalProperties": false, "description": about}
	return object{"$ref": "#/components/schemas/" + name}
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

// responses are everything that a route may answer.
func (s *schemas) responses(op *httpapi.Operation) object {
	success := object{"description": http.StatusText(op.Status)}
	headers := object{api.HeaderRequestID: ref("headers", "RequestID")}
	isJob := op.Answer == reflect.TypeFor[job.Job]()
	for name, has := range map[string]bool{
		"NextCursor": slices.Contains(op.Query, "cursor"), "TotalCount": slices.Contains(op.Query, "total"), "Replayed": op.Creates, "ETag": isJob,
	} {
		if has {
			headers[headerNames[name]] = ref("headers", name)
		}
	}
	success["headers"] = headers
	if op.Answer != nil {
		success["content"] = s.content(op)
	}
	all := object{strconv.Itoa(op.Status): success}
	if op.Pattern == api.RouteHealth {
		all["503"] = object{"description": "This node is of no use", "headers": headers, "content": s.content(op)}
	}
	for _, status := range failures(op) {
		if name := strconv.Itoa(status); all[name] == nil {
			all[name] = ref("responses", errorName(status))
		}
	}
	return all
}

// content is what an answer's body may be.
func (s *schemas) content(op *httpapi.Operation) object {
	if len(op.Kinds) == 0 {
		return object{"application/json": object{"schema": s.of(op.Answer, false)}}
	}
	content := object{}
	for _, kind := range op.Kinds {
		switch {
		case isText(op.Answer):
			content[kind] = object{"schema": object{}}
		case kind == "application/json":
			content[kind] = object{"schema": s.of(op.Answer, false)}
		case kind == "text/event-stream":
			s.of(op.Answer, false)
			content[kind] = object{"schema": object{"type": "string", "description": "Events whose data is a BusEvent"}}
		default: // a stream of what the array has
			content[kind] = object{"schema": object{"type": "string", "description": "One JSON object a line, as in the array"}}
		}
	}
	return content
}

// failures are the statuses of the errors that a route may answer.
func failures(op *httpapi.Operation) []int {
	if op.Role == "" {
		return []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotAcceptable, http.StatusInternalServerError}
	}
	all := []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotAcceptable, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}
	if strings.Contains(op.Pattern, "{") || slices.Contains(op.Query, "job") {
		all = append(all, http.StatusNotFound)
	}
	if op.Method != http.MethodGet {
		all = append(all, http.StatusConflict)
	}
	if op.Body != nil {
		all = append(all, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if op.Guarded {
		all = append(all, http.StatusPreconditionFailed)
	}
	return all
}
