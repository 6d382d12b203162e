package job_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// compiled is the schedule of an epoch.
func compiled(e *job.Epoch) *schedule.Schedule {
	def := job.Job{Anchor: e.Anchor, Seed: e.Seed}
	def.Type, def.Schedule, def.Timezone, def.DSTPolicy, def.ExecuteAt = e.Type, e.Schedule, e.Timezone, e.DSTPolicy, e.ExecuteAt
	def.StartDate, def.EndDate = e.StartDate, e.EndDate
	s, err := job.Compile(&def)
	if err != nil {
		panic(err)
	}
	return s
}

// isSlot reports whether the instant is a slot of any of the epochs.
func (h *history) isSlot(at time.Time) bool {
	return slices.ContainsFunc(h.book.Epochs, func(e job.Epoch) bool { return compiled(&e).Prev(at).Equal(at) })
}

// off returns an instant near at that is no slot, the zero time when there is none.
func (h *history) off(t *rapid.T, at time.Time) time.Time {
	at = at.Add(time.Duration(1+uniform(t, "off", 40)) * time.Second)
	if h.isSlot(at) || slices.ContainsFunc(h.entries, func(e job.LedgerEntry) bool { return !at.Before(e.Slot) && !at.After(end(e)) }) {
		return time.Time{}
	}
	return at
}

func (h *history) remove(i int) {
	if h.entries[i].Range == nil {
		h.book.Numbers, h.book.Rows = h.book.Numbers-1, h.book.Rows-1
	}
	h.entries = slices.Delete(h.entries, i, i+1)
}

func (h *history) add(e job.LedgerEntry) {
	h.book.Numbers, h.book.Rows = h.book.Numbers+1, h.book.Rows+1
	h.entries = append(h.entries, e)
}

func deleteRecord(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isAny)
	if i < 0 {
		return "", time.Time{}
	}
	slot := h.entries[i].Slot
	h.remove(i)
	return job.FindingMissing, slot
}

func addRecord(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isAny)
	if i < 0 {
		return "", time.Time{}
	}
	at := h.off(t, end(h.entries[i]))
	if at.IsZero() {
		return "", at
	}
	h.add(job.LedgerEntry{Slot: at, Status: job.Success})
	return job.FindingUnplanned, at
}

// addFuture records the slot at the cursor, which was not planned yet.
func addFuture(_ *rapid.T, h *history) (string, time.Time) {
	if h.book.NextRun.IsZero() {
		return "", time.Time{}
	}
	h.add(job.LedgerEntry{Slot: h.book.NextRun, Status: job.Success})
	return job.FindingUnplanned, h.book.NextRun
}

// moveRecord leaves a gap behind; that the record stands where it should not is the
// business of addRecord.
func moveRecord(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRow)
	if i < 0 {
		return "", time.Time{}
	}
	slot := h.entries[i].Slot
	at := h.off(t, slot)
	if at.IsZero() {
		return "", at
	}
	h.entries[i].Slot = at
	if uniform(t, "look at", 2) == 0 {
		return job.FindingUnplanned, at
	}
	return job.FindingMissing, slot
}

func doubleRecord(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isAny)
	if i < 0 {
		return "", time.Time{}
	}
	h.add(job.LedgerEntry{Slot: h.entries[i].Slot, Status: job.Failed})
	return job.FindingDouble, h.entries[i].Slot
}

func doubleInRange(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 {
		return "", time.Time{}
	}
	at := h.entries[i].Range.From.Add(h.entries[i].Range.To.Sub(h.entries[i].Range.From) / 2).Truncate(time.Second)
	h.add(job.LedgerEntry{Slot: at, Status: job.Success})
	return job.FindingDouble, at
}

// edit replaces the range of a record, so that the plan's own is left alone.
func (h *history) edit(i int, change func(r *job.SkipRange)) {
	r := *h.entries[i].Range
	change(&r)
	h.entries[i].Range, h.entries[i].Slot = &r, r.From
}

func miscount(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 {
		return "", time.Time{}
	}
	by := oneOf[int64](t, "by", -2, -1, 1, 2, 1000)
	h.edit(i, func(r *job.SkipRange) { r.Count += by })
	return job.FindingRange, h.entries[i].Slot
}

// epochAt returns the schedule that planned the instant.
func (h *history) epochAt(at time.Time) *schedule.Schedule {
	for _, e := range h.book.Epochs {
		if at.After(e.After) && (e.Until == nil || !at.After(*e.Until)) {
			return compiled(&e)
		}
	}
	return nil
}

// shorten ends a range a slot early: that slot has no record.
func shorten(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 {
		return "", time.Time{}
	}
	last := h.entries[i].Range.To
	h.edit(i, func(r *job.SkipRange) { r.To, r.Count = h.epochAt(last).Prev(last.Add(-time.Second)), r.Count-1 })
	return job.FindingMissing, last
}

// lengthen makes a range cover the row after it.
func lengthen(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 || i+1 >= len(h.entries) {
		return "", time.Time{}
	}
	next := h.entries[i+1]
	last := h.entries[i].Range.To
	if next.Range != nil || !h.epochAt(last).Next(last).Equal(next.Slot) || h.epochAt(next.Slot).Spec() != h.epochAt(last).Spec() {
		return "", time.Time{} // the next row is of another epoch
	}
	h.edit(i, func(r *job.SkipRange) { r.To, r.Count = next.Slot, r.Count+1 })
	return job.FindingDouble, next.Slot
}

func misbegin(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 {
		return "", time.Time{}
	}
	at := h.entries[i].Slot.Add(-time.Second)
	if h.isSlot(at) || i > 0 && !at.After(end(h.entries[i-1])) {
		return "", at
	}
	h.edit(i, func(r *job.SkipRange) { r.From = at })
	return job.FindingUnplanned, at
}

func misend(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 {
		return "", time.Time{}
	}
	at := h.entries[i].Range.To.Add(time.Second)
	if h.isSlot(at) {
		return "", at
	}
	h.edit(i, func(r *job.SkipRange) { r.To = at })
	return job.FindingRange, at
}

func forget(_ *rapid.T, h *history) (string, time.Time) {
	h.book.Rows--
	return job.FindingCount, time.Time{}
}
