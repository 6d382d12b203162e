package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// deadTests are about dead letters.
func deadTests() []test {
	return []test{
		{"dead letters are listed by job, reason and age", testDeadList},
		{"a dropped one leaves the queue and stays in the history", testDeadDrop},
		{"only what is dead can be dropped", testDeadDropOther},
		{"a retry leaves the queue", testDeadRetry},
		{"a retry that is skipped keeps it there", testDeadRetrySkipped},
	}
}

// die makes an execution that is a dead letter.
func (b *bench) die(session int64, j job.ID, reason string) job.Execution {
	b.Helper()
	c := b.start(session, j)
	b.end(session, c, job.EventFail, dead(reason), func(s *store.Settlement) { s.CompletedAt = b.now })
	return b.execution(c.ID)
}

func (b *bench) deadIDs(f store.ExecutionFilter) []job.ID {
	b.Helper()
	f.Ascending, f.WithTotal = true, true
	page := b.history(f)
	wantEqual(b, "total", page.Total, int64(len(page.Items)))
	return ids(page.Items)
}

func testDeadList(_ *testing.T, b *bench) {
	s := b.session()
	first, second := b.job(""), b.job("")
	b.run(s, first.ID, job.EventFail)
	a := b.die(s, first.ID, "permanent").ID
	b.pass(time.Minute)
	c := b.die(s, second.ID, "poison").ID
	b.pass(time.Minute)
	d := b.die(s, first.ID, "retries_exhausted").ID
	for _, tt := range []struct {
		name string
		f    store.ExecutionFilter
		want []job.ID
	}{
		{"all", store.ExecutionFilter{Dead: true}, []job.ID{a, c, d}},
		{"of a job", store.ExecutionFilter{Dead: true, Job: first.Name}, []job.ID{a, d}},
		{"of a reason", store.ExecutionFilter{Dead: true, DeadReasons: []string{"poison"}}, []job.ID{c}},
		{"of two reasons", store.ExecutionFilter{DeadReasons: []string{"poison", "permanent"}}, []job.ID{a, c}},
		{"of no such reason", store.ExecutionFilter{DeadReasons: []string{"nope"}}, []job.ID{}},
		{"before the second", store.ExecutionFilter{DeadBefore: at(60)}, []job.ID{a}},
		{"after all", store.ExecutionFilter{DeadBefore: at(1000)}, []job.ID{a, c, d}},
		{"of a job and a reason, by age", store.ExecutionFilter{Job: first.Name, DeadReasons: []string{"permanent"}, DeadBefore: at(1)}, []job.ID{a}},
	} {
		b.wantSame(tt.name, tt.want, b.deadIDs(tt.f))
	}
	page := b.history(store.ExecutionFilter{Dead: true, Limit: 2})
	b.wantSame("the first page, newest first", []job.ID{d, c}, ids(page.Items))
	page = b.history(store.ExecutionFilter{Dead: true, Limit: 2, Cursor: page.Next})
	b.wantSame("the second page", []job.ID{a}, ids(page.Items))
}

func testDeadDrop(_ *testing.T, b *bench) {
	e := b.die(b.session(), b.job("").ID, "permanent")
	b.pass(time.Second)
	want := b.execution(e.ID)
	want.Dead, want.DeadReason, want.Attempts = false, "", nil
	got, err := b.store.DropDead(b.ctx, store.DropDead{Platform: b.platform, Ref: e.JobName + "/1", Now: b.now, By: "uid:0"})
	if err != nil {
		b.Fatalf("DropDead = %v, want no error", err)
	}
	b.wantSame("the execution that was dropped", want, got)
	b.wantSame("dead letters", []job.ID{}, b.deadIDs(store.ExecutionFilter{Dead: true}))
	b.wantStatus(e.ID, job.Failed)
	_, err = b.store.DropDead(b.ctx, store.DropDead{Platform: b.platform, Ref: e.ID.String(), Now: b.now})
	b.wantCode("DropDead again", err, job.Conflict)
	b.trigger(e.JobID, retryOf(e))
}

func testDeadDropOther(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("")
	failed := b.run(s, j.ID, job.EventFail)
	waiting := b.trigger(j.ID)
	for what, ref := range map[string]string{"a failed": failed.ID.String(), "a waiting": waiting.ID.String()} {
		_, err := b.store.DropDead(b.ctx, store.DropDead{Platform: b.platform, Ref: ref, Now: b.now})
		b.wantCode("DropDead of "+what+" execution", err, job.Conflict)
	}
	for _, ref := range []string{b.newID().String(), j.Name + "/9", "nope/1", "nope", ""} {
		_, err := b.store.DropDead(b.ctx, store.DropDead{Platform: b.platform, Ref: ref, Now: b.now})
		b.wantCode("DropDead of "+ref, err, job.NotFound)
	}
}

func testDeadRetry(_ *testing.T, b *bench) {
	s := b.session()
	e, other := b.die(s, b.job("").ID, "permanent"), b.die(s, b.job("").ID, "permanent")
	asDead := func(t *store.Trigger) { t.Dead = true }
	b.trigger(e.JobID, retryOf(e), asDead, keyed("k1", "h1"))
	if _, replayed, err := b.tryTrigger(e.JobID, retryOf(e), asDead, keyed("k1", "h1")); err != nil || !replayed {
		b.Errorf("Trigger with the same key = replayed %t, %v; want true, no error", replayed, err)
	}
	_, _, err := b.tryTrigger(e.JobID, retryOf(e), asDead)
	b.wantCode("a second retry", err, job.Conflict)
	failed := b.run(s, b.job("").ID, job.EventFail)
	_, _, err = b.tryTrigger(failed.JobID, retryOf(failed), asDead)
	b.wantCode("a retry of what is no dead letter", err, job.Conflict)
	b.trigger(failed.JobID, retryOf(failed))
	b.wantSame("dead letters", []job.ID{other.ID}, b.deadIDs(store.ExecutionFilter{Dead: true}))
	after := b.wantStatus(e.ID, job.Failed)
	wantEqual(b, "dead", after.Dead, false)
	wantEqual(b, "dead_reason", after.DeadReason, "")
}

func testDeadRetrySkipped(_ *testing.T, b *bench) {
	s := b.session()
	queued, skipped := b.job(""), b.job("")
	first, second := b.die(s, queued.ID, "permanent"), b.die(s, skipped.ID, "permanent")
	b.start(s, queued.ID)
	b.start(s, skipped.ID)
	retry := b.trigger(queued.ID, retryOf(first), func(t *store.Trigger) { t.Overlap = job.OverlapQueueAll })
	wantEqual(b, "status of the retry that may wait", retry.Status, job.Pending)
	retry = b.trigger(skipped.ID, retryOf(second))
	wantEqual(b, "status of the retry that may not", retry.Status, job.Skipped)
	b.wantSame("dead letters", []job.ID{second.ID}, b.deadIDs(store.ExecutionFilter{Dead: true}))
}
