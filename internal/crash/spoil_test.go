//go:build linux

package crash

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// history is what a judge gets to see.
type history struct {
	promise promise
	rows    []row
	ranges  []stretch
	marks   []mark
}

// clean is ten seconds of a job that ran each second: slot 3 was skipped, slot 5 lost
// its worker and ran again, slots 7 to 9 are a range.
func clean() history {
	base := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := history{promise: promise{
		name: "j", oracle: oracle.Spec{Expr: "* * * * * *", Zone: "UTC"}, created: base, until: base.Add(10 * time.Second), alone: true,
	}}
	for i := 1; i <= 6; i++ {
		r := row{id: job.ID{byte(i)}, job: "j", n: int64(i), slot: base.Add(time.Duration(i) * time.Second), status: success}
		r.created = r.slot.Add(time.Millisecond)
		attempts := 1
		switch i {
		case 3:
			r.status, attempts = skipped, 0
		case 5:
			attempts = 2
		}
		h.rows = append(h.rows, r)
		for a := 1; a <= attempts; a++ {
			m := mark{kind: "start", id: r.id, job: "j", slot: r.slot, attempt: a, token: int64(a), at: r.created.Add(time.Duration(a) * time.Millisecond)}
			h.marks = append(h.marks, m)
			if m.kind = "end"; a == attempts {
				h.marks = append(h.marks, m)
			}
		}
	}
	h.ranges = []stretch{{job: "j", from: base.Add(7 * time.Second), to: base.Add(9 * time.Second), count: 3}}
	last := h.rows[5]
	last.id, last.n, last.slot, last.status = job.ID{10}, 10, base.Add(10*time.Second), skipped
	last.created = last.slot
	h.rows = append(h.rows, last)
	return h
}

// TestJudge plants faults in a good history: each must be found, or the other tests
// prove nothing.
func TestJudge(t *testing.T) {
	t.Parallel()
	if v := clean().judge(); len(v.faults) > 0 {
		t.Fatalf("the clean history has faults: %q", v.faults)
	}
	h := clean()
	h.promise.limit, h.rows, h.ranges = 5, h.rows[:6], nil
	if v := h.judge(); len(v.faults) > 0 {
		t.Fatalf("the clean history that ends with its limit has faults: %q", v.faults)
	}
	for _, c := range []struct {
		name, want string
		spoil      func(h *history)
	}{
		{"a slot is lost", "has no record", func(h *history) { h.rows = slices.Delete(h.rows, 2, 3) }},
		{"a slot is doubled", "has 2 records", func(h *history) { h.rows = append(h.rows, h.rows[1]) }},
		{"a slot is in a range too", "has 2 records", func(h *history) { h.ranges[0].from = h.rows[5].slot }},
		{"a range counts wrong", "says 2 slots", func(h *history) { h.ranges[0].count-- }},
		{"a row is moved", "was not due", func(h *history) { h.rows[2].slot = h.rows[2].slot.Add(500 * time.Millisecond) }},
		{"a row comes before the job", "was not due", func(h *history) { h.promise.created = h.rows[0].slot }},
		{"a row is early", "recorded early", func(h *history) { h.rows[0].created = h.rows[0].slot.Add(-time.Microsecond) }},
		{"one execution too many", "max_executions is 4", func(h *history) { h.promise.limit = 4 }},
		{"one execution too few", "max_executions is 6", func(h *history) { h.promise.limit = 6 }},
		{"a slot after the last execution", "was not due", func(h *history) { h.promise.limit = 5 }},
		{"a run hangs", "is running at the end", func(h *history) { h.rows[0].status = running }},
		{"a run waits", "waits at the end", func(h *history) { h.rows[0].status = pending }},
		{"a run was cancelled", "nobody asked", func(h *history) { h.rows[0].status = cancelled }},
		{"a run failed", "failed (error)", func(h *history) { h.rows[0].status, h.rows[0].class = failed, "error" }},
		{"given up after one loss", "after 1 losses", func(h *history) { h.rows[0].status, h.rows[0].class, h.rows[0].lost = failed, "worker_lost", 1 }},
		{"a success never ran", "had 0 starts", func(h *history) { h.marks = h.marks[2:] }},
		{"a success never ended", "0 ends", func(h *history) { h.marks = slices.Delete(h.marks, 1, 2) }},
		{"a failure is a success", "had 1 starts and 0 ends", func(h *history) { h.promise.flaky = true }},
		{"a slot of a pause runs", "was not due", func(h *history) {
			h.promise.gaps = []gap{{from: h.rows[1].slot, to: h.rows[2].slot}}
		}},
		{"a slot after a pause is lost", "has no record", func(h *history) {
			h.promise.gaps = []gap{{from: h.rows[1].slot, to: h.rows[2].slot.Add(-1)}}
			h.rows = slices.Delete(h.rows, 2, 3)
		}},
		{"a start without a row", "has no record", func(h *history) { h.marks[0].id = job.ID{99}; h.marks[1].id = job.ID{99} }},
		{"a start for another slot", "has no record", func(h *history) { h.marks[0].slot = h.marks[0].slot.Add(time.Second) }},
		{"an attempt starts twice", "started twice", func(h *history) { h.marks = append(h.marks, h.marks[0]) }},
		{"a lost run starts again", "in spite of on_lost fail", func(h *history) { h.promise.once = true }},
		{"a token goes back", "with token 1 after 1", func(h *history) { h.marks[7].token = 1 }},
		{"a start is early", "started early", func(h *history) { h.marks[0].at = h.marks[0].slot.Add(-time.Microsecond) }},
		{"a skipped slot runs", "recorded as skipped, but started", func(h *history) { h.rows[0].status = skipped }},
		{"runs overlap", "after a later run had started", func(h *history) { h.marks[1], h.marks[2] = h.marks[2], h.marks[1] }},
		{"a strange job", "nobody made it", func(h *history) { h.rows[0].job = "k" }},
	} {
		h := clean()
		c.spoil(&h)
		if v := h.judge(); !strings.Contains(strings.Join(v.faults, "\n"), c.want) {
			t.Errorf("%s: no fault %q among %q", c.name, c.want, v.faults)
		}
	}
}

func (h history) judge() *verdict { return judge([]promise{h.promise}, h.rows, h.ranges, h.marks) }
