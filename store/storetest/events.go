package storetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// eventTests are about event rules, and what events make happen.
func eventTests() []test {
	return []test{
		{"a rule comes back as it was stored", testRuleStored},
		{"names of rules are unique on a platform", testRuleNames},
		{"a rule is changed under its revision", testRuleChanged},
		{"a deleted rule does not act", testRuleDeleted},
		{"an event acts once for each rule, and not again after a restart", testEventOnce},
		{"an event with a known id is accepted once", testEventKnown},
		{"rules of another platform do not hear", testEventPlatforms},
		{"a disabled rule does not act", testRuleDisabled},
		{"a job name that is taken is a failed act", testActNameTaken},
		{"a dedupe key acts once, for its time and as long as its job lives", testActDedupe},
		{"a delayed act waits", testActDelay},
		{"debounced events act once, after the last", testActDebounce},
		{"an event cancels the jobs that have its key, and no other", testCancelOn},
		{"a cancelling event that comes first leaves no job", testCancelFirst},
		{"a cancelling event of a job that has ended leaves no mark", testCancelPairs},
		{"a delayed act is cancelled, too", testCancelDelayed},
		{"cancel_jobs takes exact names and all tags", testCancelJobs},
		{"run_job makes an execution with the payload", testRunJob},
		{"a job that listens for itself runs, or is skipped by its condition", testJobListens},
		{"a job runs after another one", testJobAfter},
		{"a loop of events is cut", testEventLoop},
		{"the outbox is kept for those who listen", testOutboxKept},
		{"old events and acts are forgotten", testEventsForgotten},
		{"the acts of a rule are told", testRuleActs},
		{"events that came in are listed", testEventsListed},
		{"a flood of events acts once each, whoever decides", testEventFlood},
	}
}

func testRuleStored(_ *testing.T, b *bench) {
	want := b.rule("sla", func(r *event.Rule) {
		r.When, r.DelayMS, r.DedupeKey, r.Commands, r.Priority = "data.n > 1", 5, "data.id", true, 9
		r.Config = json.RawMessage(`{"name":"x-${data.id}","payload":{"big":9007199254740993}}`)
	})
	wantEqual(b, "revision", want.Revision, 1)
	b.wantSame("by name", want, b.ruleByName("sla"))
	got, err := b.store.Rule(b.ctx, store.AnyPlatform, want.ID.String())
	b.wantCode("by id", err, "")
	b.wantSame("by id", want, got)
	if !strings.Contains(string(got.Config), "9007199254740993") {
		b.Errorf("config = %s, want the number as it was", got.Config)
	}
	_, err = b.store.Rule(b.ctx, b.platform, "none")
	b.wantCode("Rule(none)", err, job.NotFound)
	b.rule("a")
	list, err := b.store.ListRules(b.ctx, b.platform)
	if err != nil || len(list) != 2 || list[0].Name != "a" || list[1].Name != "sla" {
		b.Errorf("ListRules = %+v, %v; want a, sla", list, err)
	}
}

func testRuleNames(_ *testing.T, b *bench) {
	first := b.rule("sla")
	again := first
	again.ID = b.newID()
	_, err := b.store.CreateRule(b.ctx, again)
	b.wantCode("the name again", err, job.Conflict)
	again.ID, again.Name = first.ID, "other"
	_, err = b.store.CreateRule(b.ctx, again)
	b.wantCode("the id again", err, job.Conflict)
	b.rule("sla", func(r *event.Rule) { r.Platform = b.platform + "-b" })
	_, err = b.store.Rule(b.ctx, store.AnyPlatform, "sla")
	b.wantCode("a name of two platforms", err, job.Conflict)
	b.rule("free")
	_, err = b.store.ChangeRule(b.ctx, store.ChangeRule{Platform: b.platform, Ref: "free", Now: b.now, Change: func(r event.Rule) (event.Rule, error) {
		r.Name = "sla"
		return r, nil
	}})
	b.wantCode("a change to a taken name", err, job.Conflict)
}

