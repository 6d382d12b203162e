package control

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// standardRulePriority is that of an event handler that says none.
const standardRulePriority = 5

// shownActs is how many acts are told of one event handler.
const shownActs = 20

// CreateEventHandler makes an event handler.
func (s *Service) CreateEventHandler(ctx context.Context, c Call, in *api.EventHandlerInput) (api.EventHandler, error) {
	r := event.Rule{ID: s.o.NewID(), Enabled: true, Priority: standardRulePriority, Commands: c.Principal.Commands, CreatedBy: c.Principal.Name, CreatedAt: c.Now, UpdatedAt: c.Now}
	overlayRule(&r, in)
	home, err := c.homeOf(&api.JobInput{PlatformID: in.PlatformID})
	if err != nil {
		return api.EventHandler{}, err
	}
	r.Platform = home
	if err := s.inUse(home); err != nil {
		return api.EventHandler{}, err
	}
	if err := s.checkRule(&c, &r); err != nil {
		return api.EventHandler{}, err
	}
	if err := s.knowsTarget(ctx, &r); err != nil {
		return api.EventHandler{}, err
	}
	made, err := s.store.CreateRule(c.trail(ctx, "event_handler.created"), r)
	if err != nil {
		return api.EventHandler{}, err
	}
	s.did(ctx, c, "event handler created", ruleAttrs(&made)...)
	return handlerOf(&made), nil
}

