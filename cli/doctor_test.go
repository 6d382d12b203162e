package cli

import (
	"net/http"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// TestDoctorTellsOfClocks: a change of clocks that concerns jobs soon is told once, with
// their number, and is nothing to mend.
func TestDoctorTellsOfClocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		changes []api.ClockChange
		want    string
	}{
		{nil, ""},
		{[]api.ClockChange{{At: now.Add(78 * time.Hour), Timezone: "UTC", JobID: id(1)}, {At: now.Add(79 * time.Hour), JobID: id(2)}, {At: now.Add(80 * time.Hour), JobID: id(2)}},
			"clock changes: 2026-11-25T23:30:00Z: due times of 2 jobs are skipped or come twice; schedctl next --clock-changes\n"},
	} {
		s := newStub(t)
		s.on("GET /version", http.StatusOK, api.Version{Version: "test"})
		s.on("GET /health", http.StatusOK, api.Health{Status: "healthy", Timestamp: now})
		s.jobsPage("0")
		s.on("GET /clock-changes", http.StatusOK, tt.changes)
		r := s.run("doctor", "-r", "--jq", `.items[] | select(.check == "clock changes") | .check + ": " + .detail + "; " + .fix`)
		r.check(t, r.code, tt.want)
		r = s.run("doctor", "--jq", `[.items[] | select(.check == "clock changes" and .status != "ok")] | length`)
		r.check(t, r.code, "0\n")
		if got := s.asked("GET /clock-changes")[0].Query; got != "window=336h0m0s" {
			t.Errorf("asked for %s", got)
		}
	}
}
