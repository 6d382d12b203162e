package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// claimTests are about Claim.
func claimTests() []test {
	return []test{
		{"a claim gives the execution and what it needs", testClaimFields},
		{"an execution is claimed once", testClaimOnce},
		{"what is not there to be claimed is left out", testClaimLeftOut},
		{"an execution named twice is claimed once", testClaimTwiceInOne},
		{"what the caller does not take stays", testClaimTake},
		{"take is asked once per execution with its definition", testClaimTakeAsked},
		{"each claim has a higher token", testClaimTokens},
		{"what is not ready cannot be claimed", testClaimReady},
		{"a closed session claims nothing", testClaimClosed},
		{"a session claims nothing after its lease, until a heartbeat", testClaimLate},
		{"an unknown session claims nothing", testClaimUnknownSession},
		{"many are claimed at once", testClaimMany},
		{"executions of several platforms are claimed at once", testClaimPlatforms},
	}
}

func testClaimFields(_ *testing.T, b *bench) {
	j := b.job("", func(j *job.Job) { j.HandlerName, j.Payload = "reindex", json.RawMessage(`{"a":1}`) })
	s := b.session()
	b.pass(time.Second)
	e := b.trigger(j.ID)
	b.pass(time.Second)
	c := b.take(s, e.ID)
	if c.Job == nil {
		b.Fatalf("the claim has no job")
	}
	wantEqual(b, "the job's id", c.Job.ID, j.ID)
	wantEqual(b, "the job's platform", c.Job.Platform, b.platform)
	b.wantSame("the job's definition", j.Spec, c.Job.Spec)
	want := store.Claimed{
		ID: e.ID, Job: c.Job, Number: 1, Attempt: 1, Token: 1, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends, ScheduledAt: at(1), CreatedAt: at(1), Trigger: job.TriggerManual,
	}
	b.wantSame("the claim", want, c)
	got := b.wantStatus(e.ID, job.Running)
	wantEqual(b, "attempt", got.Attempt, 1)
	wantEqual(b, "token", got.Token, c.Token)
	wantEqual(b, "worker_id", got.WorkerID, "node-"+b.platform)
	b.wantTime("ready_at", got.ReadyAt, time.Time{})
	b.wantTime("completed_at", got.CompletedAt, time.Time{})
	b.wantTime("scheduled_at", &got.ScheduledAt, at(1))
}

func testClaimOnce(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	s, other := b.session(), b.session()
	b.take(s, e.ID)
	wantEqual(b, "claimed by the same session again", len(b.claim(s, e.ID)), 0)
	wantEqual(b, "claimed by another session", len(b.claim(other, e.ID)), 0)
	wantEqual(b, "token", b.execution(e.ID).Token, 1)
}

func testClaimLeftOut(_ *testing.T, b *bench) {
	s := b.session()
	good := b.trigger(b.job("").ID).ID
	over := b.run(s, b.job("").ID, job.EventSucceed).ID
	cancelled := b.trigger(b.job("").ID).ID
	b.cancelExecution(cancelled)
	twice := b.job("")
	b.trigger(twice.ID)
	skipped := b.trigger(twice.ID).ID
	got := b.claim(s, b.newID(), over, good, job.ID{}, cancelled, skipped)
	b.wantSame("claimed", []job.ID{good}, claimedIDs(got))
	b.wantStatus(over, job.Success)
	b.wantStatus(cancelled, job.Cancelled)
	b.wantStatus(skipped, job.Skipped)
}

func testClaimTwiceInOne(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	got := b.claim(b.session(), e.ID, e.ID)
	b.wantSame("claimed", []job.ID{e.ID}, claimedIDs(got))
	wantEqual(b, "attempt", b.execution(e.ID).Attempt, 1)
}

func testClaimTake(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	s := b.session()
	got, err := b.store.Claim(b.ctx, store.Claim{Session: s, IDs: []job.ID{e.ID}, Now: b.now, Take: func(*job.Job) bool { return false }})
	if err != nil || len(got.Claimed)+len(got.Untaken) != 0 {
		b.Errorf("Claim = %d, %d untaken, %v; want none, no error", len(got.Claimed), len(got.Untaken), err)
	}
	b.wantSame("the execution", e, b.execution(e.ID))
	b.take(s, e.ID)
}

