package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// listening is a node that decides about events.
type listening struct {
	*bench
	version int64
	matcher *event.Matcher
}

func (b *bench) listening() *listening { return &listening{bench: b} }

// act decides about everything there is.
func (l *listening) act() store.Acted {
	l.Helper()
	var sum store.Acted
	for range 100 {
		got := l.actOnce()
		sum.Events, sum.Acts, sum.Jobs, sum.Runs = sum.Events+got.Events, sum.Acts+got.Acts, sum.Jobs+got.Jobs, sum.Runs+got.Runs
		sum.Cancelled, sum.Failed, sum.Stopped = sum.Cancelled+got.Cancelled, sum.Failed+got.Failed, append(sum.Stopped, got.Stopped...)
		if got.Events+got.Acts == 0 && !got.More {
			return sum
		}
	}
	l.Fatalf("Act has something to do for ever")
	return sum
}

func (l *listening) actOnce() store.Acted {
	l.Helper()
	got, err := l.store.Act(l.ctx, l.params())
	if err != nil {
		l.Fatalf("Act = %v, want no error", err)
	}
	return got
}

func (l *listening) params() store.Act {
	return store.Act{
		Now: l.now, Limit: 100, NewID: l.newID, Policy: job.DefaultPolicy(), Version: l.version,
		Listen: func(version int64, listeners []event.Listener, shapes []event.CancelShape) bool {
			l.version, l.matcher = version, event.NewMatcher(listeners, shapes)
			return l.matcher.System()
		},
		Decide:  func(events []event.Event) event.Decision { return l.matcher.Decide(events, l.now) },
		Prepare: l.prepare,
	}
}

// prepare is what the daemon does, in small.
func (l *listening) prepare(a *event.Act) (store.Deed, error) {
	var config struct {
		Name, Job, In string
		Tags          []string
		CancelOn      []job.CancelOn `json:"cancel_on"`
		Payload       json.RawMessage
	}
	if err := json.Unmarshal(a.Config, &config); err != nil {
		return store.Deed{}, job.Errorf(job.Invalid, "config: %v", err)
	}
	switch a.Action {
	case event.RunJob:
		return store.Deed{Run: &store.Trigger{Platform: a.Platform, Ref: config.Job, Payload: config.Payload, By: "rule:" + a.Name}}, nil
	case event.CancelJobs:
		return store.Deed{Cancel: &store.CancelJobs{Platform: a.Platform, Job: config.Job, Tags: config.Tags}}, nil
	}
	at := l.now.Add(time.Hour)
	j := l.build("", func(j *job.Job) {
		j.Platform, j.Name, j.Type, j.ExecuteAt, j.CancelOn = a.Platform, config.Name, job.TypeOneTime, &at, config.CancelOn
	})
	return store.Deed{Create: &store.CreateJob{Job: j, Open: l.opening(&j, "created"), Now: l.now}}, nil
}

// rule stores a rule of the bench's platform that makes a job for each ticket.
func (b *bench) rule(name string, edits ...func(r *event.Rule)) event.Rule {
	b.Helper()
	r := event.Rule{
		ID: b.newID(), Platform: b.platform, Name: name, Event: "ticket:created", Enabled: true, Priority: 5, Action: event.CreateJob,
		Config:    json.RawMessage(`{"name":"` + name + `-${data.id}","cancel_on":[{"event":"ticket:resolved","match":{"id":"${data.id}"}}]}`),
		CreatedBy: "uid:0", CreatedAt: b.now, UpdatedAt: b.now,
	}
	for _, edit := range edits {
		edit(&r)
	}
	made, err := b.store.CreateRule(b.ctx, r)
	if err != nil {
		b.Fatalf("CreateRule(%s) = %v, want no error", name, err)
	}
	return made
}

// send accepts an event about a ticket, whose id is new unless it is given.
func (b *bench) send(name, ticket string, edits ...func(e *event.Event)) event.Event {
	b.Helper()
	key := b.newID()
	e := event.Event{Key: key, ID: key.String(), Platform: b.platform, Name: name, Data: json.RawMessage(fmt.Sprintf(`{"id":%q}`, ticket)), At: b.now}
	for _, edit := range edits {
		edit(&e)
	}
	if _, err := b.store.AcceptEvents(b.ctx, []event.Event{e}); err != nil {
		b.Fatalf("AcceptEvents = %v, want no error", err)
	}
	return e
}

// ruleByName reads a rule.
func (b *bench) ruleByName(name string) event.Rule {
	b.Helper()
	r, err := b.store.Rule(b.ctx, b.platform, name)
	if err != nil {
		b.Fatalf("Rule(%s) = %v, want no error", name, err)
	}
	return r
}

// wantFigures checks what a rule counted.
func (b *bench) wantFigures(name string, triggered, succeeded, failed, deduplicated, cancelled int64) {
	b.Helper()
	r := b.ruleByName(name)
	got := [5]int64{r.Triggered, r.Succeeded, r.Failed, r.Deduplicated, r.Cancelled}
	if want := [5]int64{triggered, succeeded, failed, deduplicated, cancelled}; got != want {
		b.Errorf("figures of %s (triggered, succeeded, failed, deduplicated, cancelled) = %v, want %v; last error %q", name, got, want, r.LastError)
	}
}

// wantJob checks the status of the job with a name; "" = there is none.
func (b *bench) wantJob(name string, want job.JobStatus) {
	b.Helper()
	j, err := b.store.Job(b.ctx, b.platform, name)
	if want == "" {
		b.wantCode("Job("+name+")", err, job.NotFound)
		return
	}
	if err != nil || j.Status != want {
		b.Errorf("Job(%s) = %s, %v; want %s", name, j.Status, err, want)
	}
}
