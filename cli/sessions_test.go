package cli

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// sessionsFile has calls of schedctl, each with what a UTF-8 terminal of 120 columns shows
// for it, standard output and error together, and its exit status when it is not 0.
const sessionsFile = "testdata/sessions.txt"

// What operators see is written down. "go test ./cli -run Sessions -update" writes what the
// calls in the file show now.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := sessionStub(t)
	text, err := os.ReadFile(sessionsFile)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	head, sessions, _ := strings.Cut(string(text), "\n$ ")
	got.WriteString(head)
	for session := range strings.SplitSeq(sessions, "\n$ ") {
		call, want, _ := strings.Cut(session, "\n")
		r := s.runIn(world{tty: true, inTTY: true, width: 120, in: "y\n", env: map[string]string{"NO_COLOR": "1"}}, splitCall(t, call)...)
		shown := r.out + r.err
		if r.code != exitOK {
			shown += fmt.Sprintf("[exit status %d]\n", r.code)
		}
		if strings.TrimRight(shown, "\n") != strings.TrimRight(want, "\n") && !*update {
			t.Errorf("%s shows\n%s\nwant\n%s", call, shown, want)
		}
		got.WriteString("\n$ " + call + "\n" + shown)
	}
	if *update {
		if err := os.WriteFile(sessionsFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// splitCall reads a call the way a shell does, as far as the file needs: words, and text in
// single quotes.
func splitCall(t *testing.T, call string) []string {
	t.Helper()
	call, isOurs := strings.CutPrefix(call, "schedctl ")
	if !isOurs {
		t.Fatalf("%q does not call schedctl", call)
	}
	var words []string
	for i, part := range strings.Split(call, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

// sessionStub is a daemon with two jobs and their runs.
func sessionStub(t *testing.T) *stub {
	s := newStub(t)
	s.jobsPage("2", backup(), pausedSync())
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.on("GET /jobs/price-sync", http.StatusOK, pausedSync())
	s.on("GET /jobs/nightly-bakcup", http.StatusNotFound, api.ErrorBody{Error: `job "nightly-bakcup" not found`, Code: job.NotFound, Hint: "did you mean nightly-backup?"})
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Job: "nightly-backup", Words: "At 02:00, every day (America/New_York)", Items: []api.Slot{{At: *backup().NextRun}}})
	runs := []job.Execution{failedRun(), succeededRun()}
	s.on("GET /jobs/{id}/executions", http.StatusOK, runs)
	s.handle("GET /executions", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("trigger") == "retry" {
			reply(w, http.StatusOK, []job.Execution{})
			return
		}
		w.Header().Set(api.HeaderTotalCount, "2")
		reply(w, http.StatusOK, runs)
	})
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, r *http.Request) {
		e := failedRun()
		if strings.HasSuffix(r.PathValue("id"), "/183") {
			e = succeededRun()
		}
		reply(w, http.StatusOK, e)
	})
	again := failedRun()
	again.RunNumber, again.Status, again.Trigger, again.TriggeredBy = 187, job.Pending, job.TriggerRetry, "ops"
	s.on("POST /executions/{id}/retry", http.StatusCreated, again)
	s.on("POST /jobs/{id}/pause", http.StatusNoContent, nil)
	s.on("POST /jobs/{id}/resume", http.StatusNoContent, nil)
	s.on("GET /next", http.StatusOK, []api.ForecastItem{{At: *backup().NextRun, Job: "nightly-backup", LastRun: backup().LastRun, EstimateMS: backup().AvgDurationMS}})
	return s
}
