package httpapi

import (
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxRef is longer than any name of a job or an execution.
const maxRef = 200

// ref is the {id} of the path.
func (rq *request) ref() string {
	ref := rq.PathValue("id")
	if len(ref) > maxRef {
		ref = strings.ToValidUTF8(ref[:maxRef], "") + "…" // names nothing
	}
	return ref
}

func (s *server) listJobs(rq *request) (any, error) {
	f, err := rq.jobFilter()
	if err != nil {
		return nil, err
	}
	page, err := s.service.ListJobs(rq.Context(), rq.call, f)
	return list(page), err
}

// exportJobs is listJobs with what job files say of the jobs.
func (s *server) exportJobs(rq *request) (any, error) {
	f, err := rq.jobFilter()
	if err != nil {
		return nil, err
	}
	page, err := s.service.ExportJobs(rq.Context(), rq.call, f)
	return list(page), err
}

func (s *server) applyJobs(rq *request, in *api.Apply) (any, error) {
	if in.Owner == api.OwnerJobsDir {
		return nil, &job.Error{Code: job.Invalid, Message: "owner: is the daemon's own", Fields: []job.FieldError{{Field: "owner", Code: "reserved", Message: "is the daemon's own"}}}
	}
	return s.service.ApplyJobs(rq.Context(), rq.call, in)
}

// jobFilter reads the parameters of lists of jobs.
func (rq *request) jobFilter() (control.JobFilter, error) {
	f, _ := rq.jobConditions()
	q := &rq.query
	f.SortBy = single(q, "sort_by", "created_at", "next_run", "name", "priority")
	f.Descending = single(q, "sort_order", "asc", "desc") == "desc"
	f.Limit, f.Offset, f.Cursor, f.WithTotal = q.page()
	return f, q.err()
}

// jobConditions reads the parameters that say which jobs.
func (rq *request) jobConditions() (control.JobFilter, error) {
	q := &rq.query
	f := control.JobFilter{
		Types:         oneOf(q, "type", job.Types()),
		Statuses:      oneOf(q, "status", job.JobStatuses()),
		Tags:          q.list("tags"),
		TagsAll:       q.list("tags_all"),
		NameContains:  q.text("name_contains"),
		Handlers:      q.list("handler"),
		CreatedBy:     q.text("created_by"),
		CreatedAfter:  q.time("created_after"),
		CreatedBefore: q.time("created_before"),
		NextRunAfter:  q.time("next_run_after"),
		NextRunBefore: q.time("next_run_before"),
		Failing:       q.flag("failing"),
	}
	f.Names = q.list("name")
	if strings.ContainsAny(strings.Join(f.Names, ""), "*?") { // any of them: all are patterns then
		f.NameGlobs, f.Names = f.Names, nil
	}
	q.before("created_after", "created_before", f.CreatedAfter, f.CreatedBefore)
	q.before("next_run_after", "next_run_before", f.NextRunAfter, f.NextRunBefore)
	return f, q.err()
}

// page reads the parameters of a page.
func (q *query) page() (limit, offset int, cursor string, total bool) {
	limit = int(q.number("limit", 0, 1, control.MaxLimit))
	offset = int(q.number("offset", 0, 0, 10_000))
	cursor = q.text("cursor")
	if cursor != "" && q.has("offset") {
		q.problems.Add("offset", "contradiction", "give cursor or offset, not both")
	}
	return limit, offset, cursor, q.flag("total")
}

func (s *server) createJob(typ job.Type) func(rq *request, in *api.JobInput) (any, error) {
	return func(rq *request, in *api.JobInput) (any, error) {
		j, replayed, err := s.service.CreateJob(rq.Context(), rq.call, typ, in)
		if rq.call.DryRun {
			return j, err // nothing was created
		}
		return created(j, replayed), err
	}
}

func (s *server) getJob(rq *request) (any, error) {
	return s.service.Job(rq.Context(), rq.call, rq.ref())
}

func (s *server) patchJob(rq *request, in *api.JobInput) (any, error) {
	return s.service.PatchJob(rq.Context(), rq.call, rq.ref(), in)
}

// deleteJob cancels; ?archive=true frees the name too, ?purge=true removes for good.
func (s *server) deleteJob(rq *request) (any, error) {
	q := &rq.query
	purge, archive, running := q.flag("purge"), q.flag("archive"), q.flag("cancel_running")
	if purge && (archive || running) {
		q.problems.Add("purge", "contradiction", "goes with no other parameter")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	switch {
	case purge:
		return nil, s.service.Purge(rq.Context(), rq.call, rq.ref())
	case archive:
		return nil, s.service.Archive(rq.Context(), rq.call, rq.ref())
	}
	return nil, s.service.Cancel(rq.Context(), rq.call, rq.ref(), &api.Cancel{CancelRunning: running})
}

func (s *server) reschedule(rq *request, in *api.Reschedule) (any, error) {
	return s.service.Reschedule(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) pause(rq *request, in *api.Pause) (any, error) {
	return nil, s.service.Pause(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) resume(rq *request, in *api.Resume) (any, error) {
	return nil, s.service.Resume(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) cancelJob(rq *request, in *api.Cancel) (any, error) {
	return nil, s.service.Cancel(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) run(rq *request, in *api.Run) (any, error) {
	e, replayed, err := s.service.Run(rq.Context(), rq.call, rq.ref(), in)
	return created(e, replayed), err
}

func (s *server) backfill(rq *request, in *api.Backfill) (any, error) {
	return s.service.Backfill(rq.Context(), rq.call, rq.ref(), in)
}

func (s *server) next(rq *request) (any, error) {
	count, from := int(rq.query.number("count", 5, 1, 1000)), rq.query.time("from")
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	return s.service.Next(rq.Context(), rq.call, rq.ref(), count, from)
}

func (s *server) whyJob(rq *request) (any, error) {
	at := rq.query.time("at")
	if err := rq.query.err(); err != nil {
		return nil, err
	}
	if at.IsZero() {
		return s.service.WhyJob(rq.Context(), rq.call, rq.ref())
	}
	return s.service.WhySlot(rq.Context(), rq.call, rq.ref(), at)
}
