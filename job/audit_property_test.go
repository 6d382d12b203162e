package job_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestAuditBalanced: what was planned has no finding, and the sums are the records'.
func TestAuditBalanced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory(t)
		a := h.audit(t)
		if !a.Balanced() {
			t.Fatalf("findings: %+v", a.Findings)
		}
		ran, skipped, pruned := h.tally()
		if a.Ran != ran || a.Skipped != skipped || a.Pruned != pruned || a.Planned != ran+skipped+pruned {
			t.Fatalf("audit says %d planned = %d ran + %d skipped + %d pruned; the records have %d + %d + %d", a.Planned, a.Ran, a.Skipped, a.Pruned, ran, skipped, pruned)
		}
		if n := len(h.entries); n > 0 && (!a.From.Equal(h.entries[0].Slot) || !a.Until.Equal(end(h.entries[n-1]))) {
			t.Fatalf("audit is from %v to %v, the records from %v to %v", a.From, a.Until, h.entries[0].Slot, end(h.entries[n-1]))
		}
	})
}

func end(e job.LedgerEntry) time.Time {
	if e.Range != nil {
		return e.Range.To
	}
	return e.Slot
}

// wantFinding fails unless the audit has a finding of the kind that names the slot.
func wantFinding(t *rapid.T, a *job.Audit, kind string, slot time.Time) {
	t.Helper()
	stamp := slot.UTC().Format(time.RFC3339)
	if a.Balanced() || !slices.ContainsFunc(a.Findings, func(f job.Finding) bool {
		return f.Kind == kind && f.Slot.Equal(slot) && strings.Contains(f.Message, stamp)
	}) {
		t.Fatalf("no finding %q of slot %s among %d: %+v", kind, stamp, a.Faults, a.Findings)
	}
}

// faults are ways in which a hand spoils a history. Each returns what the audit must
// say, "" when the history does not lend itself to it.
var faults = map[string]func(t *rapid.T, h *history) (kind string, slot time.Time){
	"delete a record":               deleteRecord,
	"add a record off the schedule": addRecord,
	"add a record of the future":    addFuture,
	"move a record":                 moveRecord,
	"double a record":               doubleRecord,
	"double a slot of a range":      doubleInRange,
	"miscount a range":              miscount,
	"shorten a range":               shorten,
	"lengthen a range":              lengthen,
	"begin a range off a slot":      misbegin,
	"end a range off a slot":        misend,
	"forget a run number":           forget,
}

// TestAuditFinds spoils balanced histories in one way each: the audit names the slot.
func TestAuditFinds(t *testing.T) {
	t.Parallel()
	for name, spoil := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tried := 0
			rapid.Check(t, func(t *rapid.T) {
				h := genHistory(t)
				kind, slot := spoil(t, h)
				if kind == "" {
					return
				}
				tried++
				h.sort()
				a := h.audit(t)
				if kind == job.FindingCount {
					if a.Balanced() || a.Findings[len(a.Findings)-1].Kind != kind {
						t.Fatalf("findings: %+v", a.Findings)
					}
					return
				}
				wantFinding(t, &a, kind, slot)
			})
			if tried < 5 {
				t.Errorf("only %d histories were spoilt", tried)
			}
		})
	}
}

// pick draws the index of a record that ok accepts; -1 when there is none.
func pick(t *rapid.T, h *history, ok func(e job.LedgerEntry) bool) int {
	var all []int
	for i, e := range h.entries {
		if ok(e) {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		return -1
	}
	return oneOf(t, "record", all...)
}

func isRange(e job.LedgerEntry) bool { return e.Range != nil && e.Range.Count > 2 }
func isRow(e job.LedgerEntry) bool   { return e.Range == nil }
func isAny(job.LedgerEntry) bool     { return true }

// TestAuditStops returns the error of whoever yields the records.
func TestAuditStops(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	if _, err := job.AuditSlots(job.Book{}, func(func(job.LedgerEntry) error) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("AuditSlots = %v, want the error of the records", err)
	}
	book := job.Book{Epochs: []job.Epoch{{Type: job.TypeCron, Schedule: "nonsense", Timezone: "UTC"}}}
	if _, err := job.AuditSlots(book, func(func(job.LedgerEntry) error) error { return nil }); err == nil {
		t.Error("AuditSlots of an epoch that cannot be read has no error")
	}
}
