package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// waitingTests are about Waiting.
func waitingTests() []test {
	return []test{
		{"what is ready waits and is described", testWaitingFields},
		{"what is not ready or taken does not wait", testWaitingNot},
		{"higher priorities come first", testWaitingPriority},
		{"among equals the longest ready comes first", testWaitingOrder},
		{"waiting raises priority", testWaitingAgeing},
		{"platforms take turns", testWaitingTurns},
		{"a flood hides neither what is urgent nor other platforms", testWaitingFlood},
		{"the limit is kept", testWaitingLimit},
		{"handlers that are not wanted are left out, and hide nothing", testWaitingWithout},
	}
}

func (b *bench) waiting(limit int) []store.Waiting {
	b.Helper()
	got, err := b.store.Waiting(b.ctx, b.now, limit)
	if err != nil {
		b.Fatalf("Waiting(%d) = %v, want no error", limit, err)
	}
	return got
}

func waitingIDs(waiting []store.Waiting) []job.ID {
	out := make([]job.ID, len(waiting))
	for i := range waiting {
		out[i] = waiting[i].ID
	}
	return out
}

func prioritised(p job.Priority) func(*job.Job) { return func(j *job.Job) { j.Priority = p } }

func testWaitingFields(_ *testing.T, b *bench) {
	j := b.job("", prioritised(job.PriorityHigh), func(j *job.Job) { j.HandlerName = "reindex" })
	e := b.trigger(j.ID)
	want := []store.Waiting{{ID: e.ID, Platform: b.platform, Priority: job.PriorityHigh, HandlerName: "reindex", ReadyAt: b.now}}
	b.wantSame("Waiting", want, b.waiting(10))
}

func testWaitingNot(_ *testing.T, b *bench) {
	s := b.session()
	running := b.job("", overlapping(job.OverlapQueueAll, 1))
	b.start(s, running.ID)
	b.trigger(running.ID) // queued
	retrying := b.job("")
	c := b.start(s, retrying.ID)
	b.end(s, c, job.EventRetry)
	over := b.job("")
	b.run(s, over.ID, job.EventSucceed)
	held := b.job("")
	b.trigger(held.ID)
	b.pause(held.ID)
	if got := b.waiting(10); len(got) != 0 {
		b.Errorf("Waiting = %d executions, want none", len(got))
	}
	b.pass(time.Minute - time.Microsecond)
	wantEqual(b, "waiting just before the retry", len(b.waiting(10)), 0)
	b.pass(time.Microsecond)
	b.wantSame("waiting at the retry", []job.ID{c.ID}, waitingIDs(b.waiting(10)))
}

func testWaitingPriority(_ *testing.T, b *bench) {
	byPriority := map[job.Priority]job.ID{}
	for _, p := range []job.Priority{job.PriorityMedium, job.PriorityLow, job.PriorityCritical, job.PriorityHigh} {
		byPriority[p] = b.trigger(b.job("", prioritised(p)).ID).ID
	}
	want := []job.ID{
		byPriority[job.PriorityCritical], byPriority[job.PriorityHigh], byPriority[job.PriorityMedium], byPriority[job.PriorityLow],
	}
	b.wantSame("Waiting", want, waitingIDs(b.waiting(10)))
	b.wantSame("the first alone", want[:1], waitingIDs(b.waiting(1)))
}

func testWaitingOrder(_ *testing.T, b *bench) {
	var want []job.ID
	for range 5 {
		want = append(want, b.trigger(b.job("").ID).ID)
		b.pass(time.Second)
	}
	b.wantSame("Waiting", want, waitingIDs(b.waiting(10)))
}

func testWaitingAgeing(_ *testing.T, b *bench) {
	low := b.trigger(b.job("", prioritised(job.PriorityLow)).ID).ID
	b.pass(time.Hour)
	critical := b.trigger(b.job("", prioritised(job.PriorityCritical)).ID).ID
	b.wantSame("Waiting", []job.ID{low, critical}, waitingIDs(b.waiting(10)))
}

func testWaitingTurns(_ *testing.T, b *bench) {
	platforms := []string{"big", "small", "tiny"}
	for i, n := range []int{20, 2, 2} {
		for range n {
			b.platform = platforms[i]
			b.trigger(b.job("").ID)
		}
	}
	count := map[string]int{}
	for _, w := range b.waiting(6) {
		count[w.Platform]++
	}
	b.wantSame("platforms of the first six", map[string]int{"big": 2, "small": 2, "tiny": 2}, count)
	wantEqual(b, "all that wait", len(b.waiting(100)), 24)
}

// testWaitingFlood: one platform has thousands of executions waiting since before
// anything else.
func testWaitingFlood(t *testing.T, b *bench) {
	b.flood(3000)
	b.pass(time.Second)
	urgent := b.trigger(b.job("", prioritised(job.PriorityCritical)).ID).ID
	b.platform = "small"
	small := b.trigger(b.job("").ID).ID
	seen := map[job.ID]bool{}
	for _, w := range b.waiting(10) {
		seen[w.ID] = true
	}
	if !seen[urgent] || !seen[small] {
		t.Errorf("the window has the critical run: %t, the other platform's: %t; want both", seen[urgent], seen[small])
	}
}

func testWaitingLimit(_ *testing.T, b *bench) {
	for range 5 {
		b.trigger(b.job("").ID)
	}
	wantEqual(b, "Waiting(3)", len(b.waiting(3)), 3)
	wantEqual(b, "Waiting(5)", len(b.waiting(5)), 5)
	wantEqual(b, "Waiting(0)", len(b.waiting(0)), 0)
}

func testWaitingWithout(_ *testing.T, b *bench) {
	named := func(name string) func(*job.Job) { return func(j *job.Job) { j.HandlerName = name } }
	for range 30 {
		b.trigger(b.job("", named("gone")).ID)
		b.trigger(b.job("", named(`o'dd "one"`)).ID)
	}
	b.pass(time.Second)
	wanted := b.trigger(b.job("", named("here")).ID)
	urgent := b.trigger(b.job("", named("there"), prioritised(job.PriorityCritical)).ID)
	got, err := b.store.Waiting(b.ctx, b.now, 5, "gone", `o'dd "one"`, "never heard of")
	if err != nil {
		b.Fatalf("Waiting = %v, want no error", err)
	}
	b.wantSame("Waiting without", []job.ID{urgent.ID, wanted.ID}, waitingIDs(got))
	wantEqual(b, "Waiting", len(b.waiting(100)), 62)
}
