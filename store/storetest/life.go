package storetest

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Life is a store in the middle of its work, with something of everything that a store
// keeps, for tests that take it elsewhere and let it go on there.
type Life struct {
	b       *bench
	jobs    []job.ID
	steady  job.ID // fires each second; a session runs it
	failed  job.ID // an execution that was not retried yet
	session int64  // lives
	held    store.Claimed
	stale   store.Claimed // taken from the session that held it
	keyed   job.Job
}

// NewLife fills an empty store.
func NewLife(t *testing.T, s store.Store) *Life {
	t.Helper()
	f := &fixture{store: s, ids: &job.IDs{Rand: rand.NewChaCha8([32]byte{2})}}
	l := &Life{b: newBench(t, f)}
	l.past()
	l.definitions()
	l.random(120)
	l.operations()
	l.present()
	return l
}

// on returns the bench of the same life in another store.
func (l *Life) on(t *testing.T, s store.Store) *bench {
	b := *l.b
	f := &fixture{store: s, ids: l.b.ids}
	f.sessions.Store(l.b.sessions.Load())
	f.benches.Store(l.b.benches.Load())
	b.tb, b.ctx, b.fixture = t, t.Context(), f
	return &b
}

func (l *Life) add(j job.Job) job.Job {
	l.jobs = append(l.jobs, j.ID)
	return j
}

// past makes history: what failed, was lost, retried, skipped in ranges, printed, and
// what retention left of it.
func (l *Life) past() {
	b := l.b
	gone := b.job("", named("gone"))
	s := b.session()
	b.run(s, gone.ID, job.EventSucceed)
	b.pass(time.Second)
	b.cancel(gone.ID)
	if err := b.store.PurgeJob(b.ctx, b.platform, gone.ID.String(), b.now, "uid:0"); err != nil {
		b.Fatalf("PurgeJob = %v, want no error", err)
	}
	_, published := b.events(0)
	if err := b.store.TrimOutbox(b.ctx, published); err != nil {
		b.Fatalf("TrimOutbox = %v, want no error", err)
	}
	outage := l.add(b.job("*/5 * * * * *", func(j *job.Job) { j.Misfire = job.MisfireFireAll }))
	b.pass(time.Hour)
	b.plan(func(p *store.PlanDue) { p.Policy.CatchUpMax, p.Policy.RangeMin = 5, 10 })
	s = b.session()
	for _, w := range b.waiting(2) {
		b.end(s, b.take(s, w.ID), job.EventSucceed)
	}
	b.pass(time.Minute)
	b.retain(store.Retention{Success: time.Second, KeepLast: 1})
	b.pause(outage.ID)

	j := l.add(b.job("", retries(2), hooked, overlapping(job.OverlapAllow, 9), func(j *job.Job) { j.Payload = json.RawMessage(` { "spaced" : [ 1 , "é<&>😀" ] } `) }))
	c := b.start(s, j.ID)
	b.appendLogs(b.line(c.ID, 1, "first"), b.line(c.ID, 2, "second \x1b[31m<red> \u2028"), b.line(c.ID, 3, ""))
	b.end(s, c, job.EventRetry)
	b.pass(time.Minute)
	code := 3
	b.end(s, b.take(s, c.ID), job.EventFail, func(s *store.Settlement) {
		s.ExitCode, s.ErrorStack, s.DeadReason, s.Result = &code, "at main.go:1", "exhausted", json.RawMessage(`{"big": 12345678901234567890}`)
	})
	l.failed = c.ID
	other := b.run(s, j.ID, job.EventFail)
	b.trigger(j.ID, retryOf(other), func(t *store.Trigger) {
		t.Payload, t.TraceID, t.ParentSpanID, t.IdempotencyKey, t.BodyHash = json.RawMessage(`[]`), "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "run-1", "h"
	})
	long := b.run(s, j.ID, job.EventExpire)
	b.appendLogs(b.line(long.ID, 1, "a"), b.line(long.ID, 2, "b"), b.line(long.ID, 3, "c"))
	if err := b.store.DropLogs(b.ctx, long.ID, 2); err != nil {
		b.Fatalf("DropLogs = %v, want no error", err)
	}
	if err := b.store.Fold(b.ctx); err != nil {
		b.Fatalf("Fold = %v, want no error", err)
	}
}

