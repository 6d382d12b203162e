package storetest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// alertTests are about alert rules, alerts, and what is told of them.
func alertTests() []test {
	return []test{
		{"an alert rule comes back as it was stored, and changes", testAlertRule},
		{"alert rules belong to their platform", testAlertRuleScope},
		{"the first rules come once, and not again", testAlertSeeds},
		{"an alert fires once, and is resolved when its cause is gone", testAlertFires},
		{"a gauge must be beyond its value for long enough", testAlertGauge},
		{"a silenced alert tells nobody, and fires again at the end", testAlertSilence},
		{"a silence outlives its alert", testAlertSilenceOutlives},
		{"people acknowledge and resolve alerts", testAlertPeople},
		{"alerts of a rule that is gone are resolved, and nobody is told", testAlertRuleGone},
		{"a round of a rule that was changed since is left out", testAlertRuleChanged},
		{"a partial round resolves nothing", testAlertPartial},
		{"looks of several nodes at once make one alert", testAlertRace},
		{"a notice is one node's for its lease, and the same when it is taken again", testNoticeLease},
		{"a notice that failed comes again, or is given up", testNoticeRetry},
		{"alerts are listed the newest first, by state and severity", testAlertList},
		{"jobs that say what is expected are looked at", testFactsExpecting},
		{"due times that went by are found, and are over once made up for", testFactsMissed},
		{"a run that came late for want of anybody is found", testFactsLate},
		{"what is due and does not begin is found", testFactsDue},
		{"what is over for long is forgotten", testAlertForget},
	}
}

// alertRule stores a rule of the bench's platform.
func (b *bench) alertRule(name string, edits ...func(r *alert.Rule)) alert.Rule {
	b.Helper()
	r := alert.Rule{
		ID: b.newID(), Platform: b.platform, Name: name, Description: "é \"quoted\"", Metric: alert.FailureRate, Operator: alert.GT, Value: 10.5, DurationMS: 300_000,
		Severity: alert.Warning, Channels: []string{alert.Dashboard, "slack"}, Enabled: true, CreatedBy: "uid:7", CreatedAt: b.now, UpdatedAt: b.now,
	}
	for _, edit := range edits {
		edit(&r)
	}
	made, err := b.store.CreateAlertRule(b.ctx, r)
	if err != nil {
		b.Fatalf("CreateAlertRule = %v, want no error", err)
	}
	r.Seq, r.Revision = made.Seq, 1
	b.wantSame("the rule", r, made)
	return made
}

// round is what a look found about a rule.
func round(r alert.Rule, found ...alert.Finding) alert.Round {
	return alert.Round{Rule: r, Found: found, Send: []string{"slack"}}
}

func found(platform string, value float64) alert.Finding {
	return alert.Finding{Platform: platform, Value: value, Summary: "it is wrong"}
}

func foundJob(j *job.Job, value float64) alert.Finding {
	return alert.Finding{Platform: j.Platform, JobID: &j.ID, JobName: j.Name, Value: value, Summary: "it is wrong"}
}

func (b *bench) observe(rounds ...alert.Round) store.Observed {
	b.Helper()
	got, err := b.store.Observe(b.ctx, store.Observe{Now: b.now, NewID: b.newID, Rounds: rounds})
	if err != nil {
		b.Fatalf("Observe = %v, want no error", err)
	}
	return got
}

func (b *bench) wantObserved(what string, want store.Observed, rounds ...alert.Round) {
	b.Helper()
	b.wantSame(what, want, b.observe(rounds...))
}

func (b *bench) alerts(edits ...func(f *store.AlertFilter)) []alert.Alert {
	b.Helper()
	f := store.AlertFilter{Platform: b.platform}
	for _, edit := range edits {
		edit(&f)
	}
	page, err := b.store.ListAlerts(b.ctx, f)
	if err != nil {
		b.Fatalf("ListAlerts = %v, want no error", err)
	}
	return page.Items
}

