package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// nodeTests are about nodes that are drained.
func nodeTests() []test {
	return []test{
		{"a draining node is listed with who, when and why", testDrainListed},
		{"a draining node is given nothing by Claim", testDrainClaim},
		{"nothing is born claimed on a draining node", testDrainBorn},
		{"what runs on a draining node goes on", testDrainRunning},
		{"a heartbeat tells a node that it drains", testDrainPulse},
		{"draining outlives the session", testDrainRestart},
		{"an undrained node works again", testUndrain},
		{"draining twice changes nothing", testDrainTwice},
		{"only a known node can be drained", testDrainUnknown},
	}
}

func (b *bench) drain(node string, drain bool) {
	b.Helper()
	if err := b.store.DrainNode(b.ctx, store.DrainNode{Node: node, Drain: drain, By: "uid:0", Reason: "kernel update", Now: b.now}); err != nil {
		b.Fatalf("DrainNode(%s, %t) = %v, want no error", node, drain, err)
	}
}

func testDrainListed(_ *testing.T, b *bench) {
	s, other := b.sessionOf("a"), b.sessionOf("b")
	b.pass(time.Second)
	b.drain("a", true)
	got, _ := b.listed(s)
	wantEqual(b, "draining", got.Draining, true)
	b.wantTime("drained_at", got.DrainedAt, at(1))
	wantEqual(b, "drained_by", got.DrainedBy, "uid:0")
	wantEqual(b, "drain_reason", got.DrainReason, "kernel update")
	if got, _ := b.listed(other); got.Draining || got.DrainedAt != nil {
		b.Errorf("the other node drains: %+v", got)
	}
}

func testDrainClaim(_ *testing.T, b *bench) {
	drained, other := b.sessionOf("a"), b.sessionOf("b")
	e := b.trigger(b.job("").ID)
	b.drain("a", true)
	wantEqual(b, "claimed by the draining node", len(b.claim(drained, e.ID)), 0)
	b.take(other, e.ID)
}

func testDrainBorn(_ *testing.T, b *bench) {
	s := b.sessionOf("a")
	b.job(minutely)
	b.drain("a", true)
	b.pass(time.Minute)
	got := b.plan(born(s))
	wantEqual(b, "born claimed", len(got.Claimed), 0)
	wantEqual(b, "waiting", got.Waiting, 1)
	wantEqual(b, "status of a run by hand", b.trigger(b.job("").ID, bornBy(s)).Status, job.Pending)
}

// bornBy lets the session take a run by hand.
func bornBy(session int64) func(*store.Trigger) {
	return func(t *store.Trigger) { t.Session, t.Take = session, func(*job.Job) bool { return true } }
}

func testDrainRunning(_ *testing.T, b *bench) {
	s := b.sessionOf("a")
	c := b.start(s, b.job("").ID)
	b.drain("a", true)
	b.pass(time.Second)
	b.heartbeat(s)
	b.wantSame("Reap", store.Reaped{}, b.reap())
	b.end(s, c, job.EventSucceed)
	b.wantStatus(c.ID, job.Success)
}

func testDrainPulse(_ *testing.T, b *bench) {
	s, other := b.sessionOf("a"), b.sessionOf("b")
	wantEqual(b, "draining before", b.beat(s, 1).Draining, false)
	b.drain("a", true)
	wantEqual(b, "draining", b.beat(s, 1).Draining, true)
	wantEqual(b, "draining of the other", b.beat(other, 1).Draining, false)
	b.drain("a", false)
	wantEqual(b, "draining after", b.beat(s, 1).Draining, false)
}

func testDrainRestart(_ *testing.T, b *bench) {
	first := b.sessionOf("a")
	b.drain("a", true)
	if err := b.store.CloseSession(b.ctx, first, b.now); err != nil {
		b.Fatalf("CloseSession = %v, want no error", err)
	}
	second := b.sessionOf("a")
	if got, _ := b.listed(second); !got.Draining {
		b.Errorf("the node does not drain after its restart")
	}
	wantEqual(b, "claimed after the restart", len(b.claim(second, b.trigger(b.job("").ID).ID)), 0)
}

func testUndrain(_ *testing.T, b *bench) {
	s := b.sessionOf("a")
	e := b.trigger(b.job("").ID)
	b.drain("a", true)
	b.drain("a", false)
	if got, _ := b.listed(s); got.Draining || got.DrainedAt != nil || got.DrainedBy != "" || got.DrainReason != "" {
		b.Errorf("the node still drains: %+v", got)
	}
	b.take(s, e.ID)
}

func testDrainTwice(_ *testing.T, b *bench) {
	s := b.sessionOf("a")
	b.drain("a", false)
	b.drain("a", true)
	before, _ := b.listed(s)
	b.pass(time.Second)
	b.drain("a", true)
	after, _ := b.listed(s)
	b.wantSame("the node drained twice", before, after)
	b.drain("a", false)
	b.drain("a", false)
}

func testDrainUnknown(_ *testing.T, b *bench) {
	s := b.sessionOf("a")
	for _, drain := range []bool{true, false} {
		for _, node := range []string{"b", "A", "", "a ", "%"} {
			b.wantCode("DrainNode of "+node, b.store.DrainNode(b.ctx, store.DrainNode{Node: node, Drain: drain, Now: b.now}), job.NotFound)
		}
	}
	if err := b.store.CloseSession(b.ctx, s, b.now); err != nil {
		b.Errorf("CloseSession = %v, want no error", err)
	}
	b.pass(23 * time.Hour)
	b.drain("a", true)
	b.pass(2 * time.Hour)
	b.wantCode("DrainNode of a node that is gone for a day", b.store.DrainNode(b.ctx, store.DrainNode{Node: "a", Drain: true, Now: b.now}), job.NotFound)
}
