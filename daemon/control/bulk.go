package control

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Bulk does one thing to many jobs, each by itself: those that in names, or those that f
// selects; filtered says whether f has a condition.
func (s *Service) Bulk(ctx context.Context, c Call, in *api.Bulk, f JobFilter, filtered bool) (api.BulkResult, error) {
	result := api.BulkResult{Action: in.Action, DryRun: in.DryRun, Items: []api.BulkItem{}}
	if err := checkBulk(in, filtered); err != nil {
		return result, err
	}
	if _, err := stopEnd(&api.Stop{Until: in.Until, For: in.For}, c.Now); err != nil {
		return result, err
	}
	c.Reason, c.IfRevision = first(in.Reason, c.Reason), 0
	chosen, err := s.chosen(ctx, c, in, f)
	if err != nil {
		return result, err
	}
	result.Matched = len(chosen)
	if in.Expect != nil && *in.Expect != len(chosen) {
		return result, job.Errorf(job.Conflict, "%d jobs are selected, %d were expected; none was changed", len(chosen), *in.Expect).WithHint("look with dry_run, then say what you saw")
	}
	for i := range chosen {
		if err := ctx.Err(); err != nil {
			return result, err
		}
		item := s.bulkItem(ctx, c, in, &chosen[i])
		switch item.Result {
		case api.BulkDone:
			result.Done++
		case api.BulkUnchanged:
			result.Unchanged++
		case api.BulkFailed:
			result.Failed++
		}
		result.Items = append(result.Items, item)
	}
	return result, nil
}

// checkBulk holds what can be said without looking at jobs.
func checkBulk(in *api.Bulk, filtered bool) error {
	var p job.Problems
	job.OneOf(&p, "action", in.Action, api.BulkActions())
	switch {
	case in.IDs != nil && (filtered || in.All):
		p.Add("ids", "contradiction", "give ids, or conditions in the query, or all")
	case in.IDs == nil && !filtered && !in.All:
		p.Add("ids", "required", "give ids, or conditions in the query as for GET /jobs, or all")
	case in.IDs != nil && (len(in.IDs) == 0 || len(in.IDs) > api.MaxBulk):
		p.Add("ids", "out_of_range", "must be 1 to %d", api.MaxBulk)
	case filtered && in.All:
		p.Add("all", "contradiction", "goes with no condition")
	}
	if in.Expect != nil && *in.Expect < 0 {
		p.Add("expect", "out_of_range", "must not be negative")
	}
	for _, option := range []struct {
		field   string
		given   bool
		actions []string
	}{
		{"until", in.Until != nil, []string{api.BulkPause}},
		{"for", in.For != "", []string{api.BulkPause}},
		{"cancel_running", in.CancelRunning, []string{api.BulkPause, api.BulkCancel}},
		{"catch_up", in.CatchUp != "", []string{api.BulkResume}},
		{"add_tags", in.AddTags != nil, []string{api.BulkTag}},
		{"remove_tags", in.RemoveTags != nil, []string{api.BulkTag}},
		{"set", in.Set != nil, []string{api.BulkSet}},
	} {
		if option.given && !slices.Contains(option.actions, in.Action) {
			p.Add(option.field, "not_allowed", "does not go with action %q", in.Action)
		}
	}
	if in.CatchUp != "" {
		job.OneOf(&p, "catch_up", job.CatchUp(in.CatchUp), job.CatchUps())
	}
	if in.Action == api.BulkTag && len(in.AddTags)+len(in.RemoveTags) == 0 {
		p.Add("add_tags", "required", "give add_tags or remove_tags")
	}
	if in.Action == api.BulkSet && in.Set == nil {
		p.Add("set", "required", "say what shall be set")
	}
	return p.Err()
}

// pick is a job that a request concerns, or the reason why it cannot.
type pick struct {
	job job.Job
	ref string
	err error
}

// chosen finds the jobs, each once.
func (s *Service) chosen(ctx context.Context, c Call, in *api.Bulk, f JobFilter) ([]pick, error) {
	if in.IDs == nil {
		return s.selected(ctx, c, f)
	}
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	var all []pick
	seen := map[job.ID]bool{}
	for _, ref := range in.IDs {
		j, err := s.store.Job(ctx, scope, ref)
		switch {
		case err != nil && job.CodeOf(err) != job.NotFound:
			return nil, err
		case err == nil && seen[j.ID]:
			continue
		}
		seen[j.ID] = true
		all = append(all, pick{j, ref, err})
	}
	return all, nil
}

