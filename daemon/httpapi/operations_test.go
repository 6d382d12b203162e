package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// node opens a session of a node.
func (b *bench) node(id int64, name string, lease time.Duration) {
	b.t.Helper()
	s := store.Session{
		ID: id, Node: name, Version: "v1", Roles: []string{"scheduler", "worker"}, Slots: 8, Commands: 2, Handlers: []string{"noop"},
		StartedAt: b.now, LeaseUntil: b.now.Add(lease),
	}
	if err := b.store.OpenSession(b.t.Context(), s); err != nil {
		b.t.Fatal(err)
	}
}

func TestWorkers(t *testing.T) {
	beats := 0
	b := newBench(t, func(c *control.Options, _ *Options) { c.Beat = func() { beats++ } })
	if none := b.do("GET", base+"/workers", "").want(200); strings.TrimSpace(string(none.Body)) != "[]" {
		t.Errorf("without workers: %s", none.Body)
	}
	b.node(1, "b", time.Minute)
	b.node(2, "a", time.Hour)
	b.node(3, "gone", time.Hour)
	if err := b.store.CloseSession(t.Context(), 3, b.now); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(2 * time.Minute)
	b.node(4, "c", time.Hour)
	list := read[[]api.Worker](b.do("GET", base+"/workers", "").want(200))
	var got []string
	for _, w := range list {
		got = append(got, w.Node+" "+w.State)
	}
	if want := "a active, b lost, c active, gone stopped"; strings.Join(got, ", ") != want {
		t.Errorf("workers: %s, want %s", strings.Join(got, ", "), want)
	}
	if _, err := b.store.Reap(t.Context(), b.now, 10); err != nil {
		t.Fatal(err)
	}
	if one := read[api.Worker](b.do("GET", base+"/workers/b", "").want(200)); one.State != api.WorkerLost || one.StoppedAt == nil {
		t.Errorf("a reaped worker: %+v", one)
	}
	b.node(5, "b", time.Hour) // it is back
	if one := read[api.Worker](b.do("GET", base+"/workers/b", "").want(200)); one.State != api.WorkerActive || one.Slots != 8 || len(one.Handlers) != 1 {
		t.Errorf("a worker that is back: %+v", one)
	}

	drained := read[api.Worker](b.do("POST", base+"/workers/a/drain", `{"reason":"kernel update"}`).want(200))
	if drained.State != api.WorkerDraining || drained.DrainReason != "kernel update" || drained.DrainedBy != "root" || drained.DrainedAt == nil {
		t.Errorf("drained: %+v", drained)
	}
	b.now = b.now.Add(time.Second)
	if again := read[api.Worker](b.do("POST", base+"/workers/a/drain", "", "X-Schedd-Reason: another").want(200)); again.DrainReason != "kernel update" {
		t.Errorf("drained again: %+v", again)
	}
	if beats != 1 {
		t.Errorf("%d heartbeats asked for, want 1", beats)
	}
	if back := read[api.Worker](b.do("POST", base+"/workers/a/undrain", "").want(200)); back.Draining || back.State != api.WorkerActive {
		t.Errorf("undrained: %+v", back)
	}
	near := b.do("GET", base+"/workers/gome", "").want(404)
	if !strings.Contains(string(near.Body), "did you mean gone?") {
		t.Errorf("no suggestion in %s", near.Body)
	}
	for _, path := range []string{"/workers/x", "/workers/A", "/workers/%20", "/workers/" + strings.Repeat("x", 5000)} {
		b.do("GET", base+path, "").want(404)
		b.do("POST", base+path+"/drain", "").want(404)
		b.do("POST", base+path+"/undrain", "").want(404)
	}
}

