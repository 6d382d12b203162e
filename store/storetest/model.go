package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// modelTests run random operations against a small model and hold the store to the
// invariants of the design: C2 to C6 and C8 to C10.
func modelTests() []test {
	return []test{{"invariants hold after any operations", testModel}}
}

// modelTime is how long new sequences of operations are started.
const modelTime = 8 * time.Second

func testModel(t *testing.T, b *bench) {
	now, start, failed := Base, time.Now(), false
	rapid.Check(t, func(rt *rapid.T) {
		if !failed && time.Since(start) > modelTime {
			return
		}
		rt.Cleanup(func() { failed = failed || rt.Failed() }) // then the failure is made small
		m := &model{bench: newBench(rt, b.fixture), seen: map[job.ID]job.Execution{}, definitions: map[job.ID]job.Job{}}
		m.now = now // ids must not run ahead of the clock
		defer func() { now = m.now.Truncate(time.Minute).Add(time.Minute) }()
		m.openSession(rt)
		m.createJob(rt)
		rt.Repeat(map[string]func(*rapid.T){"": m.observe, "step": m.step})
		m.quiesce(rt)
		m.final(rt)
	})
}

// holding is a claim that a session believes to have.
type holding struct {
	store.Claimed
	session int64
}

// model is what the operations so far must have led to.
type model struct {
	*bench
	jobs        []job.ID
	definitions map[job.ID]job.Job
	leases      []leased
	held        []holding                // newest claims of executions that run
	stale       []holding                // claims that are over
	seen        map[job.ID]job.Execution // as last observed; pruned ones stay
	stopped     string                   // what keeps everything from starting; "" = nothing
}

type leased struct {
	id    int64
	until time.Time
}

func (m *model) createJob(t *rapid.T) {
	policy := rapid.SampledFrom(job.Overlaps()).Draw(t, "overlap")
	concurrency := 1
	if policy == job.OverlapAllow {
		concurrency = rapid.IntRange(1, 3).Draw(t, "concurrency")
	}
	edit := func(j *job.Job) {
		j.MaxRetries = rapid.IntRange(0, 2).Draw(t, "max_retries")
		j.OnLost = rapid.SampledFrom(job.OnLosts()).Draw(t, "on_lost")
		j.Misfire = rapid.SampledFrom(job.Misfires()).Draw(t, "misfire")
		j.RetryDelayMS = 2000
		if rapid.Bool().Draw(t, "limited") {
			j.MaxExecutions = ptr(int64(rapid.IntRange(1, 6).Draw(t, "max_executions")))
		}
	}
	schedule := rapid.SampledFrom([]string{secondly, "*/5 * * * * *", minutely}).Draw(t, "schedule")
	var j job.Job
	if rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
		j = m.once(m.now.Truncate(time.Second).Add(3*time.Second), overlapping(policy, concurrency), edit, func(j *job.Job) { j.MaxExecutions = nil })
	} else {
		j = m.job(schedule, overlapping(policy, concurrency), edit)
	}
	m.jobs = append(m.jobs, j.ID)
	m.definitions[j.ID] = j
}

func (m *model) openSession(*rapid.T) {
	m.leases = append(m.leases, leased{m.session(), m.now.Add(lease)})
}

// anySession draws a session that is alive; 0 when there is none.
func (m *model) anySession(t *rapid.T) int64 {
	if len(m.leases) == 0 {
		return 0
	}
	return m.leases[rapid.IntRange(0, len(m.leases)-1).Draw(t, "session")].id
}

func (m *model) tick(t *rapid.T) {
	m.pass(time.Duration(rapid.IntRange(1, 40).Draw(t, "tenths")) * 100 * time.Millisecond)
	m.planNow(t)
}

func (m *model) outage(t *rapid.T) {
	m.pass(time.Duration(rapid.IntRange(60, 400).Draw(t, "seconds")) * time.Second)
	for i := range m.leases { // the nodes live, the store was away
		m.heartbeat(m.leases[i].id)
		m.leases[i].until = m.now.Add(lease)
	}
	m.planNow(t)
}

func (m *model) planNow(t *rapid.T) {
	session, free := m.anySession(t), rapid.IntRange(0, 3).Draw(t, "free slots")
	got := m.plan(func(p *store.PlanDue) {
		p.Policy.CatchUpMax, p.Policy.RangeMin, p.Limit = 5, 10, rapid.IntRange(1, 10).Draw(t, "limit")
		if session != 0 {
			p.Session, p.Take = session, func(*job.Job) bool { free--; return free >= 0 }
		}
	})
	m.wantStopped(t, len(got.Claimed))
	for _, c := range got.Claimed {
		m.held = append(m.held, holding{c, session})
	}
}

// wantStopped checks that nothing starts while that is stopped.
func (m *model) wantStopped(t *rapid.T, started int) {
	if m.stopped != "" && started > 0 {
		t.Fatalf("%d executions started although a %s stops that", started, m.stopped)
	}
}

