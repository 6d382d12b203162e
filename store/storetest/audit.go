package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// auditTests are about the record of who changed what.
func auditTests() []test {
	tests := []test{
		{"every change that takes a trail is in the table", testAuditComplete},
		{"an entry comes back as it was written", testAuditStored},
		{"of a change only what differs is kept", testAuditDiffers},
		{"secrets are masked", testAuditMasked},
		{"large members are kept as checksums", testAuditLarge},
		{"entries are filtered and paged", testAuditList},
		{"entries of another platform are not found", testAuditScope},
		{"triggers at once have an entry each", testAuditTogether},
	}
	for _, c := range audited {
		tests = append(tests, test{c.method + " leaves one entry, and none when it fails or changes nothing", func(_ *testing.T, b *bench) { testAuditOne(b, c) }})
	}
	return tests
}

// trail returns a context under which what is written is recorded.
func (b *bench) trail(action string) context.Context {
	return store.WithTrail(b.ctx, &store.Trail{
		At: b.now, Action: action, By: "uid:7", Via: "uid 1007", Reason: "because", RequestID: "rq-1", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
	})
}

// audit returns the entries of the bench's platform, oldest first.
func (b *bench) audit(f store.AuditFilter) []store.AuditEntry {
	b.Helper()
	f.Ascending = true
	if f.Platform == "" {
		f.Platform = b.platform
	}
	page, err := b.store.ListAudit(b.ctx, f)
	if err != nil {
		b.Fatalf("ListAudit(%+v) = %v, want no error", f, err)
	}
	return page.Items
}

// must fails the test on an error.
func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%v, want no error", err)
	}
}

// act is who changes a job.
func (b *bench) act() job.Act { return job.Act{By: "uid:7", Now: b.now, Policy: job.DefaultPolicy()} }

// auditCase is one method that changes something. Do does it under a context; it changes
// something the first time. Fails does it so that it is refused. Again says that doing it
// once more changes nothing, and is no error.
type auditCase struct {
	method string
	kind   string
	global bool // the entry belongs to no platform
	make   func(b *bench) (do, fails func(ctx context.Context) error)
	again  bool
}

