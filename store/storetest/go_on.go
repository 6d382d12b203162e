package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// GoOn goes on with the life in a store that has its rows, and checks that nothing is
// lost, doubled or forgotten.
func (l *Life) GoOn(t *testing.T, s store.Store) {
	t.Helper()
	b := l.on(t, s)
	first := b.now.Truncate(time.Second)
	l.wantOwners(b)
	l.wantMemory(b)
	for range 5 {
		b.pass(time.Second)
		b.heartbeat(l.session)
		for _, c := range b.plan(born(l.session)).Claimed {
			b.end(l.session, c, job.EventSucceed)
		}
		for _, w := range b.waiting(100) {
			for _, c := range b.claim(l.session, w.ID) {
				b.end(l.session, c, job.EventSucceed)
			}
		}
	}
	b.wantSlots(l.steady, first, b.now.Truncate(time.Second), time.Second)
	for _, e := range b.executions(l.steady) {
		if e.Status == job.Skipped {
			b.Errorf("%s is skipped, want every slot of the job to run", describeRun(e))
		}
	}
	b.lose()
	if err := b.store.Fold(b.ctx); err != nil {
		b.Fatalf("Fold = %v, want no error", err)
	}
	if _, err := b.store.CompleteJobs(b.ctx, b.now); err != nil {
		b.Fatalf("CompleteJobs = %v, want no error", err)
	}
	for _, j := range b.allJobs() {
		b.platform = j.Platform
		b.wantBalanced(j.ID)
	}
}

// wantOwners checks that claims and tokens hold as before.
func (l *Life) wantOwners(b *bench) {
	b.Helper()
	if len(b.heartbeat(l.session)) != 1 {
		b.Errorf("the session was not told what to cancel")
	}
	forged := l.held
	forged.Token--
	b.wantFenced("a settlement with an old token", b.ending(l.session, forged, job.EventSucceed))
	b.wantFenced("a settlement of what was taken away", b.ending(l.stale.Owner, l.stale, job.EventSucceed))
	b.end(l.session, l.held, job.EventSucceed)
	b.wantNoClaimOf(l.session, l.held.ID)
}

func (b *bench) wantNoClaimOf(session int64, id job.ID) {
	b.Helper()
	if got := b.claim(session, id); len(got) != 0 {
		b.Errorf("%s was claimed again after it ended", id)
	}
}

// wantMemory checks keys, names, retries, and that new jobs and runs are new.
func (l *Life) wantMemory(b *bench) {
	b.Helper()
	again, replayed, err := b.create(b.build("", named("keyed")), "key-1", "hash-1")
	if err != nil || !replayed || again.ID != l.keyed.ID {
		b.Errorf("CreateJob with a used key = %s, replayed %t, %v; want %s replayed", again.ID, replayed, err, l.keyed.ID)
	}
	_, _, err = b.create(b.build("", named("renamed")), "", "")
	b.wantCode("CreateJob with a name that is taken", err, job.Conflict)
	fresh := b.job("")
	all := b.list(store.JobFilter{Limit: store.MaxLimit}).Items
	if last := all[len(all)-1]; last.ID != fresh.ID {
		b.Errorf("the newest job is listed before %s", last.Name)
	}
	if len(b.executions(fresh.ID)) != 0 {
		b.Errorf("a new job has executions")
	}
	dead := b.execution(l.failed)
	b.trigger(dead.JobID, retryOf(dead))
	_, _, err = b.tryTrigger(dead.JobID, retryOf(dead))
	b.wantCode("a second retry of the same run", err, job.Conflict)
}
