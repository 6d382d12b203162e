package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// holdTests are about dispatch that is held, and about holds as such.
func holdTests() []test {
	return []test{
		{"a hold is listed while it stands", testHoldListed},
		{"a hold is replaced and keeps its since", testHoldReplaced},
		{"a hold ends by itself", testHoldExpires},
		{"what stood is remembered", testHoldPast},
		{"old holds are forgotten with the history", testHoldForgotten},
		{"a held platform is planned and recorded, not started", testHoldPlan},
		{"a held platform is neither announced nor claimed", testHoldClaim},
		{"what runs on a held platform goes on", testHoldRunning},
		{"a hold of all platforms holds each", testHoldAll},
		{"a platform is held as long as one hold covers it", testHoldBoth},
	}
}

// hold stops dispatch of a platform; "" = all.
func (b *bench) hold(platform string, edits ...func(h *store.Hold)) {
	b.Helper()
	h := store.Hold{Kind: store.HoldDispatch, Platform: platform, Since: b.now, By: "uid:0", Reason: "database away"}
	for _, edit := range edits {
		edit(&h)
	}
	if err := b.store.SetHold(b.ctx, h); err != nil {
		b.Fatalf("SetHold(%+v) = %v, want no error", h, err)
	}
}

func until(at time.Time) func(*store.Hold) { return func(h *store.Hold) { h.Until = &at } }

func (b *bench) release(kind store.HoldKind, platform string) bool {
	b.Helper()
	released, err := b.store.ReleaseHold(b.ctx, kind, platform, b.now)
	if err != nil {
		b.Fatalf("ReleaseHold(%s, %q) = %v, want no error", kind, platform, err)
	}
	return released
}

func (b *bench) holds() []store.Hold {
	b.Helper()
	got, err := b.store.Holds(b.ctx, b.now)
	if err != nil {
		b.Fatalf("Holds = %v, want no error", err)
	}
	return got
}

func (b *bench) pastHolds(from, to time.Time) []store.Hold {
	b.Helper()
	got, err := b.store.PastHolds(b.ctx, from, to)
	if err != nil {
		b.Fatalf("PastHolds = %v, want no error", err)
	}
	return got
}

func testHoldListed(_ *testing.T, b *bench) {
	b.pass(time.Second)
	b.hold("web", until(at(60)))
	b.pass(time.Second)
	b.hold("")
	b.pass(time.Second)
	b.maintain()
	want := []store.Hold{
		{Kind: store.HoldDispatch, Platform: "web", Since: at(1), Until: ptr(at(60)), By: "uid:0", Reason: "database away"},
		{Kind: store.HoldDispatch, Since: at(2), By: "uid:0", Reason: "database away"},
		{Kind: store.HoldMaintenance, Since: at(3), By: "uid:0", Reason: "new disks"},
	}
	b.wantSame("Holds", want, b.holds())
	wantEqual(b, "released what never stood", b.release(store.HoldDispatch, "shop"), false)
	wantEqual(b, "released", b.release(store.HoldDispatch, ""), true)
	wantEqual(b, "released again", b.release(store.HoldDispatch, ""), false)
	b.wantSame("Holds after a release", []store.Hold{want[0], want[2]}, b.holds())
}

func testHoldReplaced(_ *testing.T, b *bench) {
	b.hold("web", until(at(60)))
	b.pass(time.Second)
	b.hold("web", func(h *store.Hold) { h.By, h.Reason = "uid:7", "longer" })
	b.wantSame("Holds", []store.Hold{{Kind: store.HoldDispatch, Platform: "web", Since: Base, By: "uid:7", Reason: "longer"}}, b.holds())
	wantEqual(b, "what ever stood", len(b.pastHolds(Base, at(100))), 1)
}

func testHoldExpires(_ *testing.T, b *bench) {
	b.hold(b.platform, until(at(60)))
	e := b.trigger(b.job("").ID)
	s := b.session()
	b.now = at(60).Add(-time.Microsecond)
	wantEqual(b, "holds just before", len(b.holds()), 1)
	wantEqual(b, "claimed just before", len(b.claim(s, e.ID)), 0)
	b.now = at(60)
	wantEqual(b, "holds at its end", len(b.holds()), 0)
	b.wantSame("waiting at its end", []job.ID{e.ID}, waitingIDs(b.waiting(10)))
	b.take(s, e.ID)
	wantEqual(b, "released after its end", b.release(store.HoldDispatch, b.platform), false)
	b.pass(time.Second)
	b.hold(b.platform)
	b.wantSame("Holds", []store.Hold{{Kind: store.HoldDispatch, Platform: b.platform, Since: at(61), By: "uid:0", Reason: "database away"}}, b.holds())
}