// selected are the jobs of a filter, by name.
func (s *Service) selected(ctx context.Context, c Call, f JobFilter) ([]pick, error) {
	f.SortBy, f.Descending, f.Limit, f.Offset, f.Cursor, f.WithTotal = store.SortName, false, store.MaxLimit, 0, "", true
	var all []pick
	for {
		page, err := s.ListJobs(ctx, c, f)
		if err != nil {
			return nil, err
		}
		if page.Total > api.MaxBulk {
			return nil, job.Errorf(job.Invalid, "%d jobs are selected, more than %d", page.Total, api.MaxBulk).WithHint("narrow the conditions, and ask several times")
		}
		for i := range page.Items {
			all = append(all, pick{job: page.Items[i]})
		}
		if page.Next == "" {
			return all, nil
		}
		f.Cursor = page.Next
	}
}

// bulkItem does it to one job.
func (s *Service) bulkItem(ctx context.Context, c Call, in *api.Bulk, p *pick) api.BulkItem {
	item := api.BulkItem{ID: &p.job.ID, Name: p.job.Name, PlatformID: p.job.PlatformID, Result: api.BulkDone}
	err := p.err
	if err != nil {
		item.ID, item.Name = nil, p.ref
	}
	switch {
	case err != nil:
	case in.DryRun:
		item.Result = api.BulkWould
		return item
	default:
		if c.IdempotencyKey != "" {
			c.IdempotencyKey += ":" + p.job.ID.String()
		}
		err = s.bulkDo(ctx, c, in, &p.job, &item)
	}
	if errors.Is(err, errSame) {
		item.Result = api.BulkUnchanged
	} else if err != nil {
		item.Result, item.Error = api.BulkFailed, problemOf(err)
		if item.Error.Code == job.Internal {
			s.log.LogAttrs(ctx, slog.LevelError, "bulk change failed", append(jobAttrs(&p.job), slog.Any("err", err))...)
		}
	}
	return item
}

// errSame says that a job was already what it shall be.
var errSame = errors.New("unchanged")

// bulkDo does it, and says in item what came of it.
func (s *Service) bulkDo(ctx context.Context, c Call, in *api.Bulk, j *job.Job, item *api.BulkItem) (err error) {
	id := j.ID.String()
	was := map[string]job.JobStatus{api.BulkPause: job.JobPaused, api.BulkResume: job.JobActive, api.BulkCancel: job.JobCancelled}
	if status, ok := was[in.Action]; ok && j.Status == status && !in.CancelRunning && in.Until == nil && in.For == "" {
		return errSame
	}
	var after job.Job
	switch in.Action {
	case api.BulkPause:
		return s.Pause(ctx, c, id, &api.Pause{Until: in.Until, For: in.For, Reason: in.Reason, CancelRunning: in.CancelRunning})
	case api.BulkResume:
		return s.Resume(ctx, c, id, &api.Resume{CatchUp: in.CatchUp})
	case api.BulkCancel:
		return s.Cancel(ctx, c, id, &api.Cancel{Reason: in.Reason, CancelRunning: in.CancelRunning})
	case api.BulkDelete:
		return s.Purge(ctx, c, id)
	case api.BulkRun:
		e, _, err := s.Run(ctx, c, id, &api.Run{})
		if err == nil {
			item.Run = runOf(&e)
		}
		return err
	case api.BulkTag:
		after, err = s.retag(ctx, c, id, in)
		item.Tags = after.Tags
	case api.BulkSet:
		after, err = s.PatchJob(ctx, c, id, in.Set)
	}
	if err == nil && after.Revision == j.Revision {
		err = errSame
	}
	return err
}

// retag adds tags to a job and takes tags away.
func (s *Service) retag(ctx context.Context, c Call, id string, in *api.Bulk) (job.Job, error) {
	change := func(cur job.Job, st job.State) (job.Changed, error) {
		return job.Patch(s.act(c), func(spec *job.Spec) error {
			tags := slices.DeleteFunc(slices.Clone(spec.Tags), func(tag string) bool { return slices.Contains(in.RemoveTags, tag) })
			for _, tag := range in.AddTags {
				if !slices.Contains(tags, tag) {
					tags = append(tags, tag)
				}
			}
			spec.Tags = tags
			spec.Normalize(s.rules.Load().defaults)
			return nil
		})(cur, st)
	}
	return s.change(ctx, c, id, change, "job tagged")
}

// problemOf tells an error as an answer would, without what only the log may say.
func problemOf(err error) *api.ErrorBody {
	e, ok := errors.AsType[*job.Error](err)
	if !ok || e.Code == job.Internal {
		return &api.ErrorBody{Error: "internal error", Code: job.Internal}
	}
	return &api.ErrorBody{Error: e.Message, Code: e.Code, Fields: e.Fields, Hint: e.Hint}
}
