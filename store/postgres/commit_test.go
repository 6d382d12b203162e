package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestCommitCut: the connection breaks right before COMMIT reaches the server, or right
// after. Either way the answer is true, and what was asked is done once.
func TestCommitCut(t *testing.T) {
	t.Parallel()
	url := database(t, false)
	proxy := testbed.NewProxy(t, "unix", cluster.Socket())
	s := open(t, postgres.Options{URL: cluster.DSNAt(proxy.Addr(), name(url)), ExecMode: "exec"})
	ctx := context.Background()
	r := newRig(t, s, 1, func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 100, true })
	var claimed []store.Claimed
	steps := []struct {
		name  string
		do    func()
		query string // counts what the steps so far made
		want  int64
	}{
		{"create", func() { r.secondly("fresh") }, "SELECT count(*) FROM jobs", 2},
		{"trigger", func() {
			made, err := s.Trigger(ctx, store.Trigger{
				Platform: job.DefaultPlatform, Ref: "job0", Kind: job.TriggerManual, Now: r.now, NewID: r.newID, IdempotencyKey: "k", BodyHash: "h",
			})
			if err != nil || made.Replayed {
				t.Errorf("Trigger = replayed %t, %v; want false, no error", made.Replayed, err)
			}
		}, "SELECT count(*) FROM executions", 1},
		{"plan", func() {
			r.now = r.now.Add(time.Second)
			if planned := r.plan(10, true); len(planned.Claimed) != 2 || len(planned.Untaken) != 0 {
				t.Errorf("PlanDue = %d claimed, %d untaken; want 2, 0", len(planned.Claimed), len(planned.Untaken))
			} else {
				claimed = planned.Claimed
			}
		}, "SELECT count(*) FROM executions", 3},
		{"claim", func() {
			waiting, err := s.Waiting(ctx, r.now, 10)
			if err != nil || len(waiting) != 1 {
				t.Fatalf("Waiting = %d, %v; want 1", len(waiting), err)
			}
			got, err := s.Claim(ctx, store.Claim{Session: r.session, IDs: []job.ID{waiting[0].ID}, Now: r.now})
			if err != nil || len(got.Claimed) != 1 || got.Claimed[0].Token != 1 {
				t.Fatalf("Claim = %+v, %v; want one with token 1", got, err)
			}
			claimed = append(claimed, got.Claimed...)
		}, "SELECT count(*) FROM executions WHERE status = 1", 3},
		{"settle", func() { r.settle(claimed) }, "SELECT count(*) FROM executions WHERE status = 2", 3},
	}
	for round, cut := range []func(text string){proxy.CutBefore, proxy.CutReply} {
		for _, step := range steps {
			before := proxy.Cuts()
			if step.name == "create" && round == 1 {
				r.remove("fresh")
			}
			cut("COMMIT\x00")
			step.do()
			if proxy.Cuts() == before {
				t.Errorf("%s: no connection was cut", step.name)
			}
			if got := number(t, url, step.query); got != step.want {
				t.Errorf("%s in round %d: %s = %d, want %d", step.name, round, step.query, got, step.want)
			}
		}
		exec(t, url, "TRUNCATE executions, execution_inputs, idempotency, claims", "UPDATE cursors SET live = NULL")
	}
}