func testRuleChanged(_ *testing.T, b *bench) {
	b.rule("sla")
	b.pass(time.Second)
	disable := func(r event.Rule) (event.Rule, error) {
		r.Enabled = false
		return r, nil
	}
	p := store.ChangeRule{Platform: b.platform, Ref: "sla", IfRevision: 2, By: "uid:7", Now: b.now, Change: disable}
	_, err := b.store.ChangeRule(b.ctx, p)
	b.wantCode("another revision", err, job.VersionMismatch)
	p.IfRevision = 1
	for _, revision := range []int64{2, 2} { // the second changes nothing
		got, err := b.store.ChangeRule(b.ctx, p)
		b.wantCode("ChangeRule", err, "")
		wantEqual(b, "revision", got.Revision, revision)
		wantEqual(b, "enabled", got.Enabled, false)
		wantEqual(b, "updated_by", got.UpdatedBy, "uid:7")
		p.IfRevision, p.By = 0, "uid:8"
	}
	p.Change = func(r event.Rule) (event.Rule, error) { return r, job.Errorf(job.Invalid, "no") }
	_, err = b.store.ChangeRule(b.ctx, p)
	b.wantCode("a refused change", err, job.Invalid)
}

func testRuleDeleted(_ *testing.T, b *bench) {
	l := b.listening()
	b.rule("sla", func(r *event.Rule) { r.DelayMS = 1000 })
	b.send("ticket:created", "T-1")
	l.act()
	if _, err := b.store.DeleteRule(b.ctx, b.platform, "sla"); err != nil {
		b.Fatalf("DeleteRule = %v, want no error", err)
	}
	b.send("ticket:created", "T-2")
	b.pass(time.Minute)
	l.act()
	b.wantJob("sla-T-1", "")
	b.wantJob("sla-T-2", "")
	_, err := b.store.DeleteRule(b.ctx, b.platform, "sla")
	b.wantCode("DeleteRule again", err, job.NotFound)
}

func testEventOnce(_ *testing.T, b *bench) {
	b.rule("one")
	b.rule("two", func(r *event.Rule) { r.Event = "ticket:*" })
	b.send("ticket:created", "T-1")
	b.send("user:signup", "U-1")
	for range 3 { // each a life of its own
		b.listening().act()
	}
	for _, name := range []string{"one", "two"} {
		b.wantFigures(name, 1, 1, 0, 0, 0)
		b.wantJob(name+"-T-1", job.JobActive)
		r := b.ruleByName(name)
		b.wantTime("last_triggered", &r.LastTriggered, b.now)
	}
}

func testEventKnown(_ *testing.T, b *bench) {
	b.rule("sla")
	e := event.Event{ID: "chosen", Platform: b.platform, Name: "ticket:created", Data: json.RawMessage(`{"id":"T-1"}`), At: b.now}
	other := e
	other.Platform = b.platform + "-b"
	for i, want := range [][]bool{{false, true, false}, {true, true, true}} {
		batch := []event.Event{e, e, other}
		for j := range batch {
			batch[j].Key = b.newID()
		}
		known, err := b.store.AcceptEvents(b.ctx, batch)
		b.wantCode("AcceptEvents", err, "")
		b.wantSame("known", want, known)
		b.listening().act()
		wantEqual(b, "triggered", b.ruleByName("sla").Triggered, 1)
		_ = i
	}
}

func testEventPlatforms(_ *testing.T, b *bench) {
	b.rule("sla")
	b.send("ticket:created", "T-1", func(e *event.Event) { e.Platform = b.platform + "-b" })
	b.listening().act()
	b.wantFigures("sla", 0, 0, 0, 0, 0)
}

func testRuleDisabled(_ *testing.T, b *bench) {
	b.rule("sla", func(r *event.Rule) { r.Enabled = false })
	b.send("ticket:created", "T-1")
	got := b.listening().act()
	wantEqual(b, "events", got.Events, 1)
	b.wantJob("sla-T-1", "")
}

