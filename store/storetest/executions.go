package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// executionTests are about Execution.
func executionTests() []test {
	return []test{
		{"an execution is found by id and by name", testExecutionRefs},
		{"last and last-failed follow the runs", testExecutionLast},
		{"what does not exist is not found", testExecutionNotFound},
		{"a name belongs to the live job", testExecutionLiveName},
		{"a running execution shows its attempt", testExecutionRunning},
		{"every execution has a trace", testExecutionTrace},
	}
}

func (b *bench) byRef(ref string) job.ID {
	b.Helper()
	e, err := b.store.Execution(b.ctx, b.platform, ref)
	if err != nil {
		b.Errorf("Execution(%q) = %v, want no error", ref, err)
	}
	return e.ID
}

func testExecutionRefs(_ *testing.T, b *bench) {
	j := b.job("", named("backup"), overlapping(job.OverlapAllow, 9))
	other := b.job("", named("backup.2"))
	b.trigger(other.ID)
	var want []job.ID
	for range 3 {
		want = append(want, b.trigger(j.ID).ID)
	}
	for ref, i := range map[string]int{
		want[0].String(): 0, strings.ToUpper(want[1].String()): 1,
		"backup/1": 0, "backup/2": 1, "backup/3": 2, j.ID.String() + "/2": 1, "backup/last": 2,
	} {
		wantEqual(b, "Execution("+ref+")", b.byRef(ref), want[i])
	}
}

func testExecutionLast(_ *testing.T, b *bench) {
	b.job("", named("backup"))
	j, _ := b.store.Job(b.ctx, b.platform, "backup")
	s := b.session()
	first := b.run(s, j.ID, job.EventFail)
	wantEqual(b, "last-failed", b.byRef("backup/last-failed"), first.ID)
	second := b.run(s, j.ID, job.EventExpire)
	wantEqual(b, "last-failed after a timeout", b.byRef("backup/last-failed"), second.ID)
	b.run(s, j.ID, job.EventCancel)
	third := b.run(s, j.ID, job.EventSucceed)
	wantEqual(b, "last", b.byRef("backup/last"), third.ID)
	wantEqual(b, "last-failed after a success", b.byRef("backup/last-failed"), second.ID)
	fourth := b.start(s, j.ID)
	b.end(s, fourth, job.EventRetry)
	wantEqual(b, "last while a retry waits", b.byRef("backup/last"), fourth.ID)
	wantEqual(b, "last-failed while a retry waits", b.byRef("backup/last-failed"), second.ID)
}

func testExecutionNotFound(_ *testing.T, b *bench) {
	j := b.job("", named("backup"))
	b.trigger(j.ID)
	for _, ref := range []string{
		"", "/", "backup", "backup/", "backup/0", "backup/2", "backup/-1", "backup/99999999999999999999", "backup/1/1", "backup/one",
		"backup/last-failed", "nobody/1", "/1", b.newID().String(), j.ID.String(),
	} {
		_, err := b.store.Execution(b.ctx, b.platform, ref)
		b.wantCode("Execution("+ref+")", err, job.NotFound)
	}
}

func testExecutionLiveName(_ *testing.T, b *bench) {
	old := b.job("", named("backup"))
	s := b.session()
	b.run(s, old.ID, job.EventFail)
	b.remove(old.ID)
	_, err := b.store.Execution(b.ctx, b.platform, "backup/1")
	b.wantCode("an execution by the name of a deleted job", err, job.NotFound)
	fresh := b.job("", named("backup"))
	e := b.trigger(fresh.ID)
	wantEqual(b, "backup/1", b.byRef("backup/1"), e.ID)
	if got := b.executions(old.ID); len(got) != 1 || got[0].JobName != "backup" {
		b.Errorf("executions of the deleted job are %+v, want one", got)
	}
}

func testExecutionRunning(_ *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	b.pass(time.Second)
	c := b.start(s, j.ID)
	e := b.wantStatus(c.ID, job.Running)
	want := []job.Attempt{{
		ExecutionID: c.ID, Attempt: 1, Token: c.Token, WorkerID: "node-" + b.platform, Status: "running", StartedAt: b.now,
	}}
	b.wantSame("attempts", want, e.Attempts)
	b.wantTime("started_at", e.StartedAt, b.now)
}

func testExecutionTrace(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 9))
	first, second := b.trigger(j.ID), b.trigger(j.ID)
	for _, e := range []job.Execution{first, second} {
		if len(e.TraceID) != 32 || len(e.SpanID) != 16 {
			b.Errorf("trace %q, span %q; want 32 and 16 hexadecimal digits", e.TraceID, e.SpanID)
		}
	}
	if first.TraceID == second.TraceID || first.SpanID == second.SpanID {
		b.Errorf("two executions share trace %q or span %q", first.TraceID, first.SpanID)
	}
	s := b.session()
	b.end(s, b.take(s, first.ID), job.EventSucceed)
	wantEqual(b, "trace_id after the end", b.execution(first.ID).TraceID, first.TraceID)
}
