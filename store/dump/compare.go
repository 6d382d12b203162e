package dump

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Ledger is what an audit of all jobs reads.
type Ledger interface {
	store.Ledger
	ListJobs(ctx context.Context, f store.JobFilter) (store.Page[job.Job], error)
}

// Balance is what an audit of all jobs found.
type Balance struct {
	Jobs       int    // audited, deleted ones included
	Slots      int64  // planned slots of all of them
	Unbalanced int    // jobs whose slots do not balance; of two stores, in both alike
	First      string // the name of the first of them
}

// Compare audits the slots of every job in both stores: what was promised, what the
// ledger has, and that the two agree. An error names the first job that differs.
func Compare(ctx context.Context, from, to Ledger) (b Balance, err error) {
	return b, eachJob(ctx, from, func(j *job.Job) error {
		want, err := audit(ctx, from, j)
		if err != nil {
			return err
		}
		got, err := audit(ctx, to, j)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(want, got) {
			return job.Errorf(job.Internal, "the slots of job %s are not the same in both stores", j.Name)
		}
		b.add(j, &want)
		return nil
	})
}

// Audit audits the slots of every job of a store.
func Audit(ctx context.Context, l Ledger) (b Balance, err error) {
	return b, eachJob(ctx, l, func(j *job.Job) error {
		found, err := audit(ctx, l, j)
		b.add(j, &found)
		return err
	})
}

// eachJob calls fn for every job, deleted ones included.
func eachJob(ctx context.Context, l Ledger, fn func(j *job.Job) error) error {
	for _, deleted := range []bool{false, true} {
		f := store.JobFilter{Platform: store.AnyPlatform, Deleted: deleted, Limit: store.MaxLimit}
		for {
			page, err := l.ListJobs(ctx, f)
			if err != nil {
				return err
			}
			for i := range page.Items {
				if err := fn(&page.Items[i]); err != nil {
					return err
				}
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
	}
	return nil
}

// add counts a job whose slots were audited.
func (b *Balance) add(j *job.Job, found *audited) {
	b.Jobs++
	b.Slots += found.Planned
	if !found.Balanced() {
		b.Unbalanced++
		if b.First == "" {
			b.First = j.Name
		}
	}
}

// audited is what was promised for a job's slots, and how they stand.
type audited struct {
	book store.Book
	job.Audit
	fault string // why the slots cannot be told
}

// forEver is after every slot.
var forEver = time.Unix(1<<40, 0)

func audit(ctx context.Context, l Ledger, j *job.Job) (a audited, err error) {
	id := j.ID.String()
	if a.book, err = l.Book(ctx, j.Platform, id); err != nil {
		return a, fmt.Errorf("audit job %s: %w", j.Name, err)
	}
	a.Audit, err = job.AuditSlots(a.book, func(yield func(job.LedgerEntry) error) error {
		return l.Entries(ctx, j.Platform, id, time.Time{}, forEver, yield)
	})
	if job.CodeOf(err) == job.Invalid { // its schedule cannot be read: so it was, and is
		a.fault, a.Faults = err.Error(), 1
		return a, nil
	}
	return a, err
}
