package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// workflowTests are about workflows, what their runs keep, and attempts that are parked.
func workflowTests() []test {
	return []test{
		{"revisions follow each other", testWorkflowRevisions},
		{"what was deleted can be made anew", testWorkflowDeleted},
		{"jobs of workflows are in no list", testWorkflowJobsHidden},
		{"a parked attempt goes on", testPark},
		{"a parked attempt can be cancelled", testParkCancel},
		{"parking forgets losses", testParkLost},
		{"a flow keeps to its revision", testFlowRevision},
		{"only who owns a flow moves it", testFlowOwner},
		{"a step is started once", testFlowStep},
		{"the end of a step wakes its flow", testFlowWake},
		{"steps of a flow that is over are orphans", testFlowOrphans},
		{"a reply needs the secret", testFlowReply},
	}
}

// workflow stores a workflow with the steps a and b.
func (b *bench) workflow(name string, edits ...func(p *store.PutWorkflow)) store.Workflow {
	b.Helper()
	w, err := b.tryWorkflow(name, edits...)
	if err != nil {
		b.Fatalf("PutWorkflow(%s) = %v, want no error", name, err)
	}
	return w
}

func (b *bench) tryWorkflow(name string, edits ...func(p *store.PutWorkflow)) (store.Workflow, error) {
	p := store.PutWorkflow{
		Platform: b.platform, Name: name, Definition: json.RawMessage(`{"name":"` + name + `"}`), Jobs: map[string]store.CreateJob{}, Create: true, Now: b.now, By: "uid:0",
	}
	for _, step := range []string{"", "a", "b"} {
		j := b.build("", func(j *job.Job) {
			j.Type, j.Overlap, j.Concurrency = job.TypeStep, job.OverlapAllow, job.MaxConcurrency
			if step == "" {
				j.HandlerName, j.HandlerType = name, job.HandlerWorkflow
			}
		})
		p.Jobs[step] = store.CreateJob{Job: j, Now: b.now}
	}
	for _, edit := range edits {
		edit(&p)
	}
	return b.store.PutWorkflow(b.ctx, p)
}

func next(definition string) func(p *store.PutWorkflow) {
	return func(p *store.PutWorkflow) { p.Create, p.Definition = false, json.RawMessage(definition) }
}

func testWorkflowRevisions(_ *testing.T, b *bench) {
	first := b.workflow("etl")
	wantEqual(b, "revision", first.Revision, 1)
	_, err := b.tryWorkflow("etl")
	b.wantCode("a second of that name", err, job.Conflict)
	_, err = b.tryWorkflow("other", next(`{}`))
	b.wantCode("a change of what is not there", err, job.NotFound)
	b.pass(time.Second)
	second := b.workflow("etl", next(`{"v":2}`))
	wantEqual(b, "revision", second.Revision, 2)
	again := b.workflow("etl", next(`{"v":2}`))
	b.wantSame("a change that changes nothing", second, again)
	_, err = b.tryWorkflow("etl", next(`{"v":3}`), func(p *store.PutWorkflow) { p.IfRevision = 1 })
	b.wantCode("a change of an older revision", err, job.VersionMismatch)
	got, err := b.store.Workflow(b.ctx, b.platform, "etl", 0)
	b.wantCode("Workflow", err, "")
	b.wantSame("the newest", second, got)
	first.Live = false
	got, err = b.store.Workflow(b.ctx, b.platform, "etl", 1)
	b.wantCode("Workflow 1", err, "")
	b.wantSame("the first", first, got)
	_, err = b.store.Workflow(b.ctx, b.platform, "etl", 3)
	b.wantCode("a revision that is not there", err, job.NotFound)
	list, err := b.store.ListWorkflows(b.ctx, b.platform, "etl")
	b.wantCode("ListWorkflows", err, "")
	b.wantSame("the revisions", []store.Workflow{second, first}, list)
	b.workflow("alpha")
	list, err = b.store.ListWorkflows(b.ctx, b.platform, "")
	if err != nil || len(list) != 2 || list[0].Name != "alpha" || list[1].Revision != 2 {
		b.Errorf("ListWorkflows = %+v, %v; want alpha and etl", list, err)
	}
}

