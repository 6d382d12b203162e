package control

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Bounds of what is said of a platform.
const (
	maxPlatformJobs = 10_000_000
	maxPlatformRate = 1_000_000
	maxPlatformText = 4 << 10 // bytes of a description
	maxAllowed      = 1000    // handlers
)

// MayRegister refuses callers who are confined to a platform.
func (s *Service) MayRegister(c Call) error { return c.everywhere("a new platform") }

// governs returns the scope of a change of a platform. Who is confined to it may not, and to
// who is confined to another it is not there.
func (s *Service) governs(ctx context.Context, c Call, slug, what string) (string, error) {
	scope, err := c.scope()
	if err != nil || c.Principal.reach() == AnyPlatform {
		return scope, err
	}
	if _, err := s.store.Platform(ctx, scope, slug); err != nil {
		return "", err
	}
	return "", c.everywhere(what)
}

// CreatePlatform registers a platform, or takes a deleted one into use again.
func (s *Service) CreatePlatform(ctx context.Context, c Call, in *api.PlatformInput) (api.Platform, error) {
	if err := s.MayRegister(c); err != nil {
		return api.Platform{}, err
	}
	var p job.Problems
	made := store.Platform{CreatedAt: &c.Now, CreatedBy: c.Principal.Name, UpdatedAt: &c.Now, UpdatedBy: c.Principal.Name}
	switch {
	case slices.Contains(in.Null, "id"): // told with the others
	case in.ID == nil:
		p.Add("id", "required", "is required: a slug of lower-case letters, digits, hyphen and underscore, or a UUID")
	default:
		slug, err := platform(*in.ID)
		if err != nil {
			p.Add("id", "pattern", "must be a UUID or a slug of lower-case letters, digits, hyphen and underscore, at most 63 bytes")
		}
		made.Slug = slug
	}
	p = append(p, s.editPlatform(&made, in)...)
	if err := p.Err(); err != nil {
		return api.Platform{}, err
	}
	made, err := s.store.CreatePlatform(c.trail(ctx, "platform.created"), made)
	s.terms.forget()
	if err != nil {
		return api.Platform{}, err
	}
	s.did(ctx, c, "platform created", slog.String("platform", made.Slug))
	return platformOf(&made), nil
}

// editPlatform writes what in says over a platform, and checks it.
func (s *Service) editPlatform(to *store.Platform, in *api.PlatformInput) job.Problems {
	var p job.Problems
	if in.Description != nil {
		if to.Description = *in.Description; len(to.Description) > maxPlatformText {
			p.Add("description", "too_long", "has %d bytes; at most %d are allowed", len(to.Description), maxPlatformText)
		}
	}
	for _, f := range []struct {
		name string
		to   **int
		from *int
		most int
	}{
		{"max_jobs", &to.MaxJobs, in.MaxJobs, maxPlatformJobs}, {"max_running", &to.MaxRunning, in.MaxRunning, maxPlatformRate},
		{"events_per_second", &to.EventsPerSecond, in.EventsPerSecond, maxPlatformRate}, {"creates_per_minute", &to.CreatesPerMinute, in.CreatesPerMinute, maxPlatformRate},
	} {
		switch {
		case slices.Contains(in.Null, f.name):
			*f.to = nil
		case f.from == nil:
		case *f.from < 0 || *f.from > f.most:
			p.Add(f.name, "out_of_range", "%d is outside 0 to %d; null is no limit", *f.from, f.most)
		default:
			*f.to = f.from
		}
	}
	switch {
	case slices.Contains(in.Null, "allowed_handlers"):
		to.Handlers = nil
	case in.AllowedHandlers != nil:
		p = append(p, s.editAllowed(to, *in.AllowedHandlers)...)
	}
	for _, name := range in.Null {
		if name == "id" || name == "description" {
			p.Add(name, "null", "must not be null; leave it out")
		}
	}
	return p
}

