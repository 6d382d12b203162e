package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/workflow"
)

// maxWorkflows is how many workflows a platform may have.
const maxWorkflows = 1000

// PutWorkflow makes a workflow, or with create false its next revision.
func (s *Service) PutWorkflow(ctx context.Context, c Call, in *api.WorkflowInput, create bool) (api.Workflow, error) {
	home, err := c.homeOf(&api.JobInput{PlatformID: in.PlatformID})
	if err != nil {
		return api.Workflow{}, err
	}
	d := &in.Definition
	if !create {
		if _, err := s.workflow(ctx, c, d.Name, 0); err != nil {
			return api.Workflow{}, err
		}
	}
	if err := s.checkWorkflow(&c, home, d); err != nil {
		return api.Workflow{}, err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return api.Workflow{}, err
	}
	if len(text) > workflow.MaxSize {
		return api.Workflow{}, fieldError("steps", "too_long", "the definition has %d bytes; at most %d are allowed", len(text), workflow.MaxSize)
	}
	if create {
		if err := cmp.Or(s.Room(), s.roomForWorkflow(ctx, home)); err != nil {
			return api.Workflow{}, err
		}
	}
	jobs := map[string]store.CreateJob{}
	for step, spec := range specsOf(d) {
		p, err := s.creation(&c, born(&c, s.o.NewID(), home, &spec, nil))
		if err != nil {
			return api.Workflow{}, err
		}
		jobs[step] = p
	}
	action := "workflow.changed"
	if create {
		action = "workflow.created"
	}
	w, err := s.store.PutWorkflow(c.trail(ctx, action), store.PutWorkflow{
		Platform: home, Name: d.Name, Definition: text, Jobs: jobs, Create: create, IfRevision: c.IfRevision, Now: c.Now, By: c.Principal.Name,
	})
	if err != nil {
		return api.Workflow{}, err
	}
	s.did(ctx, c, "workflow stored", slog.String("workflow", w.Name), slog.String("platform", w.Platform), slog.Int64("revision", w.Revision))
	return workflowOf(&w), nil
}

// specsOf are the definitions of the jobs that runs of a workflow belong to, by step.
func specsOf(d *workflow.Definition) map[string]job.Spec {
	specs := map[string]job.Spec{"": d.Spec()}
	for i := range d.Steps {
		specs[d.Steps[i].Name] = d.Steps[i].Spec()
	}
	return specs
}

func (s *Service) roomForWorkflow(ctx context.Context, platform string) error {
	list, err := s.store.ListWorkflows(ctx, platform, "")
	if err == nil && len(list) >= maxWorkflows {
		err = job.Errorf(job.Conflict, "there are %d workflows already", len(list)).WithHint("delete those that nobody uses: schedctl workflow list")
	}
	return err
}

// checkWorkflow judges a definition, its expressions, and the handlers of its steps.
func (s *Service) checkWorkflow(c *Call, home string, d *workflow.Definition) error {
	p := d.Validate()
	if len(p) == 0 && s.o.CheckWorkflow != nil {
		p = s.o.CheckWorkflow(d)
	}
	for i := range d.Steps {
		if err := s.checkStep(c, home, &d.Steps[i], fmt.Sprintf("steps[%d].", i), &p); err != nil {
			return err
		}
	}
	return p.Err()
}

// checkStep finds the handler of a step, and lets it judge a payload that is the same at
// each run. What runs free commands takes no placeholders: its command would be whatever
// the run brings.
func (s *Service) checkStep(c *Call, home string, step *workflow.Step, at string, p *job.Problems) error {
	h, info, ok := s.o.Handlers.Lookup(step.HandlerName)
	switch {
	case step.HandlerName == "" || step.HandlerType == job.HandlerWorkflow:
		return nil
	case !ok:
		p.Add(at+"handler_name", "unknown", "handler %.80q is not registered%s", step.HandlerName, s.didYouMean(c, step.HandlerName))
		return nil
	case info.Type == job.HandlerWorkflow:
		p.Add(at+"handler_name", "not_allowed", "a step cannot be a workflow")
		return nil
	case step.HandlerType != "" && step.HandlerType != info.Type:
		p.Add(at+"handler_type", "contradiction", "handler %q is of type %q, not %q", info.Name, info.Type, step.HandlerType)
	}
	step.HandlerType = info.Type
	dynamic := bytes.Contains(step.Payload, []byte("${"))
	if dynamic && info.Privileged {
		p.Add(at+"payload", "not_allowed", "handler %q runs free commands and takes no placeholders; name the command in the configuration", info.Name)
	}
	if !dynamic {
		payload := step.Payload
		if payload == nil {
			payload = json.RawMessage("{}")
		}
		for _, f := range judge(h, payload) {
			p.Add(at+f.Field, f.Code, "%s", f.Message)
		}
	}
	return s.mayUse(c, info, home)
}