// definitions makes jobs of every kind and in every state.
func (l *Life) definitions() {
	b := l.b
	end, limit := b.now.Add(24*time.Hour), int64(2)
	l.add(b.job(minutely, named("žluťoučký kůň 日本"), func(j *job.Job) { j.Tags, j.EndDate = []string{"z", "a,b", "日本", "A"}, &end }))
	l.add(b.job(secondly, func(j *job.Job) { j.MaxExecutions = &limit }, overlapping(job.OverlapAllow, 3)))
	l.add(b.job(hourly, paused, func(j *job.Job) { j.Metadata = json.RawMessage(`{"html":"<a>","n":1.50}`) }))
	l.add(b.once(b.now.Add(2 * time.Second)))
	l.add(b.once(b.now.Add(time.Hour), func(j *job.Job) { j.Priority = job.PriorityCritical }))
	l.add(b.cancel(b.job(minutely).ID))
	l.add(b.remove(b.job(minutely, named("removed")).ID))
	l.add(b.job(minutely, named("removed")))
	l.add(b.job(minutely, func(j *job.Job) { j.Platform = job.DefaultPlatform }))
	l.add(b.job("", func(j *job.Job) { j.Platform = "another" }))
	moved := l.add(b.job(hourly))
	b.pass(90 * time.Minute)
	b.plan()
	b.reschedule(moved.ID, "*/10 * * * *")
	b.change(moved.ID, func(c *job.Changed, _ job.State) { c.Job.Name, c.Job.Tags = "renamed", []string{"new"} })
	l.keyed = b.build("", named("keyed"))
	if _, _, err := b.create(l.keyed, "key-1", "hash-1"); err != nil {
		b.Fatalf("CreateJob = %v, want no error", err)
	}
	l.add(l.keyed)
}

// random lets jobs of each overlap policy run for a while, as chance has it.
func (l *Life) random(operations int) {
	b := l.b
	chance := rand.New(rand.NewPCG(1, 2))
	var busy []job.ID
	for _, o := range job.Overlaps() {
		busy = append(busy, l.add(b.job("*/2 * * * * *", overlapping(o, 1), retries(1))).ID)
	}
	sessions := []int64{b.session(), b.session()}
	type run struct {
		store.Claimed
		session int64
	}
	var running []run
	for range operations {
		s := sessions[chance.IntN(len(sessions))]
		switch chance.IntN(7) {
		case 0, 1:
			b.pass(time.Duration(chance.IntN(3000)) * time.Millisecond)
			for _, c := range b.plan(born(s)).Claimed {
				running = append(running, run{c, s})
			}
		case 2:
			for _, w := range b.waiting(3) {
				for _, c := range b.claim(s, w.ID) {
					running = append(running, run{c, s})
				}
			}
		case 3, 4:
			if len(running) == 0 {
				continue
			}
			i := chance.IntN(len(running))
			event := []job.Event{job.EventSucceed, job.EventFail, job.EventExpire, job.EventCancel, job.EventReturn}[chance.IntN(5)]
			b.end(running[i].session, running[i].Claimed, event)
			running = append(running[:i], running[i+1:]...)
		case 5:
			b.trigger(busy[chance.IntN(len(busy))])
		case 6:
			b.heartbeat(s)
		}
	}
	for _, s := range sessions { // the last cancels stay
		b.heartbeat(s)
	}
	b.retain(store.Retention{Success: 20 * time.Second, KeepLast: 3})
}

// operations makes holds, drains and sessions that are over.
func (l *Life) operations() {
	b := l.b
	b.hold("")
	b.pass(time.Second)
	b.release(store.HoldDispatch, "")
	b.hold("another", until(b.now.Add(time.Hour)))
	b.maintain(until(b.now.Add(time.Second)))
	b.pass(2 * time.Second)
	b.token("ci", func(t *store.Token) { t.ExpiresAt = b.now.Add(90 * 24 * time.Hour) })
	b.token("old")
	b.record("agent.created", store.Note{Kind: "agent", ID: "reporter", After: map[string]any{"type": "t"}})
	l.limited()
	b.agent("reporter", func(a *store.Agent) { a.Heartbeat, a.SeenAt = time.Second, &b.now })
	ran := b.session()
	_, c, steps := b.flowOf(ran)
	for _, step := range steps {
		b.end(ran, b.take(ran, step.ID), job.EventSucceed)
	}
	b.end(ran, c, job.EventSucceed)
	if _, err := b.revoke(b.platform, "old"); err != nil {
		b.Fatalf("RevokeToken = %v, want no error", err)
	}
	l.events()
	l.alerts()
	closed := b.sessionOf("node-closed")
	b.drain("node-closed", true)
	if err := b.store.CloseSession(b.ctx, closed, b.now); err != nil {
		b.Fatalf("CloseSession = %v, want no error", err)
	}
}

