package api

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/workflow"
)

// WorkflowInput is the body of POST /workflows and of PUT /workflows/{id}.
type WorkflowInput struct {
	PlatformID *string `json:"platform_id,omitempty"`

	workflow.Definition
}

// Workflow is one revision of a workflow.
type Workflow struct {
	workflow.Definition

	PlatformID *string   `json:"platform_id"`
	Revision   int64     `json:"revision"`
	InUse      bool      `json:"in_use"` // the newest, of a workflow that was not deleted
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by"`
}

// WorkflowRun is the optional body of POST /workflows/{id}/run.
type WorkflowRun struct {
	Payload json.RawMessage `json:"payload,omitempty"` // what expressions call input
}

// WorkflowReply is the body of POST /executions/{id}/reply: how a workflow ended that an
// external engine ran.
type WorkflowReply struct {
	Token  string          `json:"reply_token"` // that the engine was given at the start
	Status string          `json:"status"`      // success or failed
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// StepRun is an execution that a workflow started, or a step whose turn has not come.
type StepRun struct {
	Step        string              `json:"step"`
	Item        *int                `json:"item,omitempty"`  // of the step's list
	Round       int                 `json:"round,omitempty"` // one more with each retry of the workflow
	Status      workflow.StepStatus `json:"status"`
	ExecutionID *job.ID             `json:"execution_id,omitempty"`
	Attempt     int                 `json:"attempt,omitempty"`
	StartedAt   *time.Time          `json:"started_at,omitempty"`
	CompletedAt *time.Time          `json:"completed_at,omitempty"`
	DurationMS  *int64              `json:"duration_ms,omitempty"`
	Result      json.RawMessage     `json:"result,omitempty"`
	Error       string              `json:"error,omitempty"`
}
