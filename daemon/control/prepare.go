package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// makesJob reports whether an action creates a job.
func makesJob(a event.Action) bool {
	return a == event.CreateJob || a == event.TriggerWorkflow || a == event.DispatchAgent
}

// jobConfig is the configuration of an action that creates a job, filled in.
type jobConfig struct {
	api.JobDefinition

	Workflow string `json:"workflow,omitempty"`
	Agent    string `json:"agent,omitempty"`
}

// jobFields are the members that such a configuration may have.
var jobFields = fieldsOf(reflect.TypeFor[jobConfig](), nil)

func fieldsOf(t reflect.Type, names []string) []string {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = fieldsOf(f.Type, names)
		} else if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// unknownJobFields finds members that no job has.
func unknownJobFields(config json.RawMessage) job.Problems {
	var p job.Problems
	var members map[string]json.RawMessage
	_ = json.Unmarshal(config, &members) // it is an object: the rule was validated
	for name := range members {
		if slices.Contains(jobFields, name) {
			continue
		}
		hint := ""
		if near := job.Nearest(name, jobFields); near != "" {
			hint = `; did you mean "` + near + `"?`
		}
		p.Add("action_config."+name, "unknown_field", "is no field of a job%s", hint)
	}
	return p
}

// PrepareAct says what an act comes to: the job to create, checked as one that the author
// of the rule creates, the run, or the jobs to cancel.
func (s *Service) PrepareAct(now time.Time, a *event.Act) (store.Deed, error) {
	return s.Preparer(now)(a)
}

// Preparer returns PrepareAct for the acts of one batch: a job that many of them run is
// read once. It is for one goroutine.
func (s *Service) Preparer(now time.Time) func(a *event.Act) (store.Deed, error) {
	type found struct {
		job job.Job
		err error
	}
	seen := map[[2]string]found{}
	return func(a *event.Act) (store.Deed, error) {
		return s.prepare(now, a, func(platform, ref string) (*job.Job, error) {
			at := [2]string{platform, ref}
			one, known := seen[at]
			if !known {
				one.job, one.err = s.store.Job(context.Background(), platform, ref)
				seen[at] = one
			}
			return &one.job, one.err
		})
	}
}

// prepare says what an act comes to; known reads a job that it runs.
func (s *Service) prepare(now time.Time, a *event.Act, known func(platform, ref string) (*job.Job, error)) (store.Deed, error) {
	c := Call{Principal: Principal{Name: "rule:" + a.Name, Role: RoleOperator, Platform: a.Platform, Commands: a.Commands}, Now: now}
	switch a.Action {
	case event.RunJob:
		return s.prepareRun(&c, a, known)
	case event.CancelJobs:
		var config struct {
			Job     string   `json:"job"`
			Tags    []string `json:"tags"`
			Running bool     `json:"cancel_running"`
		}
		if err := strict(a.Config, &config); err != nil {
			return store.Deed{}, err
		}
		if config.Job == "" && len(config.Tags) == 0 || len(config.Tags) > job.MaxTags {
			return store.Deed{}, fieldError("action_config.job", "required", "is empty: nothing is cancelled")
		}
		return store.Deed{Cancel: &store.CancelJobs{Platform: a.Platform, Job: config.Job, Tags: config.Tags, Running: config.Running}}, nil
	}
	return s.prepareJob(&c, a)
}

func (s *Service) prepareRun(c *Call, a *event.Act, known func(platform, ref string) (*job.Job, error)) (store.Deed, error) {
	var config struct {
		Job     string          `json:"job"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := strict(a.Config, &config); err != nil {
		return store.Deed{}, err
	}
	run := &store.Trigger{Platform: a.Platform, Ref: config.Job, Payload: config.Payload, By: c.Principal.Name}
	if a.Source < 0 { // the job's own: checked with the job
		run.By = "event"
		if config.Payload != nil {
			if err := job.CheckPayload(config.Payload).Err(); err != nil {
				return store.Deed{}, err
			}
		}
		return store.Deed{Run: run}, nil
	}
	if config.Payload != nil {
		j, err := known(a.Platform, config.Job)
		if err != nil {
			return store.Deed{}, err
		}
		if err := s.checkRun(*c, j, config.Payload); err != nil {
			return store.Deed{}, err
		}
	}
	return store.Deed{Run: run}, nil
}

func (s *Service) prepareJob(c *Call, a *event.Act) (store.Deed, error) {
	var config jobConfig
	if err := strict(a.Config, &config); err != nil {
		return store.Deed{}, err
	}
	in := &config.JobInput
	typed := func(name string, t job.HandlerType) {
		if name != "" {
			in.HandlerName, in.HandlerType = &name, &t
		}
	}
	typed(config.Workflow, job.HandlerWorkflow)
	typed(config.Agent, job.HandlerAgent)
	if in.Name == nil {
		name := a.Name + "-" + s.o.NewID().String()
		in.Name = &name
	}
	typ := config.Type
	switch {
	case typ != "":
	case in.StartDate != nil:
		typ = job.TypeRecurring
	case in.Schedule != nil:
		typ = job.TypeCron
	case in.EventName != nil || in.After != nil:
		typ = job.TypeEvent
	default:
		typ = job.TypeOneTime
	}
	if typ == job.TypeOneTime && in.ExecuteAt == nil && in.In == nil {
		now := "0s"
		in.In = &now
	}
	var p job.Problems
	job.OneOf(&p, "type", typ, api.CreatableTypes())
	if err := p.Err(); err != nil {
		return store.Deed{}, err
	}
	j, err := s.newJob(c, typ, in)
	if err != nil {
		return store.Deed{}, err
	}
	if err := s.mayCreate(j.Platform, 1, c.Now); err != nil {
		return store.Deed{}, err
	}
	create, err := s.creation(c, j)
	return store.Deed{Create: &create}, err
}

// strict decodes a filled-in configuration, and refuses members that nobody knows.
func strict(config json.RawMessage, into any) error {
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return job.Errorf(job.Invalid, "action_config: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// checkListening checks what ties a job to events: expressions, and that no event can make
// another command of a free one.
func checkListening(spec *job.Spec, info handler.Info) job.Problems {
	if spec.Type != job.TypeEvent {
		return event.CheckWhen(spec)
	}
	p := event.CheckJob(spec)
	if info.Privileged {
		if fault, ok := errors.AsType[*job.Error](safeCommand("payload", spec.Payload)); ok {
			p = append(p, fault.Fields...)
		}
	}
	return p
}