func (b *bench) takeNotices(channels ...string) []store.TakenNotice {
	b.Helper()
	list, err := b.store.TakeNotices(b.ctx, store.TakeNotices{Channels: channels, Now: b.now, Lease: time.Minute, Limit: 10})
	if err != nil {
		b.Fatalf("TakeNotices = %v, want no error", err)
	}
	return list
}

func (b *bench) changeAlert(n int64, change func(a *alert.Alert) error) (alert.Alert, error) {
	return b.store.ChangeAlert(b.ctx, store.ChangeAlert{Platform: b.platform, Number: n, Now: b.now, NewID: b.newID, Change: change})
}

func testAlertRule(_ *testing.T, b *bench) {
	r := b.alertRule("fails", func(r *alert.Rule) { r.Platform = alert.AnyPlatform })
	for _, ref := range []string{"fails", r.ID.String()} {
		got, err := b.store.AlertRule(b.ctx, store.AnyPlatform, ref)
		b.wantCode("AlertRule("+ref+")", err, "")
		b.wantSame("the rule by "+ref, r, got)
	}
	_, err := b.store.CreateAlertRule(b.ctx, alert.Rule{ID: b.newID(), Platform: alert.AnyPlatform, Name: "fails", CreatedAt: b.now, UpdatedAt: b.now})
	b.wantCode("a second rule of that name", err, job.Conflict)
	b.pass(time.Second)
	change := func(revision int64, edit func(r *alert.Rule) error) (alert.Rule, error) {
		return b.store.ChangeAlertRule(b.ctx, store.ChangeAlertRule{Platform: store.AnyPlatform, Ref: "fails", IfRevision: revision, By: "uid:8", Now: b.now, Change: edit})
	}
	_, err = change(7, func(*alert.Rule) error { return nil })
	b.wantCode("a change of revision 7", err, job.VersionMismatch)
	got, err := change(1, func(*alert.Rule) error { return nil })
	b.wantCode("a change of nothing", err, "")
	b.wantSame("the rule after no change", r, got)
	got, err = change(1, func(r *alert.Rule) error {
		r.Name, r.Value, r.Enabled, r.Channels = "many", -0.25, false, []string{}
		return nil
	})
	b.wantCode("a change", err, "")
	want := r
	want.Name, want.Value, want.Enabled, want.Channels, want.Revision, want.UpdatedBy, want.UpdatedAt = "many", -0.25, false, []string{}, 2, "uid:8", b.now
	b.wantSame("the rule after a change", want, got)
	gone := store.DeleteAlertRule{Platform: store.AnyPlatform, Ref: "many", By: "uid:8", Now: b.now}
	_, err = b.store.DeleteAlertRule(b.ctx, gone)
	b.wantCode("DeleteAlertRule", err, "")
	_, err = b.store.DeleteAlertRule(b.ctx, gone)
	b.wantCode("DeleteAlertRule again", err, job.NotFound)
	_, err = b.store.AlertRule(b.ctx, store.AnyPlatform, r.ID.String())
	b.wantCode("AlertRule of one that is gone", err, job.NotFound)
	b.alertRule("many")
}

func testAlertRuleScope(_ *testing.T, b *bench) {
	own := b.alertRule("b-rule")
	other := b.alertRule("b-rule", func(r *alert.Rule) { r.Platform += "-b" })
	all := b.alertRule("a-rule", func(r *alert.Rule) { r.Platform = alert.AnyPlatform })
	list := func(platform string) []alert.Rule {
		b.Helper()
		rules, err := b.store.ListAlertRules(b.ctx, platform)
		b.wantCode("ListAlertRules", err, "")
		return rules
	}
	b.wantSame("its own", []alert.Rule{own}, list(b.platform))
	b.wantSame("all", []alert.Rule{all, own, other}, list(store.AnyPlatform))
	_, err := b.store.AlertRule(b.ctx, store.AnyPlatform, "b-rule")
	b.wantCode("a name that two platforms have", err, job.Conflict)
	_, err = b.store.AlertRule(b.ctx, b.platform, other.ID.String())
	b.wantCode("a foreign id", err, job.NotFound)
	_, err = b.store.DeleteAlertRule(b.ctx, store.DeleteAlertRule{Platform: b.platform, Ref: other.ID.String(), Now: b.now})
	b.wantCode("deleting a foreign rule", err, job.NotFound)
	b.observe(round(other, found(other.Platform, 1)))
	wantEqual(b, "foreign alerts", len(b.alerts()), 0)
	_, err = b.store.Alert(b.ctx, b.platform, 1)
	b.wantCode("a foreign alert", err, job.NotFound)
	_, err = b.changeAlert(1, func(a *alert.Alert) error { return a.Close(b.now, "uid:7", "") })
	b.wantCode("a change of a foreign alert", err, job.NotFound)
}

