//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// told is what a webhook was told of alerts.
type told struct {
	ID, State, Rule, Subject string
	Key                      string `json:"-"` // header Idempotency-Key
	Alerts                   []struct {
		ID      string `json:"id"`
		JobName string `json:"job_name"`
	}
}

// hook is a server that keeps what it is told, by path.
type hook struct {
	*httptest.Server

	mu   sync.Mutex
	took map[string][]told
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{took: map[string][]told{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var one told
		_ = json.Unmarshal(body, &one) // what Slack gets has none of that
		one.Key = r.Header.Get("Idempotency-Key")
		h.mu.Lock()
		defer h.mu.Unlock()
		h.took[r.URL.Path] = append(h.took[r.URL.Path], one)
	}))
	t.Cleanup(h.Close)
	return h
}

// of returns what came on a path.
func (h *hook) of(path string) []told {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.took[path])
}

// port is where it listens.
func (h *hook) port() string {
	u, _ := url.Parse(h.URL)
	return u.Port()
}

// channels configures every way to tell: e-mail to a mail server, a webhook, and Slack.
func channels(mail *testbed.MailServer, h *hook) string {
	return fmt.Sprintf(`worker: {lease: 2s, heartbeat: 500ms, reap_every: 500ms}
alerts: {evaluate_every: 1s}
handlers:
  http: {allow_private: [127.0.0.0/8], allow_ports: [%s]}
  channels:
    - {name: email, type: email, host: 127.0.0.1, port: %d, tls: none, from: schedd@example.org, to: [ops@example.org]}
    - {name: slack, type: slack, url: "%s/slack"}
    - {name: pager, type: webhook, url: "%s/pager"}
`, h.port(), mail.Port(), h.URL, h.URL)
}

// must runs schedctl, which must succeed.
func (s *site) must(args ...string) string {
	s.t.Helper()
	out, status := s.ctl(args...)
	if status != 0 {
		s.t.Fatalf("schedctl %s ends with %d:\n%s", strings.Join(args, " "), status, out)
	}
	return out
}

// alert waits for the newest alert of a rule to come into a state.
func (s *site) alert(rule, state string) (found api.Alert) {
	s.t.Helper()
	testbed.Eventually(s.t, "an alert of "+rule+" is "+state, time.Minute, func() bool {
		page, err := s.client.Alerts(s.t.Context(), client.AlertQuery{})
		if err != nil {
			return false
		}
		i := slices.IndexFunc(page.Items, func(a api.Alert) bool { return a.Rule == rule })
		if i >= 0 {
			found = page.Items[i]
		}
		return i >= 0 && found.State == state
	})
	return found
}

// breakRules makes the owner's two rules fire: six runs fail, six time out.
func (s *site) breakRules() {
	s.t.Helper()
	for name, command := range map[string]string{"fails": "false", "hangs": "sleep 60"} {
		s.must(append([]string{"job", "create", "cron", name, "-s", "0 0 1 1 *", "--max-retries", "0", "--timeout", "100ms", "--concurrency", "6", "--allow-overlap", "--"}, strings.Fields(command)...)...)
		for range 6 {
			s.must("run", name)
		}
	}
}

// TestAlertsTold has the owner's two rules fire and be resolved on two nodes that share a
// PostgreSQL: mail server, webhook and Slack are told once of each.
func TestAlertsTold(t *testing.T) {
	t.Parallel()
	mail, h := testbed.SMTP(t, testbed.MailOptions{}), newHook(t)
	db := testbed.NewPostgres(t, testbed.PostgresOptions{})
	var nodes []*site
	for _, name := range []string{"node-a", "node-b"} {
		more := channels(mail, h) + fmt.Sprintf("node_id: %s\nstore: {driver: postgres, postgres: {dsn: %q}}\n", name, db.DSN("postgres"))
		s := newSite(t, more)
		s.up()
		nodes = append(nodes, s)
	}
	s := nodes[0]
	const spike, rate = "scheduler-timeout-spike", "scheduler-high-failure-rate"
	for _, rule := range []string{spike, rate} {
		s.must("alert", "rule", "set", rule, "--channel", "dashboard,slack,email,pager")
	}
	s.must("alert", "rule", "disable", "job-late", "job-never-ran")
	s.breakRules()
	s.alert(rate, "firing")
	a := s.alert(spike, "firing")
	if got := strings.Join(a.Told, " "); got != "dashboard slack email pager" || a.Severity != "critical" || a.Value != 6 {
		t.Errorf("alert %+v, want 6 timeouts told to slack, email and pager", a)
	}
	s.must("alert", "ack", a.ID, "--reason", "at it")
	s.must("alert", "rule", "set", spike, "--value", "1000")
	s.must("alert", "rule", "set", rate, "--value", "100")
	s.alert(spike, "resolved")
	s.alert(rate, "resolved")
	testbed.Eventually(t, "all are told of firing and resolving", time.Minute, func() bool {
		return len(h.of("/pager")) >= 4 && len(h.of("/slack")) >= 4 && len(mail.Took()) >= 4
	})
	testbed.Pass(3 * time.Second) // a second telling would come within a look of either node
	if p, k, m := len(h.of("/pager")), len(h.of("/slack")), len(mail.Took()); p != 4 || k != 4 || m != 4 {
		t.Errorf("webhook, Slack and mail were told %d, %d and %d times, want 4 each", p, k, m)
	}
	keys := map[string]bool{}
	for _, one := range h.of("/pager") {
		keys[one.Key] = true
		if one.ID != one.Key || len(one.Alerts) != 1 || !strings.Contains(one.Subject, one.Rule) {
			t.Errorf("the webhook was told %+v", one)
		}
	}
	if len(keys) != 4 {
		t.Errorf("%d ids for 4 tellings", len(keys))
	}
	for _, letter := range mail.Took() {
		if !strings.Contains(letter.Text, "X-Schedd-Notice-Id: ") || !strings.Contains(letter.Text, "Subject: ") {
			t.Errorf("a letter without its id or subject:\n%s", letter.Text)
		}
	}
	t.Logf("accept: two rules fired and were resolved on 2 nodes: webhook, Slack and mail were told 4 times each, with 4 ids")
}

