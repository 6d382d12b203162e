package storetest

import (
	"slices"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// listJobTests are about which jobs a filter selects: each condition alone, and
// together.
func listJobTests() []test {
	all := []string{"100%_done", "100x_done", "Failing", "cron", "event", "once", "recovered", "recurring"}
	tests := []struct {
		name   string
		filter store.JobFilter
		want   []string
	}{
		{"no condition selects live jobs", store.JobFilter{}, all},
		{"type", store.JobFilter{Types: []job.Type{job.TypeCron}}, []string{"100%_done", "100x_done", "cron"}},
		{"types are joined by or", store.JobFilter{Types: []job.Type{job.TypeOneTime, job.TypeRecurring}}, []string{"once", "recurring"}},
		{"status", store.JobFilter{Statuses: []job.JobStatus{job.JobPaused}}, []string{"100x_done", "recurring"}},
		{"statuses are joined by or", store.JobFilter{Statuses: []job.JobStatus{job.JobCancelled, job.JobPaused}}, []string{"100x_done", "event", "recurring"}},
		{"a status that no job has", store.JobFilter{Statuses: []job.JobStatus{job.JobError}}, nil},
		{"tags, any of", store.JobFilter{Tags: []string{"red", "blue"}}, []string{"cron", "once", "recurring"}},
		{"tags, one that is part of another", store.JobFilter{Tags: []string{"re"}}, nil},
		{"tags_all", store.JobFilter{TagsAll: []string{"red", "blue"}}, []string{"cron"}},
		{"tags and tags_all are joined by and", store.JobFilter{Tags: []string{"green"}, TagsAll: []string{"red"}}, []string{"recurring"}},
		{"created_after is inclusive", store.JobFilter{CreatedAfter: at(5)}, []string{"Failing", "recovered", "100%_done"}},
		{"created_before is inclusive", store.JobFilter{CreatedBefore: at(1)}, []string{"cron", "once"}},
		{"created_after and created_before", store.JobFilter{CreatedAfter: at(1), CreatedBefore: at(2)}, []string{"once", "recurring"}},
		{"next_run_after is inclusive and leaves out what has none", store.JobFilter{NextRunAfter: at(90)}, []string{"100%_done", "once"}},
		{"next_run_before is inclusive and leaves out what has none", store.JobFilter{NextRunBefore: at(90)}, []string{"cron", "once"}},
		{"name_contains", store.JobFilter{NameContains: "cur"}, []string{"recurring"}},
		{"name_contains ignores case", store.JobFilter{NameContains: "FAIL"}, []string{"Failing"}},
		{"name_contains takes % as it is", store.JobFilter{NameContains: "0%_"}, []string{"100%_done"}},
		{"name_contains takes _ as it is", store.JobFilter{NameContains: "_done"}, []string{"100%_done", "100x_done"}},
		{"name_contains takes _ as no wildcard", store.JobFilter{NameContains: "c_on"}, nil},
		{"name_contains takes \\ as it is", store.JobFilter{NameContains: `\`}, nil},
		{"names", store.JobFilter{Names: []string{"once", "event", "nobody"}}, []string{"event", "once"}},
		{"names know case", store.JobFilter{Names: []string{"failing", "ONCE"}}, nil},
		{"name globs", store.JobFilter{NameGlobs: []string{"re*"}}, []string{"recovered", "recurring"}},
		{"name globs are joined by or", store.JobFilter{NameGlobs: []string{"*once", "e?ent"}}, []string{"event", "once"}},
		{"name globs know case", store.JobFilter{NameGlobs: []string{"f*"}}, nil},
		{"name globs cover the whole name", store.JobFilter{NameGlobs: []string{"cro", "ron"}}, nil},
		{"name globs take % and _ as they are", store.JobFilter{NameGlobs: []string{"100%*", "c_on"}}, []string{"100%_done"}},
		{"name globs take [ as it is", store.JobFilter{NameGlobs: []string{"[c]ron", "[a-z]*"}}, nil},
		{"handlers", store.JobFilter{Handlers: []string{"backup", "mail"}}, []string{"cron", "once"}},
		{"created_by", store.JobFilter{CreatedBy: "alice"}, []string{"cron", "recurring"}},
		{"failing", store.JobFilter{Failing: true}, []string{"Failing"}},
		{"deleted", store.JobFilter{Deleted: true}, []string{"deleted"}},
		{"deleted and another condition", store.JobFilter{Deleted: true, Names: []string{"cron"}}, nil},
		{
			"conditions are joined by and",
			store.JobFilter{Types: []job.Type{job.TypeCron, job.TypeOneTime}, Tags: []string{"red", "blue"}, NameContains: "on", CreatedBy: "alice"},
			[]string{"cron"},
		},
	}
	var out []test
	for _, tt := range tests {
		out = append(out, test{tt.name, func(_ *testing.T, b *bench) {
			b.zoo()
			tt.filter.Platform, tt.filter.WithTotal = b.platform, true
			page, err := b.store.ListJobs(b.ctx, tt.filter)
			if err != nil {
				b.Fatalf("ListJobs = %v, want no error", err)
			}
			got := jobNames(page.Items)
			slices.Sort(got)
			slices.Sort(tt.want)
			b.wantSame("selected jobs", tt.want, got)
			wantEqual(b, "total", page.Total, int64(len(tt.want)))
			wantEqual(b, "next", page.Next, "")
		}})
	}
	return out
}

// zoo stores one job of each kind that the filters tell apart, a second apart.
func (b *bench) zoo() {
	b.Helper()
	s := b.session()
	step := func(seconds float64) { b.now = at(seconds) }
	b.job(minutely, named("cron"), func(j *job.Job) {
		j.Tags, j.HandlerName, j.CreatedBy = []string{"red", "blue"}, "backup", "alice"
	})
	step(1)
	b.once(at(90), named("once"), func(j *job.Job) { j.Tags, j.HandlerName = []string{"blue"}, "mail" })
	step(2)
	b.job(hourly, named("recurring"), paused, func(j *job.Job) {
		j.Type, j.Tags, j.CreatedBy = job.TypeRecurring, []string{"red", "green"}, "alice"
	})
	step(3)
	b.cancel(b.job("", named("event")).ID)
	b.job(minutely, named("100x_done"), paused)
	step(4)
	b.remove(b.job(minutely, named("deleted")).ID)
	step(5)
	failing := b.job("", named("Failing"))
	b.run(s, failing.ID, job.EventSucceed)
	b.run(s, failing.ID, job.EventExpire)
	b.run(s, failing.ID, job.EventCancel)
	recovered := b.job("", named("recovered"))
	b.run(s, recovered.ID, job.EventFail)
	b.run(s, recovered.ID, job.EventSucceed)
	b.job(hourly, named("100%_done"))
	step(10)
}