func testAlertSeeds(_ *testing.T, b *bench) {
	names := func() string {
		b.Helper()
		rules, err := b.store.ListAlertRules(b.ctx, store.AnyPlatform)
		b.wantCode("ListAlertRules", err, "")
		var names []string
		for i := range rules {
			names = append(names, rules[i].Name)
		}
		return strings.Join(names, " ")
	}
	seed := func(seeds ...string) {
		b.Helper()
		var rules []alert.Rule
		for _, name := range seeds {
			rules = append(rules, alert.Rule{
				ID: b.newID(), Platform: alert.AnyPlatform, Name: name, Seed: name, Metric: alert.TimeoutCount, Operator: alert.GT, Severity: alert.Critical, Channels: []string{}, CreatedAt: b.now, UpdatedAt: b.now,
			})
		}
		b.wantCode("SeedAlertRules", b.store.SeedAlertRules(b.ctx, rules), "")
	}
	b.alertRule("mine", func(r *alert.Rule) { r.Platform = alert.AnyPlatform })
	seed("one", "two", "three", "mine")
	wantEqual(b, "rules", names(), "mine one three two")
	_, err := b.store.DeleteAlertRule(b.ctx, store.DeleteAlertRule{Platform: store.AnyPlatform, Ref: "one", Now: b.now})
	b.wantCode("DeleteAlertRule", err, "")
	_, err = b.store.ChangeAlertRule(b.ctx, store.ChangeAlertRule{Platform: store.AnyPlatform, Ref: "two", Now: b.now, Change: func(r *alert.Rule) error {
		r.Name = "zwei"
		return nil
	}})
	b.wantCode("ChangeAlertRule", err, "")
	seed("one", "two", "three", "four")
	wantEqual(b, "rules after a deletion, a change, and a later program", names(), "four mine three zwei")
}

