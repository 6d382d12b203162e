package main

import (
	"reflect"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// enum is a type whose values are a list of words.
type enum struct {
	name  string // in the document
	words []string
}

// enums are all of them.
var enums = map[reflect.Type]enum{
	reflect.TypeFor[job.Type]():        {"JobType", texts(job.Types())},
	reflect.TypeFor[job.Trigger]():     {"Trigger", texts(job.Triggers())},
	reflect.TypeFor[job.HandlerType](): {"HandlerType", texts(job.HandlerTypes())},
	reflect.TypeFor[job.Priority]():    {"Priority", texts(job.Priorities())},
	reflect.TypeFor[job.Misfire]():     {"Misfire", texts(job.Misfires())},
	reflect.TypeFor[job.Overlap]():     {"Overlap", texts(job.Overlaps())},
	reflect.TypeFor[job.OnLost]():      {"OnLost", texts(job.OnLosts())},
	reflect.TypeFor[job.Backoff]():     {"Backoff", texts(job.Backoffs())},
	reflect.TypeFor[job.LogLevel]():    {"LogLevel", texts(job.LogLevels())},
	reflect.TypeFor[job.JobStatus]():   {"JobStatus", texts(job.JobStatuses())},
	reflect.TypeFor[job.Status]():      {"ExecutionStatus", texts(job.Statuses())},
	reflect.TypeFor[job.Code]():        {"ErrorCode", texts(job.Codes())},
}

// words are the fields of other types whose values are a list of words.
var words = map[string][]string{
	"Worker.state":                  api.WorkerStates(),
	"Token.state":                   api.TokenStates(),
	"Token.role":                    api.Roles(),
	"NewToken.state":                api.TokenStates(),
	"NewToken.role":                 api.Roles(),
	"Whoami.role":                   api.Roles(),
	"TokenInput.role":               api.Roles(),
	"EventHandler.action_type":      api.EventActions(),
	"EventHandlerInput.action_type": api.EventActions(),
	"After.on":                      job.Outcomes(),
	"Resume.catch_up":               texts(job.CatchUps()),
	"Health.status":                 {control.Healthy, control.Degraded, control.Unhealthy},
	"Component.status":              {"up", "down"},
	"Bulk.action":                   api.BulkActions(),
	"BulkResult.action":             api.BulkActions(),
	"BulkItem.result":               {api.BulkWould, api.BulkDone, api.BulkUnchanged, api.BulkFailed},
	"Hold.kind":                     {api.HoldDispatch, api.HoldMaintenance},
}

// objects are the fields that hold any object.
var objects = []string{"payload", "metadata", "context", "data", "action_config", "config"}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = string(item)
	}
	return out
}