func TestMaintenance(t *testing.T) {
	woken := 0
	b := newBench(t, func(c *control.Options, _ *Options) { c.Wake = func() { woken++ } })
	b.node(1, "a", 24*time.Hour)
	if off := read[api.Maintenance](b.do("GET", base+"/maintenance", "").want(200)); off.On || off.Since != nil {
		t.Errorf("before: %+v", off)
	}
	on := read[api.Maintenance](b.do("PUT", base+"/maintenance", `{"for":"2h","reason":"new disks"}`).want(200))
	if !on.On || !on.Since.Equal(monday) || !on.Until.Equal(monday.Add(2*time.Hour)) || on.By != "root" || on.Reason != "new disks" {
		t.Errorf("begun: %+v", on)
	}
	b.now = b.now.Add(time.Minute)
	on = read[api.Maintenance](b.do("PUT", base+"/maintenance", `{"until":"2026-11-23T18:00:00Z"}`).want(200))
	if !on.Since.Equal(monday) || on.Until.Format(time.TimeOnly) != "18:00:00" || on.Reason != "" {
		t.Errorf("changed: %+v", on)
	}
	health := read[api.Health](b.do("GET", base+"/health", "").want(200))
	if health.Status != control.Degraded || len(health.Issues) != 1 || !strings.HasPrefix(health.Issues[0].Message, "maintenance from 2026-11-23T12:00:00Z, to end at") {
		t.Errorf("health: %+v", health)
	}
	woken = 0
	b.do("DELETE", base+"/maintenance", "").want(204)
	b.do("DELETE", base+"/maintenance", "").want(204)
	if woken != 1 {
		t.Errorf("the planner was woken %d times, want once", woken)
	}
	b.do("PUT", base+"/maintenance", "").want(200)
	b.now = b.now.Add(100 * 24 * time.Hour)
	if on := read[api.Maintenance](b.do("GET", base+"/maintenance", "").want(200)); !on.On || on.Until != nil {
		t.Errorf("without an end: %+v", on)
	}
}

// TestStopRefuses walks what maintenance and a pause of the queue do not take.
func TestStopRefuses(t *testing.T) {
	b := newBench(t)
	for body, fields := range map[string]string{
		`{"for":"2 hours"}`: "for", `{"for":"-1h"}`: "for", `{"for":"0s"}`: "for", `{"for":"999999h"}`: "for", `{"for":7}`: "for", `{"for":null}`: "for",
		`{"until":"2026-11-23T11:59:59Z"}`: "until", `{"until":"2026-11-23T12:00:00Z"}`: "until", `{"until":"tomorrow"}`: "until", `{"until":"2126-01-01T00:00:00Z"}`: "until",
		`{"for":"1h","until":"2026-11-24T00:00:00Z"}`: "for", `{"utnil":"2026-11-24T00:00:00Z"}`: "utnil", `{"Reason":"x"}`: "Reason",
		`{"reason":"two\nlines"}`: "reason", `{"reason":"` + strings.Repeat("x", 2000) + `"}`: "reason", `{"reason":"\u001b[2J"}`: "reason",
	} {
		for _, to := range []string{"PUT " + base + "/maintenance", "POST " + base + "/queue/pause"} {
			method, path, _ := strings.Cut(to, " ")
			if got := b.do(method, path, body).want(400).fields(); got != fields {
				t.Errorf("%s %s: fields at fault %q, want %q", to, body, got, fields)
			}
		}
	}
	for _, body := range []string{`[]`, `{`, `"on"`, `{"reason":"a","reason":"b"}`, `{} {}`} {
		b.do("PUT", base+"/maintenance", body).want(400)
	}
	for _, body := range []string{`{"reason":"two\nlines"}`, `{"why":"x"}`, `{"reason":1}`} {
		b.node(int64(len(body)), "n", time.Hour)
		b.do("POST", base+"/workers/n/drain", body).want(400)
	}
	if holds, err := b.store.Holds(t.Context(), b.now); err != nil || len(holds) != 0 {
		t.Errorf("refused requests left %+v, %v", holds, err)
	}
}

