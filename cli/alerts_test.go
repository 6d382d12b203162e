package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// alerts is what a daemon says of alerts.
func (s *stub) alerts() {
	everywhere := "*"
	spike := api.Alert{
		ID: "a17", State: "firing", Severity: "critical", Rule: "scheduler-timeout-spike", RuleID: "019aab00-0000-7000-8000-000000000001", Metric: "scheduler.timeout_count",
		Says: "> 5 for 10m", Value: 7, Summary: "7 > 5 for 10m", PlatformID: &everywhere, Told: []string{"dashboard", "slack", "email"},
		FiredAt: now.Add(-12 * time.Minute), SeenAt: now, By: "schedd",
	}
	rate := spike
	rate.ID, rate.State, rate.Severity, rate.Rule, rate.Metric = "a16", "acknowledged", "warning", "scheduler-high-failure-rate", "scheduler.failure_rate"
	rate.Says, rate.Value, rate.Summary, rate.Told = "> 10 % for 5m", 11.2, "11.2 % > 10 % for 5m", []string{"dashboard", "slack"}
	rate.FiredAt, rate.By, rate.Reason = now.Add(-2*time.Hour), "ops", "vendor outage"
	s.on("GET /alerts", http.StatusOK, []api.Alert{spike, rate})
	acked := spike
	acked.State, acked.By, acked.Reason, acked.Until = "acknowledged", "ops", "vendor outage", new(now.Add(time.Hour))
	acked.Turns = []api.AlertTurn{{At: spike.FiredAt, State: "firing", By: "schedd", Reason: spike.Summary}, {At: now, State: "acknowledged", By: "ops", Until: acked.Until, Reason: "vendor outage"}}
	s.on("GET /alerts/{id}", http.StatusOK, acked)
	s.on("POST /alerts/{id}/acknowledge", http.StatusOK, acked)
	silenced, resolved := acked, acked
	silenced.State, resolved.State, resolved.Until = "silenced", "resolved", nil
	s.on("POST /alerts/{id}/silence", http.StatusOK, silenced)
	s.on("POST /alerts/{id}/unsilence", http.StatusOK, spike)
	s.on("POST /alerts/{id}/resolve", http.StatusOK, resolved)
	rule := api.AlertRule{
		ID: spike.RuleID, Name: spike.Rule, Description: "Alert when execution timeouts spike", Enabled: true, Severity: "critical",
		Condition: api.AlertCondition{Metric: spike.Metric, Operator: "gt", Value: 5, DurationMS: 600_000}, Says: spike.Says,
		Channels: []string{"dashboard", "slack", "email"}, Reaches: []string{"dashboard", "email"}, PlatformID: &everywhere, Revision: 2, CreatedBy: "schedd", UpdatedBy: "ops",
	}
	late := rule
	late.Name, late.Severity, late.Says, late.Channels, late.Reaches = "job-late", "warning", "> 5m", []string{"dashboard"}, []string{"dashboard"}
	late.Condition, late.Enabled = api.AlertCondition{Metric: "scheduler.job.late", Operator: "gt", Value: 300_000}, false
	s.on("GET /alert-rules", http.StatusOK, []api.AlertRule{late, rule})
	s.on("GET /alert-rules/{id}", http.StatusOK, rule)
	s.on("GET /alert-rules/absent", http.StatusNotFound, api.ErrorBody{Error: `alert rule "absent" not found`, Code: job.NotFound})
	s.on("POST /alert-rules", http.StatusCreated, rule)
	s.on("PATCH /alert-rules/{id}", http.StatusOK, rule)
	s.on("DELETE /alert-rules/{id}", http.StatusOK, rule)
	s.on("POST /alert-rules/{id}/test", http.StatusOK, api.AlertTested{Value: new(7.0), Says: "> 5 for 10m", Beyond: true, Found: []api.AlertFinding{}, Channels: []string{"dashboard", "email"}})
	s.on("POST /alert-rules/job-late/test", http.StatusOK, api.AlertTested{
		Says: "> 5m", Beyond: true, Channels: []string{}, Found: []api.AlertFinding{{JobName: "nightly-backup", Summary: "the run due 2026-11-22T17:00:00Z has not begun"}},
	})
	s.on("GET /alert-channels", http.StatusOK, []api.AlertChannel{{Name: "dashboard", Type: "dashboard"}, {Name: "pager", Type: "webhook", Platforms: []string{"web"}}})
	s.on("POST /alert-channels/{id}/test", http.StatusOK, api.AlertChannel{Name: "pager", Type: "webhook"})
}

