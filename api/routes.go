package api

// Prefix is where every route of the scheduler lives.
const Prefix = "/api/v1/scheduler"

// Routes, as patterns of net/http.ServeMux without the method. {id} of a job is a
// UUID or the name of a live job; of an execution a UUID, JOB/N, JOB/last or
// JOB/last-failed with the slash escaped as %2F or written as ":"; of a worker the
// name of its node; of a token its id, or its name while it is not revoked; of a workflow its name.
const (
	RouteJobs             = Prefix + "/jobs"
	RouteJobsCron         = Prefix + "/jobs/cron"
	RouteJobsOnce         = Prefix + "/jobs/once"
	RouteJobsRecurring    = Prefix + "/jobs/recurring"
	RouteJobsApply        = Prefix + "/jobs/apply"
	RouteExportJobs       = Prefix + "/export/jobs" // not below /jobs: a job may be named export
	RouteJob              = Prefix + "/jobs/{id}"
	RouteJobReschedule    = Prefix + "/jobs/{id}/reschedule"
	RouteJobPause         = Prefix + "/jobs/{id}/pause"
	RouteJobResume        = Prefix + "/jobs/{id}/resume"
	RouteJobCancel        = Prefix + "/jobs/{id}/cancel"
	RouteJobRun           = Prefix + "/jobs/{id}/run"
	RouteJobBackfill      = Prefix + "/jobs/{id}/backfill"
	RouteJobNext          = Prefix + "/jobs/{id}/next"
	RouteJobWhy           = Prefix + "/jobs/{id}/why"
	RouteJobStats         = Prefix + "/jobs/{id}/stats"
	RouteJobExecutions    = Prefix + "/jobs/{id}/executions"
	RouteExecutions       = Prefix + "/executions"
	RouteExecution        = Prefix + "/executions/{id}"
	RouteRetry            = Prefix + "/executions/{id}/retry"
	RouteCancel           = Prefix + "/executions/{id}/cancel"
	RouteLogs             = Prefix + "/executions/{id}/logs"
	RouteWhy              = Prefix + "/executions/{id}/why"
	RouteForecast         = Prefix + "/next"
	RouteAudit            = Prefix + "/audit"
	RouteAuditEntry       = Prefix + "/audit/{id}"
	RouteAuditSlots       = Prefix + "/audit/slots"
	RouteHandlers         = Prefix + "/handlers"
	RouteWorkers          = Prefix + "/workers"
	RouteWorker           = Prefix + "/workers/{id}"
	RouteWorkerDrain      = Prefix + "/workers/{id}/drain"
	RouteWorkerUndrain    = Prefix + "/workers/{id}/undrain"
	RouteQueue            = Prefix + "/queue"
	RouteQueueMessages    = Prefix + "/queue/messages"
	RouteQueuePause       = Prefix + "/queue/pause"
	RouteQueueResume      = Prefix + "/queue/resume"
	RouteMaintenance      = Prefix + "/maintenance"
	RouteDeadLetters      = Prefix + "/dead-letter"
	RouteDeadLetter       = Prefix + "/dead-letter/{id}"
	RouteDeadRetry        = Prefix + "/dead-letter/{id}/retry"
	RouteTokens           = Prefix + "/tokens"
	RouteToken            = Prefix + "/tokens/{id}"
	RouteTokenRotate      = Prefix + "/tokens/{id}/rotate"
	RouteWhoami           = Prefix + "/whoami"
	RouteMetrics          = Prefix + "/metrics"
	RouteBackup           = Prefix + "/backup"
	RouteHealth           = Prefix + "/health"
	RouteVersion          = Prefix + "/version"
	RouteLivez            = "/livez"
	RouteReadyz           = "/readyz"
	RouteHealthz          = "/healthz"       // as RouteHealth, for probes
	RoutePlatform         = "/api/v1/health" // the platform as a whole
	RouteExposition       = "/metrics"       // what Prometheus reads
	RouteOpenAPIJSON      = "/openapi.json"
	RouteOpenAPIYAML      = "/openapi.yaml"
	RouteDocs             = "/docs"
	RouteJobsBulk         = Prefix + "/jobs/bulk"
	RouteJobRevisions     = Prefix + "/jobs/{id}/revisions"
	RouteJobRevision      = Prefix + "/jobs/{id}/revisions/{n}"
	RouteJobRestore       = Prefix + "/jobs/{id}/revisions/{n}/restore"
	RouteEventsStream     = Prefix + "/events/stream"
	RouteJobsEvent        = Prefix + "/jobs/event"
	RouteEvents           = Prefix + "/events"
	RouteEventHandlers    = Prefix + "/event-handlers"
	RouteEventHandler     = Prefix + "/event-handlers/{id}"
	RouteEventHandlerTest = Prefix + "/event-handlers/{id}/test"
	RouteWorkflows        = Prefix + "/workflows"
	RouteWorkflow         = Prefix + "/workflows/{id}"
	RouteRevisions        = Prefix + "/workflows/{id}/revisions"
	RouteWorkflowRun      = Prefix + "/workflows/{id}/run"
	RouteWorkflowRuns     = Prefix + "/workflows/{id}/executions"
	RouteSteps            = Prefix + "/executions/{id}/steps"
	RouteReply            = Prefix + "/executions/{id}/reply"
)

// Headers.
const (
	HeaderNextCursor     = "X-Next-Cursor"
	HeaderTotalCount     = "X-Total-Count"
	HeaderRequestID      = "X-Request-Id"
	HeaderIdempotencyKey = "Idempotency-Key"
	HeaderReplayed       = "Idempotent-Replay"
	HeaderReason         = "X-Schedd-Reason" // why, for the audit log
	HeaderVersion        = "X-Schedd-Version"
)
