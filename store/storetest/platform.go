package storetest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// platformTests are about the scope of every method that takes a platform.
func platformTests() []test {
	tests := []test{
		{"every method that takes a platform is in the table", testScopesComplete},
		{"idempotency keys of another platform are unknown", testScopeKeys},
		{"an execution of another job cannot be retried", testScopeRetry},
		{"lists of any platform have all", testScopeAny},
		{"the reserved platform is shown as none", testScopeDefault},
	}
	for _, s := range scopes {
		tests = append(tests, test{s.method + " keeps to its platform", func(t *testing.T, b *bench) { testScope(t, b, s) }})
	}
	return tests
}

// possessions is what one platform has.
type possessions struct {
	job     job.Job
	failed  job.Execution
	waiting job.Execution
	token   store.Token
	agent   store.Agent
	rule    event.Rule

	alertRule alert.Rule
	alert     alert.Alert
	workflow  store.Workflow
	event     event.Event
}

// alertRef is how an alert rule is named.
func alertRef(p possessions, byName bool) string {
	if byName {
		return p.alertRule.Name
	}
	return p.alertRule.ID.String()
}

func (b *bench) possess() possessions {
	b.Helper()
	j := b.job("", named("secret"), func(j *job.Job) { j.Payload = json.RawMessage(`{"a":1}`) })
	s := b.session()
	p := possessions{failed: b.run(s, j.ID, job.EventFail)}
	b.appendLogs(b.line(p.failed.ID, 1, "hello"))
	p.waiting = b.trigger(j.ID)
	p.job = b.get(j.ID)
	p.token = b.token("secret-" + j.ID.String())
	p.agent = b.agent("secret-" + j.ID.String())
	p.rule = b.rule("secret-" + j.ID.String())
	p.alertRule = b.alertRule("secret-" + j.ID.String())
	b.observe(round(p.alertRule, found(b.platform, 1)))
	p.alert = b.alerts()[0]
	b.record("job.created", store.Note{Kind: "job", ID: j.ID.String()})
	p.event = b.send("secret", j.ID.String())
	p.workflow = b.workflow("secret-" + j.ID.String())
	return p
}

// none is the answer of a list that has nothing.
func none[T any](page store.Page[T], err error) error {
	if err == nil && len(page.Items) == 0 {
		return job.Errorf(job.NotFound, "nothing")
	}
	return err
}

// scopeOf is one method, called for a platform with the names that another platform's
// things have.
type scopeOf struct {
	method string
	call   func(b *bench, platform string, p possessions, byName bool) error
}

func jobRef(p possessions, byName bool) string {
	if byName {
		return p.job.Name
	}
	return p.job.ID.String()
}

func tokenRef(p possessions, byName bool) string {
	if byName {
		return p.token.Name
	}
	return p.token.ID
}

func executionRef(e job.Execution, byName bool) string {
	if byName {
		return e.JobName + "/" + string(rune('0'+e.RunNumber))
	}
	return e.ID.String()
}

func ruleRef(p possessions, byName bool) string {
	if byName {
		return p.rule.Name
	}
	return p.rule.ID.String()
}

