//go:build linux

package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// ctl runs schedctl and returns its output and exit status.
func (s *site) ctl(args ...string) (out string, status int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.schedctl, append([]string{"--server", "unix://" + s.path("sock")}, args...)...)
	text, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(text), exit.ExitCode()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text), 0
}

// balanced runs the audit, which must find nothing, of so many jobs.
func (s *site) balanced(jobs int) {
	s.t.Helper()
	out, status := s.ctl("audit", "slots", "-o", "json")
	if status != 0 {
		text, _ := s.ctl("audit", "slots")
		s.t.Errorf("schedctl audit slots ends with %d:\n%s", status, text)
		return
	}
	var audits struct{ Items []api.SlotAudit }
	if err := json.Unmarshal([]byte(out), &audits); err != nil {
		s.t.Fatalf("%v in %s", err, out)
	}
	if len(audits.Items) != jobs || slices.ContainsFunc(audits.Items, func(a api.SlotAudit) bool { return !a.Balanced }) {
		s.t.Errorf("the audit has %d jobs, want %d, all balanced: %s", len(audits.Items), jobs, out)
	}
}

// tail shows the end of the daemon's log.
func (s *site) tail() {
	text, _ := os.ReadFile(s.path("log"))
	lines := bytes.Split(text, []byte("\n"))
	s.t.Logf("log of schedd:\n%s", bytes.Join(lines[max(0, len(lines)-40):], []byte("\n")))
}