func TestQueue(t *testing.T) {
	line := &fakeQueue{depth: queue.Depth{
		Waiting: 3, Pending: 2, Oldest: 1200 * time.Millisecond,
		Streams: []queue.Stream{{Name: "stream:scheduler:job.dispatch", Group: "scheduler-workers", Length: 5, Pending: 2, Lag: 3, Oldest: time.Second, Consumers: []string{"node-a"}}},
	}}
	b := newBench(t, func(c *control.Options, _ *Options) { c.Queue = line })
	b.cron("nightly", "")
	b.do("POST", base+"/jobs/nightly/run", "").want(201)
	b.now = b.now.Add(3 * time.Second)
	q := read[api.Queue](b.do("GET", base+"/queue", "").want(200))
	if q.Driver != "redis 7.0.15" || q.Messages == nil || q.Messages.Waiting != 3 || q.Messages.Pending != 2 || *q.Messages.OldestMS != 1200 ||
		q.Ready != 1 || *q.OldestMS != 3000 || q.Delayed != 0 || q.NextAt != nil || q.Running != 0 || q.Dead != 0 || q.Holds == nil {
		t.Errorf("queue: %+v", q)
	}
	if got := q.Messages.Streams; len(got) != 1 || got[0].Group != "scheduler-workers" || got[0].Lag != 3 || *got[0].OldestMS != 1000 || len(q.Messages.Warnings) != 1 {
		t.Errorf("streams: %+v", q.Messages)
	}
	line.fault = errors.New("redis is away")
	if q := read[api.Queue](b.do("GET", base+"/queue", "").want(200)); q.Messages != nil || q.Problem == "" || strings.Contains(q.Problem, "redis") || q.Ready != 1 {
		t.Errorf("without the queue: %+v", q)
	}
	b.do("GET", base+"/queue/messages", "").want(503)
	all := read[api.Hold](b.do("POST", base+"/queue/pause", `{"reason":"mail relay down"}`).want(200))
	if all.Kind != api.HoldDispatch || all.Platform != "" || all.Reason != "mail relay down" || all.By != "root" {
		t.Errorf("paused: %+v", all)
	}
	web := read[api.Hold](b.do("POST", base+"/queue/pause?platform_id=web", `{"for":"1h"}`).want(200))
	if web.Platform != "web" || web.Until == nil {
		t.Errorf("a platform paused: %+v", web)
	}
	if q := read[api.Queue](b.do("GET", base+"/queue", "").want(200)); len(q.Holds) != 2 {
		t.Errorf("holds: %+v", q.Holds)
	}
	health := read[api.Health](b.do("GET", base+"/health", "").want(200))
	fixes := ""
	for _, issue := range health.Issues {
		fixes += issue.Fix + ";"
	}
	if !strings.Contains(fixes, "schedctl queue resume;") || !strings.Contains(fixes, "schedctl queue resume --platform web;") {
		t.Errorf("health: %+v", health)
	}
	b.do("POST", base+"/queue/resume", "").want(204)
	b.do("POST", base+"/queue/resume", "").want(204)
	b.do("POST", base+"/queue/resume?platform_id=web", "").want(204)
	if q := read[api.Queue](b.do("GET", base+"/queue", "").want(200)); len(q.Holds) != 0 {
		t.Errorf("holds after resume: %+v", q.Holds)
	}
}

// fakeQueue answers as a queue on another machine.
type fakeQueue struct {
	depth    queue.Depth
	messages []queue.Message
	fault    error
}

func (q *fakeQueue) Depth(context.Context) (queue.Depth, error) { return q.depth, q.fault }
func (q *fakeQueue) Ping(context.Context) (queue.Info, error) {
	return queue.Info{Server: "redis", Version: "7.0.15", Warnings: []string{"maxmemory-policy is allkeys-lru"}}, q.fault
}

func (q *fakeQueue) Peek(_ context.Context, n int) ([]queue.Message, error) {
	return q.messages[:min(n, len(q.messages))], q.fault
}

func TestQueuePeek(t *testing.T) {
	line := &fakeQueue{}
	b := newBench(t, func(c *control.Options, _ *Options) { c.Queue = line })
	peek := func(query string) string {
		t.Helper()
		var seen []string
		for _, m := range read[[]api.QueueMessage](b.do("GET", base+"/queue/messages"+query, "").want(200)) {
			seen = append(seen, strings.TrimSpace(m.Run+" "+string(m.Status)))
		}
		return strings.Join(seen, ", ")
	}
	if got := peek(""); got != "" {
		t.Errorf("an empty queue: %s", got)
	}
	b.cron("nightly", "")
	b.cron("weekly", `,"platform_id":"web"`)
	first := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	second := read[job.Execution](b.do("POST", base+"/jobs/weekly/run", "").want(201))
	b.do("POST", base+"/executions/"+second.ID.String()+"/cancel", "").want(200)
	for _, id := range []job.ID{first.ID, second.ID, b.newID()} {
		line.messages = append(line.messages, queue.Message{ExecutionID: id, HandlerName: "noop", Priority: job.PriorityMedium, ReadyAt: b.now})
	}
	if got, want := peek(""), "nightly/1 pending, weekly/1 cancelled, "; got != want {
		t.Errorf("messages: %s, want %s", got, want)
	}
	if got, want := peek("?limit=1"), "nightly/1 pending"; got != want {
		t.Errorf("the first: %s, want %s", got, want)
	}
	if got, want := peek("?platform_id=web"), "weekly/1 cancelled"; got != want {
		t.Errorf("of a platform: %s, want %s", got, want)
	}
}