func testWorkflowDeleted(_ *testing.T, b *bench) {
	b.workflow("etl")
	gone := store.DeleteWorkflow{Platform: b.platform, Name: "etl", IfRevision: 2, Now: b.now, By: "uid:0"}
	b.wantCode("a deletion of another revision", b.store.DeleteWorkflow(b.ctx, gone), job.VersionMismatch)
	gone.IfRevision = 0
	b.wantCode("DeleteWorkflow", b.store.DeleteWorkflow(b.ctx, gone), "")
	b.wantCode("a second deletion", b.store.DeleteWorkflow(b.ctx, gone), job.NotFound)
	_, err := b.store.Workflow(b.ctx, b.platform, "etl", 0)
	b.wantCode("what is deleted", err, job.NotFound)
	again := b.workflow("etl")
	wantEqual(b, "revision after a deletion", again.Revision, 2)
	wantEqual(b, "live", again.Live, true)
}

func testWorkflowJobsHidden(_ *testing.T, b *bench) {
	w := b.workflow("etl")
	page, err := b.store.ListJobs(b.ctx, store.JobFilter{Platform: b.platform})
	if err != nil || len(page.Items) != 0 {
		b.Errorf("ListJobs = %d jobs, %v; want none", len(page.Items), err)
	}
	j := b.get(w.Jobs["a"])
	wantEqual(b, "name", j.Name, "etl@1/a")
	_, _, err = b.tryTrigger(w.Jobs["a"])
	b.wantCode("a run of a step by hand", err, job.Conflict)
	e := b.trigger(w.Jobs[""])
	wantEqual(b, "job name", e.JobName, "etl@1")
	totals, err := b.store.Totals(b.ctx, b.platform, b.now)
	if err != nil || totals.Jobs[job.JobActive] != 0 {
		b.Errorf("Totals = %v, %v; want no active job", totals.Jobs, err)
	}
}

// park ends the attempt's stay with the session until an instant.
func (b *bench) park(session int64, c store.Claimed, until time.Time) {
	b.Helper()
	b.end(session, c, job.EventPark, func(s *store.Settlement) { s.RetryAt = until })
}

func testPark(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	started := b.now
	b.park(s, c, b.now.Add(time.Minute))
	e := b.execution(c.ID)
	if e.Status != job.Running || e.Attempt != 1 || e.ReadyAt != nil || e.WillRetry {
		b.Errorf("a parked execution is %s, attempt %d, ready %v, will retry %t; want running, 1, nil, false", e.Status, e.Attempt, e.ReadyAt, e.WillRetry)
	}
	for status, want := range map[job.Status]int{job.Running: 1, job.Pending: 0} {
		page, err := b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: b.platform, Job: j.ID.String(), Statuses: []job.Status{status}})
		if err != nil || len(page.Items) != want {
			b.Errorf("ListExecutions of %s = %d, %v; want %d", status, len(page.Items), err, want)
		}
	}
	if got := b.claim(s, c.ID); len(got) != 0 {
		b.Errorf("a parked execution was claimed before its time")
	}
	b.pass(time.Minute)
	again := b.take(s, c.ID)
	if again.Attempt != 1 || again.Token != c.Token+1 {
		b.Errorf("attempt %d with token %d, want 1 with %d", again.Attempt, again.Token, c.Token+1)
	}
	got, err := b.store.Settle(b.ctx, b.now, []store.Settlement{b.ending(s, c, job.EventSucceed)})
	if err != nil || len(got.Fenced) != 1 {
		b.Errorf("a settlement with the token from before = %+v, %v; want it fenced", got, err)
	}
	b.end(s, again, job.EventSucceed, func(s *store.Settlement) { s.StartedAt = started })
	e = b.execution(c.ID)
	if e.Status != job.Success || len(e.Attempts) != 1 || e.Attempts[0].Status != "success" || !e.StartedAt.Equal(started) || *e.StartDelay != 0 {
		b.Errorf("got %s with attempts %+v, started %v, delay %d; want one success from the start", e.Status, e.Attempts, e.StartedAt, *e.StartDelay)
	}
}

func testParkCancel(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	c := b.start(s, j.ID)
	b.park(s, c, b.now.Add(time.Hour))
	b.cancelExecution(c.ID)
	e := b.execution(c.ID)
	if e.Status != job.Cancelled || e.Attempt != 1 {
		b.Errorf("got %s, attempt %d; want cancelled, 1", e.Status, e.Attempt)
	}
	c = b.start(s, j.ID)
	b.cancelExecution(c.ID) // it runs: it is asked to stop
	b.park(s, c, b.now.Add(time.Hour))
	b.wantStatus(c.ID, job.Cancelled)
}

