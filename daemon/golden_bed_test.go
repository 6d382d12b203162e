package daemon_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// shelf is a real store whose clock the test turns by hand. Nothing runs on it.
type shelf struct {
	testing.TB

	path  string
	store *sqlite.Store
	ids   *job.IDs
	now   time.Time
}

// newShelf opens an empty store at the instant.
func newShelf(tb testing.TB, now time.Time) *shelf {
	tb.Helper()
	s := &shelf{TB: tb, path: filepath.Join(tb.TempDir(), "schedd.db"), now: now}
	s.open()
	tb.Cleanup(func() { _ = s.store.Close() })
	return s
}

func (s *shelf) open() {
	s.Helper()
	var err error
	if s.store, err = sqlite.Open(context.Background(), sqlite.Options{Path: s.path, Synchronous: "normal", Instance: "shelf"}); err != nil {
		s.Fatal(err)
	}
	s.ids = &job.IDs{Rand: rand.Reader}
	s.ids.After(s.store.Newest())
}

// restart closes the store and opens it again, as a daemon that was stopped and started.
func (s *shelf) restart() {
	s.Helper()
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	s.open()
}

func (s *shelf) newID() job.ID { return s.ids.New(s.now) }

func (s *shelf) act() job.Act {
	return job.Act{By: "ops", Now: s.now, Policy: job.DefaultPolicy()}
}

// definition is a complete job with the standard defaults that is not stored yet.
func definition(id job.ID, name string, now time.Time, edit func(s *job.Spec)) job.Job {
	spec := job.NewSpec(job.StandardDefaults())
	spec.Name, spec.Type, spec.HandlerName, spec.HandlerType = name, job.TypeCron, "noop", job.HandlerFunction
	edit(&spec)
	if spec.ExecuteAt != nil {
		spec.Type = job.TypeOneTime
	}
	spec.Normalize(job.StandardDefaults())
	return job.Job{
		ID: id, Platform: job.DefaultPlatform, Spec: spec, Status: job.JobActive, Revision: 1,
		CreatedBy: "ops", CreatedAt: now, UpdatedAt: now, Anchor: now, Seed: "default/" + name,
	}
}

// create stores a job.
func (s *shelf) create(name string, edit func(s *job.Spec)) job.Job {
	s.Helper()
	j := definition(s.newID(), name, s.now, edit)
	open, err := job.Open(j, s.now, "created")
	if err != nil {
		s.Fatal(err)
	}
	created, _, err := s.store.CreateJob(context.Background(), store.CreateJob{Job: j, Open: &open, Now: s.now})
	if err != nil {
		s.Fatal(err)
	}
	return created
}

// change applies one to the job; an error is handed back.
func (s *shelf) change(id job.ID, change job.Change) (job.Job, error) {
	return s.store.ChangeJob(context.Background(), store.ChangeJob{
		Platform: job.DefaultPlatform, Ref: id.String(), Now: s.now, By: "ops", Change: change, NewID: s.newID,
	})
}

func (s *shelf) mustChange(id job.ID, change job.Change) job.Job {
	s.Helper()
	j, err := s.change(id, change)
	if err != nil {
		s.Fatal(err)
	}
	return j
}

// plan is one tick of the planner.
func (s *shelf) plan() store.Planned {
	s.Helper()
	p, err := s.store.PlanDue(context.Background(), store.PlanDue{Now: s.now, Limit: 500, Policy: job.DefaultPolicy(), NewID: s.newID})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func (s *shelf) job(id job.ID) job.Job {
	s.Helper()
	j, err := s.store.Job(context.Background(), job.DefaultPlatform, id.String())
	if err != nil {
		s.Fatal(err)
	}
	return j
}

// executions reads all executions of a job, oldest first.
func (s *shelf) executions(id job.ID) []job.Execution {
	s.Helper()
	f := store.ExecutionFilter{Platform: job.DefaultPlatform, Job: id.String(), Ascending: true, Limit: store.MaxLimit}
	for all := []job.Execution(nil); ; {
		page, err := s.store.ListExecutions(context.Background(), f)
		if err != nil {
			s.Fatal(err)
		}
		if all = append(all, page.Items...); page.Next == "" {
			return all
		}
		f.Cursor = page.Next
	}
}

// audit balances the job's slots.
func (s *shelf) audit(id job.ID) job.Audit {
	s.Helper()
	return auditJob(s, s.store, id)
}

func auditJob(tb testing.TB, st store.Ledger, id job.ID) job.Audit {
	tb.Helper()
	ctx := context.Background()
	book, err := st.Book(ctx, job.DefaultPlatform, id.String())
	if err != nil {
		tb.Fatal(err)
	}
	a, err := job.AuditSlots(book, func(yield func(job.LedgerEntry) error) error {
		return st.Entries(ctx, job.DefaultPlatform, id.String(), time.Time{}, time.Unix(1<<40, 0), yield)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// findings puts what an audit found into lines.
func findings(a job.Audit) string {
	var b strings.Builder
	for _, f := range a.Findings {
		fmt.Fprintf(&b, "\n%s: %s", f.Kind, f.Message)
	}
	return b.String()
}