func TestDeadLetters(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	b.cron("other", "")
	die := func(name string) job.Execution {
		t.Helper()
		e := read[job.Execution](b.do("POST", base+"/jobs/"+name+"/run", "").want(201))
		b.settle(e.ID, job.EventFail)
		b.now = b.now.Add(time.Minute)
		return e
	}
	first, second, third := die("nightly"), die("other"), die("nightly")
	list := func(query string) string {
		t.Helper()
		var names []string
		for _, e := range read[[]job.Execution](b.do("GET", base+"/dead-letter"+query, "").want(200)) {
			names = append(names, runOf(e))
		}
		return strings.Join(names, " ")
	}
	for query, want := range map[string]string{
		"": "nightly/2 other/1 nightly/1", "?job=nightly": "nightly/2 nightly/1", "?reason=poison": "", "?reason=poison,retries_exhausted": "nightly/2 other/1 nightly/1",
		"?dead_before=2026-11-23T12:01:00Z": "nightly/1", "?sort_order=asc&limit=2": "nightly/1 other/1", "?dead_before=2026-11-23T12:00:00Z": "",
	} {
		if got := list(query); got != want {
			t.Errorf("dead letters%s: %s, want %s", query, got, want)
		}
	}
	if page := b.do("GET", base+"/dead-letter?limit=1&total=true", "").want(200); page.Header.Get(api.HeaderTotalCount) != "3" || page.Header.Get(api.HeaderNextCursor) == "" {
		t.Errorf("headers %v", page.Header)
	}
	b.do("GET", base+"/dead-letter?job=nope", "").want(404)
	if one := read[job.Execution](b.do("GET", base+"/dead-letter/nightly%2F1", "").want(200)); one.ID != first.ID || one.DeadReason != "retries_exhausted" {
		t.Errorf("one: %+v", one)
	}

	running := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201)) // a retry must wait for it, not be skipped
	retry := read[job.Execution](b.do("POST", base+"/dead-letter/nightly:1/retry", "", "Idempotency-Key: k1").want(201))
	if retry.Status != job.Pending || retry.RetryOf == nil || *retry.RetryOf != first.ID || retry.ReadyAt != nil {
		t.Errorf("retry: %+v", retry)
	}
	again := b.do("POST", base+"/dead-letter/nightly:1/retry", "", "Idempotency-Key: k1").want(201)
	if read[job.Execution](again).ID != retry.ID || again.Header.Get(api.HeaderReplayed) != "true" {
		t.Errorf("the same request again: %s", again.Body)
	}
	for _, ref := range []string{"nightly%2F1", running.ID.String()} {
		b.do("POST", base+"/dead-letter/"+ref+"/retry", "").want(409)
		b.do("DELETE", base+"/dead-letter/"+ref, "").want(409)
		b.do("GET", base+"/dead-letter/"+ref, "").want(404)
	}
	b.do("DELETE", base+"/dead-letter/"+second.ID.String(), "").want(204)
	b.do("DELETE", base+"/dead-letter/"+second.ID.String(), "").want(409)
	b.do("GET", base+"/executions/other%2F1", "").want(200)
	if got := list(""); got != runOf(third) {
		t.Errorf("left: %s, want %s", got, runOf(third))
	}
	for _, ref := range []string{"nope%2F1", "nightly%2F99", "00000000-0000-7000-8000-000000000000", "x"} {
		b.do("GET", base+"/dead-letter/"+ref, "").want(404)
		b.do("POST", base+"/dead-letter/"+ref+"/retry", "").want(404)
		b.do("DELETE", base+"/dead-letter/"+ref, "").want(404)
	}
	b.do("POST", base+"/dead-letter/nightly%2F2/retry", `{"payload":[]}`).want(400)
}

func runOf(e job.Execution) string { return e.JobName + "/" + string(rune('0'+e.RunNumber)) }

// TestConfined: who is confined to a platform stops nothing of others.
func TestConfined(t *testing.T) {
	b := newBench(t)
	b.node(1, "a", time.Hour)
	b.who = control.Principal{Name: "op", Role: control.RoleOperator, Platform: "web"}
	for _, to := range []string{"POST /workers/a/drain", "POST /workers/a/undrain", "PUT /maintenance", "DELETE /maintenance", "POST /queue/pause?platform_id=shop", "POST /queue/resume?platform_id=*"} {
		method, path, _ := strings.Cut(to, " ")
		b.do(method, base+path, "").want(403)
	}
	b.do("GET", base+"/workers", "").want(200)
	b.do("GET", base+"/maintenance", "").want(200)
	if own := read[api.Hold](b.do("POST", base+"/queue/pause", "").want(200)); own.Platform != "web" {
		t.Errorf("a confined caller paused %+v, want its platform", own)
	}
	b.who = control.Principal{Name: "other", Role: control.RoleOperator, Platform: "shop"}
	if q := read[api.Queue](b.do("GET", base+"/queue", "").want(200)); len(q.Holds) != 0 {
		t.Errorf("another platform's holds are told: %+v", q.Holds)
	}
}