func testActNameTaken(_ *testing.T, b *bench) {
	b.rule("sla")
	b.job(hourly, named("sla-T-1"))
	b.send("ticket:created", "T-1")
	b.send("ticket:created", "T-2")
	got := b.listening().act()
	wantEqual(b, "failed", got.Failed, 1)
	b.wantFigures("sla", 2, 1, 1, 0, 0)
	b.wantJob("sla-T-2", job.JobActive)
	if r := b.ruleByName("sla"); !strings.Contains(r.LastError, "sla-T-1") || !r.LastErrorAt.Equal(b.now) {
		b.Errorf("last error = %q at %v, want one that names the job", r.LastError, r.LastErrorAt)
	}
}

func testActDedupe(_ *testing.T, b *bench) {
	l := b.listening()
	b.rule("sla", func(r *event.Rule) { r.DedupeKey = "data.id" })
	b.send("ticket:created", "T-1")
	b.send("ticket:created", "T-1")
	l.act()
	b.send("ticket:created", "T-1")
	l.act()
	b.wantFigures("sla", 3, 1, 0, 2, 0)
	b.pass(event.KeyLife + time.Second)
	b.send("ticket:created", "T-1") // the job lives
	l.act()
	b.wantFigures("sla", 4, 1, 0, 3, 0)
	b.send("ticket:resolved", "T-1")
	b.send("ticket:created", "T-1")
	l.act()
	b.wantFigures("sla", 5, 2, 0, 3, 0)
}

func testActDelay(_ *testing.T, b *bench) {
	b.rule("sla", func(r *event.Rule) { r.DelayMS = 1500 })
	b.send("ticket:created", "T-1")
	b.listening().act()
	b.wantJob("sla-T-1", "")
	next, err := b.store.NextAct(b.ctx)
	if err != nil || !next.Equal(b.now.Add(1500*time.Millisecond)) {
		b.Errorf("NextAct = %v, %v; want 1.5 s from now", next, err)
	}
	b.pass(1499 * time.Millisecond)
	b.listening().act()
	b.wantJob("sla-T-1", "")
	b.pass(time.Millisecond)
	for range 2 {
		b.listening().act()
	}
	b.wantFigures("sla", 1, 1, 0, 0, 0)
	b.wantJob("sla-T-1", job.JobActive)
	next, err = b.store.NextAct(b.ctx)
	if err != nil || !next.IsZero() {
		b.Errorf("NextAct = %v, %v; want none", next, err)
	}
}

func testActDebounce(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	b.rule("reindex", func(r *event.Rule) {
		r.Event, r.Action, r.DebounceMS, r.DedupeKey = "doc:changed", event.RunJob, 2000, "data.id"
		r.Config = json.RawMessage(`{"job":"` + j.Name + `","payload":{"id":"${data.id}"}}`)
	})
	b.rule("all", func(r *event.Rule) {
		r.Event, r.Action, r.DebounceMS = "doc:changed", event.RunJob, 2000
		r.Config = json.RawMessage(`{"job":"` + j.Name + `","payload":{"id":"all"}}`)
	})
	for range 3 {
		b.send("doc:changed", "A")
		b.send("doc:changed", "B")
		b.listening().act()
		b.pass(1999 * time.Millisecond)
		b.listening().act()
	}
	wantEqual(b, "runs while it is not quiet", len(b.executions(j.ID)), 0)
	b.pass(time.Millisecond)
	b.listening().act()
	wantEqual(b, "runs", len(b.executions(j.ID)), 3)
	b.wantFigures("reindex", 6, 2, 0, 0, 0)
	b.wantFigures("all", 6, 1, 0, 0, 0)
}

func testCancelOn(_ *testing.T, b *bench) {
	l := b.listening()
	b.rule("sla")
	for _, ticket := range []string{"T-1", "T-10"} {
		b.send("ticket:created", ticket)
	}
	l.act()
	at := b.now.Add(time.Hour)
	b.once(at, named("by-hand"), func(j *job.Job) {
		j.CancelOn = []job.CancelOn{{Event: "ticket:resolved", Match: map[string]any{"id": "T-1"}}}
	})
	b.send("ticket:resolved", "T-1")
	got := l.act()
	wantEqual(b, "cancelled", got.Cancelled, 2)
	b.wantJob("sla-T-1", job.JobCancelled)
	b.wantJob("by-hand", job.JobCancelled)
	b.wantJob("sla-T-10", job.JobActive)
	b.send("ticket:created", "T-3") // both in one batch
	b.send("ticket:resolved", "T-3")
	l.act()
	b.wantJob("sla-T-3", job.JobCancelled)
}

