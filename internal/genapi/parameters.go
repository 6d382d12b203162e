package main

import (
	"fmt"
	"strings"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/httpapi"
	"github.com/agentic-sdlc/scheduler/job"
)

// parameter is one parameter of a query.
type parameter struct {
	about  string
	schema object
}

func text(about string) parameter { return parameter{about, object{"type": "string", "minLength": 1}} }
func flag(about string) parameter { return parameter{about, object{"type": "boolean"}} }
func instant(about string) parameter {
	return parameter{about, object{"type": "string", "format": "date-time"}}
}

func word(about string, words ...string) parameter {
	return parameter{about, object{"type": "string", "enum": words}}
}

func number(about string, low, high int64, standard any) parameter {
	schema := object{"type": "integer", "minimum": low, "maximum": high}
	if standard != nil {
		schema["default"] = standard
	}
	return parameter{about, schema}
}

// list is a parameter of several values, separated by commas.
func list(about string, words ...string) parameter {
	item := object{"type": "string", "minLength": 1}
	if words != nil {
		item = object{"type": "string", "enum": words}
	}
	return parameter{about, object{"type": "array", "items": item, "maxItems": 100}}
}

// parameters are what the query of a route may have, by name, or by pattern and name
// where routes differ.
var parameters = map[string]parameter{
	"platform_id": text("A platform: slug or UUID; * = all that the caller reaches"),

	"limit":      number("Items of the page", 1, 100, 50),
	"offset":     number("Items to pass over; a cursor is better", 0, 10_000, 0),
	"cursor":     text("X-Next-Cursor of the page before, with the same filter and order"),
	"total":      flag("Whether to count all that matches, into X-Total-Count"),
	"sort_order": word("Order of the list", "asc", "desc"),
	"sort_by":    word("What jobs are sorted by; what has no value comes last", "created_at", "next_run", "name", "priority"),

	"type":            list("Any of these types", texts(job.Types())...),
	"status":          list("Any of these states", texts(job.Statuses())...),
	"tags":            list("Any of these tags"),
	"tags_all":        list("All of these tags"),
	"name_contains":   text("Part of the name, in any case"),
	"name":            list("Any of these names; * and ? match within names"),
	"handler":         list("Any of these handlers"),
	"created_by":      text("Who created it"),
	"created_after":   instant("Created at this instant or later"),
	"created_before":  instant("Created at this instant or earlier"),
	"next_run_after":  instant("Next due at this instant or later"),
	"next_run_before": instant("Next due at this instant or earlier"),
	"failing":         flag("Only jobs whose newest finished execution did not succeed"),

	"job":         text("A job: id or name"),
	"trigger":     list("Any of these triggers", texts(job.Triggers())...),
	"since":       instant("From this instant on"),
	"period":      word("A time until now, in place of from and to", api.Periods()...),
	"to":          instant("Before this instant; now when it is left out"),
	"until":       instant("Before this instant"),
	"dead":        flag("Only executions among the dead letters"),
	"worker":      list("Any of these nodes, which ran the last attempt"),
	"error_class": list("Any of these classes of error, of the last attempt"),
	"text":        text("Part of the job's name, of the error or of the reason of a skip, in any case"),

	"min_duration_ms": number("Whose last attempt took at least so long", 1, 3_162_240_000_000, nil),
	"max_duration_ms": number("Whose last attempt took at most so long", 1, 3_162_240_000_000, nil),
	"include_logs":    flag("Whether each comes with its last 20 lines"),

	"reason":      list("Any of these reasons", job.DeadReasons()...),
	"dead_before": instant("Dead since before this instant"),
	"revision":    number("This revision of the workflow; left out, the one in use", 1, 1<<62, nil),

	"state":    list("Any of these states", texts(alert.States())...),
	"severity": list("Any of these severities", texts(alert.Severities())...),

	"action":     list("Any of these actions; job.* is every action on jobs"),
	"kind":       list("Changes of any of these kinds of things, such as job or token"),
	"actor":      text("Who did it"),
	"object":     text("Id or name of what changed"),
	"request_id": text("What this request did"),

	"after":    number("Only lines after this seq", 0, 1<<62, 0),
	"attempt":  number("Only lines of this attempt", 1, 1<<30, nil),
	"level":    word("Lines of this level or above", texts(job.LogLevels())...),
	"contains": text("Only lines that contain this"),
	"tail":     number("Only so many lines, the last ones", 1, 10_000, nil),
	"follow":   flag("Tell lines as they come, until the execution is over"),

	"count":  number("Due times to tell", 1, 1000, 5),
	"from":   instant("Due times after this instant; default: now"),
	"at":     instant("A due time"),
	"window": {"How far to look ahead, such as 24h or 7d", object{"type": "string", "default": "24h"}},

	"event":         list("Events of these names; * and ? match within names"),
	"last_event_id": text("As the header Last-Event-ID: go on after this event"),

	"purge":          flag("Remove the job with its history"),
	"archive":        flag("Free the name of the job too"),
	"cancel_running": flag("Ask what runs to stop"),
	"dry_run":        flag("Answer with the job as it would be, status 200, and write nothing"),
	"deleted":        flag("Deleted ones too"),

	api.RouteJobs + " status":         list("Any of these states", texts(job.JobStatuses())...),
	api.RouteExportJobs + " status":   list("Any of these states", texts(job.JobStatuses())...),
	api.RouteJobsBulk + " status":     list("Any of these states", texts(job.JobStatuses())...),
	api.RouteEventsStream + " job":    list("Any of these jobs: ids or names"),
	api.RouteEvents + " event":        list("Events of these names"),
	api.RouteEvents + " id":           text("The event with this id"),
	api.RouteForecast + " job":        list("Any of these jobs"),
	api.RouteForecast + " limit":      number("Runs to tell", 1, 10_000, 1000),
	api.RouteAuditSlots + " limit":    number("Jobs of the page", 1, 100, 20),
	api.RouteQueueMessages + " limit": number("Messages to tell", 1, 100, 20),
	api.RouteMetrics + " from":        instant("From this instant on; a day before to when it is left out"),
	api.RouteLogs + " limit":          number("Lines to tell", 1, 1000, 1000),
}