func testAlertFires(_ *testing.T, b *bench) {
	r, j := b.alertRule("fails"), b.job(minutely)
	b.wantObserved("nothing", store.Observed{}, round(r))
	b.wantEvents("a breach", func() {
		b.wantObserved("a breach", store.Observed{Fired: 2, Notices: 1}, round(r, found(b.platform, 12), foundJob(&j, 3)))
	}, "scheduler:alert.firing", "scheduler:alert.firing")
	rows := b.outbox(0)
	last := rows[len(rows)-1].Events
	if data := string(last[0].Data); !strings.Contains(data, `"platform_id":"`+b.platform+`"`) || !strings.Contains(data, `"alert":{"id":"a1"`) {
		b.Errorf("the event of an alert says %s", data)
	}
	if data := string(last[1].Data); last[1].JobID != j.ID || !strings.Contains(data, `"job_name":"`+j.Name+`"`) || !strings.Contains(data, `"summary":"it is wrong"`) {
		b.Errorf("the event of a job's alert says %s of %s", data, last[1].JobID)
	}
	list := b.alerts()
	wantEqual(b, "alerts", len(list), 2)
	a := list[1]
	b.wantSame("the alert", alert.Alert{
		Number: 1, Key: r.ID.String(), Platform: b.platform, RuleID: r.ID, Rule: "fails", Metric: r.Metric, Cond: r.Condition(), Severity: alert.Warning, State: alert.Firing, Value: 12,
		Summary: "it is wrong", Channels: r.Channels, Told: []string{"slack"}, FiredAt: b.now, SeenAt: b.now,
		Turns: []alert.Turn{{At: b.now, State: alert.Firing, By: alert.By, Reason: "it is wrong"}},
	}, a)
	b.pass(30 * time.Second)
	b.wantEvents("another look", func() {
		b.wantObserved("another look", store.Observed{}, round(r, found(b.platform, 13), foundJob(&j, 3)))
	})
	b.pass(31 * time.Second)
	b.wantObserved("a look a minute later", store.Observed{}, round(r, found(b.platform, 14), foundJob(&j, 3)))
	wantEqual(b, "the value", b.alerts()[1].Value, 14)
	counts, err := b.store.AlertCounts(b.ctx, b.platform)
	b.wantCode("AlertCounts", err, "")
	b.wantSame("counts", []store.AlertCount{{Severity: alert.Warning, State: alert.Firing, Count: 2}}, counts)
	b.wantEvents("one cause gone", func() {
		b.wantObserved("one cause gone", store.Observed{Resolved: 1, Notices: 1}, round(r, foundJob(&j, 3)))
	}, "scheduler:alert.resolved")
	got, err := b.store.Alert(b.ctx, b.platform, 1)
	b.wantCode("Alert", err, "")
	wantEqual(b, "state", got.State, alert.Resolved)
	wantEqual(b, "resolved at", got.ResolvedAt, b.now)
	b.wantObserved("the same cause again", store.Observed{Fired: 1, Notices: 1}, round(r, found(b.platform, 15), foundJob(&j, 3)))
	wantEqual(b, "alerts", len(b.alerts()), 3)
	var told []string
	for _, n := range b.takeNotices("slack", "email") {
		told = append(told, string(n.State)+" "+n.Alerts[0].ID)
		wantEqual(b, "channel", n.Channel, "slack")
	}
	b.wantSame("told", []string{"firing a1", "resolved a1", "firing a3"}, told)
}

func testAlertGauge(_ *testing.T, b *bench) {
	r := b.alertRule("queue", func(r *alert.Rule) { r.Metric, r.DurationMS = alert.QueueSize, 60_000 })
	look := func(want int, found ...alert.Finding) {
		b.Helper()
		wantEqual(b, "fired", b.observe(round(r, found...)).Fired, want)
	}
	high := found(b.platform, 200)
	look(0, high)
	b.pass(59 * time.Second)
	look(0, high)
	look(0)
	b.pass(time.Second)
	look(0, high)
	b.pass(time.Minute)
	look(1, high)
	b.pass(time.Minute)
	look(0, high)
}

func testAlertSilence(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	b.observe(round(r, found(b.platform, 12)))
	b.takeNotices("slack")
	until := b.now.Add(time.Hour)
	b.wantEvents("a silence", func() {
		_, err := b.changeAlert(1, func(a *alert.Alert) error { return a.Quiet(alert.Silenced, b.now, until, "uid:7", "night") })
		b.wantCode("ChangeAlert", err, "")
	}, "scheduler:alert.silenced")
	b.pass(time.Hour - time.Microsecond)
	b.wantObserved("the cause during the silence", store.Observed{}, round(r, found(b.platform, 12)))
	got := b.alerts()[0]
	wantEqual(b, "state", got.State, alert.Silenced)
	b.wantTime("until", &got.Until, until)
	b.pass(time.Microsecond)
	b.wantObserved("the cause after it", store.Observed{Fired: 1, Notices: 1}, round(r, found(b.platform, 12)))
	wantEqual(b, "state", b.alerts()[0].State, alert.Firing)
	_, err := b.changeAlert(1, func(a *alert.Alert) error {
		return a.Quiet(alert.Silenced, b.now, time.Time{}, "uid:7", "")
	})
	b.wantCode("ChangeAlert", err, "")
	b.wantObserved("its end in silence", store.Observed{Resolved: 1}, round(r))
}

