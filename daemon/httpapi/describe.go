package httpapi

import (
	"net/http"
	"reflect"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// Operation is one route as a description of the API tells it.
type Operation struct {
	Method, Pattern string
	ID              string       // unique, for generated clients
	Summary         string       // one line
	Role            string       // who may; "" = anybody
	Query           []string     // parameters, beside platform_id
	Body            reflect.Type // nil = none is read
	OptionalBody    bool
	Creates         bool         // takes an Idempotency-Key
	Guarded         bool         // takes an If-Match
	Status          int          // of a success
	Answer          reflect.Type // nil = no body
	Kinds           []string     // media types of the answer, when not application/json alone
}

// Operations returns the table of routes with what it answers.
func Operations() []Operation {
	routes := (&server{}).routes()
	operations := make([]Operation, len(routes))
	for i, rt := range routes {
		d := described[rt.method+" "+rt.pattern]
		operations[i] = Operation{
			Method: rt.method, Pattern: rt.pattern, ID: d.id, Summary: d.about, Role: string(rt.role), Query: rt.query,
			Body: rt.body, OptionalBody: rt.optional, Creates: rt.creates, Guarded: d.guarded, Status: d.status, Answer: d.answer, Kinds: d.kinds,
		}
	}
	return operations
}

// description is what a route answers. It stands apart from the table, which is about
// what a route takes.
type description struct {
	id, about string
	status    int
	answer    reflect.Type
	guarded   bool
	kinds     []string
}

// tells describes a route that answers 200 with a T.
func tells[T any](id, about string) description {
	return description{id: id, about: about, status: http.StatusOK, answer: reflect.TypeFor[T]()}
}

// makes describes a route that answers 201 with a T.
func makes[T any](id, about string) description {
	return description{id: id, about: about, status: http.StatusCreated, answer: reflect.TypeFor[T]()}
}

// does describes a route that answers 204.
func does(id, about string) description {
	return description{id: id, about: about, status: http.StatusNoContent}
}

// guard marks a route that compares If-Match with the job's revision.
func (d description) guard() description {
	d.guarded = true
	return d
}

// as sets the media types of the answer.
func (d description) as(kinds ...string) description {
	d.kinds = kinds
	return d
}

// described has one line for each route of the table; a route without one is not
// described, and the check of generated files fails.
var described = map[string]description{
	"GET " + api.RouteJobs:              tells[[]job.Job]("listJobs", "List jobs"),
	"POST " + api.RouteJobsCron:         makes[job.Job]("createCronJob", "Create a job that runs by a cron expression"),
	"POST " + api.RouteJobsOnce:         makes[job.Job]("createOneTimeJob", "Create a job that runs once"),
	"POST " + api.RouteJobsRecurring:    makes[job.Job]("createRecurringJob", "Create a job that runs by a cron expression within limits"),
	"GET " + api.RouteExportJobs:        tells[[]api.JobDefinition]("exportJobs", "List jobs as job files say them"),
	"POST " + api.RouteJobsApply:        tells[api.Applied]("applyJobs", "Make jobs what their definitions say, all of them or none"),
	"GET " + api.RouteJob:               tells[job.Job]("getJob", "Read a job"),
	"PATCH " + api.RouteJob:             tells[job.Job]("changeJob", "Change fields of a job; null gives a field its default").guard(),
	"DELETE " + api.RouteJob:            does("deleteJob", "Cancel a job; archive=true frees its name too, purge=true removes it with its history").guard(),
	"PUT " + api.RouteJobReschedule:     tells[job.Job]("rescheduleJob", "Give a job another schedule").guard(),
	"POST " + api.RouteJobPause:         does("pauseJob", "Stop planning a job").guard(),
	"POST " + api.RouteJobResume:        does("resumeJob", "Plan a paused job again").guard(),
	"POST " + api.RouteJobCancel:        does("cancelJob", "End a job for good and keep its history").guard(),
	"POST " + api.RouteJobRun:           makes[job.Execution]("runJob", "Run a job now"),
	"POST " + api.RouteJobBackfill:      tells[api.Backfilled]("backfillJob", "Run a job for past due times that have no run"),
	"POST " + api.RouteJobsBulk:         tells[api.BulkResult]("bulkJobs", "Do one thing to many jobs, each by itself"),
	"GET " + api.RouteJobRevisions:      tells[[]api.Revision]("listRevisions", "What a job is and was, the newest first"),
	"GET " + api.RouteJobRevision:       tells[api.Revision]("getRevision", "What a job was, with its definition"),
	"POST " + api.RouteJobRestore:       tells[job.Job]("restoreRevision", "Give a job the definition that it had; its status stays").guard(),
	"GET " + api.RouteJobNext:           tells[api.Explained]("nextRuns", "The schedule of a job in words, and its next due times"),
	"GET " + api.RouteJobWhy:            tells[api.Why]("whyJob", "Why a job runs or does not"),
	"GET " + api.RouteJobExecutions:     tells[[]job.Execution]("listJobExecutions", "List the executions of a job"),
	"GET " + api.RouteExecutions:        tells[[]job.Execution]("listExecutions", "List executions"),
	"GET " + api.RouteExecution:         tells[job.Execution]("getExecution", "Read an execution with its attempts"),
	"POST " + api.RouteRetry:            makes[job.Execution]("retryExecution", "Run again what did not succeed"),
	"POST " + api.RouteCancel:           tells[job.Execution]("cancelExecution", "Cancel an execution that waits, or ask one that runs to stop"),
	"GET " + api.RouteLogs:              tells[[]job.LogEntry]("getLogs", "Read the lines that an execution printed; follow=true tells them as they come").as("application/json", "application/x-ndjson"),
	"GET " + api.RouteWhy:               tells[api.Why]("whyExecution", "How an execution came about and why it ended as it did"),
	"GET " + api.RouteEventsStream:      tells[api.BusEvent]("streamEvents", "What happens, as Server-Sent Events whose data is a BusEvent").as("text/event-stream"),
	"GET " + api.RouteForecast:          tells[[]api.ForecastItem]("forecast", "The coming runs of all jobs"),
	"GET " + api.RouteClockChanges:      tells[[]api.ClockChange]("listClockChanges", "What the coming changes of clocks do to jobs"),
	"GET " + api.RouteAudit:             tells[[]api.AuditEntry]("listAudit", "List who changed what"),
	"GET " + api.RouteAuditEntry:        tells[api.AuditEntry]("getAuditEntry", "Tell one change"),
	"GET " + api.RouteAuditSlots:        tells[[]api.SlotAudit]("auditSlots", "Compare the due times of jobs with what became of them"),
	"GET " + api.RouteHandlers:          tells[[]control.HandlerInfo]("listHandlers", "List what jobs can run"),
	"GET " + api.RouteHealth:            tells[api.Health]("getHealth", "How this node is"),
	"GET " + api.RouteHealthz:           tells[api.Health]("healthz", "How this node is, for probes"),
	"GET " + api.RoutePlatforms:         tells[[]api.Platform]("listPlatforms", "List platforms by name"),
	"POST " + api.RoutePlatforms:        makes[api.Platform]("createPlatform", "Register a platform, or take a deleted one into use again"),
	"GET " + api.RoutePlatformOfAll:     tells[api.Platform]("getPlatform", "Get a platform with what it has now"),
	"PATCH " + api.RoutePlatformOfAll:   tells[api.Platform]("changePlatform", "Change what a platform may do; null lifts a limit"),
	"DELETE " + api.RoutePlatformOfAll:  does("deletePlatform", "Take a platform out of use, and revoke its tokens"),
	"GET " + api.RoutePlatform:          tells[api.PlatformHealth]("getPlatformHealth", "How the platform is that schedd is a part of"),
	"GET " + api.RouteMetrics:           tells[api.Metrics]("getMetrics", "What ended within a time, and what is there now"),
	"GET " + api.RouteExposition:        tells[reading]("getExposition", "What Prometheus reads").as("text/plain", "application/openmetrics-text"),
	"GET " + api.RouteJobStats:          tells[api.JobStats]("getJobStats", "What became of the executions of a job"),
	"GET " + api.RouteVersion:           tells[api.Version]("getVersion", "Which schedd this is"),
	"GET " + api.RouteLivez:             tells[alive]("livez", "Whether the process serves"),
	"GET " + api.RouteReadyz:            tells[alive]("readyz", "Whether requests are taken"),
	"GET " + api.RouteWorkers:           tells[[]api.Worker]("listWorkers", "List nodes"),
	"GET " + api.RouteWorker:            tells[api.Worker]("getWorker", "Read a node"),
	"POST " + api.RouteWorkerDrain:      tells[api.Worker]("drainWorker", "Give a node no new work"),
	"POST " + api.RouteWorkerUndrain:    tells[api.Worker]("undrainWorker", "Give a node new work again"),
	"GET " + api.RouteQueue:             tells[api.Queue]("getQueue", "What waits, and where"),
	"GET " + api.RouteQueueMessages:     tells[[]api.QueueMessage]("peekQueue", "Announcements that nobody received yet"),
	"POST " + api.RouteQueuePause:       tells[api.Hold]("pauseQueue", "Start nothing on a platform"),
	"POST " + api.RouteQueueResume:      does("resumeQueue", "Start executions again"),
	"GET " + api.RouteMaintenance:       tells[api.Maintenance]("getMaintenance", "Whether maintenance is on"),
	"PUT " + api.RouteMaintenance:       tells[api.Maintenance]("beginMaintenance", "Plan and start nothing on any node"),
	"DELETE " + api.RouteMaintenance:    does("endMaintenance", "Plan and start again"),
	"GET " + api.RouteDeadLetters:       tells[[]job.Execution]("listDeadLetters", "List executions that were given up"),
	"GET " + api.RouteDeadLetter:        tells[job.Execution]("getDeadLetter", "Read an execution that was given up"),
	"POST " + api.RouteDeadRetry:        makes[job.Execution]("retryDeadLetter", "Run again what was given up"),
	"DELETE " + api.RouteDeadLetter:     does("dropDeadLetter", "Take an execution out of the dead letters"),
	"GET " + api.RouteWorkflows:         tells[[]api.Workflow]("listWorkflows", "List workflows"),
	"POST " + api.RouteWorkflows:        makes[api.Workflow]("createWorkflow", "Make a workflow"),
	"GET " + api.RouteWorkflow:          tells[api.Workflow]("getWorkflow", "Read a workflow, or one of its revisions"),
	"PUT " + api.RouteWorkflow:          tells[api.Workflow]("setWorkflow", "Make the next revision of a workflow").guard(),
	"DELETE " + api.RouteWorkflow:       does("deleteWorkflow", "Take a workflow out of use").guard(),
	"GET " + api.RouteRevisions:         tells[[]api.Workflow]("listWorkflowRevisions", "List the revisions of a workflow, the newest first"),
	"POST " + api.RouteWorkflowRun:      makes[job.Execution]("runWorkflow", "Run a workflow now, outside of any job"),
	"GET " + api.RouteWorkflowRuns:      tells[[]job.Execution]("listWorkflowRuns", "List the runs of a workflow, whichever job asked for them"),
	"GET " + api.RouteSteps:             tells[[]api.StepRun]("listSteps", "How the steps of an execution of a workflow stand"),
	"POST " + api.RouteReply:            does("reply", "Say how a workflow ended that an external engine runs"),
	"GET " + api.RouteTokens:            tells[[]api.Token]("listTokens", "List tokens"),
	"POST " + api.RouteTokens:           makes[api.NewToken]("createToken", "Make a token; its secret is told once"),
	"DELETE " + api.RouteToken:          tells[api.Token]("revokeToken", "End a token"),
	"POST " + api.RouteTokenRotate:      makes[api.NewToken]("rotateToken", "Put a new secret in the place of an old one"),
	"GET " + api.RouteWhoami:            tells[api.Whoami]("whoami", "Who the caller is to schedd"),
	"GET " + api.RouteBackup:            tells[reading]("backup", "A copy of the whole store, as it is now").as("application/gzip"),
	"POST " + api.RouteCleanup:          tells[api.Cleaned]("cleanup", "Remove old history, or count it"),
	"GET " + api.RouteOpenAPIJSON:       tells[reading]("openapiJSON", "This description").as("application/json"),
	"GET " + api.RouteOpenAPIYAML:       tells[reading]("openapiYAML", "This description, as YAML").as("application/yaml"),
	"GET " + api.RouteDocs:              tells[reading]("docs", "This description, to read").as("text/html"),
	"GET " + api.RouteAlerts:            tells[[]api.Alert]("listAlerts", "List alerts, the newest first"),
	"GET " + api.RouteAlert:             tells[api.Alert]("getAlert", "Read an alert with its history"),
	"POST " + api.RouteAlertAck:         tells[api.Alert]("acknowledgeAlert", "Say that somebody is at an alert"),
	"POST " + api.RouteAlertSilence:     tells[api.Alert]("silenceAlert", "Keep an alert, and those of the same cause, from telling anybody"),
	"POST " + api.RouteAlertUnsilence:   tells[api.Alert]("unsilenceAlert", "Take a silence or an acknowledgement back"),
	"POST " + api.RouteAlertResolve:     tells[api.Alert]("resolveAlert", "End an alert; it fires anew when its cause is still there"),
	"GET " + api.RouteAlertRules:        tells[[]api.AlertRule]("listAlertRules", "List alert rules"),
	"POST " + api.RouteAlertRules:       makes[api.AlertRule]("createAlertRule", "Say when people must be told"),
	"GET " + api.RouteAlertRule:         tells[api.AlertRule]("getAlertRule", "Read an alert rule"),
	"PATCH " + api.RouteAlertRule:       tells[api.AlertRule]("changeAlertRule", "Change an alert rule").guard(),
	"DELETE " + api.RouteAlertRule:      tells[api.AlertRule]("deleteAlertRule", "Remove an alert rule; its alerts are resolved").guard(),
	"POST " + api.RouteAlertRuleTest:    tells[api.AlertTested]("testAlertRule", "What an alert rule would find now; nobody is told"),
	"GET " + api.RouteAlertChannels:     tells[[]api.AlertChannel]("listAlertChannels", "List channels that alerts may be told by"),
	"POST " + api.RouteAlertChannelTest: tells[api.AlertChannel]("testAlertChannel", "Tell a channel that somebody tries it"),

	"GET " + api.RouteAgents:            tells[[]api.Agent]("listAgents", "List the agents that run jobs"),
	"POST " + api.RouteAgents:           makes[api.Agent]("createAgent", "Register an agent"),
	"GET " + api.RouteAgent:             tells[api.Agent]("getAgent", "Read an agent"),
	"PATCH " + api.RouteAgent:           tells[api.Agent]("changeAgent", "Change fields of an agent"),
	"DELETE " + api.RouteAgent:          does("deleteAgent", "Forget an agent"),
	"POST " + api.RouteAgentHeartbeat:   does("seeAgent", "Say that an agent lives"),
	"POST " + api.RouteAgentReply:       does("replyAgent", "Say what came of a task that an agent took"),
	"POST " + api.RouteJobsEvent:        makes[job.Job]("createEventJob", "Create a job that events, or the ends of other jobs, make run"),
	"GET " + api.RouteEvents:            tells[[]api.EventReceived]("listEvents", "List the events that came in"),
	"POST " + api.RouteEvents:           {id: "emitEvent", about: "Send an event: it acts once for each event handler", status: http.StatusAccepted, answer: reflect.TypeFor[api.EventAccepted]()},
	"GET " + api.RouteEventHandlers:     tells[[]api.EventHandler]("listEventHandlers", "List what events make happen"),
	"POST " + api.RouteEventHandlers:    makes[api.EventHandler]("createEventHandler", "Say what an event makes happen"),
	"GET " + api.RouteEventHandler:      tells[api.EventHandler]("getEventHandler", "Read an event handler with what it did last"),
	"PATCH " + api.RouteEventHandler:    tells[api.EventHandler]("changeEventHandler", "Change an event handler").guard(),
	"DELETE " + api.RouteEventHandler:   tells[api.EventHandler]("deleteEventHandler", "Remove an event handler with what waits for it"),
	"POST " + api.RouteEventHandlerTest: tells[api.EventTested]("testEventHandler", "Say what an event would make an event handler do"),
}
