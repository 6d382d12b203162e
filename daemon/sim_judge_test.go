package daemon_test

import (
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
	"github.com/agentic-sdlc/scheduler/store"
)

// judge looks at what is left when all is over.
func (w *world) judge() {
	w.Helper()
	var slots, rows int
	for _, id := range w.jobs {
		v := &verdict{world: w}
		v.read(id)
		v.slots()
		v.executions()
		v.figures()
		v.witnesses()
		slots, rows = slots+len(v.due), rows+len(v.rows)
	}
	var starts int
	for _, s := range w.witness.runs {
		starts += len(s)
	}
	w.Logf("%d jobs, %d due slots, %d rows, %d starts, %d outages; %v", len(w.jobs), slots, rows, starts, len(w.outages), w.count)
	if starts < 100 || slots < 500 {
		w.Errorf("only %d starts and %d slots: nothing was shown", starts, slots)
	}
}

// verdict is about one job.
type verdict struct {
	*world
	job     job.Job
	book    job.Book
	entries []job.LedgerEntry
	rows    []job.Execution
	due     []time.Time // by the oracle
}

func (v *verdict) read(id job.ID) {
	v.Helper()
	ctx := context.Background()
	var err error
	if v.book, err = v.store.Book(ctx, job.DefaultPlatform, id.String()); err != nil {
		v.Fatal(err)
	}
	v.job = v.book.Job
	if err := v.store.Entries(ctx, job.DefaultPlatform, id.String(), time.Time{}, time.Unix(1<<40, 0), func(e job.LedgerEntry) error {
		v.entries = append(v.entries, e)
		return nil
	}); err != nil {
		v.Fatal(err)
	}
	f := store.ExecutionFilter{Platform: job.DefaultPlatform, Job: id.String(), Ascending: true, Limit: store.MaxLimit}
	for {
		page, err := v.store.ListExecutions(ctx, f)
		if err != nil {
			v.Fatal(err)
		}
		if v.rows = append(v.rows, page.Items...); page.Next == "" {
			return
		}
		f.Cursor = page.Next
	}
}

// slots compares the ledger with the epochs: by AuditSlots, and by brute force.
func (v *verdict) slots() {
	v.Helper()
	if a := auditJob(v, v.store, v.job.ID); !a.Balanced() {
		v.Errorf("%s: %d faults%s", v.job.Name, a.Faults, findings(a))
	}
	for i, e := range v.book.Epochs {
		if e.Until == nil {
			v.Errorf("%s: epoch %d of a %s job is open", v.job.Name, i, v.job.Status)
			continue
		}
		spec := oracle.Spec{Expr: e.Schedule, Zone: e.Timezone, DST: e.DSTPolicy, Anchor: e.Anchor, Seed: e.Seed}
		for from, to := range map[*time.Time]*time.Time{e.ExecuteAt: &spec.At, e.StartDate: &spec.Start, e.EndDate: &spec.End} {
			if from != nil {
				*to = *from
			}
		}
		slots, err := oracle.Slots(spec, e.After.Add(time.Nanosecond), e.Until.Add(time.Nanosecond))
		if err != nil {
			v.Fatal(err)
		}
		v.due = append(v.due, slots...)
	}
	v.compare()
}

// compare walks the oracle's slots and the records side by side.
func (v *verdict) compare() {
	v.Helper()
	left := v.due
	for _, e := range v.entries {
		if len(left) == 0 || !left[0].Equal(e.Slot) {
			v.Errorf("%s: record of %s, the oracle's next slot is %v", v.job.Name, e.Slot, first(left))
			return
		}
		n := 1
		if e.Range != nil {
			n = int(e.Range.Count)
			if n > len(left) || !left[n-1].Equal(e.Range.To) {
				v.Errorf("%s: range %+v does not fit the oracle's slots", v.job.Name, *e.Range)
				return
			}
		}
		left = left[n:]
	}
	if len(left) > 0 {
		v.Errorf("%s: %d slots from %v on have no record", v.job.Name, len(left), left[0])
	}
}

func first(slots []time.Time) any {
	if len(slots) == 0 {
		return "none"
	}
	return slots[0]
}