func testHoldPast(_ *testing.T, b *bench) {
	b.hold("web", until(at(60)))
	b.now = at(100)
	b.hold("web")
	b.now = at(200)
	b.release(store.HoldDispatch, "web")
	b.now = at(300)
	b.hold("")
	for _, tt := range []struct {
		from, to float64
		want     []float64 // since of each
	}{
		{0, 1000, []float64{0, 100, 300}}, {-10, 0, nil}, {59.9, 60, []float64{0}}, {60, 100, nil}, {60, 100.1, []float64{100}},
		{150, 151, []float64{100}}, {200, 300, nil}, {400, 500, []float64{300}},
	} {
		var want, got []time.Time
		for _, since := range tt.want {
			want = append(want, at(since))
		}
		for _, h := range b.pastHolds(at(tt.from), at(tt.to)) {
			got = append(got, h.Since)
		}
		b.wantSame("what stood", want, got)
	}
	second := b.pastHolds(at(150), at(151))[0]
	b.wantTime("ended_at", second.EndedAt, at(200))
	wantEqual(b, "stands while it stood", second.Stands(at(199)), true)
	wantEqual(b, "stands after its end", second.Stands(at(200)), false)
}

func testHoldForgotten(_ *testing.T, b *bench) {
	b.hold("web")
	b.hold("shop")
	b.pass(time.Hour)
	b.release(store.HoldDispatch, "web")
	b.pass(48 * time.Hour)
	b.retain(store.Retention{Success: time.Hour, Failed: 49 * time.Hour})
	wantEqual(b, "remembered", len(b.pastHolds(Base, b.now)), 2)
	b.retain(store.Retention{Success: time.Hour, Failed: 47 * time.Hour})
	b.wantSame("what stands", []store.Hold{{Kind: store.HoldDispatch, Platform: "shop", Since: Base, By: "uid:0", Reason: "database away"}}, b.pastHolds(Base, b.now))
}

func testHoldPlan(_ *testing.T, b *bench) {
	j := b.job(minutely)
	own := b.platform
	b.platform = "other"
	free := b.job(minutely)
	b.platform = own
	b.hold(own)
	b.pass(time.Minute)
	s, asked := b.session(), 0
	got := b.plan(func(p *store.PlanDue) {
		p.Session, p.Take = s, func(*job.Job) bool { asked++; return true }
	})
	wantEqual(b, "asked to take", asked, 1)
	if len(got.Claimed) != 1 || got.Claimed[0].Job.ID != free.ID || got.Waiting != 1 || len(got.Untaken) != 0 {
		b.Errorf("PlanDue = %+v, want the other platform's run claimed and one waiting", got)
	}
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
	b.wantSame("statuses", []job.Status{job.Pending}, b.statuses(j.ID))
	wantEqual(b, "status of a run by hand", b.trigger(b.job("").ID, bornBy(s)).Status, job.Pending)
	b.release(store.HoldDispatch, own)
	b.take(s, b.executions(j.ID)[0].ID)
}

func testHoldClaim(_ *testing.T, b *bench) {
	held := b.trigger(b.job("").ID)
	own := b.platform
	b.platform = "other"
	free := b.trigger(b.job("").ID)
	b.hold(own)
	b.wantSame("Waiting", []job.ID{free.ID}, waitingIDs(b.waiting(10)))
	s := b.session()
	b.wantSame("claimed", []job.ID{free.ID}, claimedIDs(b.claim(s, held.ID, free.ID)))
	b.hold("nobody-of-this-name")
	b.release(store.HoldDispatch, own)
	b.wantSame("Waiting after the release", []job.ID{held.ID}, waitingIDs(b.waiting(10)))
	b.take(s, held.ID)
}

func testHoldRunning(_ *testing.T, b *bench) {
	s := b.session()
	c, retried := b.start(s, b.job("").ID), b.start(s, b.job("").ID)
	b.hold(b.platform)
	b.end(s, c, job.EventSucceed)
	b.end(s, retried, job.EventRetry)
	b.wantStatus(c.ID, job.Success)
	b.pass(time.Minute)
	b.heartbeat(s)
	wantEqual(b, "retries claimed", len(b.claim(s, retried.ID)), 0)
	if got := b.beat(s, 0); got.Maintenance {
		b.Errorf("the pulse of a held platform says maintenance")
	}
}

func testHoldAll(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	b.job(minutely)
	b.hold("")
	b.pass(time.Minute)
	s := b.session()
	wantEqual(b, "waiting", len(b.waiting(10)), 0)
	wantEqual(b, "claimed", len(b.claim(s, e.ID)), 0)
	got := b.plan(born(s))
	wantEqual(b, "born claimed", len(got.Claimed), 0)
	wantEqual(b, "planned", got.Waiting, 1)
	b.release(store.HoldDispatch, "")
	wantEqual(b, "waiting after the release", len(b.waiting(10)), 2)
}

func testHoldBoth(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	b.hold("")
	b.hold(b.platform)
	s := b.session()
	b.release(store.HoldDispatch, "")
	wantEqual(b, "claimed while the platform is held", len(b.claim(s, e.ID)), 0)
	b.hold("")
	b.release(store.HoldDispatch, b.platform)
	wantEqual(b, "claimed while all are held", len(b.claim(s, e.ID)), 0)
	b.release(store.HoldDispatch, "")
	b.take(s, e.ID)
}