func testCancelFirst(_ *testing.T, b *bench) {
	b.rule("sla", func(r *event.Rule) { r.DedupeKey = "data.id" })
	for _, apart := range []time.Duration{0, time.Second, time.Hour} {
		ticket := "T-" + apart.String()
		b.send("ticket:resolved", ticket)
		if apart > 0 {
			b.listening().act() // and a restart
		}
		b.pass(apart)
		b.send("ticket:created", ticket)
		b.listening().act()
		b.wantJob("sla-"+ticket, "")
		b.send("ticket:created", ticket) // sent twice
		b.listening().act()
		b.wantJob("sla-"+ticket, "")
	}
	b.wantFigures("sla", 6, 0, 0, 3, 3)
}

func testCancelPairs(_ *testing.T, b *bench) {
	l := b.listening()
	b.rule("watch")
	b.send("ticket:created", "deploy")
	l.act()
	j, err := b.store.Job(b.ctx, b.platform, "watch-deploy")
	b.wantCode("Job", err, "")
	b.cancel(j.ID) // it has ended by itself
	b.send("ticket:resolved", "deploy")
	b.send("ticket:created", "deploy")
	l.act()
	b.wantJob("watch-deploy", job.JobActive)
	b.wantFigures("watch", 2, 2, 0, 0, 0)
}

func testCancelDelayed(_ *testing.T, b *bench) {
	b.rule("sla", func(r *event.Rule) { r.DelayMS = 60_000 })
	b.send("ticket:created", "T-1")
	b.listening().act()
	b.pass(time.Second)
	b.send("ticket:resolved", "T-1")
	b.listening().act()
	b.pass(time.Minute)
	b.listening().act()
	b.wantJob("sla-T-1", "")
	b.wantFigures("sla", 1, 0, 0, 0, 1)
}

func testCancelJobs(_ *testing.T, b *bench) {
	l := b.listening()
	for _, name := range []string{"escalate-1", "escalate-10"} {
		b.job(hourly, named(name))
	}
	b.job(hourly, named("both"), func(j *job.Job) { j.Tags = []string{"ticket:1", "sla"} })
	b.job(hourly, named("half"), func(j *job.Job) { j.Tags = []string{"ticket:1"} })
	b.rule("by-name", func(r *event.Rule) {
		r.Event, r.Action, r.Config = "ticket:resolved", event.CancelJobs, json.RawMessage(`{"job":"escalate-${data.id}"}`)
	})
	b.rule("by-tags", func(r *event.Rule) {
		r.Event, r.Action, r.Config = "ticket:resolved", event.CancelJobs, json.RawMessage(`{"tags":["ticket:${data.id}","sla"]}`)
	})
	b.send("ticket:resolved", "1")
	got := l.act()
	wantEqual(b, "cancelled", got.Cancelled, 2)
	for name, want := range map[string]job.JobStatus{"escalate-1": job.JobCancelled, "escalate-10": job.JobActive, "both": job.JobCancelled, "half": job.JobActive} {
		b.wantJob(name, want)
	}
	b.send("ticket:resolved", "none")
	l.act()
	b.wantFigures("by-name", 2, 2, 0, 0, 0)
}

func testRunJob(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	b.rule("run", func(r *event.Rule) {
		r.Action, r.Config = event.RunJob, json.RawMessage(`{"job":"`+j.Name+`","payload":{"id":"${data.id}"}}`)
	})
	b.rule("gone", func(r *event.Rule) { r.Action, r.Config = event.RunJob, json.RawMessage(`{"job":"gone"}`) })
	b.send("ticket:created", "T-1", func(e *event.Event) { e.TraceID, e.SpanID = strings.Repeat("ab", 16), strings.Repeat("cd", 8) })
	got := b.listening().act()
	wantEqual(b, "runs", got.Runs, 1)
	runs := b.executions(j.ID)
	if len(runs) != 1 {
		b.Fatalf("%d executions, want 1", len(runs))
	}
	e, err := b.store.Execution(b.ctx, b.platform, runs[0].ID.String())
	b.wantCode("Execution", err, "")
	wantEqual(b, "trigger", e.Trigger, job.TriggerEvent)
	wantEqual(b, "payload", string(e.Payload), `{"id":"T-1"}`)
	wantEqual(b, "trace", e.TraceID, strings.Repeat("ab", 16))
	wantEqual(b, "by", e.TriggeredBy, "rule:run")
	b.wantFigures("gone", 1, 0, 1, 0, 0)
}