func testAlertSilenceOutlives(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	b.observe(round(r, found(b.platform, 12)))
	until := b.now.Add(time.Hour)
	_, err := b.changeAlert(1, func(a *alert.Alert) error { return a.Quiet(alert.Silenced, b.now, until, "uid:7", "") })
	b.wantCode("ChangeAlert", err, "")
	b.observe(round(r))
	b.pass(time.Minute)
	b.wantObserved("the same cause within the silence", store.Observed{Fired: 1}, round(r, found(b.platform, 12)))
	got := b.alerts()[0]
	wantEqual(b, "number", got.Number, 2)
	wantEqual(b, "state", got.State, alert.Silenced)
	b.wantTime("until", &got.Until, until)
	b.observe(round(r))
	b.pass(time.Hour)
	b.wantObserved("the same cause after the silence", store.Observed{Fired: 1, Notices: 1}, round(r, found(b.platform, 12)))
}

func testAlertPeople(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	b.observe(round(r, found(b.platform, 12)))
	b.takeNotices("slack")
	b.pass(time.Second)
	got, err := b.changeAlert(1, func(a *alert.Alert) error {
		return a.Quiet(alert.Acknowledged, b.now, time.Time{}, "uid:7", "on it")
	})
	b.wantCode("ChangeAlert", err, "")
	b.wantSame("the turn", alert.Turn{At: b.now, State: alert.Acknowledged, By: "uid:7", Reason: "on it"}, got.Turns[1])
	b.pass(100 * time.Hour)
	b.wantObserved("the cause for days", store.Observed{}, round(r, found(b.platform, 12)))
	b.wantEvents("a resolution by hand", func() {
		_, err = b.changeAlert(1, func(a *alert.Alert) error { return a.Close(b.now, "uid:7", "done") })
	}, "scheduler:alert.resolved")
	b.wantCode("ChangeAlert", err, "")
	notices := b.takeNotices("slack")
	if n := len(notices); n == 0 || notices[n-1].State != alert.Resolved {
		b.Errorf("notices = %+v, want that it was resolved", notices)
	}
	for what, change := range map[string]func(a *alert.Alert) error{
		"resolve":   func(a *alert.Alert) error { return a.Close(b.now, "uid:7", "") },
		"ack":       func(a *alert.Alert) error { return a.Quiet(alert.Acknowledged, b.now, time.Time{}, "uid:7", "") },
		"unsilence": func(a *alert.Alert) error { return a.Loud(b.now, "uid:7", "") },
	} {
		_, err := b.changeAlert(1, change)
		b.wantCode(what+" of what is resolved", err, job.Conflict)
	}
	b.wantObserved("the cause still there", store.Observed{Fired: 1, Notices: 1}, round(r, found(b.platform, 12)))
}

func testAlertRuleGone(_ *testing.T, b *bench) {
	gone, off := b.alertRule("gone"), b.alertRule("off")
	b.observe(round(gone, found(b.platform, 1)), round(off, found(b.platform, 1)))
	_, err := b.store.DeleteAlertRule(b.ctx, store.DeleteAlertRule{Platform: b.platform, Ref: "gone", Now: b.now})
	b.wantCode("DeleteAlertRule", err, "")
	_, err = b.store.ChangeAlertRule(b.ctx, store.ChangeAlertRule{Platform: b.platform, Ref: "off", Now: b.now, Change: func(r *alert.Rule) error {
		r.Enabled = false
		return nil
	}})
	b.wantCode("ChangeAlertRule", err, "")
	b.wantObserved("the next look", store.Observed{Resolved: 2}, round(gone, found(b.platform, 1)))
	for _, a := range b.alerts() {
		wantEqual(b, "state of "+a.Rule, a.State, alert.Resolved)
	}
}

func testAlertRuleChanged(_ *testing.T, b *bench) {
	r, fresh := b.alertRule("fails"), b.alertRule("fresh")
	b.observe(round(r, found(b.platform, 1)), round(fresh, found(b.platform, 1)))
	_, err := b.store.ChangeAlertRule(b.ctx, store.ChangeAlertRule{Platform: b.platform, Ref: "fails", Now: b.now, Change: func(r *alert.Rule) error {
		r.Value = 99
		return nil
	}})
	b.wantCode("ChangeAlertRule", err, "")
	b.wantObserved("a look at what it was, and none at the other", store.Observed{}, round(r))
}

