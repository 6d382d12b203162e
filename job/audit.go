package job

import (
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// AuditMaxFindings is how many findings an Audit keeps; more are only counted.
const AuditMaxFindings = 100

// Finding kinds.
const (
	FindingMissing   = "missing"   // a slot has no record
	FindingUnplanned = "unplanned" // a record stands at an instant that is no slot
	FindingDouble    = "double"    // a slot has two records
	FindingRange     = "range"     // a range row's bounds or count are wrong
	FindingCount     = "count"     // rows and counters disagree
)

// Finding is one fault of the ledger.
type Finding struct {
	Slot    time.Time
	Kind    string
	Message string
}

// Audit is the balance of one job's slots.
type Audit struct {
	From, Until time.Time // first and last planned slot; zero when there is none
	Planned     int64
	Ran         int64 // recorded by an execution that was not skipped
	Skipped     int64
	Pruned      int64
	Findings    []Finding
	Faults      int64 // findings in all
}

// Balanced reports whether every planned slot has exactly one record, and nothing else has.
func (a *Audit) Balanced() bool { return a.Faults == 0 }

// AuditSlots recomputes from the epochs which slots were due and compares them with
// the records, which entries yields in order of slot. It shares the schedule with
// the planner, not the planner: it steps through slots one by one.
func AuditSlots(book Book, entries func(yield func(LedgerEntry) error) error) (Audit, error) {
	walk := auditor{book: book}
	if err := walk.enter(0); err != nil {
		return Audit{}, err
	}
	if err := entries(walk.add); err != nil {
		return Audit{}, err
	}
	if err := walk.missingUpTo(time.Unix(1<<40, 0)); err != nil {
		return Audit{}, err
	}
	walk.counts()
	return walk.audit, nil
}

// auditor walks epochs and records side by side. expected is the next slot due that
// has no record yet, zero when there is none left.
type auditor struct {
	book     Book
	audit    Audit
	epoch    int
	sched    *schedule.Schedule
	until    time.Time // last instant of the epoch that had to be accounted for
	expected time.Time
	last     time.Time // end of the last record
}

// enter starts with the epoch of index i, or the first after it that has a slot.
func (w *auditor) enter(i int) error {
	w.expected = time.Time{}
	for ; i < len(w.book.Epochs); i++ {
		e := &w.book.Epochs[i]
		s, err := compile(e)
		if err != nil {
			return fmt.Errorf("epoch %d: %w", e.Seq, err)
		}
		if s == nil {
			continue
		}
		w.epoch, w.sched, w.until = i, s, w.through(e)
		if slot := s.Next(e.After); !slot.IsZero() && !slot.After(w.until) {
			w.expected = slot
			return nil
		}
	}
	w.epoch = i
	return nil
}

// through returns the last instant of the epoch up to which every slot needs a record.
func (w *auditor) through(e *Epoch) time.Time {
	switch {
	case e.Until != nil:
		return *e.Until
	case w.book.NextRun.IsZero():
		return time.Unix(1<<40, 0)
	default:
		return w.book.NextRun.Add(-time.Second)
	}
}

// advance moves to the slot after the instant.
func (w *auditor) advance(after time.Time) error {
	w.expected = w.sched.Next(after)
	if w.expected.IsZero() || w.expected.After(w.until) {
		return w.enter(w.epoch + 1)
	}
	return nil
}

// add takes one record.
func (w *auditor) add(e LedgerEntry) error {
	end, count := e.Slot, int64(1)
	if e.Range != nil {
		end, count = e.Range.To, e.Range.Count
	}
	if !w.last.IsZero() && !e.Slot.After(w.last) {
		w.find(e.Slot, FindingDouble, "%s has a second record (%s)", stamp(e.Slot), describe(e))
		return nil
	}
	if err := w.missingUpTo(e.Slot.Add(-time.Nanosecond)); err != nil {
		return err
	}
	w.last = end
	if w.expected.IsZero() || !e.Slot.Equal(w.expected) {
		w.find(e.Slot, FindingUnplanned, "%s is no slot of the schedule, but has a record (%s)", stamp(e.Slot), describe(e))
		return nil
	}
	w.tally(e, count)
	if e.Range != nil {
		w.checkRange(e.Range)
	}
	return w.advance(end)
}

func (w *auditor) tally(e LedgerEntry, count int64) {
	if w.audit.From.IsZero() {
		w.audit.From = e.Slot
	}
	w.audit.Until = w.last
	w.audit.Planned += count
	switch {
	case e.Range != nil && e.Range.Reason == RangePruned:
		w.audit.Pruned += count
	case e.Range != nil || e.Status == Skipped:
		w.audit.Skipped += count
	default:
		w.audit.Ran += count
	}
}

// checkRange holds a range row against the slots of the current epoch.
func (w *auditor) checkRange(r *SkipRange) {
	want := w.sched.Count(r.From.Add(-time.Second), r.To)
	switch {
	case want != r.Count:
		w.find(r.From, FindingRange, "range from %s to %s says %d slots, the schedule has %d", stamp(r.From), stamp(r.To), r.Count, want)
	case !w.sched.Prev(r.To).Equal(r.To):
		w.find(r.To, FindingRange, "range from %s ends at %s, which is no slot", stamp(r.From), stamp(r.To))
	case r.To.After(w.until):
		w.find(r.To, FindingRange, "range from %s ends at %s, after the last slot due (%s)", stamp(r.From), stamp(r.To), stamp(w.until))
	}
}

// missingUpTo reports every expected slot up to the instant as missing, a run of
// them as one finding.
func (w *auditor) missingUpTo(upto time.Time) error {
	for !w.expected.IsZero() && !w.expected.After(upto) {
		end := w.until
		if upto.Before(end) {
			end = upto
		}
		last := w.sched.Prev(end)
		count := w.sched.Count(w.expected.Add(-time.Second), last)
		w.audit.Planned += count
		if count == 1 {
			w.find(w.expected, FindingMissing, "slot %s has no record", stamp(w.expected))
		} else {
			w.find(w.expected, FindingMissing, "%d slots from %s to %s have no record", count, stamp(w.expected), stamp(last))
		}
		if err := w.advance(last); err != nil {
			return err
		}
	}
	return nil
}

// counts holds the rows against the numbers that were handed out.
func (w *auditor) counts() {
	if b := &w.book; b.Rows+b.Pruned != b.Numbers {
		w.find(time.Time{}, FindingCount, "%d run numbers were handed out, but %d rows exist and %d were pruned", b.Numbers, b.Rows, b.Pruned)
	}
}

func (w *auditor) find(slot time.Time, kind, format string, args ...any) {
	w.audit.Faults++
	if len(w.audit.Findings) < AuditMaxFindings {
		w.audit.Findings = append(w.audit.Findings, Finding{Slot: slot, Kind: kind, Message: fmt.Sprintf(format, args...)})
	}
}

func describe(e LedgerEntry) string {
	if e.Range != nil {
		return fmt.Sprintf("range of %d, %s", e.Range.Count, e.Range.Reason)
	}
	return fmt.Sprintf("run %d, %s", e.Number, e.Status)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