// parametersOf are the parameters of an operation.
func parametersOf(op *httpapi.Operation) ([]any, error) {
	var all []any
	for _, segment := range strings.Split(op.Pattern, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			all = append(all, object{"$ref": "#/components/parameters/" + strings.TrimSuffix(name, "}")})
		}
	}
	query := op.Query
	if op.Role != "" {
		query = append([]string{"platform_id"}, query...)
	}
	for _, name := range query {
		p, ok := parameters[op.Pattern+" "+name]
		if !ok {
			p, ok = parameters[name]
		}
		if !ok {
			return nil, fmt.Errorf("parameter %s of %s is not described in parameters.go", name, op.Pattern)
		}
		described := object{"name": name, "in": "query", "description": p.about, "schema": p.schema}
		if p.schema["type"] == "array" {
			described["style"], described["explode"] = "form", false
		}
		all = append(all, described)
	}
	if op.Creates {
		all = append(all, object{"$ref": "#/components/parameters/IdempotencyKey"})
	}
	if op.Guarded {
		all = append(all, object{"$ref": "#/components/parameters/IfMatch"})
	}
	if op.Method != "GET" {
		all = append(all, object{"$ref": "#/components/parameters/Reason"})
	}
	return all, nil
}

// sharedParameters are those that operations refer to.
func sharedParameters() object {
	header := func(name, about string, schema object) object {
		return object{"name": name, "in": "header", "description": about, "schema": schema}
	}
	segment := func(name, about string, schema object) object {
		return object{"name": name, "in": "path", "required": true, "description": about, "schema": schema}
	}
	return object{
		"id": segment("id", "A job: UUID, or name of a live job. An execution: UUID, or JOB:N, JOB:last, JOB:last-failed. A node: its name. A token: its id, or its name. An alert: such as a17. A rule: its id, or its name.",
			object{"type": "string", "minLength": 1}),
		"n": segment("n", "A revision", object{"type": "integer", "format": "int64", "minimum": 1}),
		"IdempotencyKey": header(api.HeaderIdempotencyKey, "Names this request for 24 hours: sent again it is answered as the first time; with another body it is a conflict",
			object{"type": "string", "pattern": "^[!-~]{1,128}$"}),
		"IfMatch": header("If-Match", "The revision that the job must have, from its ETag; 412 when it has another", object{"type": "string"}),
		"Reason":  header(api.HeaderReason, "Why, for the log: one line", object{"type": "string", "maxLength": 1024}),
	}
}
