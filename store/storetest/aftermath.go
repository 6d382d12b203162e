package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// aftermathTests are about pauses that end by themselves, and about what follows final
// failures.
func aftermathTests() []test {
	return []test{
		{"a pause that is over is found, and not before", testPauseOver},
		{"a final failure has an aftermath if its job says so", testAftermathOfFailure},
		{"so has an execution that is lost for good", testAftermathOfLoss},
		{"what may be tried again, ends well or is cancelled has none", testNoAftermath},
		{"it moves from one state to the next, once", testAftermathMoves},
		{"it goes with its execution", testAftermathPurged},
	}
}

func failing(j *job.Job) { j.PauseOnFailures = 3 }

func hooked(j *job.Job) { j.OnFailure = &job.Hook{HandlerName: "page-oncall"} }

func (b *bench) pauseUntil(id job.ID, until time.Time) job.Job {
	b.Helper()
	return b.change(id, func(c *job.Changed, st job.State) {
		b.account(c, st)
		c.Job.Status, c.Job.PausedAt, c.Job.PauseUntil, c.Job.PauseReason = job.JobPaused, &b.now, &until, "a while"
		c.Job.NextRun, c.NextRun, c.CloseEpoch = nil, time.Time{}, &b.now
	})
}

func (b *bench) pausesOver(limit int) []store.JobRef {
	b.Helper()
	refs, err := b.store.PausesOver(b.ctx, b.now, limit)
	if err != nil {
		b.Fatalf("PausesOver = %v, want no error", err)
	}
	return refs
}

func (b *bench) aftermaths() []store.Aftermath {
	b.Helper()
	list, err := b.store.Aftermaths(b.ctx, 100)
	if err != nil {
		b.Fatalf("Aftermaths = %v, want no error", err)
	}
	return list
}

func testPauseOver(_ *testing.T, b *bench) {
	late, soon, forever := b.job(minutely), b.job(minutely), b.job(minutely)
	b.pauseUntil(late.ID, at(600))
	paused := b.pauseUntil(soon.ID, at(300))
	b.wantTime("pause_until", paused.PauseUntil, at(300))
	b.wantTime("pause_until as it is read", b.get(soon.ID).PauseUntil, at(300))
	b.pause(forever.ID)
	b.pass(300*time.Second - time.Microsecond)
	wantEqual(b, "over just before", len(b.pausesOver(9)), 0)
	b.pass(time.Microsecond)
	b.wantSame("over at the instant", []store.JobRef{{Platform: b.platform, ID: soon.ID}}, b.pausesOver(9))
	b.pass(time.Hour)
	b.wantSame("the earliest of both", []store.JobRef{{Platform: b.platform, ID: soon.ID}}, b.pausesOver(1))
	b.change(soon.ID, func(c *job.Changed, _ job.State) { c.Job.PauseUntil = nil })
	b.wantSame("what is left", []store.JobRef{{Platform: b.platform, ID: late.ID}}, b.pausesOver(9))
}

func testAftermathOfFailure(_ *testing.T, b *bench) {
	s := b.session()
	breaker, hook, plain := b.job("", failing), b.job("", hooked), b.job("")
	first := b.die(s, breaker.ID, "permanent")
	b.pass(time.Second)
	b.die(s, plain.ID, "permanent")
	second := b.die(s, hook.ID, "retries_exhausted")
	b.wantSame("aftermaths", []store.Aftermath{
		{Execution: first.ID, Job: store.JobRef{Platform: b.platform, ID: breaker.ID}},
		{Execution: second.ID, Job: store.JobRef{Platform: b.platform, ID: hook.ID}},
	}, b.aftermaths())
	got := b.execution(second.ID)
	if got.OnFailure == nil || got.OnFailure.Status != string(job.Pending) {
		b.Errorf("on_failure = %+v, want it pending", got.OnFailure)
	}
}

func testAftermathOfLoss(_ *testing.T, b *bench) {
	j := b.job("", hooked, func(j *job.Job) { j.OnLost = job.OnLostFail })
	c := b.start(b.session(), j.ID)
	b.lose()
	b.wantSame("aftermaths", []store.Aftermath{{Execution: c.ID, Job: store.JobRef{Platform: b.platform, ID: j.ID}}}, b.aftermaths())
}

func testNoAftermath(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("", hooked, failing, retries(2), overlapping(job.OverlapAllow, 9))
	for _, event := range []job.Event{job.EventRetry, job.EventSucceed, job.EventCancel} {
		b.end(s, b.start(s, j.ID), event)
	}
	wantEqual(b, "aftermaths", len(b.aftermaths()), 0)
}

func testAftermathMoves(_ *testing.T, b *bench) {
	s := b.session()
	e := b.die(s, b.job("", hooked).ID, "permanent")
	move := func(from, to store.AftermathState, outcome *job.HookRun) bool {
		b.Helper()
		moved, err := b.store.MoveAftermath(b.ctx, store.MoveAftermath{Execution: e.ID, From: from, To: to, Session: s, Outcome: outcome})
		if err != nil {
			b.Fatalf("MoveAftermath = %v, want no error", err)
		}
		return moved
	}
	started, code := at(1), 3
	running := &job.HookRun{HandlerName: "page-oncall", Status: "running", StartedAt: &started}
	ended := &job.HookRun{HandlerName: "page-oncall", Status: "failed", StartedAt: &started, CompletedAt: &started, ExitCode: &code, Error: "no answer", Output: "é"}
	wantEqual(b, "end of what has not begun", move(store.AftermathBegun, store.AftermathDone, ended), false)
	wantEqual(b, "begin", move(store.AftermathDue, store.AftermathBegun, running), true)
	wantEqual(b, "begin again", move(store.AftermathDue, store.AftermathBegun, running), false)
	list := b.aftermaths()
	if len(list) != 1 || list[0].State != store.AftermathBegun || list[0].Session != s {
		b.Errorf("aftermaths = %+v, want one that the session began", list)
	}
	b.wantSame("on_failure that runs", running, b.execution(e.ID).OnFailure)
	wantEqual(b, "end", move(store.AftermathBegun, store.AftermathDone, ended), true)
	wantEqual(b, "end again", move(store.AftermathBegun, store.AftermathDone, running), false)
	b.wantSame("on_failure", ended, b.execution(e.ID).OnFailure)
	wantEqual(b, "what is left to do", len(b.aftermaths()), 0)
}

func testAftermathPurged(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("", hooked)
	b.die(s, j.ID, "permanent")
	b.pass(time.Hour)
	s = b.session()
	b.run(s, j.ID, job.EventSucceed)
	b.retain(store.Retention{Failed: time.Minute, Success: 24 * time.Hour})
	wantEqual(b, "aftermaths after retention", len(b.aftermaths()), 0)
	b.die(s, j.ID, "permanent")
	b.cancel(j.ID)
	if err := b.store.PurgeJob(b.ctx, b.platform, j.ID.String(), b.now, "uid:0"); err != nil {
		b.Fatalf("PurgeJob = %v, want no error", err)
	}
	wantEqual(b, "aftermaths of a job that is gone", len(b.aftermaths()), 0)
}
