package control

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// RevisionPage is one page of what a job was.
type RevisionPage = store.Page[api.Revision]

// ListRevisions returns what a job is and was, the newest first.
func (s *Service) ListRevisions(ctx context.Context, c Call, ref, cursor string, limit int) (RevisionPage, error) {
	page := RevisionPage{Total: -1}
	j, err := s.Job(ctx, c, ref)
	if err != nil {
		return page, err
	}
	from, err := openCursor(cursor, j.ID)
	if err != nil {
		return page, err
	}
	upto, _ := strconv.ParseInt(from, 10, 64)
	list, err := s.store.Revisions(ctx, j.Platform, j.ID.String(), upto, limit+1)
	if err != nil {
		return page, err
	}
	for i := range min(len(list), limit) {
		page.Items = append(page.Items, s.revision(&j, list[i:]))
	}
	if len(list) > limit {
		page.Next = sealCursor(strconv.FormatInt(list[limit].Number, 10), j.ID)
	}
	return page, nil
}

// Revision returns what a job was, with its definition.
func (s *Service) Revision(ctx context.Context, c Call, ref string, n int64) (api.Revision, error) {
	j, list, err := s.revisionsFrom(ctx, c, ref, n)
	if err != nil {
		return api.Revision{}, err
	}
	v := s.revision(&j, list)
	v.Definition = s.definitionOf(&j, &list[0])
	return v, nil
}

// revisionsFrom returns revision n of a job and the one before, if that is kept.
func (s *Service) revisionsFrom(ctx context.Context, c Call, ref string, n int64) (j job.Job, list []store.Revision, err error) {
	if j, err = s.Job(ctx, c, ref); err != nil {
		return j, nil, err
	}
	list, err = s.store.Revisions(ctx, j.Platform, j.ID.String(), n, 2)
	if err == nil && (len(list) == 0 || list[0].Number != n) {
		err = job.Errorf(job.NotFound, "job %q has no revision %d", j.Name, n).WithHint("the newest %d are kept; list them at /jobs/{id}/revisions", store.KeptRevisions)
	}
	return j, list, err
}

// revision tells the first of the revisions, and how it differs from the next.
func (s *Service) revision(j *job.Job, list []store.Revision) api.Revision {
	v := &list[0]
	told := api.Revision{Revision: v.Number, Current: v.Number == j.Revision, ChangedAt: v.At, ChangedBy: v.By, Status: v.Status, Reason: v.Reason}
	if len(list) > 1 {
		told.Changes = s.changes(j, &list[1], v)
	}
	return told
}

// changes are the fields in which two revisions differ: name and status beside those of a
// definition.
func (s *Service) changes(j *job.Job, before, after *store.Revision) []api.FieldChange {
	var changes []api.FieldChange
	for _, f := range []struct{ name, old, now string }{
		{"name", before.Spec.Name, after.Spec.Name}, {"status", string(before.Status), string(after.Status)},
	} {
		if f.old != f.now {
			old, _ := json.Marshal(f.old)
			now, _ := json.Marshal(f.now)
			changes = append(changes, api.FieldChange{Field: f.name, Old: old, New: now})
		}
	}
	return append(changes, api.Differences(s.definitionOf(j, before), s.definitionOf(j, after))...)
}

// definitionOf is what a job file must say to get a revision.
func (s *Service) definitionOf(j *job.Job, v *store.Revision) *api.JobDefinition {
	as := job.Job{Platform: j.Platform, Spec: v.Spec, Status: job.JobActive}
	def := api.Definition(&as, s.rules.Load().defaults)
	return &def
}

// RestoreRevision gives a job the definition that it had. Its status stays.
func (s *Service) RestoreRevision(ctx context.Context, c Call, ref string, n int64, in *api.Restore) (job.Job, error) {
	c.Reason = first(in.Reason, c.Reason)
	j, list, err := s.revisionsFrom(ctx, c, ref, n)
	if err != nil {
		return j, err
	}
	change := func(cur job.Job, st job.State) (job.Changed, error) {
		return job.Patch(s.act(c), func(spec *job.Spec) error {
			before := *spec
			*spec = list[0].Spec
			return s.checkEdit(ctx, c, cur.Platform, &before, spec, false)
		})(cur, st)
	}
	return s.change(ctx, c, j.ID.String(), change, "job restored")
}

// checkEdit refuses a definition whose handler, payload or hook is new when the caller may
// not use that, or the handler cannot.
func (s *Service) checkEdit(ctx context.Context, c Call, platform string, before, spec *job.Spec, typeGiven bool) error {
	if !sameValue(before.After, spec.After) || before.Name != spec.Name {
		if err := s.checkAfter(ctx, platform, spec, nil); err != nil {
			return err
		}
	}
	_, registered, _ := s.o.Handlers.Lookup(spec.HandlerName)
	if err := checkListening(spec, registered).Err(); err != nil {
		return err
	}
	if !sameValue(spec.OnFailure, before.OnFailure) {
		if err := errors.Join(spec.Validate().Err(), s.checkHook(&c, spec.OnFailure, platform)); err != nil {
			return err
		}
	}
	if spec.HandlerName == before.HandlerName && spec.HandlerType == before.HandlerType && sameJSON(spec.Payload, before.Payload) {
		return nil
	}
	info, problems := s.checkHandler(&c, spec, typeGiven)
	if err := append(spec.Validate(), problems...).Err(); err != nil {
		return err
	}
	return s.mayUse(&c, info, platform)
}
