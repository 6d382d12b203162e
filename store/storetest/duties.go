package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// dutyTests are about what one node at a time does for all.
func dutyTests() []test {
	return []test{
		{"a duty has one holder", testDutyOne},
		{"each duty has a holder of its own", testDutyNames},
		{"a holder prolongs its duty", testDutyProlong},
		{"a duty is free when its lease is over", testDutyLease},
		{"closing a session ends its duties", testDutyClose},
		{"reaping a session ends its duties", testDutyReap},
		{"a session that is over holds no duty", testDutyOver},
		{"a draining node keeps its duties", testDutyDraining},
		{"of many that ask at once one gets it", testDutyRace},
	}
}

const dutyLease = 30 * time.Second

func (b *bench) duty(name string, session int64) bool {
	b.Helper()
	held, err := b.store.HoldDuty(b.ctx, store.Duty{Name: name, Session: session, Now: b.now, Lease: dutyLease})
	if err != nil {
		b.Fatalf("HoldDuty(%s, %d) = %v, want no error", name, session, err)
	}
	return held
}

func testDutyOne(_ *testing.T, b *bench) {
	first, second := b.session(), b.session()
	for range 2 {
		wantEqual(b, "held by the first", b.duty("publish", first), true)
		wantEqual(b, "held by the second", b.duty("publish", second), false)
	}
}

func testDutyNames(_ *testing.T, b *bench) {
	first, second := b.session(), b.session()
	wantEqual(b, "publish held by the first", b.duty("publish", first), true)
	wantEqual(b, "retain held by the second", b.duty("retain", second), true)
	wantEqual(b, "retain held by the first", b.duty("retain", first), false)
}

func testDutyProlong(_ *testing.T, b *bench) {
	first, second := b.session(), b.session()
	for range 4 {
		wantEqual(b, "held by the first", b.duty("publish", first), true)
		b.pass(dutyLease - time.Second)
		wantEqual(b, "held by the second", b.duty("publish", second), false)
	}
}

func testDutyLease(_ *testing.T, b *bench) {
	first, second := b.session(), b.session()
	b.duty("publish", first)
	b.pass(dutyLease - time.Microsecond)
	wantEqual(b, "held by the second just before", b.duty("publish", second), false)
	b.pass(time.Microsecond)
	wantEqual(b, "held by the second", b.duty("publish", second), true)
	wantEqual(b, "held by the first after that", b.duty("publish", first), false)
}

func testDutyClose(_ *testing.T, b *bench) {
	first, second := b.session(), b.session()
	b.duty("publish", first)
	b.duty("retain", second)
	if err := b.store.CloseSession(b.ctx, first, b.now); err != nil {
		b.Fatalf("CloseSession = %v, want no error", err)
	}
	wantEqual(b, "held by the second", b.duty("publish", second), true)
	wantEqual(b, "the other duty held by the second", b.duty("retain", second), true)
}

func testDutyReap(_ *testing.T, b *bench) {
	first := b.session()
	if held, err := b.store.HoldDuty(b.ctx, store.Duty{Name: "publish", Session: first, Now: b.now, Lease: 10 * lease}); err != nil || !held {
		b.Fatalf("HoldDuty = %t, %v; want true, no error", held, err)
	}
	b.lose()
	wantEqual(b, "held by the second", b.duty("publish", b.session()), true)
}

func testDutyOver(_ *testing.T, b *bench) {
	late, closed := b.session(), b.session()
	if err := b.store.CloseSession(b.ctx, closed, b.now); err != nil {
		b.Fatalf("CloseSession = %v, want no error", err)
	}
	wantEqual(b, "held by a closed session", b.duty("publish", closed), false)
	wantEqual(b, "held by an unknown session", b.duty("publish", 77), false)
	b.pass(lease + time.Second)
	wantEqual(b, "held by a session past its lease", b.duty("publish", late), false)
	b.heartbeat(late)
	wantEqual(b, "held by it after its heartbeat", b.duty("publish", late), true)
}

func testDutyDraining(_ *testing.T, b *bench) {
	s := b.sessionOf("a")
	b.duty("publish", s)
	b.drain("a", true)
	wantEqual(b, "held by the draining node", b.duty("publish", s), true)
}

func testDutyRace(t *testing.T, b *bench) {
	sessions := make([]int64, racers)
	for i := range sessions {
		sessions[i] = b.session()
	}
	var holders atomic.Int64
	race(func(i int) {
		for range 5 {
			held, err := b.store.HoldDuty(b.ctx, store.Duty{Name: "publish", Session: sessions[i], Now: b.now, Lease: dutyLease})
			if err != nil {
				t.Errorf("HoldDuty = %v, want no error", err)
			}
			if held {
				holders.Add(1)
			}
		}
	})
	wantEqual(b, "times that the one holder was told so", holders.Load(), 5)
}
