package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// sessionTests are about leases.
func sessionTests() []test {
	return []test{
		{"an open session is listed", testSessionListed},
		{"a session is opened once", testSessionOnce},
		{"a heartbeat prolongs the lease", testSessionHeartbeat},
		{"a late heartbeat before the reaper keeps the session", testSessionLate},
		{"a session that is over has no heartbeat", testSessionOver},
		{"a closed session is listed for a day", testSessionClosed},
		{"closing a session that holds work loses nothing", testSessionCloseBusy},
	}
}

func (b *bench) listed(id int64) (store.Session, bool) {
	b.Helper()
	list, err := b.store.ListSessions(b.ctx, b.now)
	if err != nil {
		b.Fatalf("ListSessions = %v, want no error", err)
	}
	i := slices.IndexFunc(list, func(s store.Session) bool { return s.ID == id })
	if i < 0 {
		return store.Session{}, false
	}
	return list[i], true
}

func testSessionListed(_ *testing.T, b *bench) {
	want := store.Session{
		ID: 1 << 62, Node: "worker-ß", Version: "v1.2.3-4-gabcdef", Roles: []string{"api", "worker"}, Slots: 64, Commands: 8,
		Handlers: []string{"exec", "reindex \"ß\""}, Running: 3, StartedAt: at(0.000001), HeartbeatAt: at(0.000001), LeaseUntil: at(30.000001),
	}
	if err := b.store.OpenSession(b.ctx, want); err != nil {
		b.Fatalf("OpenSession = %v, want no error", err)
	}
	other := b.session()
	got, _ := b.listed(want.ID)
	b.wantSame("the session", want, got)
	plain, ok := b.listed(other)
	if !ok || plain.Roles == nil || plain.Handlers == nil || len(plain.Roles)+len(plain.Handlers) != 0 {
		b.Errorf("the session that told nothing is listed (%t) with roles %#v, handlers %#v; want both empty, not nil", ok, plain.Roles, plain.Handlers)
	}
}

func testSessionOnce(_ *testing.T, b *bench) {
	s := b.session()
	again := store.Session{ID: s, Node: "n", StartedAt: b.now, HeartbeatAt: b.now, LeaseUntil: b.now.Add(lease)}
	b.wantCode("OpenSession of an open session", b.store.OpenSession(b.ctx, again), job.Conflict)
	if err := b.store.CloseSession(b.ctx, s, b.now); err != nil {
		b.Errorf("CloseSession = %v, want no error", err)
	}
	b.wantCode("OpenSession of a closed session", b.store.OpenSession(b.ctx, again), job.Conflict)
}

func testSessionHeartbeat(_ *testing.T, b *bench) {
	s := b.session()
	b.start(s, b.job("").ID)
	for range 5 {
		b.pass(lease - time.Second)
		b.heartbeat(s)
		b.wantSame("Reap", store.Reaped{}, b.reap())
	}
	got, _ := b.listed(s)
	b.wantTime("heartbeat_at", &got.HeartbeatAt, b.now)
	b.wantTime("lease_until", &got.LeaseUntil, b.now.Add(lease))
	for _, running := range []int{5, 0, 7} {
		b.wantSame("the pulse of a node that nobody wants anything of", store.Pulse{}, b.beat(s, running))
		got, _ = b.listed(s)
		wantEqual(b, "running", got.Running, running)
	}
	if err := b.store.CloseSession(b.ctx, b.session(), b.now); err != nil {
		b.Errorf("CloseSession = %v, want no error", err)
	}
}

func testSessionLate(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	b.pass(3 * lease)
	b.heartbeat(s)
	b.wantSame("Reap", store.Reaped{}, b.reap())
	b.end(s, c, job.EventSucceed)
}

func testSessionOver(_ *testing.T, b *bench) {
	reaped := b.session()
	b.lose()
	closed := b.session()
	if err := b.store.CloseSession(b.ctx, closed, b.now); err != nil {
		b.Errorf("CloseSession = %v, want no error", err)
	}
	for what, id := range map[string]int64{"a reaped": reaped, "a closed": closed, "an unknown": 77} {
		_, err := b.store.Heartbeat(b.ctx, store.Beat{Session: id, Now: b.now, Lease: lease})
		b.wantCode("Heartbeat of "+what+" session", err, job.Conflict)
	}
}

func testSessionClosed(_ *testing.T, b *bench) {
	s := b.session()
	b.pass(time.Second)
	if err := b.store.CloseSession(b.ctx, s, b.now); err != nil {
		b.Errorf("CloseSession = %v, want no error", err)
	}
	got, ok := b.listed(s)
	if !ok {
		b.Fatalf("the closed session is not listed")
	}
	b.wantTime("closed_at", got.ClosedAt, at(1))
	b.pass(23 * time.Hour)
	b.wantSame("Reap", store.Reaped{}, b.reap())
	if _, ok := b.listed(s); !ok {
		b.Errorf("the closed session is not listed within a day")
	}
	b.pass(2 * time.Hour)
	if _, ok := b.listed(s); ok {
		b.Errorf("the closed session is listed after more than a day")
	}
}

func testSessionCloseBusy(_ *testing.T, b *bench) {
	s := b.session()
	c := b.start(s, b.job("").ID)
	_ = b.store.CloseSession(b.ctx, s, b.now) // refused or not: it holds work
	b.lose()
	b.wantStatus(c.ID, job.Pending)
	b.take(b.session(), c.ID)
}