// TestWhyHeld: explanations and audits name what operators stopped.
func TestWhyHeld(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", `,"misfire":"skip"`)
	why := func(path string) api.Why {
		t.Helper()
		return read[api.Why](b.do("GET", base+path, "").want(200))
	}
	step := func(w api.Why, check string) string {
		for _, s := range w.Steps {
			if s.Check == check {
				return s.Result + " " + s.Detail
			}
		}
		return ""
	}
	b.now = monday.Add(10 * time.Minute)
	b.do("PUT", base+"/maintenance", `{"reason":"new disks"}`).want(200)
	b.now = monday.Add(2*time.Hour + 30*time.Minute)
	b.plan()
	w := why("/jobs/nightly/why")
	if !strings.HasPrefix(w.Verdict, "waits for the end of maintenance, since 2026-11-23T12:10:00Z: new disks") || !strings.HasPrefix(step(w, "maintenance"), "waits maintenance from") {
		t.Errorf("the job during maintenance: %+v", w)
	}
	if w := why("/jobs/nightly/why?at=2026-11-23T13:00:00Z"); !strings.HasPrefix(w.Verdict, "waits for the end of maintenance") {
		t.Errorf("a slot during maintenance: %+v", w)
	}
	if w := why("/jobs/nightly/why?at=2026-11-23T13:10:00Z"); strings.Contains(w.Verdict, "maintenance") && step(w, "schedule") == "" {
		t.Errorf("what is no slot: %+v", w)
	}
	run := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	if w := why("/executions/" + run.ID.String() + "/why"); !strings.HasPrefix(w.Verdict, "waits for the end of maintenance") || strings.Contains(w.Change, "misfire") {
		t.Errorf("a run during maintenance: %+v", w)
	}
	audit := read[[]api.SlotAudit](b.do("GET", base+"/audit/slots", "").want(200))[0]
	if !audit.Balanced {
		t.Errorf("the audit during maintenance: %+v", audit)
	}
	b.do("DELETE", base+"/maintenance", "").want(204)
	b.plan()
	if w := why("/jobs/nightly/why?at=2026-11-23T13:00:00Z"); !strings.HasPrefix(w.Verdict, "nightly/") || !strings.Contains(w.Verdict, "skipped") ||
		step(w, "maintenance") != "info maintenance from 2026-11-23T12:10:00Z to 2026-11-23T14:30:00Z, by root: new disks" {
		t.Errorf("a slot of the window, after it: %+v", w)
	}
	audit = read[[]api.SlotAudit](b.do("GET", base+"/audit/slots", "").want(200))[0]
	if !audit.Balanced || len(audit.Maintenance) != 1 || audit.Maintenance[0].Reason != "new disks" || audit.Maintenance[0].EndedAt == nil {
		t.Errorf("the audit after maintenance: %+v", audit)
	}
	b.now = monday.Add(4 * time.Hour)
	b.plan()
	if w := why("/jobs/nightly/why?at=2026-11-23T16:00:00Z"); step(w, "maintenance") != "" {
		t.Errorf("a slot after the window: %+v", w)
	}

	b.do("POST", base+"/executions/"+run.ID.String()+"/cancel", "").want(200)
	b.do("POST", base+"/queue/pause?platform_id=default", `{"reason":"relay down"}`).want(200)
	held := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	if w := why("/executions/" + held.ID.String() + "/why"); !strings.HasPrefix(w.Verdict, "waits: dispatch is paused since") || w.Change != "schedctl queue resume --platform default" {
		t.Errorf("a run of a paused platform: %+v", w)
	}
	if w := why("/jobs/nightly/why"); !strings.Contains(w.Verdict, "runs next at") || !strings.Contains(w.Verdict, "its runs wait, for dispatch is paused") {
		t.Errorf("a job of a paused platform: %+v", w)
	}
	b.now = b.now.Add(time.Minute)
	b.do("POST", base+"/queue/resume?platform_id=default", "").want(204)
	b.settle(held.ID, job.EventSucceed)
	if w := why("/executions/" + held.ID.String() + "/why"); !strings.HasPrefix(w.Verdict, "succeeded") || !strings.Contains(step(w, "dispatch"), "info dispatch of platform default paused") {
		t.Errorf("a run that waited: %+v", w)
	}
}