// listens makes a job run on events.
func listens(name, pattern, when string) func(j *job.Job) {
	return func(j *job.Job) {
		j.Name, j.EventName, j.When, j.Overlap, j.Concurrency = name, pattern, when, job.OverlapAllow, 100
	}
}

func testJobListens(_ *testing.T, b *bench) {
	l := b.listening()
	j := b.job("", listens("notify", "ticket:*", `data.id != "skip"`))
	b.send("ticket:created", "T-1")
	b.send("ticket:created", "skip")
	l.act()
	runs := b.executions(j.ID)
	if len(runs) != 2 || runs[1].Status != job.Skipped || runs[1].SkipReason != job.SkipCondition || runs[0].Status != job.Pending {
		b.Errorf("executions = %+v, want a pending one and a skipped one", runs)
	}
	b.pause(j.ID)
	b.send("ticket:created", "T-2")
	l.act()
	b.resume(j.ID)
	b.send("ticket:created", "T-3")
	l.act()
	b.cancel(j.ID)
	b.send("ticket:created", "T-4")
	l.act()
	wantEqual(b, "executions", len(b.executions(j.ID)), 3)
}

func testJobAfter(_ *testing.T, b *bench) {
	l := b.listening()
	first := b.job("", named("extract"), overlapping(job.OverlapAllow, 9))
	load := b.job("", listens("load", "", ""), func(j *job.Job) { j.After = []job.After{{Job: "extract"}} })
	alarm := b.job("", listens("alarm", "", ""), func(j *job.Job) { j.After = []job.After{{Job: "extract", On: job.OutcomeFailure}} })
	s := b.session()
	b.run(s, first.ID, job.EventSucceed)
	l.act()
	wantEqual(b, "load after success", len(b.executions(load.ID)), 1)
	wantEqual(b, "alarm after success", len(b.executions(alarm.ID)), 0)
	b.run(s, first.ID, job.EventFail)
	l.act()
	wantEqual(b, "load after failure", len(b.executions(load.ID)), 1)
	wantEqual(b, "alarm after failure", len(b.executions(alarm.ID)), 1)
}

func testEventLoop(_ *testing.T, b *bench) {
	l := b.listening()
	s := b.session()
	j := b.job("", named("loop"), overlapping(job.OverlapAllow, 99))
	b.rule("again", func(r *event.Rule) {
		r.Event, r.Action, r.Config = job.EventExecutionCompleted, event.RunJob, json.RawMessage(`{"job":"loop"}`)
	})
	for day := range 2 {
		b.run(s, j.ID, job.EventSucceed)
		for range 2 * event.MaxDepth {
			if got := l.act(); got.Runs == 0 {
				break
			}
			for _, e := range b.executions(j.ID) {
				if e.Status == job.Pending {
					b.end(s, b.take(s, e.ID), job.EventSucceed)
				}
			}
		}
		wantEqual(b, "executions", len(b.executions(j.ID)), (day+1)*(event.MaxDepth+1))
	}
	if r := b.ruleByName("again"); !strings.Contains(r.LastError, "event loop") {
		b.Errorf("last error = %q, want one that says event loop", r.LastError)
	}
	b.rule("echo", func(r *event.Rule) { r.Event = "deep" })
	b.send("deep", "1", func(e *event.Event) { e.Depth = event.MaxDepth })
	l.act()
	b.wantFigures("echo", 1, 0, 1, 0, 0)
}

