package control

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// ListHandlers returns what jobs of the caller's platform may run, ordered by name:
// what this node has, and the functions of the programs that live and embed a worker.
func (s *Service) ListHandlers(c Call) []handler.Info {
	reach := c.Principal.reach()
	list := s.o.Handlers.List()
	if s.o.Functions != nil {
		for _, name := range s.o.Functions() {
			if _, _, ours := s.o.Handlers.Lookup(name); !ours {
				list = append(list, function(name))
			}
		}
	}
	slices.SortFunc(list, func(a, b handler.Info) int { return strings.Compare(a.Name, b.Name) })
	list = slices.CompactFunc(list, func(a, b handler.Info) bool { return a.Name == b.Name })
	return slices.DeleteFunc(list, func(info handler.Info) bool {
		return reach != AnyPlatform && (!info.For(reach) || !s.Allows(reach, info.Name))
	})
}

// checkHandler finds the handler of a definition and lets it judge the payload. A
// definition that says no type gets the handler's.
func (s *Service) checkHandler(c *Call, spec *job.Spec, typeGiven bool) (handler.Info, job.Problems) {
	var p job.Problems
	h, info, ok := s.o.Handlers.Lookup(spec.Runner())
	if !ok && s.isFunction(spec) {
		info, ok = function(spec.HandlerName), true
	}
	if !ok && typeGiven && spec.HandlerType != job.HandlerFunction {
		h, info, ok = s.o.Handlers.Lookup(spec.HandlerName) // to say what is wrong
	}
	if !ok {
		if spec.HandlerName != "" { // else Validate says so
			p.Add("handler_name", "unknown", "handler %.80q is not registered%s", spec.HandlerName, s.didYouMean(c, spec.HandlerName))
		}
		return info, p
	}
	if info.Type == job.HandlerWorkflow && spec.HandlerType != job.HandlerWorkflow {
		p.Add("handler_name", "contradiction", "%q runs workflows: give the workflow's name, with handler_type workflow", info.Name)
	}
	if typeGiven && spec.HandlerType != info.Type {
		p.Add("handler_type", "contradiction", "handler %q is of type %q, not %q", info.Name, info.Type, spec.HandlerType)
	}
	spec.HandlerType = info.Type
	if spec.Type == job.TypeEvent && !event.Literal(string(spec.Payload)) {
		return info, p // it is judged when it is filled in
	}
	return info, append(p, judge(h, spec.Payload)...)
}

// checkHook checks what is to run after final failures, as if it were what the job runs.
func (s *Service) checkHook(c *Call, hook *job.Hook, platform string) error {
	if hook == nil {
		return nil
	}
	var p job.Problems
	h, info, ok := s.o.Handlers.Lookup(hook.HandlerName)
	if !ok || !info.For(platform) {
		p.Add("on_failure.handler_name", "unknown", "handler %.80q is not registered%s", hook.HandlerName, s.didYouMean(c, hook.HandlerName))
		return p.Err()
	}
	payload := hook.Payload
	if payload == nil {
		payload = json.RawMessage("{}")
	}
	for _, fault := range judge(h, payload) {
		fault.Field = "on_failure." + fault.Field
		p = append(p, fault)
	}
	if err := p.Err(); err != nil {
		return err
	}
	return s.mayUse(c, info, platform)
}

// isFunction reports whether a program that embeds a worker has the handler.
func (s *Service) isFunction(spec *job.Spec) bool {
	return spec.Runner() == spec.HandlerName && s.o.Functions != nil && slices.Contains(s.o.Functions(), spec.HandlerName)
}

// function describes a function of another program.
func function(name string) handler.Info {
	return handler.Info{Name: name, Type: job.HandlerFunction, Kind: "worker", Description: "a function of a Go program"}
}

// judge asks a handler what is wrong with a payload.
func judge(h handler.Handler, payload json.RawMessage) job.Problems {
	v, ok := h.(handler.Validator)
	if !ok || len(job.CheckPayload(payload)) > 0 { // that is told already
		return nil
	}
	var p job.Problems
	err := v.ValidatePayload(payload)
	fault, ok := errors.AsType[*job.Error](err)
	switch {
	case err == nil:
	case ok && len(fault.Fields) > 0:
		p = fault.Fields
	case ok:
		p.Add("payload", "invalid", "%s", fault.Message)
	default:
		p.Add("payload", "invalid", "%v", err)
	}
	return p
}

// didYouMean suggests the nearest handler.
func (s *Service) didYouMean(c *Call, name string) string {
	var names []string
	for _, info := range s.ListHandlers(*c) {
		names = append(names, info.Name)
	}
	if near := job.Nearest(name, names); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}

// checkRepeat judges the payload that an execution was given, which it gets again: since
// then the job may have got a handler that runs free commands, and what was harmless
// must not become one.
func (s *Service) checkRepeat(c Call, j *job.Job, payload json.RawMessage) error {
	_, info, known := s.o.Handlers.Lookup(j.Runner())
	if payload == nil || sameJSON(payload, j.Payload) || !known {
		return nil
	}
	return s.mayUse(&c, info, j.Platform)
}

// checkRun judges the payload of one run of a job: its form, the caller, the handler.
func (s *Service) checkRun(c Call, j *job.Job, payload json.RawMessage) error {
	if payload == nil {
		return nil
	}
	p := job.CheckPayload(payload)
	h, info, ok := s.o.Handlers.Lookup(j.Runner())
	switch {
	case !ok: // nobody could tell whether it is a free command
		p.Add("payload", "unknown", "handler %q of the job is not registered here, so its payload cannot be replaced", j.HandlerName)
	case len(p) == 0:
		p = judge(h, payload)
	}
	if err := p.Err(); err != nil {
		return err
	}
	return s.mayUse(&c, info, j.Platform)
}
