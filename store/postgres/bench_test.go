package postgres_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// BenchmarkSlotToSettled is one execution's whole way through the store: planned and
// born claimed, settled, its counters and events written. Every plan is of 1 000 jobs.
func BenchmarkSlotToSettled(b *testing.B) {
	for _, jobs := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			const batch = 1000
			url := database(b, false)
			r := newRig(b, open(b, postgres.Options{URL: url}), 1)
			r.copies(url, jobs)
			spent := newMeter(b)
			b.ResetTimer()
			for done := 0; done < b.N; done += batch {
				if done%jobs == 0 {
					r.now = r.now.Add(time.Second)
				}
				var planned store.Planned
				spent.on("plan", func() { planned = r.plan(batch, true) })
				if len(planned.Claimed) != batch {
					b.Fatalf("claimed %d of %d", len(planned.Claimed), batch)
				}
				spent.on("settle", func() { r.settle(planned.Claimed) })
			}
			spent.report()
		})
	}
}

// BenchmarkWaitingToSettled inserts executions that wait, then claims and settles them.
func BenchmarkWaitingToSettled(b *testing.B) {
	const batch, jobs = 1000, 10_000
	url := database(b, false)
	r := newRig(b, open(b, postgres.Options{URL: url}), 1, func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 1<<20, true })
	r.copies(url, jobs)
	spent := newMeter(b)
	b.ResetTimer()
	for made := 0; made < b.N; made += batch {
		if made%jobs == 0 {
			r.now = r.now.Add(time.Second)
		}
		spent.on("insert", func() { r.plan(batch, false) })
	}
	for done := 0; done < b.N; {
		var waiting []store.Waiting
		var claimed []store.Claimed
		spent.on("window", func() { waiting = r.waiting(batch) })
		spent.on("claim", func() { claimed = r.claim(waiting) })
		if len(claimed) != batch {
			b.Fatalf("claimed %d of %d", len(claimed), batch)
		}
		spent.on("settle", func() { r.settle(claimed) })
		done += len(claimed)
	}
	spent.report()
}

// copies gives the store more jobs like the first, quickly.
func (r *rig) copies(url string, jobs int) {
	r.Helper()
	exec(r, url,
		fmt.Sprintf(`INSERT INTO jobs (id, platform, name, live, type, priority, handler, spec, max_retries, anchor, seed, created_by, created_at, updated_at)
			SELECT int8send(0) || int8send(g), platform, 'copy' || g, live, type, priority, handler, spec, max_retries, anchor, seed, created_by, created_at, updated_at
			FROM jobs, generate_series(2, %d) AS g WHERE seq = 1`, jobs),
		`INSERT INTO cursors (job, next_run, revision, status) SELECT j.seq, c.next_run, c.revision, c.status FROM jobs j, cursors c WHERE c.job = 1 AND j.seq > 1`,
		`ANALYZE`)
}

func (r *rig) waiting(limit int) []store.Waiting {
	waiting, err := r.Waiting(context.Background(), r.now, limit)
	if err != nil {
		r.Fatal(err)
	}
	return waiting
}

func (r *rig) claim(waiting []store.Waiting) []store.Claimed {
	ids := make([]job.ID, len(waiting))
	for i := range waiting {
		ids[i] = waiting[i].ID
	}
	claims, err := r.Claim(context.Background(), store.Claim{Session: r.session, IDs: ids, Now: r.now})
	if err != nil {
		r.Fatal(err)
	}
	return claims.Claimed
}

// meter adds up what parts of a benchmark cost: wall time, and processor time of the
// server's processes and of this one. Other programs disturb wall time alone.
type meter struct {
	*testing.B
	server string // process id of the server's first process
	names  []string
	parts  map[string]*cost
	seen   map[string]int64 // nanoseconds by process of the server
	spent  time.Duration
}

type cost struct{ wall, server, program time.Duration }

func newMeter(b *testing.B) *meter {
	b.Helper()
	return &meter{B: b, server: strconv.Itoa(cluster.Pid()), parts: map[string]*cost{}, seen: map[string]int64{}}
}

// on runs one part.
func (m *meter) on(name string, fn func()) {
	c := m.parts[name]
	if c == nil {
		c = &cost{}
		m.parts[name], m.names = c, append(m.names, name)
	}
	server, start, program := m.processes(), time.Now(), m.program()
	fn()
	c.wall, c.program = c.wall+time.Since(start), c.program+m.program()-program
	c.server += m.processes() - server
}

// report tells microseconds an execution.
func (m *meter) report() {
	m.ReportMetric(0, "ns/op")
	var all cost
	each := func(name string, c *cost) {
		m.ReportMetric(float64(c.wall.Microseconds())/float64(m.N), name+"-wall-µs")
		m.ReportMetric(float64(c.server.Microseconds())/float64(m.N), name+"-pg-µs")
		m.ReportMetric(float64(c.program.Microseconds())/float64(m.N), name+"-go-µs")
	}
	for _, name := range m.names {
		each(name, m.parts[name])
		all.wall, all.server, all.program = all.wall+m.parts[name].wall, all.server+m.parts[name].server, all.program+m.parts[name].program
	}
	each("all", &all)
}

// processes is the processor time of the server so far.
func (m *meter) processes() time.Duration {
	children, err := os.ReadFile("/proc/" + m.server + "/task/" + m.server + "/children")
	if err != nil {
		m.Fatal(err)
	}
	for pid := range strings.FieldsSeq(string(children)) {
		text, err := os.ReadFile("/proc/" + pid + "/schedstat")
		if err != nil {
			continue // it has ended
		}
		ns, _, _ := strings.Cut(string(text), " ")
		if n, _ := strconv.ParseInt(ns, 10, 64); n > m.seen[pid] { // what ended since keeps what it had
			m.spent += time.Duration(n - m.seen[pid])
			m.seen[pid] = n
		}
	}
	return m.spent
}

// program is the processor time of this process so far.
func (m *meter) program() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		m.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