func testAlertPartial(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	b.observe(round(r, found(b.platform, 1)))
	part := round(r)
	part.Partial = true
	b.wantObserved("a part", store.Observed{}, part)
	b.wantObserved("the whole", store.Observed{Resolved: 1, Notices: 1}, round(r))
}

func testAlertRace(_ *testing.T, b *bench) {
	r, j := b.alertRule("fails"), b.job(minutely)
	var mu sync.Mutex
	var sum store.Observed
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				got, err := b.store.Observe(b.ctx, store.Observe{Now: b.now, NewID: b.newID, Rounds: []alert.Round{round(r, found(b.platform, 1), foundJob(&j, 1))}})
				mu.Lock()
				if err != nil {
					b.Errorf("Observe = %v, want no error", err)
				}
				sum.Fired, sum.Notices = sum.Fired+got.Fired, sum.Notices+got.Notices
				mu.Unlock()
			}
		})
	}
	all.Wait()
	b.wantSame("all of them", store.Observed{Fired: 2, Notices: 1}, sum)
	taken := make(chan int, 8)
	for range 8 {
		all.Go(func() { taken <- len(b.takeNotices("slack")) })
	}
	all.Wait()
	close(taken)
	n := 0
	for one := range taken {
		n += one
	}
	wantEqual(b, "notices taken", n, 1)
}

func testNoticeLease(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	b.observe(round(r, found(b.platform, 12)))
	wantEqual(b, "for another channel", len(b.takeNotices("email")), 0)
	first := b.takeNotices("email", "slack")
	wantEqual(b, "taken", len(first), 1)
	n := first[0]
	b.wantSame("the notice", alert.Notice{
		ID: n.ID, State: alert.Firing, At: b.now, Rule: "fails", Severity: alert.Warning, Metric: r.Metric, Cond: r.Condition(), Platform: b.platform, Count: 1,
		Alerts: []alert.Listed{{ID: "a1", Platform: b.platform, Value: 12, Summary: "it is wrong", FiredAt: b.now}},
	}, n.Notice)
	b.pass(time.Minute - time.Microsecond)
	wantEqual(b, "within the lease", len(b.takeNotices("slack")), 0)
	b.pass(time.Microsecond)
	again := b.takeNotices("slack")
	wantEqual(b, "after the lease", len(again), 1)
	wantEqual(b, "attempts", again[0].Attempts, 2)
	again[0].Attempts = 1
	b.wantSame("the notice again", n, again[0])
	end := func(attempts int) bool {
		b.Helper()
		noted, err := b.store.EndNotice(b.ctx, store.EndNotice{ID: n.ID, Attempts: attempts, Now: b.now})
		b.wantCode("EndNotice", err, "")
		return noted
	}
	wantEqual(b, "the end of the first attempt", end(1), false)
	wantEqual(b, "the end of the second", end(2), true)
	wantEqual(b, "the same end again", end(2), false)
	b.pass(time.Hour)
	wantEqual(b, "after its end", len(b.takeNotices("slack")), 0)
	all, err := b.store.Notices(b.ctx, 10)
	b.wantCode("Notices", err, "")
	if len(all) != 1 || all[0].Status != store.NoticeSent || all[0].EndedAt == nil {
		b.Errorf("notices = %+v, want one that was sent", all)
	}
}

