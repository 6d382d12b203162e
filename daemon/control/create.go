package control

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// CreateJob makes a job of the type. With an idempotency key seen before it answers
// what it answered then, and replayed is true.
func (s *Service) CreateJob(ctx context.Context, c Call, typ job.Type, in *api.JobInput) (created job.Job, replayed bool, err error) {
	j, err := s.newJob(&c, typ, in)
	if err != nil {
		return job.Job{}, false, err
	}
	if err := s.checkAfter(ctx, j.Platform, &j.Spec, nil); err != nil {
		return job.Job{}, false, err
	}
	p, err := s.creation(&c, j)
	if err != nil {
		return job.Job{}, false, err
	}
	if err := s.knowsWorkflow(ctx, j.Platform, &j.Spec); err != nil {
		return job.Job{}, false, err
	}
	if err := s.knowsAgent(ctx, &j); err != nil {
		return job.Job{}, false, err
	}
	if c.DryRun {
		created, err = s.dryCreate(ctx, &c, p)
		return created, false, err
	}
	if err := s.Room(); err != nil {
		return job.Job{}, false, err
	}
	if err := s.mayCreate(j.Platform, 1, c.Now); err != nil {
		return job.Job{}, false, err
	}
	p.IdempotencyKey, p.BodyHash = c.IdempotencyKey, c.BodyHash
	created, replayed, err = s.store.CreateJob(c.trail(ctx, "job.created"), p)
	if err != nil || replayed {
		return created, replayed, err
	}
	s.o.Wake()
	s.did(ctx, c, "job created", append(jobAttrs(&created), slog.String("type", string(typ)))...)
	return created, false, nil
}

// creation is what the store gets of a new job.
func (s *Service) creation(c *Call, j job.Job) (store.CreateJob, error) {
	p := store.CreateJob{Job: j, Now: c.Now}
	if j.Type != job.TypeStep {
		p.MaxJobs = s.termsOf(j.Platform).MaxJobs
	}
	if j.Status == job.JobActive && j.Type != job.TypeEvent {
		opening, err := job.Open(j, c.Now, "created")
		if err != nil {
			return p, err
		}
		p.Open = &opening
	}
	return p, nil
}

// newJob is the job that in describes, checked.
func (s *Service) newJob(c *Call, typ job.Type, in *api.JobInput) (job.Job, error) {
	spec := job.NewSpec(s.rules.Load().defaults)
	spec.Type = typ
	problems := in.Overlay(&spec, c.Now)
	info, faults := s.checkHandler(c, &spec, in.HandlerType != nil)
	spec.Normalize(s.rules.Load().defaults)
	problems = append(append(problems, spec.ValidateAt(c.Now)...), faults...)
	problems = append(problems, checkListening(&spec, info)...)
	id, err := s.idOf(in)
	if err != nil {
		problems.Add("id", "pattern", "must be a UUID")
	}
	if err := problems.Err(); err != nil {
		return job.Job{}, err
	}
	home, err := c.homeOf(in)
	if err != nil {
		return job.Job{}, err
	}
	if err := s.mayUse(c, info, home); err != nil {
		return job.Job{}, err
	}
	if err := s.checkHook(c, spec.OnFailure, home); err != nil {
		return job.Job{}, err
	}
	return born(c, id, home, &spec, in.Enabled), nil
}

// homeOf returns the platform of the job that in describes.
func (c *Call) homeOf(in *api.JobInput) (string, error) {
	if in.PlatformID != nil {
		if c.Platform != "" && c.Platform != *in.PlatformID {
			return "", fieldError("platform_id", "contradiction", "contradicts the platform_id of the query")
		}
		c.Platform = *in.PlatformID
		if c.Platform == "" {
			return "", fieldError("platform_id", "pattern", "must not be empty; leave it out")
		}
	}
	return c.home()
}

// born is a job as it begins.
func born(c *Call, id job.ID, home string, spec *job.Spec, enabled *bool) job.Job {
	j := job.Job{
		ID: id, Platform: home, Spec: *spec, Status: job.JobActive, Revision: 1, CreatedBy: c.Principal.Name,
		CreatedAt: c.Now, UpdatedAt: c.Now, Anchor: c.Now, Seed: home + "/" + spec.Name,
	}
	if spec.StartDate != nil {
		j.Anchor = *spec.StartDate
	}
	if enabled != nil && !*enabled {
		j.Status, j.PausedAt, j.PauseReason = job.JobPaused, &c.Now, "created disabled"
	}
	return j
}

// idOf is the id that the caller chose, or a new one.
func (s *Service) idOf(in *api.JobInput) (job.ID, error) {
	if in.ID == nil {
		return s.o.NewID(), nil
	}
	id, err := job.ParseID(*in.ID)
	if err == nil && id.IsZero() {
		err = job.Errorf(job.Invalid, "the nil UUID is no id")
	}
	return id, err
}

// PatchJob changes the fields that in gives. in.Null names those that go back to
// their default.
func (s *Service) PatchJob(ctx context.Context, c Call, ref string, in *api.JobInput) (job.Job, error) {
	for field, set := range map[string]bool{"id": in.ID != nil, "platform_id": in.PlatformID != nil, "enabled": in.Enabled != nil} {
		if set {
			return job.Job{}, fieldError(field, "read_only", "cannot be changed by PATCH")
		}
	}
	change := func(cur job.Job, st job.State) (job.Changed, error) {
		patch := job.Patch(s.act(c), func(spec *job.Spec) error { return s.edit(ctx, c, cur.Platform, spec, in) })
		return patch(cur, st)
	}
	return s.change(ctx, c, ref, change, "job changed")
}

// edit writes a PATCH over the definition of a job of the platform.
func (s *Service) edit(ctx context.Context, c Call, platform string, spec *job.Spec, in *api.JobInput) error {
	before := *spec
	spec.ForgetDerived(s.rules.Load().defaults, given(in))
	problems := append(clearNull(spec, s.rules.Load().defaults, in.Null), in.Overlay(spec, c.Now)...)
	if err := problems.Err(); err != nil {
		return err
	}
	spec.Normalize(s.rules.Load().defaults)
	return s.checkEdit(ctx, c, platform, &before, spec, in.HandlerType != nil)
}

// sameJSON compares texts the way encoding/json writes them, as a store may.
func sameJSON(a, b json.RawMessage) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
