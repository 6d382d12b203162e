package daemon

import (
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

func runs(name string) func(*job.Job) { return func(j *job.Job) { j.HandlerName = name } }

// ended counts executions of the store by status.
func (s *several) ended(statuses ...job.Status) int {
	s.t.Helper()
	page, err := s.store.ListExecutions(s.t.Context(), store.ExecutionFilter{Platform: job.DefaultPlatform, Statuses: statuses, Limit: 1, WithTotal: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return int(page.Total)
}

// TestHandlerOfOneNode is a rolling upgrade: a has a handler that b does not know yet, and
// b one that a has no more. Whatever node plans a run, the one that can runs it, and
// nothing fails.
func TestHandlerOfOneNode(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	s.also = map[string][]string{"a": {"new"}, "b": {"old"}}
	front := s.start("front", config.RoleAPI)
	a, b := s.start("a"), s.start("b")
	for _, e := range []*Engine{front, a, b} {
		testbed.Eventually(t, "all know each other", 5*time.Second, func() bool { f := e.standing.fellows.Load(); return f != nil && f.knows["noop"] >= 1 })
	}
	for _, name := range []string{"new", "old", "noop"} {
		s.job(name+" tick", "* * * * * *", runs(name))
		s.job(name, "", runs(name))
		for i := range 30 {
			s.run(name, []*Engine{a, b, front}[i%3])
		}
	}
	testbed.Eventually(t, "each node runs its own", 15*time.Second, func() bool {
		return s.count("a/new") >= 34 && s.count("b/old") >= 34 && s.count("a")+s.count("b") >= 34
	})
	if n := s.ended(job.Failed, job.TimedOut, job.Cancelled); n != 0 {
		t.Errorf("%d executions failed, want none", n)
	}
}

// TestHandlerOfNobody: what no worker can run waits, however much of it there is, and
// hides nothing; it runs once somebody comes who can.
func TestHandlerOfNobody(t *testing.T) {
	t.Parallel()
	const many = 200
	s := newSeveral(t)
	s.also = map[string][]string{"b": {"gone"}}
	a := s.start("a")
	s.job("gone", "", runs("gone"), func(j *job.Job) { j.Concurrency = 2 * many })
	for range many {
		s.run("gone", a)
	}
	s.job("tick", "* * * * * *")
	testbed.Eventually(t, "others run", 10*time.Second, func() bool { return s.count("a") >= 4 })
	testbed.Eventually(t, "it is said", 5*time.Second, func() bool { return slices.Equal(a.Missing(), []string{"gone"}) })
	s.job("manual", "")
	before := s.count("a")
	s.run("manual", a)
	testbed.Eventually(t, "a run by hand", 5*time.Second, func() bool { return s.count("a") > before })
	if n := s.ended(job.Pending); n < many {
		t.Errorf("%d executions wait, want %d", n, many)
	}
	if v := a.Vitals(); v.Free < 6 {
		t.Errorf("%d slots are free, want all but what runs: the others were never taken back", v.Free)
	}
	s.start("b")
	testbed.Eventually(t, "all of it runs", 20*time.Second, func() bool { return s.count("b/gone") == many })
	if n := s.ended(job.Failed, job.TimedOut, job.Cancelled); n != 0 {
		t.Errorf("%d executions failed, want none", n)
	}
	testbed.Eventually(t, "nothing is missing any more", 5*time.Second, func() bool { return len(a.Missing()) == 0 })
}