func testParkLost(_ *testing.T, b *bench) {
	j := b.job("", func(j *job.Job) { j.HandlerType, j.OnLost, j.MaxRetries = job.HandlerWorkflow, job.OnLostFail, 0 })
	e := b.trigger(j.ID)
	for range job.MaxLost + 1 {
		b.take(b.session(), e.ID)
		if got := b.lose(); got.Restarted != 1 {
			b.Fatalf("Reap = %+v, want the workflow started again", got)
		}
		s := b.session()
		b.park(s, b.take(s, e.ID), b.now)
	}
	wantEqual(b, "losses", b.execution(e.ID).LostCount, 0)
}

func testFlowRevision(_ *testing.T, b *bench) {
	w := b.workflow("etl")
	s := b.session()
	c := b.start(s, w.Jobs[""])
	begin := store.BeginFlow{Execution: c.ID, Token: c.Token, Platform: b.platform, Name: "etl", Round: 1, Secret: "s1", Now: b.now}
	f, err := b.store.BeginFlow(b.ctx, begin)
	b.wantCode("BeginFlow", err, "")
	b.wantSame("the flow", store.Flow{Workflow: w, Round: 1, StartedAt: b.now, Secret: "s1"}, f)
	b.workflow("etl", next(`{"v":2}`))
	b.pass(time.Second)
	w.Live = false
	begin.Secret, begin.Now = "s2", b.now
	again, err := b.store.BeginFlow(b.ctx, begin)
	b.wantCode("BeginFlow again", err, "")
	f.Workflow = w
	b.wantSame("the same flow", f, again)
	begin.Round = 2
	again, err = b.store.BeginFlow(b.ctx, begin)
	b.wantCode("BeginFlow of another round", err, "")
	b.wantSame("the next round", store.Flow{Workflow: w, Round: 2, StartedAt: b.now, Secret: "s2"}, again)
	page, err := b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: b.platform, Workflow: "etl"})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != c.ID {
		b.Errorf("ListExecutions of the workflow = %d, %v; want its run", len(page.Items), err)
	}
}

func testFlowOwner(_ *testing.T, b *bench) {
	w := b.workflow("etl")
	s := b.session()
	c := b.start(s, w.Jobs[""])
	begin := store.BeginFlow{Execution: c.ID, Token: c.Token + 1, Platform: b.platform, Name: "etl", Round: 1, Now: b.now}
	_, err := b.store.BeginFlow(b.ctx, begin)
	b.wantCode("BeginFlow with another token", err, job.Conflict)
	begin.Token, begin.Name = c.Token, "nothing"
	_, err = b.store.BeginFlow(b.ctx, begin)
	b.wantCode("BeginFlow of no workflow", err, job.NotFound)
	b.wantCode("NoteFlow with another token", b.store.NoteFlow(b.ctx, store.NoteFlow{Execution: c.ID, Token: c.Token + 1, EngineID: "x"}), job.Conflict)
	_, err = b.step(w, c, "a", -1, func(s *store.StepOf) { s.Token++ })
	b.wantCode("a step with another token", err, job.Conflict)
	b.end(s, c, job.EventSucceed)
	_, err = b.step(w, c, "a", -1)
	b.wantCode("a step of what is over", err, job.Conflict)
}

// step starts a step of the flow that runs as c.
func (b *bench) step(w store.Workflow, c store.Claimed, name string, item int, edits ...func(s *store.StepOf)) (job.Execution, error) {
	of := store.StepOf{Flow: c.ID, Token: c.Token, Round: c.Attempt, Step: name, Item: item}
	for _, edit := range edits {
		edit(&of)
	}
	e, _, err := b.tryTrigger(w.Jobs[name], func(t *store.Trigger) { t.Kind, t.Step, t.Overlap = job.TriggerStep, &of, job.OverlapAllow })
	return e, err
}

// flowOf starts a run of a workflow with two items of the step a.
func (b *bench) flowOf(s int64) (w store.Workflow, c store.Claimed, steps [2]job.Execution) {
	b.Helper()
	w = b.workflow("etl")
	c = b.start(s, w.Jobs[""])
	_, err := b.store.BeginFlow(b.ctx, store.BeginFlow{Execution: c.ID, Token: c.Token, Platform: b.platform, Name: "etl", Round: 1, Secret: "secret", Now: b.now})
	b.wantCode("BeginFlow", err, "")
	for item := range steps {
		if steps[item], err = b.step(w, c, "a", item); err != nil {
			b.Fatalf("step %d = %v, want no error", item, err)
		}
	}
	return w, c, steps
}