// DeleteWorkflow takes a workflow out of use.
func (s *Service) DeleteWorkflow(ctx context.Context, c Call, name string) error {
	w, err := s.workflow(ctx, c, name, 0)
	if err != nil {
		return err
	}
	err = s.store.DeleteWorkflow(c.trail(ctx, "workflow.deleted"), store.DeleteWorkflow{Platform: w.Platform, Name: w.Name, IfRevision: c.IfRevision, Now: c.Now, By: c.Principal.Name})
	if err == nil {
		s.did(ctx, c, "workflow deleted", slog.String("workflow", w.Name), slog.String("platform", w.Platform))
	}
	return err
}

// workflow finds a revision within the caller's reach, and suggests a name that is near.
func (s *Service) workflow(ctx context.Context, c Call, name string, revision int64) (store.Workflow, error) {
	scope, err := c.scope()
	if err != nil {
		return store.Workflow{}, err
	}
	w, err := s.store.Workflow(ctx, scope, name, revision)
	if job.CodeOf(err) != job.NotFound || revision != 0 {
		return w, err
	}
	list, fault := s.store.ListWorkflows(ctx, scope, "")
	if fault != nil {
		return w, err
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	if near := job.Nearest(name, names); near != "" {
		return w, job.Errorf(job.NotFound, "workflow %q not found", name).WithHint("did you mean %q?", near)
	}
	return w, err
}

// Workflow returns a revision of a workflow, with 0 the one in use.
func (s *Service) Workflow(ctx context.Context, c Call, name string, revision int64) (api.Workflow, error) {
	w, err := s.workflow(ctx, c, name, revision)
	if err != nil {
		return api.Workflow{}, err
	}
	return workflowOf(&w), nil
}

// ListWorkflows returns the workflows in use, by name; with a name all its revisions, the
// newest first.
func (s *Service) ListWorkflows(ctx context.Context, c Call, name string) ([]api.Workflow, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	list, err := s.store.ListWorkflows(ctx, scope, name)
	if err == nil && name != "" && len(list) == 0 {
		err = job.Errorf(job.NotFound, "workflow %q not found", name)
	}
	all := make([]api.Workflow, len(list))
	for i := range list {
		all[i] = workflowOf(&list[i])
	}
	return all, err
}

func workflowOf(w *store.Workflow) api.Workflow {
	shown := api.Workflow{PlatformID: platformID(w.Platform), Revision: w.Revision, InUse: w.Live, CreatedAt: w.CreatedAt, CreatedBy: w.CreatedBy}
	_ = json.Unmarshal(w.Definition, &shown.Definition) // what we wrote
	shown.Name = w.Name
	return shown
}

// RunWorkflow runs a workflow now, outside of any job.
func (s *Service) RunWorkflow(ctx context.Context, c Call, name string, in *api.WorkflowRun) (e job.Execution, replayed bool, err error) {
	if in.Payload != nil {
		if err := job.CheckPayload(in.Payload).Err(); err != nil {
			return e, false, err
		}
	}
	w, err := s.workflow(ctx, c, name, 0)
	if err != nil {
		return e, false, err
	}
	j, err := s.store.Job(ctx, w.Platform, w.Jobs[""].String())
	if err != nil {
		return e, false, err
	}
	return s.trigger(ctx, c, &j, store.Trigger{Kind: job.TriggerManual, Payload: in.Payload, Overlap: job.OverlapAllow})
}

// WorkflowRuns lists the runs of a workflow, whichever job asked for them.
func (s *Service) WorkflowRuns(ctx context.Context, c Call, name string, f ExecutionFilter) (ExecutionPage, error) {
	scope, err := c.scope()
	if err != nil {
		return ExecutionPage{}, err
	}
	if list, err := s.store.ListWorkflows(ctx, scope, name); err != nil || len(list) == 0 {
		_, fault := s.workflow(ctx, c, name, 0)
		return ExecutionPage{}, fault
	}
	f.Workflow = name
	return s.ListExecutions(ctx, c, f)
}

// Steps returns how the steps of an execution of a workflow stand, in their order.
func (s *Service) Steps(ctx context.Context, c Call, ref string) ([]api.StepRun, error) {
	e, err := s.Execution(ctx, c, ref)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.FlowSteps(ctx, e.Platform, e.ID.String())
	if err != nil {
		return nil, err
	}
	steps := make([]api.StepRun, 0, len(rows))
	seen := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		seen[r.Step] = true
		one := api.StepRun{
			Step: r.Step, Round: r.Round, Status: workflow.StepStatus(r.Execution.Status), ExecutionID: &r.Execution.ID, Attempt: r.Execution.Attempt,
			StartedAt: r.Execution.StartedAt, CompletedAt: r.Execution.CompletedAt, DurationMS: r.Execution.DurationMS, Result: r.Execution.Result, Error: r.Execution.Error,
		}
		if r.Item != workflow.Single {
			one.Item = &r.Item
		}
		steps = append(steps, one)
	}
	return append(steps, s.unstarted(ctx, &e, seen)...), nil
}