// audited are the methods of a store that take the trail of their context.
var audited = []auditCase{
	{method: "CreateJob", kind: "job", make: func(b *bench) (do, fails func(context.Context) error) {
		j := b.build("")
		p := store.CreateJob{Job: j, Open: b.opening(&j, "created"), Now: b.now, IdempotencyKey: "k"}
		do = func(ctx context.Context) error { _, _, err := b.store.CreateJob(ctx, p); return err }
		other := p
		other.Job, other.IdempotencyKey = b.build("", named(b.job("").Name)), ""
		return do, func(ctx context.Context) error { _, _, err := b.store.CreateJob(ctx, other); return err }
	}, again: true},
	{method: "ChangeJob", kind: "job", make: func(b *bench) (do, fails func(context.Context) error) {
		j := b.job("")
		change := func(revision int64) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ChangeJob(ctx, store.ChangeJob{Platform: b.platform, Ref: j.Name, IfRevision: revision, Now: b.now, By: "uid:7", NewID: b.newID, Change: job.Pause(b.act(), "x", false)})
				return err
			}
		}
		return change(0), change(99)
	}, again: true},
	{method: "ApplyJobs", kind: "job", make: func(b *bench) (do, fails func(context.Context) error) {
		j := b.job("")
		apply := func(commit error) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ApplyJobs(ctx, store.ApplyJobs{
					Steps: []store.ApplyStep{{Platform: b.platform, Ref: j.Name, Change: job.Pause(b.act(), "x", false)}}, Now: b.now, By: "uid:7", NewID: b.newID,
					Commit: func([]store.AppliedJob) error { return commit },
				})
				return err
			}
		}
		return apply(nil), apply(job.Errorf(job.Invalid, "no"))
	}, again: true},
	{method: "PurgeJob", kind: "job", make: func(b *bench) (do, fails func(context.Context) error) {
		j := b.job("")
		do = func(ctx context.Context) error {
			return b.store.PurgeJob(ctx, b.platform, j.ID.String(), b.now, "uid:7")
		}
		return do, func(ctx context.Context) error { return b.store.PurgeJob(ctx, b.platform, "nobody", b.now, "uid:7") }
	}},
	{method: "Trigger", kind: "execution", make: func(b *bench) (do, fails func(context.Context) error) {
		j := b.job("")
		do = func(ctx context.Context) error {
			_, err := b.store.Trigger(ctx, store.Trigger{Platform: b.platform, Ref: j.ID.String(), Kind: job.TriggerManual, By: "uid:7", Now: b.now, NewID: b.newID, IdempotencyKey: "k", Payload: json.RawMessage(`{"password":"canary"}`)})
			return err
		}
		return do, func(ctx context.Context) error {
			_, err := b.store.Trigger(ctx, store.Trigger{Platform: b.platform, Ref: "nobody", Kind: job.TriggerManual, Now: b.now, NewID: b.newID})
			return err
		}
	}, again: true},
	{method: "CancelExecution", kind: "execution", make: func(b *bench) (do, fails func(context.Context) error) {
		e := b.trigger(b.job("").ID)
		cancel := func(ref string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.CancelExecution(ctx, store.CancelExecution{Platform: b.platform, Ref: ref, Now: b.now, By: "uid:7"})
				return err
			}
		}
		return cancel(e.ID.String()), cancel(b.newID().String())
	}, again: true},
	{method: "DropDead", kind: "execution", make: func(b *bench) (do, fails func(context.Context) error) {
		e := b.die(b.session(), b.job("").ID, "retries_exhausted")
		drop := func(ctx context.Context) error {
			_, err := b.store.DropDead(ctx, store.DropDead{Platform: b.platform, Ref: e.ID.String(), Now: b.now, By: "uid:7"})
			return err
		}
		return drop, func(ctx context.Context) error {
			_, err := b.store.DropDead(ctx, store.DropDead{Platform: b.platform, Ref: b.newID().String(), Now: b.now, By: "uid:7"})
			return err
		}
	}},
	{method: "SetHold", kind: "dispatch", make: func(b *bench) (do, fails func(context.Context) error) {
		return func(ctx context.Context) error {
			return b.store.SetHold(ctx, store.Hold{Kind: store.HoldDispatch, Platform: b.platform, Since: b.now, By: "uid:7"})
		}, nil
	}},
	{method: "ReleaseHold", kind: "dispatch", make: func(b *bench) (do, fails func(context.Context) error) {
		b.must(b.store.SetHold(b.ctx, store.Hold{Kind: store.HoldDispatch, Platform: b.platform, Since: b.now, By: "uid:7"}))
		return func(ctx context.Context) error {
			_, err := b.store.ReleaseHold(ctx, store.HoldDispatch, b.platform, b.now)
			return err
		}, nil
	}, again: true},
	{method: "DrainNode", kind: "worker", global: true, make: func(b *bench) (do, fails func(context.Context) error) {
		b.sessionOf("audited")
		drain := func(node string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				return b.store.DrainNode(ctx, store.DrainNode{Node: node, Drain: true, By: "uid:7", Now: b.now})
			}
		}
		return drain("audited"), drain("nobody")
	}, again: true},
	{method: "CreateToken", kind: "token", make: func(b *bench) (do, fails func(context.Context) error) {
		t := store.Token{ID: tokenID(b, "t"), Platform: b.platform, Name: "t", Role: "viewer", Hash: "canary", CreatedAt: b.now, ExpiresAt: b.now.Add(time.Hour)}
		do = func(ctx context.Context) error { return b.store.CreateToken(ctx, t) }
		return do, func(ctx context.Context) error { return b.store.CreateToken(ctx, b.token("u")) }
	}},
	{method: "RevokeToken", kind: "token", make: func(b *bench) (do, fails func(context.Context) error) {
		id := b.token("t").ID
		revoke := func(ref string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.RevokeToken(ctx, store.RevokeToken{Platform: b.platform, Ref: ref, By: "uid:7", Now: b.now})
				return err
			}
		}
		return revoke(id), revoke("nobody")
	}, again: true},
	{method: "RotateToken", kind: "token", make: func(b *bench) (do, fails func(context.Context) error) {
		id := b.token("t").ID
		rotate := func(ctx context.Context) error {
			_, err := b.store.RotateToken(ctx, store.RotateToken{Platform: b.platform, Ref: id, ID: tokenID(b, "u"), Hash: "canary", ExpiresAt: b.now.Add(time.Hour), By: "uid:7", Now: b.now})
			return err
		}
		return rotate, func(ctx context.Context) error {
			_, err := b.store.RotateToken(ctx, store.RotateToken{Platform: b.platform, Ref: "nobody", By: "uid:7", Now: b.now})
			return err
		}
	}},
	{method: "CreatePlatform", kind: "platform", make: func(b *bench) (do, fails func(context.Context) error) {
		p := store.Platform{Slug: b.platform, CreatedAt: &b.now, CreatedBy: "uid:7"}
		do = func(ctx context.Context) error { _, err := b.store.CreatePlatform(ctx, p); return err }
		return do, func(ctx context.Context) error { _, err := b.store.CreatePlatform(ctx, b.tenant("-x")); return err }
	}},
	{method: "ChangePlatform", kind: "platform", make: func(b *bench) (do, fails func(context.Context) error) {
		b.tenant("")
		change := func(err error) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ChangePlatform(ctx, store.ChangePlatform{Scope: b.platform, Slug: b.platform, By: "uid:7", Now: b.now, Change: func(p *store.Platform) error {
					p.Description += "!"
					return err
				}})
				return err
			}
		}
		return change(nil), change(job.Errorf(job.Invalid, "no"))
	}},
	{method: "DeletePlatform", kind: "platform", make: func(b *bench) (do, fails func(context.Context) error) {
		b.tenant("")
		remove := func(slug string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.DeletePlatform(ctx, store.DeletePlatform{Scope: b.platform, Slug: slug, By: "uid:7", Now: b.now})
				return err
			}
		}
		return remove(b.platform), remove("nobody")
	}},
	{method: "CreateAgent", kind: "agent", make: func(b *bench) (do, fails func(context.Context) error) {
		a := store.Agent{Platform: b.platform, Name: "audited", Type: "t", Transport: store.AgentHTTP, Endpoint: "https://u:canary@example.com/x", Capacity: 1, CreatedAt: b.now, UpdatedAt: b.now}
		do = func(ctx context.Context) error { return b.store.CreateAgent(ctx, a) }
		return do, func(ctx context.Context) error { return b.store.CreateAgent(ctx, b.agent("other")) }
	}},
	{method: "ChangeAgent", kind: "agent", make: func(b *bench) (do, fails func(context.Context) error) {
		b.agent("audited")
		change := func(err error) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ChangeAgent(ctx, store.ChangeAgent{Platform: b.platform, Name: "audited", By: "uid:7", Now: b.now, Change: func(a *store.Agent) error {
					a.Capacity = 9
					return err
				}})
				return err
			}
		}
		return change(nil), change(job.Errorf(job.Invalid, "no"))
	}},
	{method: "DeleteAgent", kind: "agent", make: func(b *bench) (do, fails func(context.Context) error) {
		b.agent("audited")
		remove := func(name string) func(ctx context.Context) error {
			return func(ctx context.Context) error { _, err := b.store.DeleteAgent(ctx, b.platform, name); return err }
		}
		return remove("audited"), remove("nobody")
	}},
	{method: "CreateRule", kind: "event_handler", make: func(b *bench) (do, fails func(context.Context) error) {
		r := b.rule("first")
		r.ID, r.Name = b.newID(), "second"
		do = func(ctx context.Context) error { _, err := b.store.CreateRule(ctx, r); return err }
		taken := r
		taken.Name = "first"
		return do, func(ctx context.Context) error { _, err := b.store.CreateRule(ctx, taken); return err }
	}},
	{method: "ChangeRule", kind: "event_handler", make: func(b *bench) (do, fails func(context.Context) error) {
		r := b.rule("audited")
		change := func(revision int64) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ChangeRule(ctx, store.ChangeRule{Platform: b.platform, Ref: r.Name, IfRevision: revision, By: "uid:7", Now: b.now, Change: func(r event.Rule) (event.Rule, error) {
					r.Enabled = false
					return r, nil
				}})
				return err
			}
		}
		return change(0), change(99)
	}, again: true},
	{method: "DeleteRule", kind: "event_handler", make: func(b *bench) (do, fails func(context.Context) error) {
		b.rule("audited")
		remove := func(name string) func(ctx context.Context) error {
			return func(ctx context.Context) error { _, err := b.store.DeleteRule(ctx, b.platform, name); return err }
		}
		return remove("audited"), remove("nobody")
	}},
	{method: "CreateAlertRule", kind: "alert_rule", make: func(b *bench) (do, fails func(context.Context) error) {
		create := func(name string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.CreateAlertRule(ctx, alert.Rule{ID: b.newID(), Platform: b.platform, Name: name, Severity: alert.Warning, Operator: alert.GT, CreatedAt: b.now, UpdatedAt: b.now})
				return err
			}
		}
		return create("audited"), create(b.alertRule("taken").Name)
	}},
	{method: "ChangeAlertRule", kind: "alert_rule", make: func(b *bench) (do, fails func(context.Context) error) {
		r := b.alertRule("audited")
		change := func(revision int64) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ChangeAlertRule(ctx, store.ChangeAlertRule{Platform: b.platform, Ref: r.Name, IfRevision: revision, By: "uid:7", Now: b.now, Change: func(r *alert.Rule) error {
					r.Enabled = false
					return nil
				}})
				return err
			}
		}
		return change(0), change(99)
	}, again: true},
	{method: "DeleteAlertRule", kind: "alert_rule", make: func(b *bench) (do, fails func(context.Context) error) {
		b.alertRule("audited")
		remove := func(name string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.DeleteAlertRule(ctx, store.DeleteAlertRule{Platform: b.platform, Ref: name, By: "uid:7", Now: b.now})
				return err
			}
		}
		return remove("audited"), remove("nobody")
	}},
	{method: "ChangeAlert", kind: "alert", make: func(b *bench) (do, fails func(context.Context) error) {
		b.observe(round(b.alertRule("audited"), found(b.platform, 1)))
		number := b.alerts()[0].Number
		acknowledge := func(number int64) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.ChangeAlert(ctx, store.ChangeAlert{Platform: b.platform, Number: number, Now: b.now, NewID: b.newID, Change: func(a *alert.Alert) error {
					return a.Quiet(alert.Acknowledged, b.now, time.Time{}, "uid:7", "because")
				}})
				return err
			}
		}
		return acknowledge(number), acknowledge(number + 1000)
	}},
	{method: "PutWorkflow", kind: "workflow", make: func(b *bench) (do, fails func(context.Context) error) {
		b.workflow("taken")
		put := func(name string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := b.store.PutWorkflow(ctx, store.PutWorkflow{
					Platform: b.platform, Name: name, Definition: json.RawMessage(`{"name":"x","token":"canary"}`), Create: true, Now: b.now, By: "uid:7",
				})
				return err
			}
		}
		return put("audited"), put("taken")
	}},
	{method: "DeleteWorkflow", kind: "workflow", make: func(b *bench) (do, fails func(context.Context) error) {
		b.workflow("audited")
		remove := func(name string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				return b.store.DeleteWorkflow(ctx, store.DeleteWorkflow{Platform: b.platform, Name: name, Now: b.now, By: "uid:7"})
			}
		}
		return remove("audited"), remove("nobody")
	}},
	{method: "Record", kind: "config", global: true, make: func(b *bench) (do, fails func(context.Context) error) {
		return func(ctx context.Context) error {
			return b.store.Record(ctx, store.Note{Kind: "config", ID: "node-a", Before: map[string]any{"a": 1}, After: map[string]any{"a": 2, "token": "canary"}})
		}, nil
	}},
}

