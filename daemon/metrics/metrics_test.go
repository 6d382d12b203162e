package metrics

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// answering is a store that does what it is told.
type answering struct {
	store.Store

	planned store.Planned
	settled store.Settled
	err     error
}

func (s *answering) PlanDue(context.Context, store.PlanDue) (store.Planned, error) {
	return s.planned, s.err
}

func (s *answering) Settle(context.Context, time.Time, []store.Settlement) (store.Settled, error) {
	return s.settled, s.err
}

func (s *answering) Act(context.Context, store.Act) (store.Acted, error) {
	return store.Acted{Events: 4, Acts: 3, Failed: 1}, s.err
}

func (s *answering) Fold(context.Context) error { return s.err }

var at = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// rig is metrics of a node on which something happened.
func rig(t *testing.T, away bool) (*Metrics, http.Handler) {
	t.Helper()
	m := New(Options{
		Version: "1.0", Commit: "abc", Go: "go1.26", Schema: 5, Now: func() time.Time { return at },
		Totals: func(context.Context) (store.Totals, error) {
			if away {
				return store.Totals{}, errors.New("away")
			}
			return store.Totals{Jobs: map[job.JobStatus]int64{job.JobActive: 7}, Waiting: 5, Delayed: 2, Running: 3, Dead: 4, OldestReady: 1200 * time.Millisecond}, nil
		},
		Workers: func(context.Context) (map[string]int, error) { return map[string]int{"active": 2}, nil },
		Alerts: func(context.Context) ([]store.AlertCount, error) {
			return []store.AlertCount{{Severity: alert.Warning, State: alert.Firing, Count: 2}, {Severity: alert.Critical, State: alert.Acknowledged, Count: 5}}, nil
		},
		Channels: []string{"ops"},
		Slots:    func() (busy, free int) { return 3, 61 },
	})
	db := &answering{
		planned: store.Planned{Claimed: []store.Claimed{{ScheduledAt: at.Add(-30 * time.Millisecond)}}, Skipped: 9}, settled: store.Settled{Fenced: []int{5}},
	}
	w := m.Watch(db)
	ctx := t.Context()
	if _, err := w.PlanDue(ctx, store.PlanDue{Now: at}); err != nil {
		t.Fatal(err)
	}
	batch := []store.Settlement{
		{Event: job.EventSucceed, StartedAt: at.Add(-200 * time.Millisecond), CompletedAt: at}, {Event: job.EventFail, DeadReason: "permanent"}, {Event: job.EventExpire},
		{Event: job.EventCancel}, {Event: job.EventRetry}, {Event: job.EventSucceed},
	}
	if _, err := w.Settle(ctx, at, batch); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Act(ctx, store.Act{Now: at}); err != nil {
		t.Fatal(err)
	}
	db.err = errors.New("away")
	if err := w.Fold(ctx); err == nil {
		t.Fatal("Fold = nil, want the store's error")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jobs/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	mux.Handle("GET /metrics", m.Handler())
	return m, m.HTTP(mux)
}

func get(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestExposition(t *testing.T) {
	t.Parallel()
	m, h := rig(t, false)
	get(t, h, "/jobs/somebody's-name")
	get(t, h, "/nowhere/at/all")
	m.Notified("ops", "sent")
	text := get(t, h, "/metrics")
	for _, line := range []string{
		`schedd_executions_total{status="success"} 1`, `schedd_executions_total{status="failed"} 1`, `schedd_executions_total{status="timeout"} 1`,
		`schedd_executions_total{status="cancelled"} 1`, `schedd_retries_total 1`, `schedd_dead_letters_total 1`, `schedd_slots_skipped_total 9`,
		`schedd_execution_duration_seconds_bucket{le="0.1"} 0`, `schedd_execution_duration_seconds_bucket{le="0.5"} 1`,
		`schedd_schedule_lag_seconds_bucket{le="0.025"} 0`, `schedd_schedule_lag_seconds_bucket{le="0.05"} 1`,
		`schedd_store_query_seconds_count{op="settle"} 1`, `schedd_store_errors_total{op="fold"} 1`,
		`schedd_store_errors_total{op="claim"} 0`, `schedd_events_total 4`, `schedd_event_acts_total{result="done"} 2`, `schedd_event_acts_total{result="failed"} 1`,
		`schedd_store_up 1`, `schedd_jobs{status="active"} 7`, `schedd_jobs{status="paused"} 0`, `schedd_queue_depth{state="pending"} 5`,
		`schedd_queue_depth{state="processing"} 3`, `schedd_queue_depth{state="delayed"} 2`, `schedd_queue_depth{state="dead"} 4`,
		`schedd_queue_oldest_seconds 1.2`, `schedd_workers{state="active"} 2`, `schedd_workers{state="draining"} 0`,
		`schedd_worker_slots{state="busy"} 3`, `schedd_worker_slots{state="free"} 61`, `schedd_migration_version 5`,
		`schedd_alerts_firing{severity="warning"} 2`, `schedd_alerts_firing{severity="critical"} 0`, `schedd_alerts_firing{severity="info"} 0`,
		`schedd_alert_notifications_total{channel="ops",result="sent"} 1`, `schedd_alert_notifications_total{channel="ops",result="failed"} 0`,
		`schedd_build_info{commit="abc",goversion="go1.26",version="1.0"} 1`,
		`schedd_http_requests_total{code="418",route="GET /jobs/{id}"} 1`, `schedd_http_requests_total{code="404",route="none"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("%s is not exposed", line)
		}
	}
	if strings.Contains(text, "somebody") {
		t.Error("what a user chose is exposed")
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestStoreAway: what the store says is left out, the rest is told.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	_, h := rig(t, true)
	text := get(t, h, "/metrics")
	if !strings.Contains(text, "\nschedd_store_up 0\n") || strings.Contains(text, "schedd_jobs{") || !strings.Contains(text, "\nschedd_retries_total 1\n") {
		t.Errorf("without a store: %s", text)
	}
}

var (
	named    = regexp.MustCompile(`\bschedd_[a-z0-9_]+`)
	recorded = regexp.MustCompile(`\bschedd:[a-z0-9_:]+`)
)

// TestNamesAreExposed: the rules, the dashboard and the documents name what there is.
func TestNamesAreExposed(t *testing.T) {
	t.Parallel()
	_, h := rig(t, false)
	get(t, h, "/jobs/x")
	text := get(t, h, "/metrics")
	rules, err := os.ReadFile("../../configs/prometheus/schedd.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"../../configs/prometheus/schedd.rules.yml", "../../configs/grafana/schedd.json", "../../docs/observability.md"} {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := named.FindAllString(string(body), -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, name := range names {
			if !strings.Contains(text, "\n"+name+"{") && !strings.Contains(text, "\n"+name+" ") && !strings.Contains(text, "# TYPE "+name+" ") {
				t.Errorf("%s names %s, which is not exposed", file, name)
			}
		}
		for _, name := range recorded.FindAllString(string(body), -1) {
			if !strings.Contains(string(rules), "record: "+name+"\n") {
				t.Errorf("%s names %s, which no rule records", file, name)
			}
		}
	}
}
