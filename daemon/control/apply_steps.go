package control

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// step adds what brings the job of a definition about.
func (a *application) step(i int) {
	w, def := &a.wanted[i], &a.in.Jobs[i]
	a.add(i, store.ApplyStep{
		Platform: w.home, Ref: w.spec.Name, Change: a.change(i),
		Create: func(ended *job.Job) (*store.CreateJob, error) { return a.create(i, ended) },
	})
	switch act := a.s.act(a.c); {
	case def.Enabled == nil:
	case *def.Enabled:
		a.add(i, store.ApplyStep{Platform: w.home, Ref: w.spec.Name, Change: a.forgiving(i, job.Resume(act, job.CatchUpNone))})
	default:
		a.add(i, store.ApplyStep{Platform: w.home, Ref: w.spec.Name, Change: a.forgiving(i, job.Pause(act, first(a.c.Reason, "disabled as code"), false))})
	}
}

func (a *application) add(about int, step store.ApplyStep) {
	a.steps, a.about = append(a.steps, step), append(a.about, about)
}

// forgiving notes the error of a change and goes on, so that all of them are told.
func (a *application) forgiving(i int, change job.Change) job.Change {
	return func(cur job.Job, st job.State) (job.Changed, error) {
		changed, err := change(cur, st)
		if err != nil {
			a.fault(i, err)
			return job.Changed{Job: cur, Unchanged: true}, nil
		}
		return changed, nil
	}
}

// change makes a job what its definition says.
func (a *application) change(i int) job.Change {
	return a.forgiving(i, func(cur job.Job, st job.State) (job.Changed, error) {
		w, def := &a.wanted[i], &a.in.Jobs[i]
		spec := w.spec
		if !w.known && def.HandlerType == nil && cur.HandlerName == spec.HandlerName {
			spec.HandlerType = cur.HandlerType // nobody here knows better
		}
		spec.Metadata = api.WithOwner(spec.Metadata, api.OwnerOf(cur.Metadata))
		keepAlike(&spec, &cur.Spec)
		if spec.HandlerName != cur.HandlerName || spec.HandlerType != cur.HandlerType || !sameJSON(spec.Payload, cur.Payload) || !sameValue(spec.OnFailure, cur.OnFailure) {
			if err := a.mayRun(w, &spec, def.HandlerType != nil); err != nil {
				return job.Changed{}, err
			}
		}
		return job.Patch(a.s.act(a.c), func(s *job.Spec) error { *s = spec; return nil })(cur, st)
	})
}

// create makes the job of a definition, unless one that said the same has run its
// course.
func (a *application) create(i int, ended *job.Job) (*store.CreateJob, error) {
	w, def := &a.wanted[i], &a.in.Jobs[i]
	spec := w.spec
	if ended != nil && (ended.Status == job.JobCompleted || ended.Status == job.JobFailed) {
		before := ended.Spec
		before.Metadata = api.WithOwner(before.Metadata, "")
		if keepAlike(&spec, &before); sameValue(spec, before) {
			return nil, nil
		}
	}
	spec.Metadata = api.WithOwner(spec.Metadata, a.owner)
	p := spec.ValidateAt(a.c.Now)
	err := p.Err()
	if err == nil {
		err = a.mayRun(w, &spec, def.HandlerType != nil)
	}
	if err != nil {
		a.fault(i, err)
		return nil, nil
	}
	if !a.in.DryRun {
		if err := a.s.Room(); err != nil {
			return nil, err
		}
		if err := a.s.mayCreate(w.home, 1, a.c.Now); err != nil {
			a.fault(i, err)
			return nil, nil
		}
	}
	created, err := a.s.creation(&a.c, born(&a.c, a.s.o.NewID(), w.home, &spec, def.Enabled))
	a.fault(i, err)
	return &created, nil
}

// mayRun checks what a job is to run.
func (a *application) mayRun(w *wanted, spec *job.Spec, typeGiven bool) error {
	info, p := a.s.checkHandler(&a.c, spec, typeGiven)
	if err := p.Err(); err != nil {
		return err
	}
	if err := a.s.mayUse(&a.c, info, w.home); err != nil {
		return err
	}
	return a.s.checkHook(&a.c, spec.OnFailure, w.home)
}