// unaudited are the methods that write and take no trail: what schedd does by itself, and
// the traffic that jobs, agents and events are.
var unaudited = []string{
	"PlanDue", "Warm", "Claim", "Settle", "OpenSession", "Heartbeat", "CloseSession", "Reap", "HoldDuty", "TouchTokens", "SeeAgent", "TakeAgent", "FreeAgent",
	"AppendLogs", "DropLogs", "TrimLogs", "Fold", "CompleteJobs", "TrimOutbox", "Retain", "MoveAftermath", "AcceptEvents", "Act", "ForgetEvents", "Close", "BeginFlow", "NoteFlow", "ReplyFlow", "WakeFlows",
	"SeedAlertRules", "Observe", "TakeNotices", "EndNotice", "ForgetAlerts",
}

// reading are the methods that write nothing.
var reading = []string{
	"Job", "ListJobs", "Revisions", "NextDue", "NextReady", "Waiting", "Held", "Execution", "ListExecutions", "ListSessions", "Holds", "PastHolds", "Token", "ListTokens",
	"Agent", "ListAgents", "ListPlatforms", "Platform", "ListLogs", "LogBytes", "Book", "Entries", "Tally", "JobFigures", "Totals", "Outbox", "OutboxEnd", "PausesOver", "Aftermaths", "Rule", "ListRules",
	"RuleActs", "ListEvents", "NextAct", "Ping", "Clock", "Info", "ListAudit", "AuditEntry", "CountOld", "Workflow", "ListWorkflows", "FlowSteps",
	"AlertRule", "ListAlertRules", "AlertFacts", "Alert", "ListAlerts", "AlertCounts", "Notices",
}

