//go:build linux

package crash

import (
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestDrain stops schedd while commands run: short ones end well, long ones are
// handed back or, when they must not start twice, fail; nothing is lost.
func TestDrain(t *testing.T) {
	t.Parallel()
	const drain = 4 * time.Second
	s := newSite(t, "worker: {drain_timeout: 4s}\n")
	s.up()
	file := s.path("witness")
	jobs := []struct {
		name    string
		onLost  job.OnLost
		command []string
		want    int // status after the stop
		then    int // and after the next start
		starts  int
	}{
		{"short", job.OnLostRetry, []string{"witness", file, "1500", "false"}, success, success, 1},
		{"short-once", job.OnLostFail, []string{"witness", file, "1500", "false"}, success, success, 1},
		{"long", job.OnLostRetry, []string{"stubborn", file}, pending, success, 2},
		{"long-once", job.OnLostFail, []string{"stubborn", file}, failed, failed, 1},
	}
	at := time.Now().Add(2 * time.Second)
	var names []string
	for _, j := range jobs {
		names = append(names, j.name)
		_, err := s.client.CreateJob(t.Context(), job.TypeOneTime, api.JobInput{
			Name: new(j.name), ExecuteAt: &at, HandlerName: new("exec"), Payload: payload(t, j.command...), MaxRetries: new(0), OnLost: new(j.onLost),
		}, client.Write{})
		if err != nil {
			t.Fatal(err)
		}
	}
	started(t, file, names...)
	t.Logf("the stop took %s", s.stop(drain+10*time.Second))

	statuses := func() map[string]int {
		rows, _ := s.book()
		found := map[string]int{}
		for _, r := range rows {
			found[r.job] = r.status
		}
		if len(rows) != len(jobs) {
			t.Errorf("%d executions are recorded, want %d", len(rows), len(jobs))
		}
		return found
	}
	found := statuses()
	for _, j := range jobs {
		if found[j.name] != j.want {
			t.Errorf("%s is %s after the stop, want %s", j.name, words[found[j.name]], words[j.want])
		}
	}
	s.up()
	testbed.Eventually(t, "what was handed back to end", 20*time.Second, func() bool {
		page, err := s.client.Executions(t.Context(), client.ExecutionQuery{Statuses: []job.Status{job.Pending, job.Running}})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items) == 0
	})
	s.balanced(len(jobs))
	s.stop(drain + 10*time.Second)
	found = statuses()
	marks := readMarks(t, file)
	for _, j := range jobs {
		if found[j.name] != j.then {
			t.Errorf("%s is %s at last, want %s", j.name, words[found[j.name]], words[j.then])
		}
		starts := 0
		for _, m := range marks {
			if m.job == j.name && m.kind == "start" {
				starts++
			}
		}
		if starts != j.starts {
			t.Errorf("%s started %d times, want %d", j.name, starts, j.starts)
		}
	}
}

// TestStopTwice asks a second time while schedd drains: it ends at once, and the next
// life takes over what ran.
func TestStopTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.up()
	file := s.path("witness")
	for name, onLost := range map[string]job.OnLost{"again": job.OnLostRetry, "once": job.OnLostFail} {
		if _, err := s.client.CreateJob(t.Context(), job.TypeOneTime, api.JobInput{
			Name: &name, In: new("1s"), HandlerName: new("exec"), Payload: payload(t, "stubborn", file), MaxRetries: new(0), OnLost: &onLost,
		}, client.Write{}); err != nil {
			t.Fatal(err)
		}
	}
	started(t, file, "again", "once")
	asked := time.Now()
	_ = s.proc.cmd.Process.Signal(syscall.SIGTERM)
	testbed.Eventually(t, "the end of schedd", 10*time.Second, func() bool { // signals that come close together count as one
		_ = s.proc.cmd.Process.Signal(syscall.SIGTERM)
		return s.ended(500 * time.Millisecond)
	})
	t.Logf("the stop took %s: %v", time.Since(asked), s.proc.err)
	if s.proc.err == nil {
		t.Error("the status is 0, though schedd did not drain")
	}
	s.client.Close()
	s.up()
	testbed.Eventually(t, "the end of what was cut short", 20*time.Second, func() bool {
		page, err := s.client.Executions(t.Context(), client.ExecutionQuery{Statuses: []job.Status{job.Pending, job.Running}})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items) == 0
	})
	s.balanced(2)
	s.stop(20 * time.Second)
	rows, _ := s.book()
	for _, r := range rows {
		if want := map[string]int{"again": success, "once": failed}[r.job]; r.status != want {
			t.Errorf("%s is %s, want %s", r.job, words[r.status], words[want])
		}
	}
}