var scopes = []scopeOf{
	{"ListEvents", func(b *bench, platform string, p possessions, _ bool) error {
		return none(b.store.ListEvents(b.ctx, store.EventFilter{Platform: platform, ID: p.event.ID}))
	}},
	{"ListAudit", func(b *bench, platform string, p possessions, _ bool) error {
		return none(b.store.ListAudit(b.ctx, store.AuditFilter{Platform: platform, Object: p.job.ID.String()}))
	}},
	{"Rule", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.Rule(b.ctx, platform, ruleRef(p, byName))
		return err
	}},
	{"RuleActs", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.RuleActs(b.ctx, platform, ruleRef(p, byName), 10)
		return err
	}},
	{"ChangeRule", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.ChangeRule(b.ctx, store.ChangeRule{Platform: platform, Ref: ruleRef(p, byName), Now: b.now, Change: func(r event.Rule) (event.Rule, error) {
			r.Enabled = false
			return r, nil
		}})
		return err
	}},
	{"DeleteRule", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.DeleteRule(b.ctx, platform, ruleRef(p, byName))
		if err == nil { // for the next call
			b.rule(p.rule.Name)
		}
		return err
	}},
	{"AlertRule", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.AlertRule(b.ctx, platform, alertRef(p, byName))
		return err
	}},
	{"ChangeAlertRule", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.ChangeAlertRule(b.ctx, store.ChangeAlertRule{Platform: platform, Ref: alertRef(p, byName), Now: b.now, Change: func(*alert.Rule) error { return nil }})
		return err
	}},
	{"DeleteAlertRule", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.DeleteAlertRule(b.ctx, store.DeleteAlertRule{Platform: platform, Ref: alertRef(p, byName), Now: b.now})
		if err == nil { // for the next call
			b.alertRule(p.alertRule.Name)
		}
		return err
	}},
	{"ListAlerts", func(b *bench, platform string, _ possessions, _ bool) error {
		return none(b.store.ListAlerts(b.ctx, store.AlertFilter{Platform: platform}))
	}},
	{"ChangeAlert", func(b *bench, platform string, p possessions, _ bool) error {
		_, err := b.store.ChangeAlert(b.ctx, store.ChangeAlert{Platform: platform, Number: p.alert.Number, Now: b.now, NewID: b.newID, Change: func(*alert.Alert) error { return nil }})
		return err
	}},
	{"Job", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.Job(b.ctx, platform, jobRef(p, byName))
		return err
	}},
	{"ChangeJob", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.tryChange(p.job.ID, func(c *job.Changed, _ job.State) { c.Job.Description = "changed" },
			func(c *store.ChangeJob) { c.Platform, c.Ref = platform, jobRef(p, byName) })
		return err
	}},
	{"ListJobs", func(b *bench, platform string, p possessions, _ bool) error {
		return none(b.store.ListJobs(b.ctx, store.JobFilter{Platform: platform, Names: []string{p.job.Name}, CreatedBy: p.job.CreatedBy}))
	}},
	{"Trigger", func(b *bench, platform string, p possessions, byName bool) error {
		_, _, err := b.tryTrigger(p.job.ID, func(t *store.Trigger) { t.Platform, t.Ref = platform, jobRef(p, byName) })
		return err
	}},
	{"CancelExecution", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.CancelExecution(b.ctx, store.CancelExecution{Platform: platform, Ref: executionRef(p.waiting, byName), Now: b.now})
		return err
	}},
	{"DropDead", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.DropDead(b.ctx, store.DropDead{Platform: platform, Ref: executionRef(p.failed, byName), Now: b.now})
		if job.CodeOf(err) == job.Conflict {
			return nil // it was found, and is not dead
		}
		return err
	}},
	{"Execution", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.Execution(b.ctx, platform, executionRef(p.failed, byName))
		return err
	}},
	{"ListExecutions", func(b *bench, platform string, p possessions, byName bool) error {
		return none(b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: platform, Job: jobRef(p, byName)}))
	}},
	{"ListLogs", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.ListLogs(b.ctx, store.LogFilter{Platform: platform, Ref: executionRef(p.failed, byName)})
		return err
	}},
	{"Revisions", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.Revisions(b.ctx, platform, jobRef(p, byName), 0, 10)
		return err
	}},
	{"Book", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.Book(b.ctx, platform, jobRef(p, byName))
		return err
	}},
	{"Entries", func(b *bench, platform string, p possessions, byName bool) error {
		return b.store.Entries(b.ctx, platform, jobRef(p, byName), time.Time{}, b.now, func(store.Entry) error { return nil })
	}},
	{"Tally", func(b *bench, platform string, _ possessions, _ bool) error {
		sum, err := b.store.Tally(b.ctx, store.TallyOf{Platform: platform, From: Base, To: b.now.Add(time.Hour), Hours: true})
		if err == nil && sum.Failed == 0 {
			err = job.Errorf(job.NotFound, "nothing")
		}
		return err
	}},
	{"JobFigures", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.JobFigures(b.ctx, platform, jobRef(p, byName), time.Time{})
		return err
	}},
	{"RevokeToken", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.RevokeToken(b.ctx, store.RevokeToken{Platform: platform, Ref: tokenRef(p, byName), Now: b.now})
		if err == nil { // for the next call
			b.token(p.token.Name, func(t *store.Token) { t.ID = tokenID(b, b.newID().String()) })
		}
		return err
	}},
	{"RotateToken", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.RotateToken(b.ctx, store.RotateToken{
			Platform: platform, Ref: tokenRef(p, byName), ID: tokenID(b, b.newID().String()), Hash: "00", ExpiresAt: b.now.Add(time.Hour), Now: b.now,
		})
		return err
	}},
	{"Agent", func(b *bench, platform string, p possessions, _ bool) error {
		_, err := b.store.Agent(b.ctx, platform, p.agent.Name)
		return err
	}},
	{"ListAgents", func(b *bench, platform string, _ possessions, _ bool) error {
		list, err := b.store.ListAgents(b.ctx, platform, "report")
		return none(store.Page[store.Agent]{Items: list}, err)
	}},
	{"ChangeAgent", func(b *bench, platform string, p possessions, _ bool) error {
		_, err := b.store.ChangeAgent(b.ctx, store.ChangeAgent{Platform: platform, Name: p.agent.Name, Now: b.now, Change: func(*store.Agent) error { return nil }})
		return err
	}},
	{"SeeAgent", func(b *bench, platform string, p possessions, _ bool) error {
		return b.store.SeeAgent(b.ctx, platform, p.agent.Name, b.now)
	}},
	{"DeleteAgent", func(b *bench, platform string, p possessions, _ bool) error {
		_, err := b.store.DeleteAgent(b.ctx, platform, p.agent.Name)
		if err == nil { // for the next call
			err = b.store.CreateAgent(b.ctx, p.agent)
		}
		return err
	}},
	{"Workflow", func(b *bench, platform string, p possessions, _ bool) error {
		_, err := b.store.Workflow(b.ctx, platform, p.workflow.Name, 0)
		return err
	}},
	{"ListWorkflows", func(b *bench, platform string, p possessions, _ bool) error {
		list, err := b.store.ListWorkflows(b.ctx, platform, p.workflow.Name)
		if err == nil && len(list) == 0 {
			err = job.Errorf(job.NotFound, "none")
		}
		return err
	}},
	{"FlowSteps", func(b *bench, platform string, p possessions, byName bool) error {
		_, err := b.store.FlowSteps(b.ctx, platform, executionRef(p.failed, byName))
		return err
	}},
	{"PurgeJob", func(b *bench, platform string, p possessions, byName bool) error {
		return b.store.PurgeJob(b.ctx, platform, jobRef(p, byName), b.now, "uid:0")
	}},
}