func testAuditComplete(_ *testing.T, b *bench) {
	known := slices.Concat(unaudited, reading)
	for _, c := range audited {
		known = append(known, c.method)
	}
	port := reflect.TypeFor[store.Store]()
	for i := range port.NumMethod() {
		name := port.Method(i).Name
		if !slices.Contains(known, name) {
			b.Errorf("method %s of a store is neither audited nor among those that need not be", name)
		}
	}
}

func testAuditOne(b *bench, c auditCase) {
	do, fails := c.make(b)
	f := store.AuditFilter{Kinds: []string{c.kind}}
	if c.global {
		f.Platform = store.AnyPlatform
	}
	before := len(b.audit(f))
	count := func(after string, want int) {
		b.Helper()
		if got := len(b.audit(f)) - before; got != want {
			b.Errorf("%s %s: %d entries, want %d", c.method, after, got, want)
		}
	}
	if fails != nil {
		if err := fails(b.trail("audited.refused")); err == nil {
			b.Errorf("%s was not refused", c.method)
		}
		count("refused", 0)
	}
	b.must(do(b.trail("audited.done")))
	count("done", 1)
	all := b.audit(f)
	e := all[len(all)-1]
	if e.By != "uid:7" || e.Via != "uid 1007" || e.Action != "audited.done" || e.Reason != "because" || e.RequestID != "rq-1" || e.TraceID == "" || !e.At.Equal(b.now) || e.ID == "" {
		b.Errorf("%s: entry %+v", c.method, e)
	}
	if e.Before == nil && e.After == nil {
		b.Errorf("%s: the entry says neither what was nor what is", c.method)
	}
	if bytes.Contains(append(slices.Clone(e.Before), e.After...), []byte("canary")) {
		b.Errorf("%s: a secret is in the entry: %s %s", c.method, e.Before, e.After)
	}
	if c.again {
		b.must(do(b.trail("audited.again")))
		count("once more", 1)
	}
}

