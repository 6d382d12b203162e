package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// answers is what a store says of everything in it.
type answers struct {
	Instance   string
	Jobs       []job.Job // live ones, then deleted ones
	Executions []job.Execution
	Runs       map[job.ID]job.Execution // with attempts
	Logs       map[job.ID][]job.LogEntry
	Books      map[job.ID]store.Book
	Entries    map[job.ID][]store.Entry
	Figures    map[job.ID]store.JobFigures
	Tally      job.Tally
	Totals     store.Totals
	Holds      []store.Hold
	Past       []store.Hold
	Sessions   []store.Session
	Waiting    []store.Waiting
	Dead       []job.ID
	NextDue    time.Time
	NextReady  time.Time
	Events     []store.Event // without their positions, which are each store's own
	Audit      []store.AuditEntry
}

// WantSame checks that both stores answer everything alike.
func (l *Life) WantSame(t *testing.T, want, got store.Store) {
	t.Helper()
	a, b := l.on(t, want), l.on(t, got)
	b.wantSame("what the store answers", a.answers(), b.answers())
}

func (b *bench) answers() (a answers) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatalf("reading everything: %v", err)
		}
	}
	info, err := b.store.Info(b.ctx)
	must(err)
	a.Instance = info.Instance
	a.Jobs = b.allJobs()
	a.Runs, a.Logs = map[job.ID]job.Execution{}, map[job.ID][]job.LogEntry{}
	a.Books, a.Entries, a.Figures = map[job.ID]store.Book{}, map[job.ID][]store.Entry{}, map[job.ID]store.JobFigures{}
	for _, j := range a.Jobs {
		a.Books[j.ID], err = b.store.Book(b.ctx, store.AnyPlatform, j.ID.String())
		must(err)
		a.Figures[j.ID], err = b.store.JobFigures(b.ctx, store.AnyPlatform, j.ID.String(), time.Time{})
		must(err)
		must(b.store.Entries(b.ctx, store.AnyPlatform, j.ID.String(), time.Time{}, b.now.Add(time.Hour), func(e store.Entry) error {
			a.Entries[j.ID] = append(a.Entries[j.ID], e)
			return nil
		}))
	}
	audit, err := b.store.ListAudit(b.ctx, store.AuditFilter{Platform: store.AnyPlatform})
	must(err)
	a.Audit = audit.Items
	a.Executions = b.allExecutions(store.ExecutionFilter{})
	for _, e := range a.Executions {
		a.Runs[e.ID], err = b.store.Execution(b.ctx, store.AnyPlatform, e.ID.String())
		must(err)
		a.Logs[e.ID], err = b.store.ListLogs(b.ctx, store.LogFilter{Platform: store.AnyPlatform, Ref: e.ID.String()})
		must(err)
	}
	a.Dead = ids(b.allExecutions(store.ExecutionFilter{Dead: true}))
	a.Tally, err = b.store.Tally(b.ctx, store.TallyOf{Platform: store.AnyPlatform, From: Base, To: b.now.Add(24 * time.Hour), Hours: true})
	must(err)
	a.Totals, err = b.store.Totals(b.ctx, store.AnyPlatform, b.now)
	must(err)
	a.Holds, err = b.store.Holds(b.ctx, b.now)
	must(err)
	a.Past, err = b.store.PastHolds(b.ctx, Base, b.now)
	must(err)
	a.Sessions, err = b.store.ListSessions(b.ctx, b.now)
	must(err)
	for i := range a.Sessions { // opening a store of one node ends leases
		a.Sessions[i].LeaseUntil = time.Time{}
	}
	a.Waiting, err = b.store.Waiting(b.ctx, b.now, 1000)
	must(err)
	a.NextDue, err = b.store.NextDue(b.ctx)
	must(err)
	a.NextReady, err = b.store.NextReady(b.ctx, b.now)
	must(err)
	rows, err := b.store.Outbox(b.ctx, 0, 100_000)
	must(err)
	for _, row := range rows {
		for _, e := range row.Events {
			e.ID = ""
			a.Events = append(a.Events, e)
		}
	}
	return a
}

func (b *bench) allJobs() (all []job.Job) {
	b.Helper()
	for _, deleted := range []bool{false, true} {
		f := store.JobFilter{Platform: store.AnyPlatform, Deleted: deleted, Limit: store.MaxLimit}
		for {
			page, err := b.store.ListJobs(b.ctx, f)
			if err != nil {
				b.Fatalf("ListJobs = %v, want no error", err)
			}
			all = append(all, page.Items...)
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
	}
	return all
}

func (b *bench) allExecutions(f store.ExecutionFilter) (all []job.Execution) {
	b.Helper()
	f.Platform, f.Limit = store.AnyPlatform, store.MaxLimit
	for {
		page, err := b.store.ListExecutions(b.ctx, f)
		if err != nil {
			b.Fatalf("ListExecutions = %v, want no error", err)
		}
		all = append(all, page.Items...)
		if f.Cursor = page.Next; f.Cursor == "" {
			return all
		}
	}
}
