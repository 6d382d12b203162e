package control

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Job returns the job that ref names.
func (s *Service) Job(ctx context.Context, c Call, ref string) (job.Job, error) {
	scope, err := c.scope()
	if err != nil {
		return job.Job{}, err
	}
	j, err := s.store.Job(ctx, scope, ref)
	if job.CodeOf(err) == job.NotFound {
		return j, s.suggest(ctx, scope, ref, err)
	}
	return j, err
}

// suggest adds the name nearest to one that was not found.
func (s *Service) suggest(ctx context.Context, scope, ref string, missing error) error {
	if _, err := job.ParseID(ref); err == nil || len(ref) > job.MaxNameLen || len(ref) < 3 {
		return missing
	}
	page, err := s.store.ListJobs(ctx, store.JobFilter{Platform: scope, NameGlobs: []string{ref[:1] + "*"}, SortBy: store.SortName, Limit: store.MaxLimit})
	if err != nil {
		return missing
	}
	names := make([]string, len(page.Items))
	for i := range page.Items {
		names[i] = page.Items[i].Name
	}
	if near := job.Nearest(ref, names); near != "" {
		return job.Errorf(job.NotFound, "%s", missing.Error()).WithHint("did you mean %s?", near)
	}
	return missing
}

// ListJobs returns one page in a stable order.
func (s *Service) ListJobs(ctx context.Context, c Call, f JobFilter) (JobPage, error) {
	scope, err := c.scope()
	if err != nil {
		return JobPage{}, err
	}
	f.Platform = scope
	if f.Cursor, err = openCursor(f.Cursor, listOf(f)); err != nil {
		return JobPage{}, err
	}
	page, err := s.store.ListJobs(ctx, f)
	page.Next = sealCursor(page.Next, listOf(f))
	return page, err
}

// Execution returns the execution that ref names, with its attempts.
func (s *Service) Execution(ctx context.Context, c Call, ref string) (job.Execution, error) {
	scope, err := c.scope()
	if err != nil {
		return job.Execution{}, err
	}
	return s.store.Execution(ctx, scope, ref)
}

// ListExecutions returns one page, newest first unless the filter says otherwise.
func (s *Service) ListExecutions(ctx context.Context, c Call, f ExecutionFilter) (ExecutionPage, error) {
	scope, err := c.scope()
	if err != nil {
		return ExecutionPage{}, err
	}
	f.Platform = scope
	if f.Cursor, err = openCursor(f.Cursor, historyOf(f)); err != nil {
		return ExecutionPage{}, err
	}
	page, err := s.store.ListExecutions(ctx, f)
	page.Next = sealCursor(page.Next, historyOf(f))
	return page, err
}

// LogsInLists is how many lines, the last ones, an execution in a list comes with.
const LogsInLists = 20

// WithLogs fills in the last lines of executions.
func (s *Service) WithLogs(ctx context.Context, c Call, executions []job.Execution) error {
	for i := range executions {
		e := &executions[i]
		lines, err := s.Logs(ctx, c, LogFilter{Ref: e.ID.String(), Tail: LogsInLists})
		if err != nil && job.CodeOf(err) != job.NotFound { // it was removed meanwhile
			return err
		}
		e.Logs = lines
	}
	return nil
}

// Logs returns lines of one execution in order of seq.
func (s *Service) Logs(ctx context.Context, c Call, f LogFilter) ([]job.LogEntry, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	f.Platform = scope
	return s.store.ListLogs(ctx, f)
}