func testFlowStep(_ *testing.T, b *bench) {
	s := b.session()
	w, c, steps := b.flowOf(s)
	if _, err := b.step(w, c, "a", 1); err == nil {
		b.Errorf("a step was started twice")
	}
	rows, err := b.store.FlowSteps(b.ctx, b.platform, c.ID.String())
	if err != nil || len(rows) != 2 || rows[1].Step != "a" || rows[1].Item != 1 || rows[1].Round != 1 || rows[1].Execution.ID != steps[1].ID {
		b.Errorf("FlowSteps = %+v, %v; want the two", rows, err)
	}
	if e := b.execution(steps[0].ID); e.Trigger != job.TriggerStep || e.Status != job.Pending {
		b.Errorf("a step is %s by %s, want pending by step", e.Status, e.Trigger)
	}
}

func (b *bench) wake() store.Woken {
	b.Helper()
	got, err := b.store.WakeFlows(b.ctx, b.now, 100)
	if err != nil {
		b.Fatalf("WakeFlows = %v, want no error", err)
	}
	return got
}

func testFlowWake(_ *testing.T, b *bench) {
	s := b.session()
	_, c, steps := b.flowOf(s)
	b.end(s, b.take(s, steps[0].ID), job.EventSucceed)
	wantEqual(b, "flows woken while it runs", b.wake().Flows, 0)
	b.park(s, c, b.now.Add(time.Hour))
	wantEqual(b, "flows woken once parked", b.wake().Flows, 1)
	wantEqual(b, "flows woken twice", b.wake().Flows, 0)
	c = b.take(s, c.ID)
	b.park(s, c, b.now.Add(time.Hour))
	wantEqual(b, "flows woken for nothing", b.wake().Flows, 0)
	b.end(s, b.take(s, steps[1].ID), job.EventFail)
	wantEqual(b, "flows woken by a failure", b.wake().Flows, 1)
	b.take(s, c.ID)
}

func testFlowOrphans(_ *testing.T, b *bench) {
	s := b.session()
	_, c, steps := b.flowOf(s)
	running := b.take(s, steps[0].ID)
	wantEqual(b, "orphans of what runs", len(b.wake().Orphans), 0)
	b.park(s, c, b.now.Add(time.Hour))
	wantEqual(b, "orphans of what is parked", len(b.wake().Orphans), 0)
	b.cancelExecution(c.ID)
	b.wantSame("orphans", []job.ID{steps[0].ID, steps[1].ID}, b.wake().Orphans)
	b.cancelExecution(steps[0].ID)
	b.cancelExecution(steps[1].ID)
	wantEqual(b, "orphans that were asked to stop", len(b.wake().Orphans), 0)
	b.end(s, running, job.EventCancel)
	wantEqual(b, "orphans that stopped", len(b.wake().Orphans), 0)
}

func testFlowReply(_ *testing.T, b *bench) {
	s := b.session()
	_, c, _ := b.flowOf(s)
	b.wantCode("NoteFlow", b.store.NoteFlow(b.ctx, store.NoteFlow{Execution: c.ID, Token: c.Token, EngineID: "wf-1"}), "")
	b.park(s, c, b.now.Add(time.Hour))
	reply := store.ReplyFlow{Execution: c.ID, Secret: "guess", Reply: json.RawMessage(`{"status":"success"}`), Now: b.now}
	b.wantCode("a reply with another secret", b.store.ReplyFlow(b.ctx, reply), job.NotFound)
	reply.Secret = "secret"
	b.wantCode("a reply", b.store.ReplyFlow(b.ctx, reply), "")
	b.wantCode("a second reply", b.store.ReplyFlow(b.ctx, reply), job.Conflict)
	c = b.take(s, c.ID) // it was woken
	f, err := b.store.BeginFlow(b.ctx, store.BeginFlow{Execution: c.ID, Token: c.Token, Platform: b.platform, Name: "etl", Round: 1, Now: b.now})
	if err != nil || f.EngineID != "wf-1" || string(f.Reply) != `{"status":"success"}` {
		b.Errorf("BeginFlow = %+v, %v; want the reply", f, err)
	}
}
