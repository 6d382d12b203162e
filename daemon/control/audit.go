package control

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// AuditPage is one page of audits.
type AuditPage = store.Page[api.SlotAudit]

// AuditQuery selects jobs to audit.
type AuditQuery struct {
	Job    string // id or name; "" = all
	Limit  int    // jobs in one page
	Cursor string
	Total  bool
}

// forEver is after every slot.
var forEver = time.Unix(1<<40, 0)

// AuditSlots recomputes the slots of jobs and holds them against the records, which
// are streamed: memory does not grow with history.
func (s *Service) AuditSlots(ctx context.Context, c Call, q AuditQuery) (AuditPage, error) {
	if q.Job != "" {
		j, err := s.Job(ctx, c, q.Job)
		if err != nil {
			return AuditPage{}, err
		}
		audit, err := s.audit(ctx, &j, c.Now)
		return AuditPage{Items: []api.SlotAudit{audit}, Total: 1}, err
	}
	jobs, err := s.ListJobs(ctx, c, store.JobFilter{Limit: q.Limit, Cursor: q.Cursor, WithTotal: q.Total})
	if err != nil {
		return AuditPage{}, err
	}
	page := AuditPage{Items: make([]api.SlotAudit, 0, len(jobs.Items)), Next: jobs.Next, Total: jobs.Total}
	for i := range jobs.Items {
		audit, err := s.audit(ctx, &jobs.Items[i], c.Now)
		if job.CodeOf(err) == job.NotFound {
			continue // purged since the list was read
		}
		if err != nil {
			return AuditPage{}, err
		}
		page.Items = append(page.Items, audit)
	}
	return page, nil
}

// audit audits one job. A schedule that cannot be read is a finding, not an error.
func (s *Service) audit(ctx context.Context, j *job.Job, now time.Time) (api.SlotAudit, error) {
	audit, err := s.auditSlots(ctx, j)
	for again := 0; err == nil && !audit.Balanced() && again < 2; again++ {
		// The job may have fired after its book was read, and before its records were.
		audit, err = s.auditSlots(ctx, j)
	}
	if err != nil {
		return api.SlotAudit{}, err
	}
	out := api.SlotAudit{
		JobID: j.ID, Job: j.Name, From: instant(audit.From), Until: instant(audit.Until), Planned: audit.Planned, Ran: audit.Ran,
		Skipped: audit.Skipped, Pruned: audit.Pruned, Balanced: audit.Balanced(),
	}
	for _, f := range audit.Findings {
		out.Findings = append(out.Findings, api.SlotFinding{Slot: f.Slot, Kind: f.Kind, Message: f.Message})
	}
	if !audit.From.IsZero() {
		out.Maintenance, err = s.maintenance(ctx, audit.From, now.Add(time.Microsecond))
	}
	return out, err
}

// auditSlots compares the book of a job with its records, each as of its own moment.
func (s *Service) auditSlots(ctx context.Context, j *job.Job) (job.Audit, error) {
	id := j.ID.String()
	book, err := s.store.Book(ctx, j.Platform, id)
	if err != nil {
		return job.Audit{}, err
	}
	audit, err := job.AuditSlots(book, func(yield func(job.LedgerEntry) error) error {
		return s.store.Entries(ctx, j.Platform, id, time.Time{}, forEver, yield)
	})
	if job.CodeOf(err) == job.Invalid {
		return job.Audit{Faults: 1, Findings: []job.Finding{{Kind: "definition", Message: err.Error()}}}, nil
	}
	return audit, err
}

// instant is nil for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