// record writes one entry about b's platform.
func (b *bench) record(action string, n store.Note) {
	b.Helper()
	n.Platform = b.platform
	b.must(b.store.Record(b.trail(action), n))
}

func testAuditStored(_ *testing.T, b *bench) {
	j := b.job("")
	b.record("job.paused", store.Note{Kind: "job", ID: j.ID.String(), Name: "näm\x00e", Before: map[string]any{"n": 9007199254740993}, After: nil})
	got := b.audit(store.AuditFilter{})
	if len(got) != 1 {
		b.Fatalf("%d entries, want 1", len(got))
	}
	if string(got[0].Before) != `{"n":9007199254740993}` || got[0].After != nil || got[0].Platform != b.platform || got[0].ID != j.ID.String() {
		b.Errorf("entry %+v", got[0])
	}
	one, err := b.store.AuditEntry(b.ctx, b.platform, got[0].Number)
	b.must(err)
	b.wantSame("the entry", got[0], one)
}

func testAuditDiffers(_ *testing.T, b *bench) {
	j := b.job("0 * * * *")
	_, err := b.store.ChangeJob(b.trail("job.changed"), store.ChangeJob{Platform: b.platform, Ref: j.Name, Now: b.now, By: "uid:7", NewID: b.newID,
		Change: job.Patch(b.act(), func(s *job.Spec) error { s.Description = "new"; return nil })})
	b.must(err)
	e := b.audit(store.AuditFilter{})[0]
	if string(e.Before) != `{"revision":1}` && string(e.Before) != `{"description":"","revision":1}` {
		b.Errorf("before: %s", e.Before)
	}
	if string(e.After) != `{"description":"new","revision":2}` {
		b.Errorf("after: %s", e.After)
	}
}

