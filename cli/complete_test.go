package cli

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// completed is what TAB offers, without descriptions.
func (r result) completed(t *testing.T) []string {
	t.Helper()
	var words []string
	for line := range strings.Lines(r.out) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !strings.HasPrefix(word, ":") {
			words = append(words, word)
		}
	}
	if r.code != exitOK {
		t.Errorf("completion ends with status %d: %s", r.code, r.err)
	}
	return words
}

func TestCompletionsWithADaemon(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("2", backup(), pausedSync())
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{failedRun(), succeededRun()})
	s.on("GET /handlers", http.StatusOK, []client.Handler{{Name: "exec"}, {Name: "http"}})
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"job", "show", ""}, "nightly-backup price-sync"},
		{[]string{"job", "show", "nightly-backup", "pr"}, "price-sync"},
		{[]string{"run", "n"}, "nightly-backup"},
		{[]string{"execution", "show", "nightly-backup/"}, "nightly-backup/184 nightly-backup/183 nightly-backup/last nightly-backup/last-failed"},
		{[]string{"wait", "nightly-backup/18"}, "nightly-backup/184 nightly-backup/183"},
		{[]string{"handler", "show", ""}, "exec http"},
		{[]string{"job", "create", "cron", "x", "--handler", ""}, "exec http"},
		{[]string{"job", "pause", "--tag", ""}, "backup"},
		{[]string{"job", "tag", "n"}, "nightly-backup"},
		{[]string{"job", "tag", "nightly-backup", "-b"}, "-backup"},
		{[]string{"ls", "-o", ""}, "table wide json yaml ndjson csv markdown name template="},
		{[]string{"ls", "--columns", "name,nex"}, "name,next_run"},
		{[]string{"handler", "list", "--sort-by", "k"}, "kind"},
		{[]string{"explain", "--tz", "europe/berl"}, "Europe/Berlin"},
		{[]string{"wait", "x", "--for", "status=f"}, "status=pending status=running status=success status=failed status=timeout status=cancelled status=skipped"},
		{[]string{"api", ""}, "GET POST PUT PATCH DELETE"},
		{[]string{"completion", "install", ""}, "bash zsh fish"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			got := s.run(append([]string{"__complete"}, tt.args...)...).completed(t)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	w := home(contextsYAML)
	if got := s.runIn(w, "__complete", "config", "use-context", "").completed(t); strings.Join(got, " ") != "local prod" {
		t.Errorf("contexts: %q", got)
	}
	w.env["SCHEDCTL_CONTEXT"] = "prod"
	s.runIn(w, "__complete", "run", "")
	if calls := s.asked("GET /jobs"); !strings.Contains(calls[len(calls)-1].Query, "platform_id=web") {
		t.Errorf("a completion does not know the context: %s", calls[len(calls)-1].Query)
	}
}

// Whoever presses TAB does not wait for a daemon and sees no error, whether nobody is
// there or somebody takes the connection and never answers. TestCompletionIsQuick says
// how long it takes where nothing else runs.
func TestCompletionsWithoutADaemon(t *testing.T) {
	t.Parallel()
	hung := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", hung)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, server := range []string{hung, "/nonexistent/s"} {
		for _, args := range [][]string{{"job", "show", ""}, {"logs", "x/"}, {"job", "create", "cron", "x", "--handler", ""}, {"worker", "show", ""}, {"dlq", "retry", ""}} {
			began := time.Now()
			r := runIn(t, world{env: map[string]string{"SCHEDCTL_SERVER": "unix://" + server}}, append([]string{"__complete"}, args...)...)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%v with %s took %s", args, server, took)
			}
			if got := r.completed(t); len(got) != 0 {
				t.Errorf("%v offers %q", args, got)
			}
			if strings.Contains(r.err, "error:") {
				t.Errorf("%v complains: %s", args, r.err)
			}
		}
	}
}