// limited runs something on a platform that may run only so much at once.
func (l *Life) limited() {
	b := l.b
	own := b.platform
	defer func() { b.platform = own }()
	b.platform += "-limited"
	b.tenant("", maxRunning(2))
	s := b.session()
	b.end(s, b.take(s, b.trigger(b.job("").ID).ID), job.EventSucceed)
}

// alerts makes rules, one that is gone, alerts that are open and over, what was told and is
// to be, and due times that went by.
func (l *Life) alerts() {
	b := l.b
	r := b.alertRule("fails", func(r *alert.Rule) { r.Metric = alert.QueueSize })
	b.alertRule("gone", func(r *alert.Rule) { r.Seed = "gone" })
	if _, err := b.store.DeleteAlertRule(b.ctx, store.DeleteAlertRule{Platform: b.platform, Ref: "gone", Now: b.now}); err != nil {
		b.Fatalf("DeleteAlertRule = %v, want no error", err)
	}
	missed := b.alertRule("missed", func(r *alert.Rule) { r.Metric = alert.Missed })
	j := l.add(b.job(minutely, named("missed"), func(j *job.Job) { j.Misfire, j.MaxGapMS = job.MisfireSkip, 1000 }))
	b.pass(10 * time.Minute)
	b.plan()
	b.fold()
	high := found(b.platform, 1)
	b.observe(round(r, high))
	b.pass(5 * time.Minute)
	b.observe(round(r, high), round(missed, foundJob(&j, 9)))
	for _, n := range b.takeNotices("slack")[1:] {
		if _, err := b.store.EndNotice(b.ctx, store.EndNotice{ID: n.ID, Attempts: n.Attempts, Now: b.now}); err != nil {
			b.Fatalf("EndNotice = %v, want no error", err)
		}
	}
	b.observe(round(r, high), round(missed))
	if _, err := b.changeAlert(1, func(a *alert.Alert) error {
		return a.Quiet(alert.Silenced, b.now, b.now.Add(time.Hour), "uid:7", "night")
	}); err != nil {
		b.Fatalf("ChangeAlert = %v, want no error", err)
	}
}

// events makes rules, what they did, what waits, and what was not decided about.
func (l *Life) events() {
	b := l.b
	node := b.listening()
	b.rule("sla", func(r *event.Rule) { r.DedupeKey = "data.id" })
	b.rule("later", func(r *event.Rule) {
		r.DelayMS, r.Enabled, r.Config = 3_600_000, true, json.RawMessage(`{"name":"later-${data.id}"}`)
	})
	b.rule("quiet", func(r *event.Rule) { r.DebounceMS, r.Config = 3_600_000, json.RawMessage(`{"name":"quiet"}`) })
	b.rule("fails", func(r *event.Rule) { r.Action, r.Config = event.RunJob, json.RawMessage(`{"job":"nobody"}`) })
	for _, ticket := range []string{"T-1", "T-2", "T-2"} {
		b.send("ticket:created", ticket)
	}
	b.send("ticket:resolved", "T-1")
	b.send("ticket:resolved", "early")
	node.act()
	b.send("ticket:created", "late", func(e *event.Event) { e.ExecutionID, e.TraceID = b.newID(), "abc" })
}

// present leaves runs that a session holds, one that it was asked to stop, one that was
// taken from a dead session, and figures that are not folded.
func (l *Life) present() {
	b := l.b
	dead := b.session()
	lost := l.add(b.job("", func(j *job.Job) { j.OnLost = job.OnLostRetry }))
	l.stale = b.start(dead, lost.ID)
	b.lose()
	l.session = b.session()
	b.plan()
	steady := l.add(b.job(secondly, named("steady"), overlapping(job.OverlapQueueAll, 1)))
	l.steady = steady.ID
	b.pass(time.Second)
	for _, c := range b.plan(born(l.session)).Claimed {
		if c.Job.ID == steady.ID {
			l.held = c
		}
	}
	stopping := b.start(l.session, l.add(b.job("")).ID)
	b.cancelExecution(stopping.ID)
	b.run(l.session, l.add(b.job("")).ID, job.EventSucceed)
}
