package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Workflows keeps definitions of workflows, and what their runs have come to. A flow is
// the run of a workflow: an execution whose handler starts others, its steps.
type Workflows interface {
	// PutWorkflow stores a revision of a workflow, the first or the next, with the jobs
	// that its runs belong to. A definition that is what it was stays at its revision.
	PutWorkflow(ctx context.Context, p PutWorkflow) (Workflow, error)
	// DeleteWorkflow takes a workflow out of use; what runs goes on with its revision, and
	// a workflow of that name may be made anew. not_found when there is none.
	DeleteWorkflow(ctx context.Context, d DeleteWorkflow) error
	// Workflow returns a revision, or with 0 the newest of a workflow in use.
	Workflow(ctx context.Context, platform, name string, revision int64) (Workflow, error)
	// ListWorkflows returns the workflows in use, by name; with a name all its revisions,
	// the newest first.
	ListWorkflows(ctx context.Context, platform, name string) ([]Workflow, error)

	// BeginFlow returns the flow of an execution that runs with the token, and begins it
	// when there is none, or one of an earlier round. It keeps to the revision that it
	// began with. conflict when somebody else owns the execution.
	BeginFlow(ctx context.Context, b BeginFlow) (Flow, error)
	// NoteFlow remembers what an external engine calls the workflow. conflict as with
	// BeginFlow.
	NoteFlow(ctx context.Context, n NoteFlow) error
	// ReplyFlow remembers what an external engine said of a flow that waits for it, once.
	// not_found unless the secret is the flow's.
	ReplyFlow(ctx context.Context, r ReplyFlow) error
	// FlowSteps returns the executions that a flow has started, oldest first. ref is the
	// flow's execution as Execution takes it.
	FlowSteps(ctx context.Context, platform, ref string) ([]FlowStep, error)
	// WakeFlows makes flows ready for whose steps something changed, and finds steps whose
	// flow is over and which nobody has stopped. At most limit of each.
	WakeFlows(ctx context.Context, now time.Time, limit int) (Woken, error)
}

// Workflow is one revision of a workflow.
type Workflow struct {
	Platform   string
	Name       string
	Revision   int64
	Live       bool // the newest of a workflow in use
	Definition json.RawMessage
	// Jobs are what executions of the steps belong to, by step; "" is of runs that no
	// other job asked for.
	Jobs      map[string]job.ID
	CreatedAt time.Time // of the revision
	CreatedBy string
}

// PutWorkflow are the parameters of Workflows.PutWorkflow.
type PutWorkflow struct {
	Platform   string
	Name       string
	Definition json.RawMessage
	Jobs       map[string]CreateJob // by step; their names are completed
	Create     bool                 // conflict when there is one of that name; else not_found when there is none
	IfRevision int64                // 0 = any
	Now        time.Time
	By         string
}

// DeleteWorkflow are the parameters of Workflows.DeleteWorkflow.
type DeleteWorkflow struct {
	Platform   string
	Name       string
	IfRevision int64 // 0 = any
	Now        time.Time
	By         string
}

// BeginFlow are the parameters of Workflows.BeginFlow.
type BeginFlow struct {
	Execution job.ID
	Token     int64
	Platform  string
	Name      string // of the workflow
	Round     int    // 1, and one more with each retry of the execution; losses count not
	Secret    string // that an external engine must know to reply; kept for the round
	Now       time.Time
}

// Flow is a run of a workflow.
type Flow struct {
	Workflow  Workflow // the revision it began with
	Round     int
	StartedAt time.Time // of the round
	EngineID  string    // "" = no external engine was told yet
	Secret    string
	Reply     json.RawMessage // of the engine; nil = none yet
}

// NoteFlow are the parameters of Workflows.NoteFlow.
type NoteFlow struct {
	Execution job.ID
	Token     int64
	EngineID  string
}

// ReplyFlow are the parameters of Workflows.ReplyFlow.
type ReplyFlow struct {
	Execution job.ID
	Secret    string
	Reply     json.RawMessage
	Now       time.Time
}

// StepOf says which step of which flow an execution is.
type StepOf struct {
	Flow  job.ID // execution
	Token int64  // with which it runs
	Round int
	Step  string
	Item  int // of the step's list, -1 = it has none
}

// FlowStep is an execution that a flow started.
type FlowStep struct {
	Step      string
	Item      int
	Round     int
	Execution job.Execution
}

// Woken is what WakeFlows did and found.
type Woken struct {
	Flows   int
	Orphans []job.ID // steps whose flow is over
}