func testAuditMasked(_ *testing.T, b *bench) {
	secrets := map[string]any{
		"password": "canary-1", "nested": map[string]any{"api_key": "canary-2", "list": []any{map[string]any{"Token": 7}}},
		"headers": []any{map[string]any{"name": "Authorization", "value": "Bearer canary-3"}}, "url": "https://u:canary-4@example.com/?token=canary-5",
		"argv": []any{"curl", "-H", "Authorization: Bearer canary-6", "--password", "canary-7", "--db-password=canary-8"},
		"text": "schd_abcdefgh_canary9", "env": []any{"PGPASSWORD=canary-10"}, "endpoint": "https://example.com/?a=1&key=canary-11&b=2", "kept": "secret://smtp", "secret": "secret://smtp", "plain": "harmless",
		"gone": map[string]any{"secret": nil},
	}
	b.record("x.y", store.Note{Kind: "x", ID: "x", After: secrets})
	after := string(b.audit(store.AuditFilter{})[0].After)
	if strings.Contains(after, "canary") {
		b.Errorf("a secret was kept: %s", after)
	}
	for _, kept := range []string{`"kept":"secret://smtp"`, `"secret":"secret://smtp"`, `"plain":"harmless"`, `"curl"`, "example.com", `"secret":null`} {
		if !strings.Contains(after, kept) {
			b.Errorf("%s was not kept: %s", kept, after)
		}
	}
}

func testAuditLarge(_ *testing.T, b *bench) {
	b.record("x.y", store.Note{Kind: "x", ID: "x", After: map[string]any{"big": strings.Repeat("a", 5000), "small": 1}})
	after := string(b.audit(store.AuditFilter{})[0].After)
	if len(after) > 300 || !strings.Contains(after, `"bytes":5002`) || !strings.Contains(after, `"small":1`) {
		b.Errorf("kept %s", after)
	}
}

