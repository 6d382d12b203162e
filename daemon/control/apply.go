package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// MaxApply is how many jobs one request may apply.
const MaxApply = 10_000

// errDry undoes a dry run.
var errDry = errors.New("dry run")

// ApplyJobs makes jobs what their definitions say, all of them or none. Faults of all
// definitions are reported at once; their fields begin with jobs[INDEX]. What is so
// already is left alone: no revision, no event.
func (s *Service) ApplyJobs(ctx context.Context, c Call, in *api.Apply) (api.Applied, error) {
	a := &application{s: s, c: c, in: in, d: s.rules.Load().defaults, owner: first(in.Owner, api.OwnerApply)}
	if err := a.prepare(ctx); err != nil {
		return api.Applied{}, err
	}
	if in.Prune {
		if err := a.findPruned(ctx); err != nil {
			return api.Applied{}, err
		}
	}
	_, err := s.store.ApplyJobs(c.trail(ctx, "job.applied"), store.ApplyJobs{
		Steps: a.steps, Now: c.Now, By: c.Principal.Name, NewID: s.o.NewID,
		Begin: func() { a.faults = nil }, Commit: a.commit,
	})
	if errors.Is(err, errDry) {
		return a.answer, nil
	}
	if err != nil {
		return api.Applied{}, err
	}
	if n := a.answer; n.Created+n.Changed+n.Pruned > 0 {
		s.o.Wake()
		s.o.Kick()
		s.did(ctx, c, "jobs applied", slog.String("owner", a.owner), slog.Int("created", n.Created), slog.Int("changed", n.Changed),
			slog.Int("unchanged", n.Unchanged), slog.Int("pruned", n.Pruned))
	}
	return a.answer, nil
}

// application is one request on its way.
type application struct {
	s      *Service
	c      Call
	in     *api.Apply
	d      job.Defaults
	owner  string
	wanted []wanted // of the definitions, in their order
	steps  []store.ApplyStep
	about  []int // of each step: the index of its definition, -1 = it prunes
	faults job.Problems
	code   job.Code // of the first fault
	answer api.Applied
}

// wanted is what a definition asks for.
type wanted struct {
	home  string
	spec  job.Spec
	info  handler.Info
	known bool // the handler is registered here
}

// prepare checks the definitions and turns them into steps.
func (a *application) prepare(ctx context.Context) error {
	switch n := len(a.in.Jobs); {
	case n == 0:
		return fieldError("jobs", "required", "holds no job; give at least one")
	case n > MaxApply:
		return fieldError("jobs", "too_many", "has %d jobs; at most %d are allowed at once", n, MaxApply)
	case !platformRule.MatchString(a.owner):
		return fieldError("owner", "pattern", "%.80q must be lower-case letters, digits, hyphen and underscore, at most 63 bytes", a.owner)
	case len(a.in.PruneTags) > 0 && !a.in.Prune:
		return fieldError("prune_tags", "contradiction", "goes with prune only")
	}
	first := map[string]int{}
	for i := range a.in.Jobs {
		w, err := a.want(&a.in.Jobs[i])
		a.fault(i, err)
		key := w.home + "/" + w.spec.Name
		if before, twice := first[key]; twice && w.spec.Name != "" {
			a.fault(i, fieldError("name", "duplicate", "%q is the name of jobs[%d] too", w.spec.Name, before))
		} else {
			first[key] = i
		}
		a.wanted = append(a.wanted, w)
		a.step(i)
	}
	a.chains(ctx)
	return a.refusal()
}

// chains refuses jobs that would run after themselves, as all of them shall be.
func (a *application) chains(ctx context.Context) {
	homes := map[string]map[string]*job.Spec{}
	for i := range a.wanted {
		w := &a.wanted[i]
		if homes[w.home] == nil {
			homes[w.home] = map[string]*job.Spec{}
		}
		homes[w.home][w.spec.Name] = &w.spec
	}
	for i := range a.wanted {
		w := &a.wanted[i]
		a.fault(i, a.s.checkAfter(ctx, w.home, &w.spec, homes[w.home]))
	}
}

// want reads one definition. What is at fault is reported whatever exists already.
func (a *application) want(def *api.JobDefinition) (w wanted, err error) {
	var p job.Problems
	if def.ID != nil {
		p.Add("id", "not_allowed", "is chosen by the server; a job is applied by its name")
	}
	if def.In != nil {
		p.Add("in", "not_allowed", "counts from now, so that applying again would move it; give execute_at")
	}
	job.OneOf(&p, "type", def.Type, api.CreatableTypes())
	w.spec = job.NewSpec(a.d)
	w.spec.Type = def.Type
	in := def.JobInput
	in.In = nil
	p = append(p, in.Overlay(&w.spec, a.c.Now)...)
	if _, w.info, w.known = a.s.o.Handlers.Lookup(w.spec.Runner()); w.known && def.HandlerType == nil {
		w.spec.HandlerType = w.info.Type
	}
	w.spec.Normalize(a.d)
	if len(p) == 0 || def.Type != "" && p[0].Field != "type" {
		p = append(p, w.spec.Validate()...)
		p = append(p, checkListening(&w.spec, w.info)...)
	}
	if api.OwnerOf(w.spec.Metadata) != "" {
		p.Add("metadata", "read_only", "the member %q is written by the server", api.OwnerKey)
	}
	c := a.c
	if w.home, err = c.homeOf(&in); err != nil {
		if e, ok := errors.AsType[*job.Error](err); ok && e.Code == job.Invalid {
			p = append(p, e.Fields...)
		} else {
			return w, err
		}
	}
	return w, p.Err()
}

// fault notes what is wrong with a definition.
func (a *application) fault(i int, err error) {
	e, ok := errors.AsType[*job.Error](err)
	switch {
	case err == nil:
		return
	case !ok:
		e = &job.Error{Code: job.Internal, Message: "cannot be applied", Err: err}
	}
	if len(a.faults) == 0 {
		a.code = e.Code
	}
	at := fmt.Sprintf("jobs[%d]", i)
	for _, f := range e.Fields {
		a.faults = append(a.faults, job.FieldError{Field: at + "." + f.Field, Code: f.Code, Message: f.Message})
	}
	if len(e.Fields) == 0 {
		text := e.Message
		if e.Hint != "" {
			text += "; " + e.Hint
		}
		a.faults = append(a.faults, job.FieldError{Field: at, Code: string(e.Code), Message: text})
	}
}

// refusal is the error of all faults, nil when there is none.
func (a *application) refusal() error {
	if len(a.faults) == 0 {
		return nil
	}
	err, _ := errors.AsType[*job.Error](a.faults.Err())
	err.Code = a.code
	return err.WithHint("nothing was applied")
}

// commit ends the transaction: with an error when anything is at fault, or was only to
// be tried.
func (a *application) commit(done []store.AppliedJob) error {
	if err := a.refusal(); err != nil {
		return err
	}
	a.answer = a.report(done)
	if a.in.DryRun {
		return errDry
	}
	return nil
}
