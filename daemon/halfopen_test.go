package daemon

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestHalfOpen: the links of one of two nodes swallow what is sent, to PostgreSQL and to
// Redis, on the connections that are open and then on all, for longer than the lease. The
// other node goes on, the node is back soon after its links are, nothing is lost, and what
// must not start twice does not.
func TestHalfOpen(t *testing.T) {
	const jobs = 40
	pg, redis := testbed.NewPostgres(t, testbed.PostgresOptions{}), testbed.Redis(t)
	if err := pg.Exec("CREATE DATABASE schedd"); err != nil {
		t.Fatal(err)
	}
	toStore, toQueue := testbed.NewProxy(t, "unix", pg.Socket()), testbed.NewProxy(t, "unix", redis.Socket())
	m := newMany(t, pg.DSN("schedd"), redis.URL())
	var fragile, again atomic.Int64 // starts of what must start once; later attempts of it
	m.observe = func(task *handler.Task) {
		if strings.HasPrefix(task.JobName, "once") {
			fragile.Add(1)
			if task.Attempt > 1 {
				again.Add(1)
			}
		}
	}
	good := m.start(32)
	m.dsn, m.redis = pg.DSNAt(toStore.Addr(), "schedd"), "redis://"+toQueue.Addr()
	bad := m.start(32)
	testbed.Eventually(t, "the node uses the proxies", 10*time.Second, func() bool { return toStore.Connections() > 0 && toQueue.Connections() > 0 })
	m.create(jobs, func(j *job.Job) { j.Schedule = "* * * * * *" })
	for _, name := range []string{"once-a", "once-b", "once-c", "once-d"} {
		if err := m.job(name, func(j *job.Job) {
			j.Schedule, j.OnLost, j.MaxRetries = "* * * * * *", job.OnLostFail, 0
		}); err != nil {
			t.Fatal(err)
		}
		m.names = append(m.names, name)
	}
	healthy := func(n *manyNode) func() bool {
		return func() bool {
			v := n.Vitals()
			return now().Sub(v.LastHeartbeat) < 1500*time.Millisecond && now().Sub(v.LastTick) < 3*time.Second
		}
	}
	stall := func(p *testbed.Proxy) func() {
		return func() {
			p.Stall()
			before := good.starts.Load()
			for range 8 { // more than twice the lease
				testbed.Pass(time.Second)
				if !healthy(good)() {
					t.Errorf("the other node is held up: %+v", good.Vitals())
				}
			}
			if done := good.starts.Load() - before; done < jobs {
				t.Errorf("the other node started %d runs in 8 s, want at least %d", done, jobs)
			}
			p.Resume()
		}
	}
	faults := []struct {
		name string
		do   func()
		back time.Duration // within which the node is well again
	}{
		{"PostgreSQL, open connections", toStore.Freeze, 15 * time.Second},
		{"PostgreSQL, all", stall(toStore), 15 * time.Second},
		{"Redis, open connections", toQueue.Freeze, 15 * time.Second},
		{"Redis, all", stall(toQueue), 15 * time.Second},
	}
	for _, f := range faults {
		testbed.Eventually(t, "well before: "+f.name, 20*time.Second, healthy(bad))
		f.do()
		since := time.Now()
		testbed.Pass(2 * time.Second) // a lease that is swallowed is noticed after a heartbeat
		testbed.Eventually(t, "well after: "+f.name, f.back, healthy(bad))
		started := bad.starts.Load()
		testbed.Eventually(t, "working after: "+f.name, f.back, func() bool { return bad.starts.Load() > started })
		t.Logf("%s: well and working after %s", f.name, time.Since(since).Round(100*time.Millisecond))
	}
	testbed.Eventually(t, "no stalls are left", 45*time.Second, func() bool { return m.rows(job.Running) < jobs })
	for _, n := range m.nodes[1:] {
		n.stop()
	}
	end := now()
	for _, name := range m.names {
		if err := m.pause(name); err != nil {
			t.Fatal(err)
		}
	}
	m.settle()
	balanced, slots := m.audit()
	t.Logf("slots=%d balanced=%d of %d once=%d paused_after=%s", slots, balanced, len(m.names), fragile.Load(), now().Sub(end).Round(time.Millisecond))
	if balanced != len(m.names) || again.Load() != 0 || fragile.Load() == 0 {
		t.Errorf("%d of %d jobs balance, %d of %d runs that must start once started again; want all, 0", balanced, len(m.names), again.Load(), fragile.Load())
	}
}