// TestAlertsKill kills schedd between the claim of what is to be told and the telling, and
// between the telling and the note of it: it is told afterwards, with the same id.
func TestAlertsKill(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]int{"notice_taken": 1, "notice_sent": 2} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			h := newHook(t)
			s := newSite(t, channels(testbed.SMTP(t, testbed.MailOptions{}), h))
			clock := s.path("clock")
			s.up()
			s.must("alert", "rule", "create", "any", "--metric", "scheduler.jobs.total", "--op", "gte", "--value", "0", "--channel", "pager", "--disabled")
			s.kill()
			s.up("SCHEDD_FAILPOINTS="+place+"=kill@1", "SCHEDD_FAILPOINT_CLOCK="+clock)
			_, _ = s.ctl("alert", "rule", "enable", "any") // it may die before it answers
			if !s.ended(time.Minute) {
				t.Fatal("nothing was taken to be told")
			}
			s.client.Close()
			if got := len(h.of("/pager")); got != want-1 {
				t.Errorf("told %d times before the end, want %d", got, want-1)
			}
			if err := os.WriteFile(clock, []byte("3m"), 0o600); err != nil { // the claim's lease is over
				t.Fatal(err)
			}
			s.up("SCHEDD_FAILPOINT_CLOCK=" + clock)
			testbed.Eventually(t, "it is told", time.Minute, func() bool { return len(h.of("/pager")) >= want })
			testbed.Pass(2 * time.Second) // once more would come within a look
			got := h.of("/pager")
			for _, one := range got {
				if one.Key != got[0].Key || one.ID != got[0].ID || one.Rule != "any" || one.State != "firing" {
					t.Errorf("told %+v after %+v, want the same id", one, got[0])
				}
			}
			if len(got) != want {
				t.Errorf("told %d times, want %d", len(got), want)
			}
			t.Logf("accept: kill -9 at %s: told %d times, with one id", place, want)
		})
	}
}

// TestAlertsMissed has a node down over due times of a job: missed is raised within a
// minute after it came back, never_ran about a job that never ran; both are resolved.
func TestAlertsMissed(t *testing.T) {
	t.Parallel()
	s := newSite(t, channels(testbed.SMTP(t, testbed.MailOptions{}), newHook(t)))
	clock := s.path("clock")
	s.up("SCHEDD_FAILPOINT_CLOCK=" + clock)
	s.must("job", "create", "cron", "hourly", "-s", "0 * * * *", "--misfire", "skip", "--", "true")
	s.must("job", "create", "cron", "idle", "-s", "0 0 1 1 *", "--max-gap", "1h", "--", "true")
	s.must("run", "hourly", "--wait")
	s.stop(time.Minute)
	if err := os.WriteFile(clock, []byte("150m"), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.up("SCHEDD_FAILPOINT_CLOCK=" + clock)
	missed := s.alert("job-missed", "firing")
	took := time.Since(began)
	never := s.alert("job-never-ran", "firing")
	if missed.JobName != "hourly" || never.JobName != "idle" {
		t.Errorf("alerts about %q and %q, want hourly and idle", missed.JobName, never.JobName)
	}
	if took > time.Minute {
		t.Errorf("missed was raised after %s, want a minute at most", took)
	}
	s.must("run", "hourly", "--wait")
	s.must("run", "idle", "--wait")
	s.alert("job-missed", "resolved")
	s.alert("job-never-ran", "resolved")
	t.Logf("accept: missed was raised %s after the start, never_ran too; both were resolved by a run", took.Round(100*time.Millisecond))
}

// TestPing has a node tell that it lives, until it dies.
func TestPing(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	s := newSite(t, fmt.Sprintf("handlers: {http: {allow_private: [127.0.0.0/8], allow_ports: [%s]}}\nalerts: {ping: {url: \"%s/ping\", every: 1s}}\n", h.port(), h.URL))
	s.up()
	testbed.Eventually(t, "pings come", time.Minute, func() bool { return len(h.of("/ping")) >= 3 })
	if n := len(h.of("/ping/start")); n != 1 {
		t.Errorf("%d starts, want 1", n)
	}
	s.kill()
	last := len(h.of("/ping"))
	testbed.Pass(3 * time.Second)
	if n := len(h.of("/ping")); n > last {
		t.Errorf("%d pings after the node died", n-last)
	}
	if n := len(h.of("/ping/fail")); n != 0 {
		t.Errorf("%d failures, want 0", n)
	}
	t.Logf("accept: %d pings until kill -9, none within three intervals after it", last)
}