// overlayRule writes what in says over r.
func overlayRule(r *event.Rule, in *api.EventHandlerInput) {
	for _, f := range []struct{ to, from *string }{{&r.Name, in.Name}, {&r.Event, in.EventName}, {&r.When, in.When}, {&r.DedupeKey, in.DedupeKey}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if in.ActionType != nil {
		r.Action = event.Action(*in.ActionType)
	}
	if in.ActionConfig != nil {
		r.Config = in.ActionConfig
	}
	if in.Enabled != nil {
		r.Enabled = *in.Enabled
	}
	if in.Priority != nil {
		r.Priority = *in.Priority
	}
	if in.DelayMS != nil {
		r.DelayMS = *in.DelayMS
	}
	if in.DebounceMS != nil {
		r.DebounceMS = *in.DebounceMS
	}
}

// checkRule refuses a rule that is wrong, or that does what its author may not.
func (s *Service) checkRule(c *Call, r *event.Rule) error {
	_, p := r.Validate()
	if len(p) == 0 && makesJob(r.Action) {
		p = append(p, unknownJobFields(r.Config)...)
	}
	if err := p.Err(); err != nil {
		return err
	}
	if !makesJob(r.Action) {
		return nil
	}
	spec := runs(r)
	if spec.HandlerName == "" || !event.Literal(spec.HandlerName) {
		return nil // told when it is filled in
	}
	_, info, known := s.o.Handlers.Lookup(spec.Runner())
	if !known {
		return fieldError("action_config.handler_name", "unknown", "handler %.80q is not registered%s", spec.Runner(), s.didYouMean(c, spec.Runner()))
	}
	if err := s.mayUse(c, info, r.Platform); err != nil {
		return err
	}
	if info.Privileged {
		return safeCommand("action_config.payload", spec.Payload)
	}
	return nil
}

// runs is what the jobs that a rule makes run, as far as it is written out.
func runs(r *event.Rule) job.Spec {
	var config struct {
		Type     job.HandlerType `json:"handler_type"`
		Handler  string          `json:"handler_name"`
		Agent    string          `json:"agent"`
		Workflow string          `json:"workflow"`
		Payload  json.RawMessage `json:"payload"`
	}
	_ = json.Unmarshal(r.Config, &config) // what is no text is told when it is filled in
	spec := job.Spec{HandlerType: config.Type, HandlerName: config.Handler, Payload: config.Payload}
	switch {
	case config.Workflow != "":
		spec.HandlerType, spec.HandlerName = job.HandlerWorkflow, config.Workflow
	case config.Agent != "":
		spec.HandlerType, spec.HandlerName = job.HandlerAgent, config.Agent
	}
	return spec
}

// knowsTarget refuses a rule for a workflow, or a type of agents, that there is not.
func (s *Service) knowsTarget(ctx context.Context, r *event.Rule) error {
	spec := runs(r)
	if !makesJob(r.Action) || !event.Literal(spec.HandlerName) {
		return nil
	}
	if err := s.knowsWorkflow(ctx, r.Platform, &spec); err != nil {
		return err
	}
	return s.knowsAgent(ctx, &job.Job{Platform: r.Platform, Spec: spec})
}

// safeCommand refuses free commands that an event could make another command of.
func safeCommand(field string, payload json.RawMessage) error {
	var command struct {
		Shell   string   `json:"shell"`
		Command []string `json:"command"`
	}
	_ = json.Unmarshal(payload, &command)
	if !event.Literal(command.Shell) {
		return fieldError(field+".shell", "injection", "a script must not have ${…}: whoever sends the event could run anything; pass values by env")
	}
	if len(command.Command) > 0 && !event.Literal(command.Command[0]) {
		return fieldError(field+".command[0]", "injection", "the program must not have ${…}: whoever sends the event could run anything")
	}
	return nil
}

// EventHandlers returns the event handlers in the caller's scope, by name.
func (s *Service) EventHandlers(ctx context.Context, c Call) ([]api.EventHandler, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	rules, err := s.store.ListRules(ctx, scope)
	list := make([]api.EventHandler, len(rules))
	for i := range rules {
		list[i] = handlerOf(&rules[i])
	}
	return list, err
}

// EventHandler returns one with its newest acts.
func (s *Service) EventHandler(ctx context.Context, c Call, ref string) (api.EventHandler, error) {
	scope, err := c.scope()
	if err != nil {
		return api.EventHandler{}, err
	}
	r, err := s.store.Rule(ctx, scope, ref)
	if err != nil {
		return api.EventHandler{}, err
	}
	acts, err := s.store.RuleActs(ctx, r.Platform, r.ID.String(), shownActs)
	if err != nil {
		return api.EventHandler{}, err
	}
	h := handlerOf(&r)
	for i := range acts {
		a := &acts[i]
		shown := api.EventAct{EventID: a.Event, State: string(a.State), At: a.At, DueAt: a.DueAt, JobName: a.JobName, Detail: a.Detail}
		if !a.JobID.IsZero() {
			shown.JobID = &a.JobID
		}
		if !a.ExecutionID.IsZero() {
			shown.ExecutionID = &a.ExecutionID
		}
		h.Acts = append(h.Acts, shown)
	}
	return h, nil
}

// ChangeEventHandler changes the fields that in gives.
func (s *Service) ChangeEventHandler(ctx context.Context, c Call, ref string, in *api.EventHandlerInput) (api.EventHandler, error) {
	if in.PlatformID != nil {
		return api.EventHandler{}, fieldError("platform_id", "read_only", "cannot be changed")
	}
	scope, err := c.scope()
	if err != nil {
		return api.EventHandler{}, err
	}
	if in.ActionType != nil || in.ActionConfig != nil {
		was, err := s.store.Rule(ctx, scope, ref)
		if err != nil {
			return api.EventHandler{}, err
		}
		overlayRule(&was, in)
		if err := s.knowsTarget(ctx, &was); err != nil {
			return api.EventHandler{}, err
		}
	}
	r, err := s.store.ChangeRule(c.trail(ctx, "event_handler.changed"), store.ChangeRule{
		Platform: scope, Ref: ref, IfRevision: c.IfRevision, By: c.Principal.Name, Now: c.Now,
		Change: func(r event.Rule) (event.Rule, error) {
			if onlyEnabled(in) {
				r.Enabled = *in.Enabled
				return r, nil
			}
			overlayRule(&r, in)
			r.Commands = c.Principal.Commands
			return r, s.checkRule(&c, &r)
		},
	})
	if err != nil {
		return api.EventHandler{}, err
	}
	s.did(ctx, c, "event handler changed", ruleAttrs(&r)...)
	return handlerOf(&r), nil
}

// onlyEnabled reports whether nothing but enabled is to change: who does so need not be
// allowed to do what the rule does.
func onlyEnabled(in *api.EventHandlerInput) bool {
	return in.Enabled != nil && in.Name == nil && in.EventName == nil && in.Priority == nil && in.ActionType == nil && in.ActionConfig == nil &&
		in.When == nil && in.DelayMS == nil && in.DebounceMS == nil && in.DedupeKey == nil
}

// DeleteEventHandler removes an event handler with what waits for it.
func (s *Service) DeleteEventHandler(ctx context.Context, c Call, ref string) (api.EventHandler, error) {
	scope, err := c.scope()
	if err != nil {
		return api.EventHandler{}, err
	}
	r, err := s.store.DeleteRule(c.trail(ctx, "event_handler.deleted"), scope, ref)
	if err != nil {
		return api.EventHandler{}, err
	}
	s.did(ctx, c, "event handler deleted", ruleAttrs(&r)...)
	return handlerOf(&r), nil
}

// TestEventHandler says what an event would make a handler do, and does nothing.
func (s *Service) TestEventHandler(ctx context.Context, c Call, ref string, in *api.EventTest) (api.EventTested, error) {
	scope, err := c.scope()
	if err != nil {
		return api.EventTested{}, err
	}
	r, err := s.store.Rule(ctx, scope, ref)
	if err != nil {
		return api.EventTested{}, err
	}
	name := first(in.Event, r.Event)
	var p job.Problems
	if fault := job.EventNameFault(name, in.Event == ""); fault != "" {
		p.Add("event", "pattern", "%s", fault)
	}
	event.CheckData(&p, "data", in.Data)
	if err := p.Err(); err != nil {
		return api.EventTested{}, err
	}
	out := api.EventTested{Event: name, Matches: event.Match(r.Event, name) || name == r.Event, Condition: r.When}
	sample := event.Event{ID: "test", Name: name, Platform: r.Platform, Data: in.Data, At: c.Now}
	if !out.Matches {
		return out, nil
	}
	r.Event = name
	matcher := event.NewMatcher([]event.Listener{{Source: 1, Rule: &r}}, nil)
	for _, broken := range matcher.Broken() {
		out.Error = broken.Reason
	}
	for _, act := range matcher.Decide([]event.Event{sample}, c.Now).Acts {
		s.tell(ctx, &c, &out, &act)
	}
	return out, nil
}

// tell adds what an act comes to.
func (s *Service) tell(ctx context.Context, c *Call, out *api.EventTested, act *event.Act) {
	out.Holds, out.Action, out.Config, out.DedupeKey = true, string(act.Action), act.Config, first(act.Dedupe, act.Group)
	if out.Error = act.Err; act.Err != "" {
		return
	}
	if !act.Due.IsZero() {
		out.DueAt = &act.Due
	}
	deed, err := s.PrepareAct(c.Now, act)
	if err != nil {
		out.Error = err.Error()
		return
	}
	out.Acts = true
	switch {
	case deed.Create != nil:
		out.Job = &deed.Create.Job
	case deed.Run != nil:
		out.Job = s.known(ctx, out, act.Platform, deed.Run.Ref)
	case deed.Cancel.Job != "":
		out.Job = s.known(ctx, out, act.Platform, deed.Cancel.Job)
	}
}

// known is the job that an act would concern.
func (s *Service) known(ctx context.Context, out *api.EventTested, platform, ref string) *job.Job {
	j, err := s.store.Job(ctx, platform, ref)
	if err != nil {
		out.Error = err.Error()
		return nil
	}
	return &j
}

// handlerOf is a rule as the API shows it.
func handlerOf(r *event.Rule) api.EventHandler {
	h := api.EventHandler{
		ID: r.ID.String(), Name: r.Name, HandlerName: r.Name, HandlerType: "job_creator", EventName: r.Event, Enabled: r.Enabled, Priority: r.Priority,
		ActionType: string(r.Action), ActionConfig: r.Config, When: r.When, DelayMS: r.DelayMS, DebounceMS: r.DebounceMS, DedupeKey: r.DedupeKey,
		PlatformID: platformID(r.Platform), TriggerCount: r.Triggered, SuccessCount: r.Succeeded, FailureCount: r.Failed, DeduplicatedCount: r.Deduplicated,
		CancelledCount: r.Cancelled, LastTriggered: instant(r.LastTriggered), LastError: r.LastError, LastErrorAt: instant(r.LastErrorAt),
		Revision: r.Revision, CreatedBy: r.CreatedBy, UpdatedBy: r.UpdatedBy, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	return h
}

// ruleAttrs name an event handler in the log.
func ruleAttrs(r *event.Rule) []slog.Attr {
	return []slog.Attr{slog.String("event_handler", r.Name), slog.String("event_handler_id", r.ID.String()), slog.String("platform", r.Platform)}
}
