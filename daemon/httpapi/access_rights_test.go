package httpapi

import (
	"context"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// Who may, beside the roles.
const (
	anybody  = control.Role("anybody")
	viewer   = control.RoleViewer
	operator = control.RoleOperator
	admin    = control.RoleAdmin
)

// right is who may use a route.
type right struct {
	least control.Role
	all   bool // only callers who are not confined to a platform
}

// rights is the other half of the table of routes, written down apart: a route without
// a line here fails the test.
var rights = map[string]right{
	"GET " + api.RouteJobs:             {viewer, false},
	"POST " + api.RouteJobsCron:        {operator, false},
	"POST " + api.RouteJobsOnce:        {operator, false},
	"POST " + api.RouteJobsRecurring:   {operator, false},
	"POST " + api.RouteJobsApply:       {operator, false},
	"GET " + api.RouteExportJobs:       {viewer, false},
	"GET " + api.RouteJob:              {viewer, false},
	"PATCH " + api.RouteJob:            {operator, false},
	"DELETE " + api.RouteJob:           {operator, false},
	"PUT " + api.RouteJobReschedule:    {operator, false},
	"POST " + api.RouteJobsBulk:        {operator, false},
	"GET " + api.RouteEventsStream:     {viewer, false},
	"GET " + api.RouteJobRevisions:     {viewer, false},
	"GET " + api.RouteJobRevision:      {viewer, false},
	"POST " + api.RouteJobRestore:      {operator, false},
	"POST " + api.RouteJobPause:        {operator, false},
	"POST " + api.RouteJobResume:       {operator, false},
	"POST " + api.RouteJobCancel:       {operator, false},
	"POST " + api.RouteJobRun:          {operator, false},
	"POST " + api.RouteJobBackfill:     {operator, false},
	"GET " + api.RouteJobNext:          {viewer, false},
	"GET " + api.RouteJobWhy:           {viewer, false},
	"GET " + api.RouteJobExecutions:    {viewer, false},
	"GET " + api.RouteExecutions:       {viewer, false},
	"GET " + api.RouteExecution:        {viewer, false},
	"POST " + api.RouteRetry:           {operator, false},
	"POST " + api.RouteCancel:          {operator, false},
	"GET " + api.RouteLogs:             {viewer, false},
	"GET " + api.RouteWhy:              {viewer, false},
	"GET " + api.RouteForecast:         {viewer, false},
	"GET " + api.RouteClockChanges:     {viewer, false},
	"GET " + api.RouteAudit:            {admin, false},
	"GET " + api.RouteAuditEntry:       {admin, false},
	"GET " + api.RouteAuditSlots:       {viewer, false},
	"GET " + api.RouteHandlers:         {viewer, false},
	"GET " + api.RouteHealth:           {viewer, false},
	"GET " + api.RouteHealthz:          {viewer, false},
	"GET " + api.RoutePlatform:         {viewer, false},
	"GET " + api.RouteMetrics:          {viewer, false},
	"GET " + api.RouteExposition:       {viewer, true},
	"GET " + api.RouteJobStats:         {viewer, false},
	"GET " + api.RouteVersion:          {viewer, false},
	"GET " + api.RouteWorkers:          {viewer, false},
	"GET " + api.RouteWorker:           {viewer, false},
	"POST " + api.RouteWorkerDrain:     {operator, true},
	"POST " + api.RouteWorkerUndrain:   {operator, true},
	"GET " + api.RouteQueue:            {viewer, false},
	"GET " + api.RouteQueueMessages:    {viewer, false},
	"POST " + api.RouteQueuePause:      {operator, false},
	"POST " + api.RouteQueueResume:     {operator, false},
	"GET " + api.RouteMaintenance:      {viewer, false},
	"PUT " + api.RouteMaintenance:      {operator, true},
	"DELETE " + api.RouteMaintenance:   {operator, true},
	"GET " + api.RouteDeadLetters:      {viewer, false},
	"GET " + api.RouteDeadLetter:       {viewer, false},
	"POST " + api.RouteDeadRetry:       {operator, false},
	"DELETE " + api.RouteDeadLetter:    {operator, false},
	"GET " + api.RoutePlatforms:        {viewer, false},
	"POST " + api.RoutePlatforms:       {admin, true},
	"GET " + api.RoutePlatformOfAll:    {viewer, false},
	"PATCH " + api.RoutePlatformOfAll:  {admin, false},
	"DELETE " + api.RoutePlatformOfAll: {admin, false},
	"GET " + api.RouteTokens:           {admin, false},
	"POST " + api.RouteTokens:          {admin, false},
	"DELETE " + api.RouteToken:         {admin, false},
	"POST " + api.RouteTokenRotate:     {admin, false},
	"GET " + api.RouteWorkflows:        {viewer, false},
	"POST " + api.RouteWorkflows:       {operator, false},
	"GET " + api.RouteWorkflow:         {viewer, false},
	"PUT " + api.RouteWorkflow:         {operator, false},
	"DELETE " + api.RouteWorkflow:      {operator, false},
	"GET " + api.RouteRevisions:        {viewer, false},
	"POST " + api.RouteWorkflowRun:     {operator, false},
	"GET " + api.RouteWorkflowRuns:     {viewer, false},
	"GET " + api.RouteSteps:            {viewer, false},
	"POST " + api.RouteReply:           {operator, false},
	"GET " + api.RouteBackup:           {admin, true},
	"POST " + api.RouteCleanup:         {operator, false},
	"GET " + api.RouteWhoami:           {viewer, false},
	"GET " + api.RouteLivez:            {anybody, false},
	"GET " + api.RouteReadyz:           {viewer, false},
	"GET " + api.RouteOpenAPIJSON:      {viewer, false},
	"GET " + api.RouteOpenAPIYAML:      {viewer, false},
	"GET " + api.RouteDocs:             {viewer, false},

	"GET " + api.RouteAgents:            {viewer, false},
	"POST " + api.RouteAgents:           {operator, false},
	"GET " + api.RouteAgent:             {viewer, false},
	"PATCH " + api.RouteAgent:           {operator, false},
	"DELETE " + api.RouteAgent:          {operator, false},
	"POST " + api.RouteAgentHeartbeat:   {operator, false},
	"POST " + api.RouteAgentReply:       {operator, false},
	"POST " + api.RouteJobsEvent:        {operator, false},
	"GET " + api.RouteEvents:            {viewer, false},
	"POST " + api.RouteEvents:           {operator, false},
	"GET " + api.RouteEventHandlers:     {viewer, false},
	"POST " + api.RouteEventHandlers:    {operator, false},
	"GET " + api.RouteAlerts:            {viewer, false},
	"GET " + api.RouteAlert:             {viewer, false},
	"POST " + api.RouteAlertAck:         {operator, false},
	"POST " + api.RouteAlertSilence:     {operator, false},
	"POST " + api.RouteAlertUnsilence:   {operator, false},
	"POST " + api.RouteAlertResolve:     {operator, false},
	"GET " + api.RouteAlertRules:        {viewer, false},
	"POST " + api.RouteAlertRules:       {operator, false},
	"GET " + api.RouteAlertRule:         {viewer, false},
	"PATCH " + api.RouteAlertRule:       {operator, false},
	"DELETE " + api.RouteAlertRule:      {operator, false},
	"POST " + api.RouteAlertRuleTest:    {operator, false},
	"GET " + api.RouteAlertChannels:     {viewer, false},
	"POST " + api.RouteAlertChannelTest: {operator, false},
	"GET " + api.RouteEventHandler:      {viewer, false},
	"PATCH " + api.RouteEventHandler:    {operator, false},
	"DELETE " + api.RouteEventHandler:   {operator, false},
	"POST " + api.RouteEventHandlerTest: {operator, false},
}

// caller is one kind of principal.
type caller struct {
	name    string
	who     control.Principal
	err     error
	refused int // with which nothing but open routes is answered; 0 = it depends
}

func callers() []caller {
	list := []caller{
		{name: "nobody", err: job.Errorf(job.Unauthenticated, "a valid token is needed"), refused: 401},
		{name: "not established", err: context.Canceled, refused: 401},
		{name: "refused", err: job.Errorf(job.Forbidden, "uid 1000 is not in group schedctl"), refused: 403},
		{name: "no role", who: control.Principal{Name: "x", Platform: "*"}, refused: 403},
		{name: "a strange role", who: control.Principal{Name: "x", Role: "root", Platform: "*"}, refused: 403},
		{name: "a role in upper case", who: control.Principal{Name: "x", Role: "ADMIN", Platform: "*"}, refused: 403},
		{name: "a role of two", who: control.Principal{Name: "x", Role: "viewer,admin", Platform: "*"}, refused: 403},
	}
	for _, role := range control.Roles() {
		for _, platform := range []string{"", "web", control.AnyPlatform} {
			list = append(list, caller{name: string(role) + " of " + platform, who: control.Principal{Name: "token:x", Role: role, Platform: platform, Token: "aaaaaaaa"}})
		}
	}
	return list
}

// want is the status that a route answers a caller with; 0 = neither 401 nor 403.
func (c caller) want(r right) int {
	switch {
	case r.least == anybody:
		return 0
	case c.refused != 0:
		return c.refused
	case !c.who.Role.Allows(r.least), r.all && c.who.Platform != control.AnyPlatform:
		return 403
	}
	return 0
}