func testNoticeRetry(_ *testing.T, b *bench) {
	b.observe(round(b.alertRule("fails"), found(b.platform, 12)))
	n := b.takeNotices("slack")[0]
	end := func(attempts int, retry time.Time) {
		b.Helper()
		noted, err := b.store.EndNotice(b.ctx, store.EndNotice{ID: n.ID, Attempts: attempts, Now: b.now, Error: "no answer", RetryAt: retry})
		b.wantCode("EndNotice", err, "")
		wantEqual(b, "noted", noted, true)
	}
	end(1, b.now.Add(10*time.Second))
	b.pass(9 * time.Second)
	wantEqual(b, "before it is due again", len(b.takeNotices("slack")), 0)
	b.pass(time.Second)
	again := b.takeNotices("slack")
	if len(again) != 1 || again[0].ID != n.ID || again[0].Attempts != 2 || again[0].Error != "no answer" {
		b.Fatalf("notices = %+v, want the second attempt", again)
	}
	end(2, time.Time{})
	b.pass(time.Hour)
	wantEqual(b, "after it was given up", len(b.takeNotices("slack")), 0)
	all, err := b.store.Notices(b.ctx, 10)
	b.wantCode("Notices", err, "")
	if len(all) != 1 || all[0].Status != store.NoticeFailed || all[0].Error != "no answer" {
		b.Errorf("notices = %+v, want one that failed", all)
	}
}

func testAlertList(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	bad := b.alertRule("bad", func(r *alert.Rule) { r.Severity = alert.Critical })
	var jobs []alert.Finding
	for range 5 {
		j := b.job("")
		jobs = append(jobs, foundJob(&j, 1))
	}
	b.observe(round(r, jobs...), round(bad, found(b.platform, 1)))
	numbers := func(list []alert.Alert) (ids []string) {
		for i := range list {
			ids = append(ids, list[i].ID())
		}
		return ids
	}
	b.wantSame("all", []string{"a6", "a5", "a4", "a3", "a2", "a1"}, numbers(b.alerts()))
	b.wantSame("critical", []string{"a6"}, numbers(b.alerts(func(f *store.AlertFilter) { f.Severities = []alert.Severity{alert.Critical} })))
	b.pass(time.Second)
	b.observe(round(r, jobs[2:]...), round(bad, found(b.platform, 1)))
	b.wantSame("resolved", []string{"a2", "a1"}, numbers(b.alerts(func(f *store.AlertFilter) { f.States = []alert.State{alert.Resolved} })))
	wantEqual(b, "since then", len(b.alerts(func(f *store.AlertFilter) { f.Since = b.now })), 0)
	var got []string
	cursor := ""
	for range 4 {
		page, err := b.store.ListAlerts(b.ctx, store.AlertFilter{Platform: b.platform, Limit: 2, Cursor: cursor})
		b.wantCode("ListAlerts", err, "")
		got = append(got, numbers(page.Items)...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	b.wantSame("page by page", []string{"a6", "a5", "a4", "a3", "a2", "a1"}, got)
	_, err := b.store.ListAlerts(b.ctx, store.AlertFilter{Platform: b.platform, Cursor: "x"})
	b.wantCode("a cursor of nothing", err, job.Invalid)
}

func testAlertForget(_ *testing.T, b *bench) {
	r := b.alertRule("fails")
	b.observe(round(r, found(b.platform, 1)))
	b.observe(round(r))
	for _, n := range b.takeNotices("slack") {
		_, err := b.store.EndNotice(b.ctx, store.EndNotice{ID: n.ID, Attempts: n.Attempts, Now: b.now})
		b.wantCode("EndNotice", err, "")
	}
	b.pass(time.Hour)
	b.observe(round(r, found(b.platform, 1)))
	forget := func(keep time.Duration) bool {
		b.Helper()
		more, err := b.store.ForgetAlerts(b.ctx, b.now, keep, 2)
		b.wantCode("ForgetAlerts", err, "")
		return more
	}
	wantEqual(b, "more of nothing", forget(time.Hour), false)
	wantEqual(b, "alerts", len(b.alerts()), 2)
	wantEqual(b, "more", forget(time.Hour-time.Microsecond), true)
	wantEqual(b, "alerts after that", len(b.alerts()), 1)
	all, err := b.store.Notices(b.ctx, 10)
	b.wantCode("Notices", err, "")
	wantEqual(b, "notices", len(all), 1)
}
