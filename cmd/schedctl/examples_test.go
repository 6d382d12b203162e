package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// desk is a service of the examples' owner: it notes what it is asked and answers as told.
type desk struct {
	server *httptest.Server

	mu    sync.Mutex
	asked []string // bodies
	fail  int      // so many requests from now on
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{}
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.asked = append(d.asked, r.Method+" "+r.URL.Path+" "+string(body))
		if d.fail > 0 {
			d.fail--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"documents": 42}`))
	}))
	t.Cleanup(d.server.Close)
	return d
}

func (d *desk) port(t *testing.T) int {
	t.Helper()
	u, err := url.Parse(d.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (d *desk) took() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

// TestExampleReindex: the index is made at every sixth hour, and again when the service
// was away.
func TestExampleReindex(t *testing.T) {
	rehearse(t, "reindex", func(r *rehearsal) {
		d := newDesk(r.t)
		r.configure(map[string]int{"8090": d.port(r.t)})
		d.mu.Lock()
		d.fail = 1
		d.mu.Unlock()
		r.at(utc("2026-03-01T04:00:00Z"))
		r.readme()
		if out := r.sh("schedctl next reindex-mario-pizza -n 4 -o json"); !strings.Contains(out, "2026-03-01T06:00:00Z") || !strings.Contains(out, "2026-03-02T00:00:00Z") {
			r.t.Errorf("next runs: %s", out)
		}
		r.at(utc("2026-03-01T05:59:59Z"))
		testbed.Eventually(r.t, "the service was asked", time.Minute, func() bool { return len(d.took()) == 1 })
		testbed.Eventually(r.t, "the attempt has failed", time.Minute, func() bool {
			runs := r.runs("reindex-mario-pizza")
			return len(runs) == 1 && runs[0].RetryCount == 1
		})
		r.at(utc("2026-03-01T06:01:00Z"))
		e := r.await("reindex-mario-pizza", 1)
		if e.Status != job.Success || e.Attempt != 2 || !strings.Contains(string(e.Result), "42") || !e.ScheduledAt.Equal(utc("2026-03-01T06:00:00Z")) {
			r.t.Errorf("%s %s in attempt %d, due %s; want the answer of the service in the second", e.Status, e.Result, e.Attempt, e.ScheduledAt)
		}
		for _, body := range d.took() {
			if !strings.HasPrefix(body, "POST /reindex ") || !strings.Contains(body, `"mario-pizza"`) {
				r.t.Errorf("the service was asked %s", body)
			}
		}
		r.at(utc("2026-03-01T11:59:59Z"))
		if e := r.await("reindex-mario-pizza", 2); e.Status != job.Success {
			r.t.Errorf("the run at noon: %s %s", e.Status, e.Error)
		}
		if out := r.sh("schedctl job stats reindex-mario-pizza -o json"); !strings.Contains(out, `"successful": 2`) {
			r.t.Errorf("stats: %s", out)
		}
	})
}

// TestExampleSLA: each ticket has one escalation, which its own resolution takes away, also
// when that comes first.
func TestExampleSLA(t *testing.T) {
	rehearse(t, "sla", func(r *rehearsal) {
		d := newDesk(r.t)
		r.configure(map[string]int{"8090": d.port(r.t)})
		start := utc("2026-03-02T09:00:00Z")
		r.at(start)
		r.readme()
		r.heard("sla", 1)
		emit := func(name, ticket string) {
			r.t.Helper()
			r.sh(fmt.Sprintf("schedctl event emit ticket:%s --set-string ticket_id=%s --set priority=high", name, ticket))
		}
		for _, ticket := range []string{"1", "1", "10"} { // 1 twice: the sender was not sure
			emit("created", ticket)
		}
		emit("resolved", "1")
		r.heard("sla", 4)
		testbed.Eventually(r.t, "the escalation of ticket 1 is cancelled", time.Minute, func() bool {
			j, err := r.client.Job(r.t.Context(), "escalate-ticket-1")
			return err == nil && j.Status == job.JobCancelled
		})
		r.want("escalate-ticket-T-1042", job.JobCancelled)
		r.want("escalate-ticket-10", job.JobActive)

		// Resolved before it was created: a second apart, an hour apart, and across restarts.
		emit("resolved", "2")
		emit("resolved", "3")
		r.at(start.Add(time.Second))
		emit("created", "2")
		r.heard("sla", 5)
		r.at(start.Add(time.Hour))
		emit("created", "3")
		r.heard("sla", 6)
		r.want("escalate-ticket-2", "")
		r.want("escalate-ticket-3", "")
		h, err := r.client.EventHandler(r.t.Context(), "sla")
		if err != nil || h.DeduplicatedCount != 1 || h.CancelledCount != 2 || h.FailureCount != 0 {
			r.t.Errorf("sla: %+v, %v; want 1 deduplicated, 2 cancelled, none failed", h, err)
		}

		r.at(start.Add(48*time.Hour - time.Second))
		if e := r.await("escalate-ticket-10", 1); e.Status != job.Success {
			r.t.Errorf("the escalation of ticket 10: %s %s", e.Status, e.Error)
		}
		if took := d.took(); len(took) != 1 || !strings.HasPrefix(took[0], "POST /escalations ") || !strings.Contains(took[0], `"ticket_id":"10"`) {
			r.t.Errorf("the desk was asked %q; want ticket 10 alone", took)
		}
	})
}

// TestExampleDrip: whoever signs up in Auckland late at night gets seven letters at ten by
// their clocks, across the end of summer time and a letter that had to be sent twice.
func TestExampleDrip(t *testing.T) {
	rehearse(t, "drip", func(r *rehearsal) {
		sink := testbed.SMTP(r.t, testbed.MailOptions{})
		r.configure(map[string]int{"2525": sink.Port()})
		zone, err := time.LoadLocation("Pacific/Auckland")
		if err != nil {
			r.t.Fatal(err)
		}
		signup := time.Date(2026, 4, 1, 23, 30, 0, 0, zone) // summer time ends on the fifth
		r.at(signup)
		r.readme()
		r.heard("drip", 1)
		const bad = 3
		for day := 1; day <= 7; day++ {
			due := time.Date(2026, 4, 1+day, 10, 0, 0, 0, zone)
			if day == bad {
				sink.Refuse("450 busy")
			}
			r.at(due.Add(-time.Second))
			if day == bad {
				testbed.Eventually(r.t, "the letter was refused once", time.Minute, func() bool {
					runs := r.runs("drip-aroha")
					return len(runs) == bad && runs[bad-1].RetryCount == 1
				})
				r.at(due.Add(3 * time.Minute))
			}
			e := r.await("drip-aroha", day)
			if e.Status != job.Success || !e.ScheduledAt.Equal(due) || e.Occurrence != int64(day) {
				r.t.Errorf("letter %d: %s %s, due %s, occurrence %d; want success at %s", day, e.Status, e.Error, e.ScheduledAt, e.Occurrence, due.UTC())
			}
		}
		r.at(time.Date(2026, 4, 9, 10, 0, 5, 0, zone)) // there is no eighth
		r.want("drip-aroha", job.JobCompleted)
		took := sink.Took()
		if len(took) != 7 {
			r.t.Errorf("the mail server took %d letters, want 7", len(took))
		}
		for i, mail := range took {
			if subject := fmt.Sprintf("Subject: Day %d of 7", i+1); !strings.Contains(mail.Text, subject) || len(mail.To) != 1 || mail.To[0] != "aroha@example.org" {
				r.t.Errorf("letter %d to %v lacks %q:\n%s", i+1, mail.To, subject, mail.Text)
			}
		}
		if runs := r.runs("drip-aroha"); len(runs) != 7 {
			r.t.Errorf("%d runs, want 7", len(runs))
		}
	})
}

// TestExampleMaintenance: each kind of history goes when its time has come, and the result
// says how much went.
func TestExampleMaintenance(t *testing.T) {
	rehearse(t, "maintenance", func(r *rehearsal) {
		r.configure(nil)
		start := utc("2026-01-01T12:00:00Z")
		r.at(start)
		r.readme()
		r.sh(`schedctl job create cron good -s '@yearly' --handler emit-event --set event=x:good`)
		r.sh(`schedctl job create cron bad -s '@yearly' --max-retries 0 -- false`)
		r.sh(`schedctl job create once past --in 0s --handler emit-event --set event=x:past`)
		r.await("past", 1)
		for range 3 {
			r.sh(`schedctl run good --wait; schedctl run bad --wait; true`)
		}
		jobs := 0 // that went, in a night or when one was caught up
		for _, tt := range []struct{ days, good, bad, jobs int }{{6, 3, 3, 0}, {8, 1, 3, 0}, {31, 1, 1, 0}, {92, 1, 1, 1}} {
			due := start.AddDate(0, 0, tt.days).Truncate(24 * time.Hour).Add(2 * time.Hour)
			r.at(due.Add(-time.Second))
			var last job.Execution
			testbed.Eventually(r.t, "maintenance of the night is over", time.Minute, func() bool {
				over := true // and so is what was caught up before it
				for _, last = range r.runs("nightly-maintenance") {
					over = over && last.Status.Terminal()
				}
				return over && last.ScheduledAt.Equal(due)
			})
			for _, e := range r.runs("nightly-maintenance") {
				if e.StartedAt == nil || e.StartedAt.Before(due.Add(-time.Second)) {
					continue // missed, or counted before
				}
				if e.Status != job.Success {
					r.t.Errorf("after %d days: %s %s", tt.days, e.Status, e.Error)
				}
				var gone struct {
					Jobs int `json:"one_time_jobs"`
				}
				if err := json.Unmarshal(e.Result, &gone); err != nil {
					r.t.Errorf("after %d days: result %q: %v", tt.days, e.Result, err)
				}
				jobs += gone.Jobs
			}
			if good, bad := len(r.runs("good")), len(r.runs("bad")); good != tt.good || bad != tt.bad || jobs != tt.jobs {
				r.t.Errorf("after %d days %d good runs and %d bad ones are left, %d one-time jobs went; want %d, %d, %d", tt.days, good, bad, jobs, tt.good, tt.bad, tt.jobs)
			}
		}
		r.want("past", "")
	})
}

func utc(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}