func testScope(_ *testing.T, b *bench, s scopeOf) {
	p := b.possess()
	foreign := []string{b.platform + "-b", "", "%", "platform-_", strings.ToUpper(b.platform), job.DefaultPlatform, " " + b.platform, b.platform + " "}
	for _, platform := range foreign {
		for _, byName := range []bool{false, true} {
			b.wantCode(s.method+" for platform "+platform, s.call(b, platform, p, byName), job.NotFound)
		}
	}
	b.wantSame("the job after foreign calls", p.job, b.get(p.job.ID))
	b.wantSame("the executions after foreign calls", []job.ID{p.failed.ID, p.waiting.ID}, ids(b.executions(p.job.ID)))
	b.wantStatus(p.waiting.ID, job.Pending)
	b.wantSame("the rule after foreign calls", p.rule, b.ruleByName(p.rule.Name))
	b.wantSame("the token after foreign calls", p.token, b.tokenByID(p.token.ID))
	if s.method == "PurgeJob" {
		b.cancelExecution(p.waiting.ID)
		b.wantCode(s.method+" for any platform", s.call(b, store.AnyPlatform, p, false), "")
		p = b.possess()
		b.cancelExecution(p.waiting.ID)
	} else {
		b.wantCode(s.method+" for any platform", s.call(b, store.AnyPlatform, p, false), "")
	}
	b.wantCode(s.method+" for its platform", s.call(b, b.platform, p, true), "")
}

