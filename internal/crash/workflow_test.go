//go:build linux

package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// note is a command: it notes that a step was started, works for a moment, and prints.
func note(args []string) {
	f, err := os.OpenFile(args[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		os.Exit(1)
	}
	_, _ = fmt.Fprintln(f, args[1])
	_ = f.Close()
	testbed.Pass(20 * time.Millisecond)
}

// TestWorkflowKill kills schedd between the steps of a workflow, at each instant at which
// a transaction begins or has ended and at random ones: the workflow ends as it would
// have, every step succeeded once, and no step ran oftener than nodes died under it.
func TestWorkflowKill(t *testing.T) {
	t.Parallel()
	kills := int(number(t, "SCHEDD_CRASH_WORKFLOW_KILLS", 12))
	seed := number(t, "SCHEDD_CRASH_SEED", uint64(time.Now().UnixNano()))
	t.Logf("SCHEDD_CRASH_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	s := newSite(t, "worker: {lease: 2s, heartbeat: 500ms, reap_every: 500ms, commands: 8}\n")
	s.up()
	var steps []string
	const chain, items = 6, 4
	for i := range chain {
		needs := ""
		if i > 0 {
			needs = fmt.Sprintf(`,"needs":["s%d"]`, i-1)
		}
		steps = append(steps, step(t, s, fmt.Sprintf("s%d", i), needs))
	}
	steps = append(steps, step(t, s, "fan", fmt.Sprintf(`,"needs":["s%d"],"for_each":[1,2,3,4],"max_parallel":2`, chain-1)), step(t, s, "end", `,"needs":["fan"]`))
	var in api.WorkflowInput
	if err := json.Unmarshal([]byte(`{"name":"w","timeout_ms":0,"steps":[`+strings.Join(steps, ",")+`]}`), &in); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.CreateWorkflow(t.Context(), in, client.Write{}); err != nil {
		t.Fatal(err)
	}
	var runs []job.ID
	begin := func() {
		e, err := s.client.RunWorkflow(t.Context(), "w", api.WorkflowRun{}, client.Write{})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, e.ID)
	}
	begin()
	s.kill()
	for i := range kills {
		if i%2 == 0 { // a life in which what earlier ones left comes to an end: three losses would be poison
			s.up()
			begin()
			left := s.live(runs)
			testbed.Eventually(t, "what was left is over", time.Minute, func() bool { return !left.meets(s.live(runs)) })
			s.ended(time.Duration(random.Int64N(int64(150 * time.Millisecond))))
			s.kill()
			continue
		}
		name := []string{"before_commit", "after_commit", "settled"}[i/2%3]
		s.start(fmt.Sprintf("SCHEDD_FAILPOINTS=%s=kill@%d", name, 1+random.IntN(14)), "SCHEDD_FAILPOINT_LOG="+s.path("fired"))
		if !s.ended(20 * time.Second) { // nothing was left to do
			s.kill()
		}
		s.client.Close()
	}
	s.up()
	for _, id := range runs {
		var e job.Execution
		testbed.Eventually(t, "a workflow is over", 2*time.Minute, func() bool {
			var err error
			e, err = s.client.Execution(t.Context(), id.String())
			return err == nil && e.Status.Terminal()
		})
		if e.Status != job.Success || e.RetryCount != 0 {
			t.Errorf("workflow %s: %s %q after %d retries, want success without", id, e.Status, e.Error, e.RetryCount)
		}
		list, err := s.client.Steps(t.Context(), id.String())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != chain+items+1 {
			t.Errorf("workflow %s has %d executions of steps, want %d", id, len(list), chain+items+1)
		}
		for _, one := range list {
			if string(one.Status) != string(job.Success) {
				t.Errorf("workflow %s: step %s is %s", id, one.Step, one.Status)
			}
		}
	}
	s.stop(60 * time.Second)
	text, _ := os.ReadFile(s.path("marks"))
	fired, _ := os.ReadFile(s.path("fired"))
	starts, least := bytes.Count(text, []byte("\n")), len(runs)*(chain+items+1)
	if starts < least || starts > least+8*s.starts {
		t.Errorf("steps were started %d times, want at least %d and at most one more for each slot of a life", starts, least)
	}
	line := fmt.Sprintf("accept: workflow kills=%d inside=%d workflows=%d steps=%d starts=%d lost=0", kills, bytes.Count(fired, []byte("\n")), len(runs), least, starts)
	t.Log(line)
	fmt.Println(line)
}

// step is a step that runs note.
func step(t *testing.T, s *site, name, more string) string {
	return fmt.Sprintf(`{"name":%q,"handler_name":"exec","payload":{"command":[%q,"note",%q,%q]}%s}`, name, self(t), s.path("marks"), name, more)
}

// alive are the executions of steps that are not over.
type alive map[job.ID]bool

func (a alive) meets(b alive) bool {
	for id := range a {
		if b[id] {
			return true
		}
	}
	return false
}

// live returns the executions of steps of some workflows that are not over.
func (s *site) live(runs []job.ID) alive {
	s.t.Helper()
	found := alive{}
	for _, id := range runs {
		steps, err := s.client.Steps(s.t.Context(), id.String())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, one := range steps {
			if one.ExecutionID != nil && !job.Status(one.Status).Terminal() {
				found[*one.ExecutionID] = true
			}
		}
	}
	return found
}