func testOutboxKept(_ *testing.T, b *bench) {
	l := b.listening()
	first := b.job("", named("first"), overlapping(job.OverlapAllow, 9))
	s := b.session()
	b.run(s, first.ID, job.EventSucceed)
	trim := func() int {
		end, err := b.store.OutboxEnd(b.ctx, 0)
		b.wantCode("OutboxEnd", err, "")
		b.wantCode("TrimOutbox", b.store.TrimOutbox(b.ctx, end), "")
		rows, err := b.store.Outbox(b.ctx, 0, 100)
		b.wantCode("Outbox", err, "")
		return len(rows)
	}
	wantEqual(b, "rows when nobody listens", trim(), 0)
	second := b.job("", listens("second", "", ""), func(j *job.Job) { j.After = []job.After{{Job: "first"}} })
	b.run(s, first.ID, job.EventSucceed)
	if trim() == 0 {
		b.Errorf("what is to be heard was forgotten")
	}
	l.act()
	wantEqual(b, "runs", len(b.executions(second.ID)), 1)
	wantEqual(b, "rows when all was heard", trim(), 0)
}

func testEventsForgotten(_ *testing.T, b *bench) {
	l := b.listening()
	b.rule("sla", func(r *event.Rule) { r.Config = json.RawMessage(`{"name":"x-${data.id}"}`) })
	e := b.send("ticket:created", "T-1")
	l.act()
	forget := func() {
		b.Helper()
		if _, err := b.store.ForgetEvents(b.ctx, b.now, time.Hour, 100); err != nil {
			b.Fatalf("ForgetEvents = %v, want no error", err)
		}
	}
	again := func() bool {
		b.Helper()
		twin := e
		twin.Key = b.newID()
		known, err := b.store.AcceptEvents(b.ctx, []event.Event{twin})
		b.wantCode("AcceptEvents", err, "")
		return known[0]
	}
	b.pass(time.Hour)
	forget()
	wantEqual(b, "known in time", again(), true)
	b.pass(time.Second)
	late := b.send("ticket:created", "T-2", func(e *event.Event) { e.At = b.now.Add(-2 * time.Hour) }) // not decided about
	forget()
	wantEqual(b, "known after that", again(), false)
	got := l.act()
	wantEqual(b, "events", got.Events, 2)
	b.wantJob("x-T-2", job.JobActive)
	_ = late
}

func testRuleActs(_ *testing.T, b *bench) {
	l := b.listening()
	b.rule("sla", func(r *event.Rule) { r.DelayMS = 1000 })
	first := b.send("ticket:created", "T-1")
	l.act()
	b.pass(time.Second)
	l.act()
	second := b.send("ticket:created", "T-2")
	b.pass(time.Millisecond)
	l.act()
	acts, err := b.store.RuleActs(b.ctx, b.platform, "sla", 10)
	b.wantCode("RuleActs", err, "")
	j, err := b.store.Job(b.ctx, b.platform, "sla-T-1")
	b.wantCode("Job", err, "")
	due := b.now.Add(time.Second)
	b.wantSame("acts", []store.RuleAct{
		{Event: second.ID, State: store.ActWaiting, At: b.now, DueAt: &due},
		{Event: first.ID, State: store.ActDone, At: b.now.Add(-time.Millisecond), JobID: j.ID, JobName: j.Name},
	}, acts)
}

func testEventFlood(t *testing.T, b *bench) {
	const events, nodes = 300, 3
	b.rule("sla")
	for i := range events {
		b.send("ticket:created", "F-"+time.Duration(i).String())
	}
	done := make(chan store.Acted)
	for range nodes {
		l := b.listening()
		go func() {
			var sum store.Acted
			for idle := 0; idle < 3; {
				got, err := l.store.Act(t.Context(), l.params())
				if err != nil {
					t.Errorf("Act = %v, want no error", err)
					break
				}
				sum.Jobs += got.Jobs
				if idle++; got.Busy || got.Events > 0 {
					idle = 0
				}
			}
			done <- sum
		}()
	}
	jobs := 0
	for range nodes {
		jobs += (<-done).Jobs
	}
	wantEqual(b, "jobs", jobs, events)
	b.wantFigures("sla", events, events, 0, 0, 0)
}