func TestAlertCommands(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.alerts()
	s.run("alert", "list", "-q").check(t, exitOK, "a17\na16\n")
	s.run("alert", "ack", "a17", "--for", "1h", "--reason", "vendor outage").check(t, exitOK, "alert a17 acknowledged until 2026-11-22T18:30:00Z\n")
	s.run("alert", "silence", "a17", "--for", "8h").check(t, exitOK, "alert a17 silenced until 2026-11-22T18:30:00Z\n")
	s.run("alert", "unsilence", "a17").check(t, exitOK, "alert a17 fires\n")
	s.run("alert", "resolve", "a17", "a16").check(t, exitOK, "alert a17 resolved\nalert a17 resolved\n")
	s.run("alert", "rule", "create", "x", "--metric", "scheduler.timeout_count", "--value", "5", "--for", "10m", "--severity", "critical", "--channel", "dashboard,slack").
		check(t, exitOK, "alert rule scheduler-timeout-spike created: scheduler.timeout_count > 5 for 10m, critical\n", "it reaches dashboard, email")
	s.run("alert", "rule", "set", "x", "--value", "7").check(t, exitOK, "alert rule scheduler-timeout-spike changed: scheduler.timeout_count > 5 for 10m, critical\n", "it reaches")
	s.run("alert", "rule", "enable", "x").check(t, exitOK, "alert rule scheduler-timeout-spike enabled\n")
	s.run("alert", "rule", "delete", "x").check(t, exitUsage, "-", "refusing without confirmation")
	s.run("alert", "rule", "delete", "x", "--yes").check(t, exitOK, "alert rule scheduler-timeout-spike deleted\n")
	s.run("alert", "rule", "test", "x").check(t, exitOK, "now 7, looked for > 5 for 10m: is beyond it\nwould tell dashboard, email\n")
	s.run("alert", "channel", "test", "pager").check(t, exitOK, "channel pager was told\n")
	for _, args := range []string{"alert list", "alert show a17", "alert rule list", "alert rule show x", "alert rule test x", "alert channel list"} {
		for _, format := range []string{"json", "yaml", "ndjson", "csv"} {
			if strings.Contains("ndjson csv", format) && !strings.HasSuffix(args, "list") {
				continue
			}
			if r := s.run(append(strings.Fields(args), "-o", format)...); r.code != exitOK || r.out == "" {
				t.Errorf("%s -o %s: %d %q %q", args, format, r.code, r.out, r.err)
			}
		}
	}
	for args, want := range map[string]string{
		"alert list --state over": "use one of firing, acknowledged, silenced, resolved", "alert list --severity loud": "use one of info, warning, critical", "alert list -n 0": "limit",
		"alert ack": "missing argument ALERT", "alert ack a17 --for 1": "no unit", "alert rule create x": "missing flag --metric", "alert rule create x --metric m --op over": "use one of gt",
		"alert rule set x": "nothing to change", "alert rule set x --value many": "many", "alert rule show": "missing argument RULE", "alert channel test": "missing argument CHANNEL",
	} {
		s.run(strings.Fields(args)...).check(t, exitUsage, "-", want)
	}
	s.run("alert", "rule", "show", "absent").check(t, exitNotFound, "-", "not found")
	if r := s.run("__complete", "alert", "ack", ""); !strings.Contains(r.out, "a17\tscheduler-timeout-spike: 7 > 5 for 10m") {
		t.Errorf("alerts are completed as %q", r.out)
	}
	if r := s.run("__complete", "alert", "rule", "create", "x", "--metric", "scheduler.job.l"); !strings.Contains(r.out, "scheduler.job.late\t") {
		t.Errorf("metrics are completed as %q", r.out)
	}
	if r := s.run("__complete", "alert", "rule", "set", "x", "--channel", "p"); !strings.Contains(r.out, "pager\twebhook") {
		t.Errorf("channels are completed as %q", r.out)
	}
}
