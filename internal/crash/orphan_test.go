//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// family MARK is a command with a grandchild in a session of its own and a daemon
// that forked twice; all of them carry the mark in their arguments and live on.
func family(args []string) {
	spawn("linger", args[0]+"-grandchild")
	spawn("fork", args[0]+"-daemon")
	linger(nil)
}

// fork MARK starts a process and ends, so that this is an orphan.
func fork(args []string) { spawn("linger", args[0]) }

// linger MARK lives for two minutes.
func linger([]string) { <-time.After(2 * time.Minute) }

func spawn(args ...string) {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	if args[0] == "fork" {
		_ = cmd.Wait()
	}
}

// TestOrphans kills schedd, and then schedd with all of its supervisors, while a
// command with runaway descendants runs: none of them may outlive it for long.
func TestOrphans(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.up()
	mark := s.family("orphans-a")
	s.kill()
	s.gone(mark)

	s.up()
	mark = s.family("orphans-b")
	s.killAll()
	if !complete(mark) {
		t.Fatal("the descendants of the command are gone already: nothing is tested")
	}
	s.start()
	s.gone(mark)
	if !s.ready() {
		t.Fatalf("schedd ended at its start: %v", s.proc.err)
	}
	s.balanced(2)
	s.stop(20 * time.Second)
}

// family runs a family now, and returns its mark when all of it is there.
func (s *site) family(name string) string {
	s.t.Helper()
	mark := name + "-" + strconv.FormatUint(rand.Uint64(), 36)
	_, err := s.client.CreateJob(s.t.Context(), job.TypeOneTime, api.JobInput{
		Name: &name, In: new("1s"), HandlerName: new("exec"), Payload: payload(s.t, "family", mark), MaxRetries: new(0), OnLost: new(job.OnLostFail),
	}, client.Write{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		for _, pid := range marked(mark) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	testbed.Eventually(s.t, "the command and its descendants", 20*time.Second, func() bool { return complete(mark) })
	return mark
}

// complete says whether both descendants are there, and nothing that is about to fork.
func complete(mark string) bool {
	return len(marked("linger"+mark+"-grandchild")) == 1 && len(marked("linger"+mark+"-daemon")) == 1 && len(marked("fork"+mark)) == 0
}

// gone waits until no process with the mark is left.
func (s *site) gone(mark string) {
	s.t.Helper()
	began := time.Now()
	testbed.Eventually(s.t, "the end of all processes of "+mark, 10*time.Second, func() bool { return len(marked(mark)) == 0 })
	s.t.Logf("%s: all gone after %s", mark, time.Since(began).Round(time.Millisecond))
}