// unstarted are the steps of which there is no execution: they wait, or will not run.
func (s *Service) unstarted(ctx context.Context, e *job.Execution, seen map[string]bool) []api.StepRun {
	j, err := s.store.Job(ctx, e.Platform, e.JobID.String())
	if err != nil || j.HandlerType != job.HandlerWorkflow {
		return nil
	}
	w, err := s.store.Workflow(ctx, e.Platform, j.HandlerName, 0)
	if err != nil {
		return nil
	}
	var d workflow.Definition
	if json.Unmarshal(w.Definition, &d) != nil {
		return nil
	}
	var steps []api.StepRun
	for _, step := range d.Order() {
		if !seen[step.Name] {
			status := workflow.Waiting
			if e.Status.Terminal() {
				status = workflow.StepStatus(job.Skipped)
			}
			steps = append(steps, api.StepRun{Step: step.Name, Status: status})
		}
	}
	return steps
}

// Reply takes what an external engine says of a workflow that it runs. The reply token is
// the engine's right to say it.
func (s *Service) Reply(ctx context.Context, c Call, ref string, in *api.WorkflowReply) error {
	var p job.Problems
	if in.Token == "" {
		p.Add("reply_token", "required", "is required")
	}
	if in.Status != "success" && in.Status != "failed" {
		p.Add("status", "enum", "must be success or failed")
	}
	if len(in.Result) > job.MaxResult {
		p.Add("result", "too_long", "has %d bytes; at most %d are allowed", len(in.Result), job.MaxResult)
	}
	if len(in.Error) > job.MaxErrorLen {
		p.Add("error", "too_long", "has %d bytes; at most %d are allowed", len(in.Error), job.MaxErrorLen)
	}
	if err := p.Err(); err != nil {
		return err
	}
	id, err := job.ParseID(ref)
	if err != nil {
		return job.Errorf(job.NotFound, "nobody waits for that reply")
	}
	text, err := json.Marshal(map[string]any{"status": in.Status, "result": in.Result, "error": in.Error})
	if err != nil {
		return err
	}
	if err := s.store.ReplyFlow(ctx, store.ReplyFlow{Execution: id, Secret: in.Token, Reply: text, Now: c.Now}); err != nil {
		return err
	}
	s.o.Kick()
	return nil
}

// knowsWorkflow refuses a job for a workflow that there is not.
func (s *Service) knowsWorkflow(ctx context.Context, platform string, spec *job.Spec) error {
	if spec.HandlerType != job.HandlerWorkflow {
		return nil
	}
	_, err := s.store.Workflow(ctx, platform, spec.HandlerName, 0)
	if job.CodeOf(err) == job.NotFound {
		return fieldError("handler_name", "unknown", "there is no workflow %.80q on the platform; create it first", spec.HandlerName)
	}
	return err
}
