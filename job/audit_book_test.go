package job_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// history is a job's book with its records, as a store would keep them.
type history struct {
	book    job.Book
	entries []job.LedgerEntry
}

// genHistory draws a job that was planned in ticks, with pauses and reschedules: it
// is balanced.
func genHistory(t *rapid.T) *history {
	h := &history{}
	now := genStart(t)
	for epoch := range 1 + uniform(t, "epochs", 4) {
		if epoch > 0 && uniform(t, "paused", 2) == 0 {
			now = now.Add(time.Microsecond + upTo(t, "pause", 2*time.Hour))
		}
		now = h.planEpoch(t, int64(epoch), now)
		if h.book.NextRun.IsZero() {
			break
		}
	}
	// The last epoch is in force unless the job was paused in the end.
	if last := &h.book.Epochs[len(h.book.Epochs)-1]; !h.book.NextRun.IsZero() && uniform(t, "in force", 2) == 0 {
		last.Until = nil
	} else {
		h.book.NextRun = time.Time{}
	}
	h.book.Rows = h.book.Numbers
	return h
}

// planEpoch plans from the instant on under a new definition, in ticks, closes the
// epoch and returns its end.
func (h *history) planEpoch(t *rapid.T, seq int64, from time.Time) time.Time {
	def, when := genJob(t, from)
	opening, err := job.Open(def, from, "created")
	if err != nil {
		t.Fatal(err)
	}
	sched, _ := job.Compile(&def)
	opening.Epoch.Seq = seq
	st, now := job.State{NextRun: opening.NextRun}, from
	until := time.Time{}
	for range 1 + uniform(t, "ticks", 4) {
		now = now.Add(upTo(t, "sleep", when.reach/4))
		if st.NextRun.IsZero() {
			break
		}
		var p job.Plan
		job.MakePlan(&def, sched, st, now, job.DefaultPolicy(), &p)
		h.record(&p)
		st.NextRun, st.Occurrences = p.NextRun, st.Occurrences+int64(len(p.Runs))
		if p.Ended {
			until = p.EndedAt
			break
		}
	}
	if until.IsZero() {
		until = now
	}
	opening.Epoch.Until = &until
	h.book.Epochs, h.book.NextRun = append(h.book.Epochs, opening.Epoch), st.NextRun
	return now
}

// record adds what a plan decided.
func (h *history) record(p *job.Plan) {
	for _, r := range p.Ranges {
		h.entries = append(h.entries, job.LedgerEntry{Slot: r.From, Range: &r, Status: job.Skipped, Reason: r.Reason})
	}
	for _, s := range p.Skips {
		h.book.Numbers++
		h.entries = append(h.entries, job.LedgerEntry{Slot: s.Slot, Number: h.book.Numbers, Status: job.Skipped, Reason: s.Reason})
	}
	for _, r := range p.Runs {
		h.book.Numbers++
		h.entries = append(h.entries, job.LedgerEntry{Slot: r.Slot, Number: h.book.Numbers, Status: job.Success})
	}
	h.sort()
}

func (h *history) sort() {
	slices.SortStableFunc(h.entries, func(a, b job.LedgerEntry) int { return a.Slot.Compare(b.Slot) })
}

// audit runs AuditSlots over the records as they are.
func (h *history) audit(t rapid.TB) job.Audit {
	t.Helper()
	a, err := job.AuditSlots(h.book, func(yield func(job.LedgerEntry) error) error {
		for _, e := range h.entries {
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tally counts the records by what they say.
func (h *history) tally() (ran, skipped, pruned int64) {
	for _, e := range h.entries {
		switch {
		case e.Range != nil && e.Range.Reason == job.RangePruned:
			pruned += e.Range.Count
		case e.Range != nil:
			skipped += e.Range.Count
		case e.Status == job.Skipped:
			skipped++
		default:
			ran++
		}
	}
	return ran, skipped, pruned
}
