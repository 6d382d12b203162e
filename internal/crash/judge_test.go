//go:build linux

package crash

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// promise is what the API answered about one job: all that the judge believes of
// what schedd says.
type promise struct {
	name    string
	oracle  oracle.Spec
	created time.Time // slots after it are due
	until   time.Time // slots up to and including it are due
	limit   int64     // max_executions; 0 = none
	once    bool      // on_lost fail: no execution starts twice
	alone   bool      // runs do not overlap
	flaky   bool      // the first attempt fails
	held    bool      // it is paused: what waits, waits
	dropped bool      // it was cancelled: what waited was cancelled
	gaps    []gap     // pauses
}

// verdict is what the judge found.
type verdict struct {
	faults                       []string
	slots, starts, doubled, lost int
	ended                        map[string]int // executions by how they ended
}

func (v *verdict) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

// judge holds records and testimony against what was promised.
func judge(promises []promise, rows []row, ranges []stretch, marks []mark) *verdict {
	v := &verdict{ended: map[string]int{}}
	byJob := map[string][]row{}
	byID := map[job.ID]*row{}
	for i := range rows {
		byJob[rows[i].job] = append(byJob[rows[i].job], rows[i])
		byID[rows[i].id] = &rows[i]
		v.ended[words[rows[i].status]]++
	}
	rangesOf, marksOf := map[string][]stretch{}, map[string][]mark{}
	for _, r := range ranges {
		rangesOf[r.job] = append(rangesOf[r.job], r)
	}
	for _, m := range marks {
		marksOf[m.job] = append(marksOf[m.job], m)
		if r := byID[m.id]; r == nil || r.job != m.job || !r.slot.Equal(m.slot) {
			v.fault("%s: %s of %s for %s has no record", m.job, m.kind, m.id, stamp(m.slot))
		}
	}
	for i := range promises {
		p := &promises[i]
		v.ledger(p, byJob[p.name], rangesOf[p.name])
		v.testimony(p, byJob[p.name], marksOf[p.name])
		delete(byJob, p.name)
	}
	for name := range byJob {
		v.fault("job %s has records, but nobody made it", name)
	}
	return v
}

// ledger holds the records of one job against the oracle's slots.
func (v *verdict) ledger(p *promise, rows []row, ranges []stretch) {
	due, err := oracle.Slots(p.oracle, p.created.Add(time.Microsecond), p.until.Add(time.Microsecond))
	if err != nil {
		v.fault("%s: %v", p.name, err)
		return
	}
	due = slices.DeleteFunc(due, func(t time.Time) bool { return !p.due(t) })
	records := map[time.Time]int{}
	var executed int64
	var last time.Time
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(a.slot.Compare(b.slot), cmp.Compare(a.n, b.n)) })
	for _, r := range rows {
		records[r.slot]++
		if r.created.Before(r.slot) {
			v.fault("%s: %s was recorded early, at %s", p.name, stamp(r.slot), r.created)
		}
		if r.status != skipped {
			executed, last = executed+1, r.slot
		}
		v.end(p, &r)
	}
	if p.limit > 0 {
		if executed != p.limit {
			v.fault("%s: %d executions, max_executions is %d", p.name, executed, p.limit)
		}
		if executed == p.limit { // what comes later is not due
			due = slices.DeleteFunc(due, func(t time.Time) bool { return t.After(last) })
		}
	}
	for _, slot := range due {
		n := records[slot]
		for _, r := range ranges {
			if !slot.Before(r.from) && !slot.After(r.to) {
				n++
			}
		}
		delete(records, slot)
		v.slots++
		switch {
		case n == 0:
			v.lost++
			v.fault("%s: %s has no record", p.name, stamp(slot))
		case n > 1:
			v.doubled++
			v.fault("%s: %s has %d records", p.name, stamp(slot), n)
		}
	}
	for slot := range records {
		v.fault("%s: %s has a record, but was not due", p.name, stamp(slot))
	}
	for _, r := range ranges {
		if n := int64(len(slices.DeleteFunc(slices.Clone(due), func(t time.Time) bool { return t.Before(r.from) || t.After(r.to) }))); n != r.count {
			v.fault("%s: the range from %s says %d slots, %d were due", p.name, stamp(r.from), r.count, n)
		}
	}
}

// end judges how one execution ended.
func (v *verdict) end(p *promise, r *row) {
	switch r.status {
	case running, timedOut:
		v.fault("%s: %s is %s at the end", p.name, stamp(r.slot), words[r.status])
	case pending:
		if !p.held {
			v.fault("%s: %s waits at the end", p.name, stamp(r.slot))
		}
	case failed:
		if r.class != "worker_lost" || !p.once && r.lost < job.MaxLost {
			v.fault("%s: %s failed (%s) after %d losses", p.name, stamp(r.slot), r.class, r.lost)
		}
	case cancelled:
		if !p.dropped {
			v.fault("%s: %s is cancelled, but nobody asked for it", p.name, stamp(r.slot))
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