// executions holds each row against the rules.
func (v *verdict) executions() {
	v.Helper()
	for _, e := range v.rows {
		starts := v.witness.runs[e.ID]
		switch {
		case !e.Status.Terminal():
			v.Errorf("%s/%d is %s in the end", v.job.Name, e.RunNumber, e.Status)
		case e.Status == job.Skipped && len(starts) > 0:
			v.Errorf("%s/%d was skipped, but started %d times", v.job.Name, e.RunNumber, len(starts))
		case e.Status == job.Success && len(starts) == 0:
			v.Errorf("%s/%d succeeded without a start", v.job.Name, e.RunNumber)
		}
		if v.job.OnLost == job.OnLostFail && len(starts) > 1+e.RetryCount {
			v.Errorf("%s/%d started %d times with on_lost fail and %d retries", v.job.Name, e.RunNumber, len(starts), e.RetryCount)
		}
		for i, s := range starts {
			if s.from.Before(e.ScheduledAt) {
				v.Errorf("%s/%d of %s started at %s: early", v.job.Name, e.RunNumber, e.ScheduledAt, s.from)
			}
			if i > 0 && s.token <= starts[i-1].token {
				v.Errorf("%s/%d: token %d after %d", v.job.Name, e.RunNumber, s.token, starts[i-1].token)
			}
			if !s.slot.Equal(e.ScheduledAt) || s.job != e.JobID {
				v.Errorf("%s/%d of %s was told %s of %s", v.job.Name, e.RunNumber, e.ScheduledAt, s.slot, s.job)
			}
		}
	}
	if limit := v.job.MaxExecutions; limit != nil && v.book.Occurrences > *limit {
		v.Errorf("%s: %d occurrences of at most %d", v.job.Name, v.book.Occurrences, *limit)
	}
}

// figures compares the counters with the history.
func (v *verdict) figures() {
	v.Helper()
	var runs, success, failure, skipped, occurrences int64
	for _, e := range v.rows {
		switch e.Status {
		case job.Success:
			success++
		case job.Failed, job.TimedOut:
			failure++
		}
		if e.Status != job.Skipped {
			runs++
		}
		if e.Status != job.Skipped && e.Trigger == job.TriggerSchedule {
			occurrences++
		}
	}
	for _, e := range v.entries {
		switch {
		case e.Range != nil:
			skipped += e.Range.Count
		case e.Status == job.Skipped:
			skipped++
		}
	}
	if pruned := v.book.Pruned; pruned > 0 { // nobody knows any more how they ended
		if n := v.job.ExecutionsCount; n < runs || n > runs+pruned || v.job.SuccessCount < success || v.job.FailureCount < failure {
			v.Errorf("%s: %d executions, %d well, %d failed; %d, %d and %d are left and %d were pruned", v.job.Name, n, v.job.SuccessCount, v.job.FailureCount, runs, success, failure, pruned)
		}
		return
	}
	got := [5]int64{v.job.ExecutionsCount, v.job.SuccessCount, v.job.FailureCount, v.job.SkippedCount, v.book.Occurrences}
	if want := [5]int64{runs, success, failure, skipped, occurrences}; got != want {
		v.Errorf("%s (%s): counters of executions, success, failure, skipped, occurrences = %v, the history says %v", v.job.Name, v.job.Status, got, want)
	}
}

// witnesses holds the starts against concurrency: never more at once than the policy
// allows. A crash leaves no runs behind here, so there is no grace.
func (v *verdict) witnesses() {
	v.Helper()
	places := v.job.Places()
	type edge struct {
		at time.Time
		by int
	}
	var edges []edge
	for _, e := range v.rows {
		for _, s := range v.witness.runs[e.ID] {
			if !s.to.IsZero() && s.to.After(s.from) {
				edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.by - b.by
	})
	running, most := 0, 0
	for _, e := range edges {
		running += e.by
		most = max(most, running)
	}
	if most > places {
		v.Errorf("%s: %d ran at once, want at most %d (overlap %s)", v.job.Name, most, places, v.job.Overlap)
	}
}
