package storetest

import (
	"slices"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// heldTests are about Held.
func heldTests() []test {
	return []test{
		{"a session finds what it holds, and nothing else", testHeld},
		{"what is held without having started can be given back", testHeldReturned},
	}
}

func (b *bench) heldBy(session int64) []store.Settlement {
	b.Helper()
	held, err := b.store.Held(b.ctx, session)
	if err != nil {
		b.Fatalf("Held(%d) = %v, want no error", session, err)
	}
	return held
}

func testHeld(t *testing.T, b *bench) {
	s, other := b.session(), b.session()
	if held := b.heldBy(s); len(held) != 0 {
		t.Fatalf("Held() = %v for a session that claimed nothing", held)
	}
	first, second := b.job(""), b.job("")
	made, _ := b.taken(first, s, true)
	waits := b.trigger(second.ID)
	claimed := b.claim(s, waits.ID)
	b.taken(b.job(""), other, true)
	b.trigger(b.job("").ID)

	var want []store.Settlement
	for _, c := range []store.Claimed{*made.Claimed, claimed[0]} {
		want = append(want, store.Settlement{ID: c.ID, Session: s, Token: c.Token, Attempt: c.Attempt, Owner: c.Owner, Ends: c.Ends})
	}
	held := b.heldBy(s)
	slices.SortFunc(held, func(a, b store.Settlement) int { return slices.Compare(a.ID[:], b.ID[:]) })
	b.wantSame("what the session holds", want, held)
	b.end(s, *made.Claimed, job.EventSucceed)
	b.wantSame("what it holds after an end", want[1:], b.heldBy(s))
}

func testHeldReturned(t *testing.T, b *bench) {
	s := b.session()
	made, _ := b.taken(b.job(""), s, true)
	held := b.heldBy(s)
	if len(held) != 1 {
		t.Fatalf("Held() = %v, want one", held)
	}
	held[0].Event, held[0].CompletedAt = job.EventReturn, b.now
	if settled, err := b.store.Settle(b.ctx, b.now, held); err != nil || len(settled.Fenced) != 0 {
		t.Fatalf("Settle() = %+v, %v; want it settled", settled, err)
	}
	b.wantStatus(made.Execution.ID, job.Pending)
	if held := b.heldBy(s); len(held) != 0 {
		t.Errorf("Held() = %v after it was given back", held)
	}
	again := b.claim(b.session(), made.Execution.ID)
	if len(again) != 1 || again[0].Token != 2 || again[0].LostCount != 0 {
		t.Errorf("the next claim is %+v, want token 2 and no loss", again)
	}
}