func testClaimTakeAsked(t *testing.T, b *bench) {
	var all []job.ID
	for range 6 {
		all = append(all, b.trigger(b.job("", func(j *job.Job) { j.HandlerName = "asked" }).ID).ID)
	}
	asked := 0
	got, err := b.store.Claim(b.ctx, store.Claim{Session: b.session(), IDs: all, Now: b.now, Take: func(def *job.Job) bool {
		asked++
		if def == nil || def.HandlerName != "asked" {
			t.Errorf("Take was asked with %+v, want the definition", def)
		}
		return asked%2 == 0
	}})
	if err != nil || len(got.Claimed) != 3 || len(got.Untaken) != 0 || asked != 6 {
		t.Errorf("Claim = %d, %d untaken, asked %d times, %v; want 3, 0, 6, no error", len(got.Claimed), len(got.Untaken), asked, err)
	}
	running := 0
	for _, id := range all {
		if b.execution(id).Status == job.Running {
			running++
		}
	}
	wantEqual(b, "running", running, 3)
}

func testClaimTokens(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	s := b.session()
	for i := 1; i <= 3; i++ {
		c := b.take(s, e.ID)
		if c.Token != int64(i) || c.Attempt != i || c.RetryCount != i-1 {
			b.Errorf("claim %d has token %d, attempt %d, retry_count %d", i, c.Token, c.Attempt, c.RetryCount)
		}
		b.end(s, c, job.EventRetry, func(s *store.Settlement) { s.RetryAt = b.now })
	}
}

func testClaimReady(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	s := b.session()
	b.end(s, b.take(s, e.ID), job.EventRetry)
	b.pass(time.Minute - time.Microsecond)
	wantEqual(b, "claimed just before the retry", len(b.claim(s, e.ID)), 0)
	b.pass(time.Microsecond)
	wantEqual(b, "claimed at the retry", len(b.claim(s, e.ID)), 1)
}

// wantNoClaim checks that a session without a lease gets nothing: what it got would
// run nowhere, or twice.
func (b *bench) wantNoClaim(session int64) {
	b.Helper()
	e := b.trigger(b.job("").ID)
	got, err := b.store.Claim(b.ctx, store.Claim{Session: session, IDs: []job.ID{e.ID}, Now: b.now})
	if len(got.Claimed)+len(got.Untaken) != 0 {
		b.Errorf("the session claimed %d executions, %d untaken; want none", len(got.Claimed), len(got.Untaken))
	}
	if err != nil {
		b.wantCode("Claim", err, job.Conflict)
	}
	b.wantStatus(e.ID, job.Pending)
	b.take(b.session(), e.ID)
}

func testClaimClosed(_ *testing.T, b *bench) {
	s := b.session()
	if err := b.store.CloseSession(b.ctx, s, b.now); err != nil {
		b.Fatalf("CloseSession = %v, want no error", err)
	}
	b.wantNoClaim(s)
}

func testClaimLate(_ *testing.T, b *bench) {
	s := b.session()
	b.pass(lease + time.Second)
	b.wantNoClaim(s)
	b.heartbeat(s)
	b.start(s, b.job("").ID)
}

func testClaimUnknownSession(_ *testing.T, b *bench) { b.wantNoClaim(77) }

func testClaimMany(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 200))
	var all []job.ID
	for range 200 {
		all = append(all, b.trigger(j.ID).ID)
	}
	got := b.claim(b.session(), all...)
	b.wantSame("claimed", all, claimedIDs(got))
}

func testClaimPlatforms(_ *testing.T, b *bench) {
	first := b.trigger(b.job("").ID).ID
	home := b.platform
	b.platform += "-b"
	second := b.trigger(b.job("").ID).ID
	got := b.claim(b.session(), first, second)
	b.wantSame("claimed", []job.ID{first, second}, claimedIDs(got))
	b.wantStatus(second, job.Running)
	b.platform = home
	b.wantStatus(first, job.Running)
}
