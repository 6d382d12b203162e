package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// daily is a definition with more members.
func daily(name, more string) string {
	return fmt.Sprintf(`{"type":"cron","name":%q,"schedule":"@daily","handler_name":"noop"%s}`, name, more)
}

// apply sends definitions.
func (b *bench) apply(more string, defs ...string) *answered {
	b.t.Helper()
	return b.do("POST", base+"/jobs/apply", `{"jobs":[`+strings.Join(defs, ",")+`]`+more+`}`)
}

// wantApplied checks the four counts.
func wantApplied(t *testing.T, a *answered, created, changed, unchanged, pruned int) api.Applied {
	t.Helper()
	got := read[api.Applied](a.want(200))
	if got.Created != created || got.Changed != changed || got.Unchanged != unchanged || got.Pruned != pruned {
		t.Errorf("%d created, %d changed, %d unchanged, %d pruned; want %d, %d, %d, %d", got.Created, got.Changed, got.Unchanged, got.Pruned, created, changed, unchanged, pruned)
	}
	return got
}

// Bad input B73 and what else is refused: every fault has its index, nothing is written.
func TestApplyRefused(t *testing.T) {
	b := newBench(t)
	b.apply("", daily("once", "")).want(200)
	for name, tt := range map[string]struct {
		body string
		want []string // fields
	}{
		"no job":           {`{"jobs":[]}`, []string{"jobs"}},
		"nothing":          {`{}`, []string{"jobs"}},
		"no list":          {`{"jobs":{}}`, []string{"jobs"}},
		"no object":        {`{"jobs":[5]}`, []string{"jobs[0]"}},
		"unknown field":    {`{"jobs":[` + daily("a", "") + `,` + daily("b", `,"shedule":"x","next_run":null`) + `]}`, []string{"jobs[1].shedule", "jobs[1].next_run"}},
		"twice":            {`{"jobs":[` + daily("a", "") + `,` + daily("a", "") + `]}`, []string{"jobs[1].name"}},
		"several":          {`{"jobs":[` + daily("a b", "") + `,` + daily("c", `,"in":"5m","id":"x","priority":"hihg"`) + `,{"name":"d"}]}`, []string{"jobs[0].name", "jobs[1].id", "jobs[1].in", "jobs[1].priority", "jobs[2].type"}},
		"event":            {`{"jobs":[{"type":"event","name":"e","handler_name":"noop"}]}`, []string{"jobs[0].event_name"}},
		"null":             {`{"jobs":[` + daily("a", `,"tags":null`) + `]}`, []string{"jobs[0].tags"}},
		"handler":          {`{"jobs":[` + daily("a", "") + `,` + strings.Replace(daily("b", ""), "noop", "noup", 1) + `]}`, []string{"jobs[1].handler_name"}},
		"payload":          {`{"jobs":[` + strings.Replace(daily("b", ""), "noop", "http", 1) + `]}`, []string{"jobs[0].payload.url"}},
		"the mark":         {`{"jobs":[` + daily("a", `,"metadata":{"schedd.applied_by":"x"}`) + `]}`, []string{"jobs[0].metadata"}},
		"past":             {`{"jobs":[{"type":"one_time","name":"p","execute_at":"2020-01-01T00:00:00Z","handler_name":"noop"}]}`, []string{"jobs[0].execute_at"}},
		"owner":            {`{"owner":"A B","jobs":[` + daily("a", "") + `]}`, []string{"owner"}},
		"the folder":       {`{"owner":"jobs_dir","jobs":[` + daily("a", "") + `]}`, []string{"owner"}},
		"tags, no pruning": {`{"prune_tags":["x"],"jobs":[` + daily("a", "") + `]}`, []string{"prune_tags"}},
		"platform":         {`{"jobs":[` + daily("a", `,"platform_id":"A B"`) + `]}`, []string{"jobs[0].platform_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			got := read[api.ErrorBody](b.do("POST", base+"/jobs/apply", tt.body).want(400))
			var fields []string
			for _, f := range got.Fields {
				fields = append(fields, f.Field)
			}
			for _, f := range tt.want {
				if !strings.Contains(" "+strings.Join(fields, " ")+" ", " "+f+" ") {
					t.Errorf("fields %v, want %v", fields, tt.want)
				}
			}
			if page := read[[]job.Job](b.do("GET", base+"/jobs", "").want(200)); len(page) != 1 {
				t.Errorf("%d jobs exist, want 1", len(page))
			}
		})
	}
}

