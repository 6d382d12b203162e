package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// maintenanceTests are about the hold that stops everything but the API.
func maintenanceTests() []test {
	return []test{
		{"nothing is planned during maintenance", testMaintenancePlan},
		{"nothing is announced or claimed during maintenance", testMaintenanceClaim},
		{"runs that are asked for wait", testMaintenanceTrigger},
		{"what runs goes on and ends", testMaintenanceRunning},
		{"a heartbeat tells that it is maintenance", testMaintenancePulse},
		{"after a short one late slots run", testMaintenanceShort},
		{"after a long one the misfire policy decides", testMaintenanceLong},
		{"it ends by itself", testMaintenanceUntil},
	}
}

func (b *bench) maintain(edits ...func(h *store.Hold)) {
	b.Helper()
	b.hold("", append([]func(*store.Hold){func(h *store.Hold) { h.Kind, h.Reason = store.HoldMaintenance, "new disks" }}, edits...)...)
}

func (b *bench) nextDue() time.Time {
	b.Helper()
	next, err := b.store.NextDue(b.ctx)
	if err != nil {
		b.Fatalf("NextDue = %v, want no error", err)
	}
	return next
}

func testMaintenancePlan(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.maintain()
	b.pass(10 * time.Minute)
	b.wantSame("PlanDue", store.Planned{}, b.plan(born(b.session())))
	wantEqual(b, "executions", len(b.executions(j.ID)), 0)
	if next := b.nextDue(); !next.IsZero() {
		b.Errorf("NextDue = %v during maintenance, want the zero time", next)
	}
	b.release(store.HoldMaintenance, "")
	if next := b.nextDue(); !next.Equal(at(60)) {
		b.Errorf("NextDue = %v after maintenance, want %v", next, at(60))
	}
}

func testMaintenanceClaim(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	b.maintain()
	s := b.session()
	wantEqual(b, "waiting", len(b.waiting(10)), 0)
	wantEqual(b, "claimed", len(b.claim(s, e.ID)), 0)
	b.release(store.HoldMaintenance, "")
	b.wantSame("waiting after it", []job.ID{e.ID}, waitingIDs(b.waiting(10)))
	b.take(s, e.ID)
}

func testMaintenanceTrigger(_ *testing.T, b *bench) {
	b.maintain()
	e := b.trigger(b.job("").ID)
	wantEqual(b, "status", e.Status, job.Pending)
	b.wantTime("ready_at", e.ReadyAt, b.now)
	s := b.session()
	wantEqual(b, "claimed", len(b.claim(s, e.ID)), 0)
	wantEqual(b, "status of one that a session would take", b.trigger(b.job("").ID, bornBy(s)).Status, job.Pending)
}

func testMaintenanceRunning(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.maintain()
	b.pass(time.Minute)
	b.heartbeat(s)
	b.end(s, c, job.EventSucceed)
	b.wantStatus(c.ID, job.Success)
	lost := b.session()
	b.wantSame("Reap of a dead session", store.Reaped{Sessions: 2}, b.lose())
	if got, _ := b.listed(lost); got.ClosedAt == nil {
		b.Errorf("the dead session is not closed during maintenance")
	}
}

func testMaintenancePulse(_ *testing.T, b *bench) {
	s := b.session()
	b.maintain(until(at(60)))
	wantEqual(b, "maintenance", b.beat(s, 0).Maintenance, true)
	b.now = at(60)
	wantEqual(b, "maintenance after its end", b.beat(s, 0).Maintenance, false)
}

func testMaintenanceShort(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.maintain()
	b.now = at(90)
	b.plan()
	b.release(store.HoldMaintenance, "")
	b.plan()
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
	b.wantSame("statuses", []job.Status{job.Pending}, b.statuses(j.ID))
}

func testMaintenanceLong(_ *testing.T, b *bench) {
	missed := b.job(minutely, func(j *job.Job) { j.Misfire = job.MisfireSkip })
	caught := b.job(minutely)
	b.maintain()
	b.now = at(10*60 + 30)
	b.plan()
	b.release(store.HoldMaintenance, "")
	b.plan()
	for _, j := range []job.Job{missed, caught} {
		b.wantSlots(j.ID, at(60), at(600), time.Minute)
	}
	skipped := 0
	for _, e := range b.entries(missed.ID, Base, at(540)) {
		if e.Reason == job.SkipMissed {
			skipped++
		}
	}
	wantEqual(b, "slots missed with misfire skip", skipped, 9)
	runs := 0
	for _, status := range b.statuses(caught.ID) {
		if status == job.Pending {
			runs++
		}
	}
	wantEqual(b, "runs that wait with misfire fire_once", runs, 1)
}

func testMaintenanceUntil(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.maintain(until(at(75)))
	b.now = at(75).Add(-time.Microsecond)
	b.wantSame("PlanDue just before its end", store.Planned{}, b.plan())
	if next := b.nextDue(); !next.IsZero() {
		b.Errorf("NextDue = %v just before its end, want the zero time", next)
	}
	b.now = at(75)
	wantEqual(b, "planned at its end", b.plan().Waiting, 1)
	if next := b.nextDue(); !next.Equal(at(120)) {
		b.Errorf("NextDue = %v after its end, want %v", next, at(120))
	}
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
	past := b.pastHolds(Base, b.now)
	if len(past) != 1 || past[0].EndedAt == nil || !past[0].EndedAt.Equal(at(75)) {
		b.Errorf("PastHolds = %+v, want one that ended at %v", past, at(75))
	}
}