// keepAlike takes over what says the same in other words: the order of members and of
// tags is nothing that a job runs by.
func keepAlike(spec, cur *job.Spec) {
	if sameValue(spec.Payload, cur.Payload) {
		spec.Payload = cur.Payload
	}
	if sameValue(spec.Metadata, cur.Metadata) {
		spec.Metadata = cur.Metadata
	}
	if a, b := slices.Clone(spec.Tags), slices.Clone(cur.Tags); len(a) == len(b) {
		slices.Sort(a)
		slices.Sort(b)
		if slices.Equal(a, b) {
			spec.Tags = cur.Tags
		}
	}
}

// sameValue compares two values by what they are in JSON, digits of numbers included.
func sameValue(a, b any) bool {
	x, okX := valueOf(a)
	y, okY := valueOf(b)
	return okX && okY && reflect.DeepEqual(x, y)
}

func valueOf(v any) (value any, ok bool) {
	raw, isRaw := v.(json.RawMessage)
	if !isRaw {
		raw, _ = json.Marshal(v)
	}
	if len(raw) == 0 {
		return nil, true
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	err := dec.Decode(&value)
	return value, err == nil
}

// findPruned adds a step for each job of the owner that no definition names. It is
// looked at again under its lock.
func (a *application) findPruned(ctx context.Context) error {
	wanted := map[string]bool{}
	homes := []string{}
	for i := range a.wanted {
		w := &a.wanted[i]
		wanted[w.home+"/"+w.spec.Name] = true
		if !slices.Contains(homes, w.home) {
			homes = append(homes, w.home)
		}
	}
	slices.Sort(homes)
	reason := first(a.c.Reason, "no longer among the applied jobs")
	for _, home := range homes {
		f := store.JobFilter{
			Platform: home, TagsAll: a.in.PruneTags, Statuses: []job.JobStatus{job.JobActive, job.JobPaused, job.JobError},
			SortBy: store.SortName, Limit: store.MaxLimit,
		}
		for more := true; more; more = f.Cursor != "" {
			page, err := a.s.store.ListJobs(ctx, f)
			if err != nil {
				return err
			}
			for i := range page.Items {
				if j := &page.Items[i]; api.OwnerOf(j.Metadata) == a.owner && !wanted[home+"/"+j.Name] {
					a.add(-1, store.ApplyStep{Platform: home, Ref: j.ID.String(), Change: a.prune(reason)})
				}
			}
			f.Cursor = page.Next
		}
	}
	return nil
}

// prune cancels a job that is still the owner's. What runs goes on.
func (a *application) prune(reason string) job.Change {
	return func(cur job.Job, st job.State) (job.Changed, error) {
		if api.OwnerOf(cur.Metadata) != a.owner {
			return job.Changed{Job: cur, Unchanged: true}, nil
		}
		return job.Cancel(a.s.act(a.c), reason, false)(cur, st)
	}
}

// report says what was done, definition by definition.
func (a *application) report(done []store.AppliedJob) api.Applied {
	out := api.Applied{Items: make([]api.AppliedJob, len(a.in.Jobs)), DryRun: a.in.DryRun}
	for k := range done {
		d, i := &done[k], a.about[k]
		if i < 0 {
			if d.Changed {
				out.Pruned++
				out.Items = append(out.Items, api.AppliedJob{Action: api.ActionPrune, Name: d.After.Name, PlatformID: d.After.PlatformID, NextRunBefore: d.Before.NextRun, Job: *d.After})
			}
			continue
		}
		item := &out.Items[i]
		if item.Action == "" {
			item.Index, item.Action, item.Name, item.PlatformID = &i, api.ActionUnchanged, d.After.Name, d.After.PlatformID
			if d.Created {
				item.Action = api.ActionCreate
			}
		}
		if d.Changed {
			before := api.Definition(d.Before, a.d)
			after := api.Definition(d.After, a.d)
			if item.Action == api.ActionUnchanged {
				item.Action, item.NextRunBefore = api.ActionChange, d.Before.NextRun
			}
			if item.Action == api.ActionChange {
				item.Changes = append(item.Changes, api.Differences(&before, &after)...)
			}
		}
		item.Job, item.NextRun = *d.After, d.After.NextRun
	}
	for i := range a.in.Jobs {
		switch out.Items[i].Action {
		case api.ActionCreate:
			out.Created++
		case api.ActionChange:
			out.Changed++
		default:
			out.Unchanged++
		}
	}
	return out
}