func testAuditList(_ *testing.T, b *bench) {
	for i, action := range []string{"job.created", "job.paused", "token.created", "job.resumed", "agent.created"} {
		b.now = b.now.Add(time.Minute)
		kind, _, _ := strings.Cut(action, ".")
		b.record(action, store.Note{Kind: kind, ID: string(rune('a' + i)), Name: "n-" + kind})
	}
	actions := func(list []store.AuditEntry) string {
		var names []string
		for i := range list {
			names = append(names, list[i].Action)
		}
		return strings.Join(names, " ")
	}
	for _, tt := range []struct {
		f    store.AuditFilter
		want string
	}{
		{store.AuditFilter{}, "job.created job.paused token.created job.resumed agent.created"},
		{store.AuditFilter{Actions: []string{"job.*"}}, "job.created job.paused job.resumed"},
		{store.AuditFilter{Actions: []string{"job.paused", "agent.*"}}, "job.paused agent.created"},
		{store.AuditFilter{Actions: []string{"job.%"}}, ""},
		{store.AuditFilter{Kinds: []string{"token", "agent"}}, "token.created agent.created"},
		{store.AuditFilter{Object: "c"}, "token.created"},
		{store.AuditFilter{Object: "n-job", Actions: []string{"job.created"}}, "job.created"},
		{store.AuditFilter{By: "uid:7", RequestID: "rq-1", Since: b.now.Add(-time.Minute), Until: b.now}, "job.resumed"},
		{store.AuditFilter{By: "uid:8"}, ""}, {store.AuditFilter{RequestID: "rq"}, ""},
	} {
		if got := actions(b.audit(tt.f)); got != tt.want {
			b.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
		}
	}
	f := store.AuditFilter{Platform: b.platform, Limit: 2, WithTotal: true}
	var all []store.AuditEntry
	for pages := 0; pages == 0 || f.Cursor != ""; pages++ {
		page, err := b.store.ListAudit(b.ctx, f)
		b.must(err)
		if page.Total != 5 || pages > 3 {
			b.Fatalf("page %d: %d in all, want 5", pages, page.Total)
		}
		all, f.Cursor = append(all, page.Items...), page.Next
	}
	if got := actions(all); got != "agent.created job.resumed token.created job.paused job.created" {
		b.Errorf("newest first, in pages: %s", got)
	}
	_, err := b.store.ListAudit(b.ctx, store.AuditFilter{Platform: b.platform, Cursor: "x"})
	b.wantCode("a strange cursor", err, job.Invalid)
}

func testAuditScope(_ *testing.T, b *bench) {
	b.record("x.y", store.Note{Kind: "x", ID: "x"})
	e := b.audit(store.AuditFilter{})[0]
	if got := b.audit(store.AuditFilter{Platform: "another"}); len(got) != 0 {
		b.Errorf("another platform sees %+v", got)
	}
	_, err := b.store.AuditEntry(b.ctx, "another", e.Number)
	b.wantCode("an entry of another platform", err, job.NotFound)
	if _, err := b.store.AuditEntry(b.ctx, store.AnyPlatform, e.Number); err != nil {
		b.Errorf("all platforms: %v", err)
	}
}

func testAuditForgotten(_ *testing.T, b *bench) {
	for range 5 {
		b.record("x.y", store.Note{Kind: "x", ID: "x"})
		b.now = b.now.Add(time.Hour)
	}
	keep := func(platform string, d time.Duration) {
		for more := true; more; {
			var err error
			_, more, err = b.store.Retain(b.ctx, platform, store.Retention{Audit: d}, b.now, 1)
			b.must(err)
		}
	}
	keep(store.AnyPlatform, 0)
	keep(b.platform, time.Hour)
	if n := len(b.audit(store.AuditFilter{})); n != 5 {
		b.Errorf("nothing was to go: %d entries left of 5", n)
	}
	keep(store.AnyPlatform, 2*time.Hour+time.Minute)
	if n := len(b.audit(store.AuditFilter{})); n != 2 {
		b.Errorf("%d entries left, want 2", n)
	}
}

func testAuditTogether(_ *testing.T, b *bench) {
	j := b.job("", func(j *job.Job) { j.Overlap, j.Concurrency = job.OverlapAllow, 100 })
	const calls = 20
	errs := make(chan error)
	for range calls {
		go func() {
			_, err := b.store.Trigger(b.trail("execution.manual"), store.Trigger{Platform: b.platform, Ref: j.ID.String(), Kind: job.TriggerManual, By: "uid:7", Now: b.now, NewID: b.newID})
			errs <- err
		}()
	}
	for range calls {
		b.must(<-errs)
	}
	objects := map[string]bool{}
	for _, e := range b.audit(store.AuditFilter{Limit: store.MaxLimit}) {
		objects[e.ID] = true
	}
	if len(objects) != calls {
		b.Errorf("%d runs have entries, want %d", len(objects), calls)
	}
}
