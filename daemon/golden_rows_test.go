package daemon_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
)

// rows are adjacent slots that ended alike: how many slots, in how many rows of the
// ledger. "run" is a late or punctual run, "caught up" one of a missed slot, "queued"
// and "caught up, queued" wait for another; the rest are reasons of skips.
type rows struct {
	what     string
	from, to string
	slots    int64
	rows     int
}

// one is a single record.
func one(what, at string) rows { return rows{what, at, at, 1, 1} }

// many are so many records from one slot to another.
func many(what, from, to string, n int) rows { return rows{what, from, to, int64(n), n} }

// stretch is one range row.
func stretch(what, from, to string, n int64) rows { return rows{what, from, to, n, 1} }

// ledger reads the job's records as rows. Records next to each other that say the
// same are one; a range row is always one of its own.
func (s *shelf) ledger(id job.ID) []rows {
	s.Helper()
	word := map[job.ID]string{}
	for _, e := range s.executions(id) {
		switch {
		case e.Status == job.Skipped:
			word[e.ID] = string(e.SkipReason)
		case e.CatchUp && e.ReadyAt == nil:
			word[e.ID] = "caught up, queued"
		case e.CatchUp:
			word[e.ID] = "caught up"
		case e.ReadyAt == nil:
			word[e.ID] = "queued"
		default:
			word[e.ID] = "run"
		}
	}
	var all []rows
	err := s.store.Entries(context.Background(), job.DefaultPlatform, id.String(), time.Time{}, time.Unix(1<<40, 0), func(e job.LedgerEntry) error {
		at := e.Slot.Format(time.RFC3339)
		if e.Range != nil {
			all = append(all, stretch(string(e.Reason), at, e.Range.To.Format(time.RFC3339), e.Range.Count))
			return nil
		}
		if n := len(all) - 1; n >= 0 && all[n].what == word[e.ID] && all[n].slots == int64(all[n].rows) {
			all[n].to, all[n].slots, all[n].rows = at, all[n].slots+1, all[n].rows+1
			return nil
		}
		all = append(all, one(word[e.ID], at))
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return all
}

// wantRows holds the ledger of a job against literal rows, its counters against
// both, its cursor against next ("" = none), and balances it.
func (s *shelf) wantRows(id job.ID, want []rows, next string) {
	s.Helper()
	if diff := cmp.Diff(want, s.ledger(id), cmp.AllowUnexported(rows{})); diff != "" {
		s.Errorf("ledger differs (-want +got):\n%s", diff)
	}
	j := s.job(id)
	got := ""
	if j.NextRun != nil {
		got = j.NextRun.Format(time.RFC3339)
	}
	if got != next {
		s.Errorf("next_run = %q, want %q", got, next)
	}
	var ran, skipped int64
	for _, r := range want {
		if isRun(r.what) {
			ran += r.slots
		} else {
			skipped += r.slots
		}
	}
	a := s.audit(id)
	if !a.Balanced() || a.Planned != ran+skipped || a.Ran != ran || a.Skipped != skipped {
		s.Errorf("audit says %d planned, %d ran, %d skipped, %d faults; want %d, %d, %d, none:%s",
			a.Planned, a.Ran, a.Skipped, a.Faults, ran+skipped, ran, skipped, findings(a))
	}
	if j.ExecutionsCount != ran || j.SkippedCount != skipped {
		s.Errorf("counters say %d executions and %d skipped, want %d and %d", j.ExecutionsCount, j.SkippedCount, ran, skipped)
	}
}

func isRun(what string) bool {
	return what == "run" || what == "queued" || what == "caught up" || what == "caught up, queued"
}

// TestStretchesAreKept: rows that are compared must not hide a range row next to
// single ones.
func TestStretchesAreKept(t *testing.T) {
	t.Parallel()
	if a, b := many("missed", "a", "b", 2), stretch("missed", "a", "b", 2); a == b {
		t.Error("two rows and a range of two look alike: " + strconv.Itoa(a.rows))
	}
}
