package chaos

import (
	"context"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestZombie stops a node with SIGSTOP for more than two leases while it runs a command,
// and lets it go on. By then the other node has run the execution again: what the first
// one says of it is refused and counted, and history shows one success.
func TestZombie(t *testing.T) {
	w := newSite(t, setup{store: "postgres", count: 2})
	ctx := t.Context()
	w.open(ctx)
	for _, n := range w.nodes {
		// On a busy machine an answer may take longer than the run's callers wait.
		patient, err := client.New(client.Options{Server: "unix://" + n.path("sock"), Timeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		n.client = patient
	}
	a, b := w.nodes[0], w.nodes[1]
	payload, _ := json.Marshal(map[string]any{"command": []string{"/bin/sleep", "3"}})
	_, err := a.client.CreateJob(ctx, job.TypeCron, api.JobInput{
		Name: new("zombie"), Schedule: new("0 0 1 1 *"), HandlerName: new("exec"), Payload: payload, MaxRetries: new(3),
	}, client.Write{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.client.Run(ctx, "zombie", api.Run{}, client.Write{})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it runs on a", 10*time.Second, func() bool { e = w.look(ctx, a, e.ID); return e.Status == job.Running })
	first, second := a, b
	if e.WorkerID == b.name {
		first, second = b, a
	}
	first.signal(syscall.SIGSTOP)
	const lease = 2 * time.Second
	testbed.Pass(2*lease + lease/2) // the fault: whatever it held has run out by then
	testbed.Eventually(t, "the other node takes over", 20*time.Second, func() bool { e = w.look(ctx, second, e.ID); return e.WorkerID == second.name && e.Token > 1 })
	first.signal(syscall.SIGCONT)
	testbed.Eventually(t, "it ends", 30*time.Second, func() bool { e = w.look(ctx, second, e.ID); return e.Status.Terminal() })
	if e.Status != job.Success || e.WorkerID != second.name || e.LostCount != 1 || e.RetryCount != 0 {
		t.Errorf("the execution is %s by %s, lost %d times, retried %d times; want success by %s, 1, 0", e.Status, e.WorkerID, e.LostCount, e.RetryCount, second.name)
	}
	testbed.Eventually(t, "the late result is counted", 20*time.Second, func() bool {
		h, err := first.client.Health(ctx)
		return err == nil && strings.Contains(h.Components["workers"].Message, "1 late results refused here")
	})
	page, err := second.client.JobExecutions(ctx, "zombie", client.ExecutionQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 1 || page.Items[0].Status != job.Success {
		t.Errorf("history has %+v, want one success", page.Items)
	}
	t.Logf("zombie: attempts=%d token=%d status=%s refused=1", e.Attempt, e.Token, e.Status)
}

func (w *site) look(ctx context.Context, n *node, id job.ID) job.Execution {
	w.Helper()
	e, err := n.client.Execution(ctx, id.String())
	if err != nil {
		w.Logf("read the execution: %v", err)
	}
	return e
}