// stopAll holds dispatch or drains the node of all sessions.
func (m *model) stopAll(t *rapid.T) {
	m.stopped = rapid.SampledFrom([]string{"hold", "drain"}).Draw(t, "what")
	m.stop(m.stopped, true)
}

// goOn undoes that.
func (m *model) goOn() {
	m.stop(m.stopped, false)
	m.stopped = ""
}

func (m *model) stop(what string, on bool) {
	switch {
	case what == "drain":
		m.drain("node-"+m.platform, on)
	case what == "hold" && on:
		m.hold(m.platform)
	case what == "hold":
		m.release(store.HoldDispatch, m.platform)
	}
}

func (m *model) dropDead(t *rapid.T) {
	page := m.history(store.ExecutionFilter{Limit: 20})
	if len(page.Items) == 0 { // all are pruned
		return
	}
	e := page.Items[rapid.IntRange(0, len(page.Items)-1).Draw(t, "execution")]
	_, err := m.store.DropDead(m.ctx, store.DropDead{Platform: m.platform, Ref: e.ID.String(), Now: m.now})
	want := job.Code("")
	if !e.Dead {
		want = job.Conflict
	}
	if got := job.CodeOf(err); got != want {
		t.Fatalf("DropDead of an execution that is dead (%t) has code %q (%v), want %q", e.Dead, got, err, want)
	}
}

func (m *model) claimSome(t *rapid.T) {
	session := m.anySession(t)
	var wanted []job.ID
	for _, w := range m.waiting(50) {
		if rapid.Bool().Draw(t, "claim") {
			wanted = append(wanted, w.ID)
		}
	}
	for _, h := range m.held { // what runs cannot be claimed
		wanted = append(wanted, h.ID)
	}
	wanted = append(wanted, m.newID())
	claimed := m.claim(session, wanted...)
	m.wantStopped(t, len(claimed))
	for _, c := range claimed {
		for _, h := range m.held {
			if h.ID == c.ID {
				t.Fatalf("execution %s was claimed while session %d runs it", c.ID, h.session)
			}
		}
		m.held = append(m.held, holding{c, session})
	}
}

// settleSome ends some of what runs, as the job's retry policy decides.
func (m *model) settleSome(t *rapid.T) {
	var batch []store.Settlement
	var left []holding
	sure := rapid.IntRange(0, len(m.held)-1).Draw(t, "one that ends")
	for i, h := range m.held {
		if i == sure || rapid.Bool().Draw(t, "ends") {
			batch = append(batch, m.outcome(t, h))
			m.stale = append(m.stale, h)
		} else {
			left = append(left, h)
		}
	}
	m.settle(batch...)
	m.held = left
}

func (m *model) outcome(t *rapid.T, h holding) store.Settlement {
	status := rapid.SampledFrom([]job.Status{job.Success, job.Success, job.Failed, job.TimedOut, job.Cancelled, job.Running}).Draw(t, "outcome")
	s := m.ending(h.session, h.Claimed, job.EventReturn)
	if status == job.Running { // handed back
		return s
	}
	d := job.Decide(&h.Job.Spec, h.RetryCount, job.Outcome{Status: status, Permanent: status == job.Failed && rapid.Bool().Draw(t, "permanent")}, m.now, 0)
	s.Event, s.RetryAt, s.DeadReason = d.Event, d.RetryAt, d.DeadReason
	if status == job.Failed || status == job.TimedOut {
		s.Error, s.ErrorClass = "it failed", "exit"
	}
	return s
}

// settleStale settles what is over or held by another: all of it must be fenced.
func (m *model) settleStale(t *rapid.T) {
	var batch []store.Settlement
	for i, h := range m.stale {
		if i < 8 {
			batch = append(batch, m.outcome(t, h))
		}
	}
	for _, h := range m.held {
		forged := m.outcome(t, h)
		if rapid.Bool().Draw(t, "token") {
			forged.Token++
		} else {
			forged.Session++
		}
		batch = append(batch, forged)
	}
	got, err := m.store.Settle(m.ctx, m.now, batch)
	if err != nil || len(got.Fenced) != len(batch) {
		t.Fatalf("Settle of %d stale attempts = %+v, %v; want all fenced", len(batch), got, err)
	}
}

func (m *model) beat(t *rapid.T) {
	l := &m.leases[rapid.IntRange(0, len(m.leases)-1).Draw(t, "session")]
	m.heartbeat(l.id)
	l.until = m.now.Add(lease)
}

// reapDead lets time pass and takes away what dead sessions held.
func (m *model) reapDead(t *rapid.T) {
	if rapid.Bool().Draw(t, "lease passes") {
		m.pass(lease + time.Second)
		if len(m.leases) > 0 && rapid.Bool().Draw(t, "one lives") {
			m.beat(t)
		}
	}
	m.reapNow()
}

