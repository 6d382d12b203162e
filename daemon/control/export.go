package control

import (
	"context"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/store"
)

// ExportPage is one page of definitions.
type ExportPage = store.Page[api.JobDefinition]

// ExportJobs returns one page of what job files must say to get these jobs.
func (s *Service) ExportJobs(ctx context.Context, c Call, f JobFilter) (ExportPage, error) {
	jobs, err := s.ListJobs(ctx, c, f)
	if err != nil {
		return ExportPage{}, err
	}
	page := ExportPage{Items: make([]api.JobDefinition, len(jobs.Items)), Next: jobs.Next, Total: jobs.Total}
	d := s.rules.Load().defaults
	for i := range jobs.Items {
		page.Items[i] = api.Definition(&jobs.Items[i], d)
	}
	return page, nil
}
