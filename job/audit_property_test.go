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

// fault is a way in which a hand spoils a history. spoil returns what the audit must
// say, "" when the history does not lend itself to it; findings is how many times the
// audit says something, 0 when that depends.
type fault struct {
	spoil    func(t *rapid.T, h *history) (kind string, slot time.Time)
	findings int64
}

var faults = map[string]fault{
	"delete a record":               {deleteRecord, 1},
	"add a record off the schedule": {addRecord, 1},
	"add a record of the future":    {addFuture, 1},
	"move a record":                 {moveRecord, 2},
	"double a record":               {doubleRecord, 1},
	"double a slot of a range":      {doubleInRange, 1},
	"miscount a range":              {miscount, 1},
	"shorten a range":               {shorten, 1},
	"lengthen a range":              {lengthen, 1},
	"begin a range off a slot":      {misbegin, 0},
	"end a range off a slot":        {misend, 1},
	"forget a run number":           {forget, 1},
}

// TestAuditFinds spoils balanced histories in one way each: the audit names the slot.
func TestAuditFinds(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tried := 0
			rapid.Check(t, func(t *rapid.T) {
				h := genHistory(t)
				kind, slot := fault.spoil(t, h)
				if kind == "" {
					return
				}
				tried++
				h.sort()
				a := h.audit(t)
				if fault.findings != 0 && a.Faults != fault.findings {
					t.Fatalf("%d findings, want %d: %+v", a.Faults, fault.findings, a.Findings)
				}
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

// TestAuditWords says what is wrong in words, with the slot.
func TestAuditWords(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	run := func(n int) job.LedgerEntry {
		return job.LedgerEntry{Slot: minute(n), Number: int64(n), Status: job.Success}
	}
	missed := func(from, to int, count int64) job.LedgerEntry {
		return job.LedgerEntry{Slot: minute(from), Range: &job.SkipRange{From: minute(from), To: minute(to), Count: count, Reason: job.SkipMissed}}
	}
	until := minute(5) // slots 1–5 were due
	tests := []struct {
		name    string
		entries []job.LedgerEntry
		want    []string
	}{
		{"all there", []job.LedgerEntry{run(1), missed(2, 4, 3), run(5)}, nil},
		{"none there", nil, []string{"5 slots from 2026-01-05T12:01:00Z to 2026-01-05T12:05:00Z have no record"}},
		{"one missing", []job.LedgerEntry{run(1), run(2), run(3), run(5)}, []string{"slot 2026-01-05T12:04:00Z has no record"}},
		{"two holes", []job.LedgerEntry{run(2), run(4), run(5)}, []string{"slot 2026-01-05T12:01:00Z has no record", "slot 2026-01-05T12:03:00Z has no record"}},
		{"range beyond the end", []job.LedgerEntry{run(1), missed(2, 6, 5)}, []string{"range from 2026-01-05T12:02:00Z ends at 2026-01-05T12:06:00Z, after the last slot due (2026-01-05T12:05:00Z)"}},
		{"one too many", []job.LedgerEntry{run(1), missed(2, 5, 4), run(6)}, []string{"2026-01-05T12:06:00Z is no slot of the schedule, but has a record (run 6, success)"}},
		{"doubled", []job.LedgerEntry{run(1), missed(2, 5, 4), run(5)}, []string{"2026-01-05T12:05:00Z has a second record (run 5, success)"}},
		{"miscounted", []job.LedgerEntry{run(1), missed(2, 5, 9)}, []string{"range from 2026-01-05T12:02:00Z to 2026-01-05T12:05:00Z says 9 slots, the schedule has 4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := history{entries: tt.entries, book: job.Book{Epochs: []job.Epoch{{After: noon, Until: &until, Type: job.TypeCron, Schedule: "* * * * *", Timezone: "UTC"}}}}
			a := h.audit(t)
			var got []string
			for _, f := range a.Findings {
				got = append(got, f.Message)
			}
			if !slices.Equal(got, tt.want) || a.Faults != int64(len(tt.want)) {
				t.Errorf("findings are %q, want %q", got, tt.want)
			}
		})
	}
}

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