func (m *model) reapNow() {
	m.reap()
	alive := map[int64]bool{}
	var left []leased
	for _, l := range m.leases {
		if !l.until.Before(m.now) {
			alive[l.id] = true
			left = append(left, l)
		}
	}
	m.leases = left
	var held []holding
	for _, h := range m.held {
		if alive[h.session] {
			held = append(held, h)
		} else {
			m.stale = append(m.stale, h)
		}
	}
	m.held = held
}

func (m *model) anyJob(t *rapid.T) job.Job {
	return m.get(m.jobs[rapid.IntRange(0, len(m.jobs)-1).Draw(t, "job")])
}

func (m *model) pauseOrResume(t *rapid.T) {
	j, ok := m.anyOf(t, func(j job.Job) bool { // the slot of a one-time job may be gone
		return j.Status == job.JobActive || j.Status == job.JobPaused && j.Type != job.TypeOneTime
	})
	switch {
	case ok && j.Status == job.JobActive:
		m.pause(j.ID)
	case ok:
		m.resume(j.ID)
	}
}

func (m *model) cancelJob(t *rapid.T) {
	if j, ok := m.anyOf(t, func(j job.Job) bool { return !j.Status.Terminal() }); ok {
		m.cancel(j.ID, func(c *job.Changed) { c.CancelLive = rapid.Bool().Draw(t, "running too") })
	}
}

func (m *model) triggerJob(t *rapid.T) {
	j := m.anyJob(t)
	_, _, err := m.tryTrigger(j.ID)
	want := job.Code("")
	if j.Status != job.JobActive {
		want = job.Conflict
	}
	if got := job.CodeOf(err); got != want {
		t.Fatalf("Trigger of a job that is %s has code %q (%v), want %q", j.Status, got, err, want)
	}
}

func (m *model) retryFailed(t *rapid.T) {
	page := m.history(store.ExecutionFilter{Statuses: retriable})
	if len(page.Items) == 0 { // all are pruned
		return
	}
	e := page.Items[rapid.IntRange(0, len(page.Items)-1).Draw(t, "execution")]
	_, _, err := m.tryTrigger(e.JobID, retryOf(e))
	if code := job.CodeOf(err); code != "" && code != job.Conflict {
		t.Fatalf("Trigger of a retry has code %q (%v), want none or conflict", code, err)
	}
}

func (m *model) cancelRun(t *rapid.T) {
	page := m.history(store.ExecutionFilter{Limit: 10})
	if len(page.Items) == 0 { // all are pruned
		return
	}
	e := page.Items[rapid.IntRange(0, len(page.Items)-1).Draw(t, "execution")]
	_, err := m.tryCancelExecution(e.ID.String())
	want := job.Code("")
	if e.Status.Terminal() && e.Status != job.Cancelled {
		want = job.Conflict
	}
	if got := job.CodeOf(err); got != want {
		t.Fatalf("CancelExecution of one that is %s has code %q (%v), want %q", e.Status, got, err, want)
	}
}

func (m *model) prune(t *rapid.T) {
	r := store.Retention{Success: 10 * time.Second, Failed: 40 * time.Second, KeepLast: rapid.IntRange(0, 2).Draw(t, "keep_last")}
	m.retain(r)
}

func (m *model) fold(t *rapid.T) {
	if err := m.store.Fold(m.ctx); err != nil {
		t.Fatalf("Fold = %v, want no error", err)
	}
}

func (m *model) complete(t *rapid.T) {
	if _, err := m.store.CompleteJobs(m.ctx, m.now); err != nil {
		t.Fatalf("CompleteJobs = %v, want no error", err)
	}
}

// quiesce cancels what still plans, settles what runs, and expects all to be over.
func (m *model) quiesce(t *rapid.T) {
	m.goOn()
	for _, id := range m.jobs {
		if j := m.get(id); !j.Status.Terminal() {
			m.cancel(id)
		}
	}
	m.pass(lease + time.Second)
	m.reapNow()
	m.observe(t)
	for range 100 {
		waiting := m.waiting(50)
		if len(waiting) == 0 {
			break
		}
		s := m.session()
		for _, c := range m.claim(s, waitingIDs(waiting)...) {
			m.held = append(m.held, holding{c, s})
		}
		m.observe(t)
		for _, h := range m.held {
			m.end(s, h.Claimed, job.EventSucceed)
		}
		m.held = nil
		m.observe(t)
	}
	m.pass(lease + time.Second)
	m.reap()
	m.observe(t)
	for _, e := range m.seen {
		if !e.Status.Terminal() {
			t.Errorf("after everything stopped, run %d of %s is %s", e.RunNumber, e.JobName, e.Status)
		}
	}
}

func describeRun(e job.Execution) string {
	return fmt.Sprintf("run %d (%s, slot %v)", e.RunNumber, e.Trigger, e.ScheduledAt.Format(time.TimeOnly))
}