// What is so already is left alone; enabled is obeyed only when it is said.
func TestApplyIsDeclarative(t *testing.T) {
	b := newBench(t)
	wantApplied(t, b.apply("", daily("a", `,"tags":["x","y"],"payload":{"p":1,"q":[2]},"metadata":{"k":"v"}`), daily("b", `,"enabled":false`)), 2, 0, 0, 0)
	wantApplied(t, b.apply("", daily("a", `,"tags":["y","x"],"payload":{"q":[2],"p":1},"metadata":{"k":"v"}`), daily("b", "")), 0, 0, 2, 0)
	got := wantApplied(t, b.apply(`,"dry_run":true`, daily("a", `,"timeout_ms":500`), daily("b", `,"enabled":true`)), 0, 2, 0, 0)
	if c := got.Items[0].Changes; len(c) != 4 || c[0].Field != "payload" || c[1].Field != "timeout_ms" || string(c[1].New) != "500" || c[1].Old != nil {
		t.Errorf("changes %+v; want payload, timeout_ms, tags, metadata", c)
	}
	if j := read[job.Job](b.do("GET", base+"/jobs/b", "").want(200)); j.Status != job.JobPaused || j.Revision != 1 {
		t.Errorf("after a dry run b is %s at revision %d", j.Status, j.Revision)
	}
	wantApplied(t, b.apply("", daily("b", `,"enabled":true`)), 0, 1, 0, 0)
	if j := read[job.Job](b.do("GET", base+"/jobs/b", "").want(200)); j.Status != job.JobActive || j.NextRun == nil {
		t.Errorf("b is %s, next %v", j.Status, j.NextRun)
	}
}

// A one-time job that has run stays so, however often its file is applied.
func TestApplyAfterTheEnd(t *testing.T) {
	b := newBench(t)
	def := `{"type":"one_time","name":"o","execute_at":"2026-11-23T12:00:30Z","handler_name":"noop"}`
	wantApplied(t, b.apply("", def), 1, 0, 0, 0)
	b.now = b.now.Add(time.Hour)
	if _, err := b.store.ChangeJob(t.Context(), store.ChangeJob{Platform: job.DefaultPlatform, Ref: "o", Now: b.now, By: "x", NewID: b.newID, Change: func(cur job.Job, _ job.State) (job.Changed, error) {
		cur.Status = job.JobCompleted
		return job.Changed{Job: cur}, nil
	}}); err != nil {
		t.Fatal(err)
	}
	wantApplied(t, b.apply("", def), 0, 0, 1, 0)
	wantApplied(t, b.apply("", strings.Replace(def, "12:00:30", "14:00:30", 1)), 1, 0, 0, 0)
}

// Pruning takes what the owner created on the platforms that are named, and no more.
func TestApplyPrunes(t *testing.T) {
	b := newBench(t)
	b.do("POST", base+"/jobs/cron", strings.Replace(daily("mine", ""), `"type":"cron",`, "", 1)).want(201)
	wantApplied(t, b.apply("", daily("a", ""), daily("b", `,"tags":["t"]`), daily("far", `,"platform_id":"web"`)), 3, 0, 0, 0)
	wantApplied(t, b.apply(`,"owner":"team"`, daily("theirs", "")), 1, 0, 0, 0)
	wantApplied(t, b.apply(`,"prune":true,"dry_run":true`, daily("a", "")), 0, 0, 1, 1)
	wantApplied(t, b.apply(`,"prune":true,"prune_tags":["other"]`, daily("a", "")), 0, 0, 1, 0)
	got := wantApplied(t, b.apply(`,"prune":true`, daily("a", "")), 0, 0, 1, 1)
	if p := got.Items[1]; p.Name != "b" || p.Index != nil || p.Job.Status != job.JobCancelled {
		t.Errorf("pruned %+v, want b", p)
	}
	wantApplied(t, b.apply(`,"prune":true`, daily("a", "")), 0, 0, 1, 0)
	for _, name := range []string{"mine", "theirs", "a"} {
		if j := read[job.Job](b.do("GET", base+"/jobs/"+name, "").want(200)); j.Status != job.JobActive {
			t.Errorf("%s is %s", name, j.Status)
		}
	}
}

// Operators apply what they may create; what they do not change is not theirs to ask.
func TestApplyFreeCommands(t *testing.T) {
	b := newBench(t)
	free := strings.Replace(daily("free", ""), "noop", "exec", 1)
	wantApplied(t, b.apply("", free), 1, 0, 0, 0)
	b.who = control.Principal{Name: "alice", Role: control.RoleOperator, Platform: control.AnyPlatform}
	wantApplied(t, b.apply("", free, daily("a", "")), 1, 0, 1, 0)
	got := read[api.ErrorBody](b.apply("", daily("c", ""), strings.Replace(free, `"free"`, `"another"`, 1)).want(403))
	if len(got.Fields) != 1 || got.Fields[0].Field != "jobs[1]" {
		t.Errorf("refused with %+v, want jobs[1]", got.Fields)
	}
	b.apply("", strings.Replace(free, `"exec"`, `"exec","payload":{"command":["x"]}`, 1)).want(403)
	b.do("GET", base+"/jobs/c", "").want(404)
}