// operators name a platform as what they stop or make, not as the scope of what they see.
var operators = []string{"Record", "Platform", "SetHold", "ReleaseHold", "CreateToken", "CreateRule", "CreateAlertRule", "CreateAgent", "TakeAgent", "PutWorkflow", "DeleteWorkflow", "BeginFlow"}

// testScopesComplete finds the methods by what they take: a parameter with a field
// Platform, or a platform and a ref.
func testScopesComplete(t *testing.T, _ *bench) {
	var want, got []string
	port := reflect.TypeFor[store.Store]()
	for i := range port.NumMethod() {
		m := port.Method(i)
		texts, scoped := 0, false
		for n := range m.Type.NumIn() {
			switch in := m.Type.In(n); in.Kind() {
			case reflect.String:
				texts++
			case reflect.Struct:
				_, has := in.FieldByName("Platform")
				scoped = scoped || has
			}
		}
		if (scoped || texts >= 2) && !contains(operators, m.Name) {
			want = append(want, m.Name)
		}
	}
	for _, s := range scopes {
		got = append(got, s.method)
	}
	for _, name := range want {
		if !contains(got, name) {
			t.Errorf("store.Store has %s, which takes a platform, and the table has not", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the table has %d methods, want %d: %v", len(got), len(want), want)
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func testScopeKeys(_ *testing.T, b *bench) {
	j := b.job("", named("secret"))
	b.trigger(j.ID, keyed("k1", "h1"))
	b.platform += "-b"
	own := b.job("", named("secret"))
	e, replayed, err := b.tryTrigger(own.ID, keyed("k1", "h2"))
	if err != nil || replayed || e.JobID != own.ID {
		b.Errorf("Trigger = an execution of %v, replayed %t, %v; want one of %v, false, no error", e.JobID, replayed, err, own.ID)
	}
}

func testScopeRetry(_ *testing.T, b *bench) {
	foreign := b.possess()
	b.platform += "-b"
	own := b.job("")
	other := b.job("")
	s := b.session()
	sibling := b.run(s, other.ID, job.EventFail)
	for what, e := range map[string]job.Execution{"of another platform": foreign.failed, "of another job": sibling} {
		_, _, err := b.tryTrigger(own.ID, retryOf(e))
		b.wantCode("a retry of an execution "+what, err, job.NotFound)
	}
	wantEqual(b, "executions", len(b.executions(own.ID)), 0)
}

func testScopeAny(_ *testing.T, b *bench) {
	first := b.possess()
	b.platform += "-b"
	second := b.possess()
	jobs, err := b.store.ListJobs(b.ctx, store.JobFilter{Platform: store.AnyPlatform, Names: []string{"secret"}, Limit: store.MaxLimit, SortBy: store.SortName})
	if err != nil {
		b.Fatalf("ListJobs = %v, want no error", err)
	}
	found := map[job.ID]string{}
	for _, j := range jobs.Items {
		found[j.ID] = j.Platform
	}
	wantEqual(b, "platform of the first", found[first.job.ID], first.job.Platform)
	wantEqual(b, "platform of the second", found[second.job.ID], second.job.Platform)
	for _, p := range []possessions{first, second} {
		e, err := b.store.Execution(b.ctx, store.AnyPlatform, p.failed.ID.String())
		if err != nil || e.Platform != p.job.Platform || e.PlatformID == nil || *e.PlatformID != p.job.Platform {
			b.Errorf("Execution = platform %q (%v), %v; want %q", e.Platform, e.PlatformID, err, p.job.Platform)
		}
	}
}

func testScopeDefault(_ *testing.T, b *bench) {
	b.platform = job.DefaultPlatform
	j := b.job("")
	if got := b.get(j.ID); got.PlatformID != nil || got.Platform != job.DefaultPlatform {
		b.Errorf("platform_id = %v of platform %q, want none of %q", got.PlatformID, got.Platform, job.DefaultPlatform)
	}
	if e := b.trigger(j.ID); e.PlatformID != nil || e.Platform != job.DefaultPlatform {
		b.Errorf("platform_id = %v of platform %q, want none of %q", e.PlatformID, e.Platform, job.DefaultPlatform)
	}
}
