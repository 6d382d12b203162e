package job_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// slotsOf are the slots of the epoch that the record belongs to, by brute force,
// within a second and a day of it.
func (h *history) isSlot(at time.Time) bool {
	for _, e := range h.book.Epochs {
		def := job.Job{Anchor: e.Anchor, Seed: e.Seed}
		def.Schedule, def.Timezone, def.DSTPolicy, def.ExecuteAt = e.Schedule, e.Timezone, e.DSTPolicy, e.ExecuteAt
		if slots, err := brute(&def, at, at); err != nil || len(slots) > 0 {
			return true // of any epoch: good enough to avoid it
		}
	}
	return false
}

// off returns an instant near at that is no slot, the zero time when there is none.
func (h *history) off(t *rapid.T, at time.Time) time.Time {
	at = at.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "off")) * time.Second)
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
	if rapid.Bool().Draw(t, "look at") {
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
	by := rapid.SampledFrom([]int64{-2, -1, 1, 2, 1000}).Draw(t, "by")
	h.edit(i, func(r *job.SkipRange) { r.Count += by })
	return job.FindingRange, h.entries[i].Slot
}

// around returns the slots of a record's epoch from one instant to another.
func (h *history) around(from, to time.Time) []time.Time {
	for _, e := range h.book.Epochs {
		if !from.After(e.After) || e.Until != nil && from.After(*e.Until) {
			continue
		}
		def := job.Job{Anchor: e.Anchor, Seed: e.Seed}
		def.Schedule, def.Timezone, def.DSTPolicy, def.ExecuteAt, def.StartDate, def.EndDate = e.Schedule, e.Timezone, e.DSTPolicy, e.ExecuteAt, e.StartDate, e.EndDate
		slots, _ := brute(&def, from, to)
		return slots
	}
	return nil
}

// shorten ends a range a slot early: that slot has no record.
func shorten(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 {
		return "", time.Time{}
	}
	r := h.entries[i].Range
	slots := h.around(r.From, r.To)
	n := len(slots)
	h.edit(i, func(r *job.SkipRange) { r.To, r.Count = slots[n-2], r.Count-1 })
	return job.FindingMissing, slots[n-1]
}

// lengthen makes a range cover the row after it.
func lengthen(t *rapid.T, h *history) (string, time.Time) {
	i := pick(t, h, isRange)
	if i < 0 || i+1 >= len(h.entries) {
		return "", time.Time{}
	}
	next := h.entries[i+1]
	if slots := h.around(h.entries[i].Range.To, next.Slot); next.Range != nil || len(slots) != 2 {
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