// editAllowed writes the handlers that a platform may use. Each must be one that there is,
// unless it was allowed before: a node that had it may be away.
func (s *Service) editAllowed(to *store.Platform, handlers []string) job.Problems {
	var p job.Problems
	if len(handlers) > maxAllowed {
		p.Add("allowed_handlers", "too_many", "has %d entries; at most %d are allowed", len(handlers), maxAllowed)
		return p
	}
	var names []string
	for _, info := range s.o.Handlers.List() {
		names = append(names, info.Name)
	}
	if s.o.Functions != nil {
		names = append(names, s.o.Functions()...)
	}
	allowed := []string{}
	for _, name := range handlers {
		if !slices.Contains(names, name) && !slices.Contains(to.Handlers, name) {
			hint := ""
			if near := job.Nearest(name, names); near != "" {
				hint = `; did you mean "` + near + `"?`
			}
			p.Add("allowed_handlers", "unknown", "handler %.80q is not registered%s", name, hint)
			continue
		}
		if !slices.Contains(allowed, name) {
			allowed = append(allowed, name)
		}
	}
	slices.SortFunc(allowed, strings.Compare)
	to.Handlers = allowed
	return p
}

// Platforms lists the platforms that the caller reaches, by name; deleted ones when asked.
func (s *Service) Platforms(ctx context.Context, c Call, deleted bool) ([]api.Platform, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	list, err := s.store.ListPlatforms(ctx, store.PlatformFilter{Scope: scope, Deleted: deleted})
	shown := make([]api.Platform, len(list))
	for i := range list {
		shown[i] = platformOf(&list[i])
	}
	return shown, err
}

// Platform returns one platform with what it has.
func (s *Service) Platform(ctx context.Context, c Call, slug string) (api.Platform, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Platform{}, err
	}
	p, err := s.store.Platform(ctx, scope, slug)
	if err != nil {
		return api.Platform{}, err
	}
	totals, err := s.totals(ctx, p.Slug, c.Now)
	if err != nil {
		return api.Platform{}, err
	}
	shown := platformOf(&p)
	shown.Usage = &api.PlatformUsage{
		Jobs: totals.Jobs[job.JobActive] + totals.Jobs[job.JobPaused] + totals.Jobs[job.JobError], Running: totals.Running, Waiting: totals.Waiting,
	}
	return shown, nil
}

// ChangePlatform changes what in gives.
func (s *Service) ChangePlatform(ctx context.Context, c Call, slug string, in *api.PlatformInput) (api.Platform, error) {
	if in.ID != nil {
		return api.Platform{}, fieldError("id", "not_allowed", "cannot be changed: create another platform")
	}
	scope, err := s.governs(ctx, c, slug, "what a platform may do")
	if err != nil {
		return api.Platform{}, err
	}
	p, err := s.store.ChangePlatform(c.trail(ctx, "platform.changed"), store.ChangePlatform{Scope: scope, Slug: slug, By: c.Principal.Name, Now: c.Now, Change: func(p *store.Platform) error {
		return s.editPlatform(p, in).Err()
	}})
	s.terms.forget()
	if err != nil {
		return api.Platform{}, err
	}
	s.o.Kick() // more may run at once
	s.did(ctx, c, "platform changed", slog.String("platform", p.Slug))
	return platformOf(&p), nil
}

// DeletePlatform takes a platform out of use, and revokes its tokens.
func (s *Service) DeletePlatform(ctx context.Context, c Call, slug string) error {
	scope, err := s.governs(ctx, c, slug, "the end of a platform")
	if err != nil {
		return err
	}
	p, err := s.store.DeletePlatform(c.trail(ctx, "platform.deleted"), store.DeletePlatform{Scope: scope, Slug: slug, By: c.Principal.Name, Now: c.Now})
	s.terms.forget()
	if err != nil {
		return err
	}
	s.did(ctx, c, "platform deleted", slog.String("platform", p.Slug))
	return nil
}

// platformOf is a platform as the API shows it.
func platformOf(p *store.Platform) api.Platform {
	var allowed *[]string
	if p.Handlers != nil {
		allowed = &p.Handlers
	}
	return api.Platform{
		ID: p.Slug, Description: p.Description, MaxJobs: p.MaxJobs, MaxRunning: p.MaxRunning, EventsPerSecond: p.EventsPerSecond, CreatesPerMinute: p.CreatesPerMinute,
		AllowedHandlers: allowed, CreatedAt: p.CreatedAt, CreatedBy: p.CreatedBy, UpdatedAt: p.UpdatedAt, UpdatedBy: p.UpdatedBy, DeletedAt: p.DeletedAt,
	}
}
