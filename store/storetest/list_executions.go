package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// listExecutionTests are about ListExecutions.
func listExecutionTests() []test {
	return []test{
		{"newest first, unless ascending", testExecutionOrder},
		{"each condition selects", testExecutionFilters},
		{"executions of all jobs of the platform", testExecutionAllJobs},
		{"an unknown job is not found", testExecutionUnknownJob},
		{"cursors walk without gap or double", testExecutionCursor},
		{"a page is stable while executions come", testExecutionStable},
		{"offsets, limits and totals", testExecutionPaging},
		{"a cursor of another list is invalid", testExecutionForeignCursor},
		{"no status and no job filter hides anything", testExecutionEverything},
	}
}

func (b *bench) history(f store.ExecutionFilter) store.Page[job.Execution] {
	b.Helper()
	f.Platform = b.platform
	page, err := b.store.ListExecutions(b.ctx, f)
	if err != nil {
		b.Fatalf("ListExecutions(%+v) = %v, want no error", f, err)
	}
	return page
}

// numbers returns run numbers.
func numbers(executions []job.Execution) []int64 {
	var out []int64
	for i := range executions {
		out = append(out, executions[i].RunNumber)
	}
	return out
}

// runs makes executions of every kind of one job, a second apart, and returns it.
func (b *bench) runs() job.Job {
	b.Helper()
	j := b.job("", overlapping(job.OverlapQueueOne, 1))
	s := b.session()
	b.run(b.sessionOf("node-x"), j.ID, job.EventSucceed) // 1
	b.pass(time.Second)
	b.end(s, b.start(s, j.ID), job.EventFail, func(s *store.Settlement) { // 2
		s.Error, s.ErrorClass, s.CompletedAt = "Disk 100 % full_now", "disk", s.StartedAt.Add(2*time.Second)
	})
	b.pass(time.Second)
	for _, event := range []job.Event{job.EventExpire, job.EventCancel} {
		b.run(s, j.ID, event) // 3 and 4
		b.pass(time.Second)
	}
	b.end(s, b.start(s, j.ID), job.EventFail, dead("permanent")) // 5
	b.pass(time.Second)
	failed := b.execution(b.byRef(j.ID.String() + "/2"))
	b.take(s, b.trigger(j.ID, retryOf(failed)).ID) // 6
	b.pass(time.Second)
	b.trigger(j.ID, func(t *store.Trigger) { t.Kind = job.TriggerEvent }) // 7, queued
	b.pass(time.Second)
	b.trigger(j.ID) // 8, skipped
	return j
}

func testExecutionOrder(_ *testing.T, b *bench) {
	j := b.runs()
	up := []int64{1, 2, 3, 4, 5, 6, 7, 8}
	b.wantSame("ascending", up, numbers(b.history(store.ExecutionFilter{Job: j.ID.String(), Ascending: true}).Items))
	slices.Reverse(up)
	b.wantSame("descending", up, numbers(b.history(store.ExecutionFilter{Job: j.ID.String()}).Items))
	b.wantSame("descending by name", up, numbers(b.history(store.ExecutionFilter{Job: j.Name}).Items))
}

func testExecutionFilters(_ *testing.T, b *bench) {
	j := b.runs()
	tests := []struct {
		name   string
		filter store.ExecutionFilter
		want   []int64
	}{
		{"status", store.ExecutionFilter{Statuses: []job.Status{job.Failed}}, []int64{2, 5}},
		{"statuses are joined by or", store.ExecutionFilter{Statuses: []job.Status{job.Success, job.TimedOut, job.Cancelled}}, []int64{1, 3, 4}},
		{"running", store.ExecutionFilter{Statuses: []job.Status{job.Running}}, []int64{6}},
		{"pending", store.ExecutionFilter{Statuses: []job.Status{job.Pending}}, []int64{7}},
		{"skipped", store.ExecutionFilter{Statuses: []job.Status{job.Skipped}}, []int64{8}},
		{"trigger", store.ExecutionFilter{Triggers: []job.Trigger{job.TriggerRetry}}, []int64{6}},
		{"triggers are joined by or", store.ExecutionFilter{Triggers: []job.Trigger{job.TriggerRetry, job.TriggerEvent}}, []int64{6, 7}},
		{"since is inclusive", store.ExecutionFilter{Since: at(5)}, []int64{6, 7, 8}},
		{"until is exclusive", store.ExecutionFilter{Until: at(2)}, []int64{1, 2}},
		{"since and until", store.ExecutionFilter{Since: at(1), Until: at(3)}, []int64{2, 3}},
		{"dead", store.ExecutionFilter{Dead: true}, []int64{5}},
		{"worker", store.ExecutionFilter{Workers: []string{"node-x"}}, []int64{1}},
		{"workers are joined by or", store.ExecutionFilter{Workers: []string{"node-x", "nobody"}, Statuses: []job.Status{job.Success, job.Failed}}, []int64{1}},
		{"no such worker", store.ExecutionFilter{Workers: []string{"node"}}, nil},
		{"handler", store.ExecutionFilter{Handlers: []string{"noop", "x"}, Statuses: []job.Status{job.Running}}, []int64{6}},
		{"no such handler", store.ExecutionFilter{Handlers: []string{"noo"}}, nil},
		{"error class", store.ExecutionFilter{ErrorClasses: []string{"disk", "x"}}, []int64{2}},
		{"no such error class", store.ExecutionFilter{ErrorClasses: []string{"dis"}}, nil},
		{"at least so long", store.ExecutionFilter{MinDuration: 2 * time.Second, Statuses: []job.Status{job.Success, job.Failed}}, []int64{2}},
		{"at most so long", store.ExecutionFilter{MaxDuration: 1999 * time.Millisecond, Statuses: []job.Status{job.Success, job.Failed}}, []int64{1, 5}},
		{"exactly so long", store.ExecutionFilter{MinDuration: 2 * time.Second, MaxDuration: 2 * time.Second}, []int64{2}},
		{"text in the error", store.ExecutionFilter{Text: "100 % FULL_"}, []int64{2}},
		{"text of no wildcards", store.ExecutionFilter{Text: "disk%full_"}, nil},
		{"text in the name of the job", store.ExecutionFilter{Text: strings.ToUpper(j.Name), Until: at(1)}, []int64{1}},
		{"conditions are joined by and", store.ExecutionFilter{Statuses: []job.Status{job.Failed}, Since: at(2)}, []int64{5}},
		{"nothing", store.ExecutionFilter{Statuses: []job.Status{job.Success}, Since: at(2)}, nil},
	}
	for _, tt := range tests {
		tt.filter.Ascending, tt.filter.WithTotal = true, true
		for _, ref := range []string{j.ID.String(), ""} {
			tt.filter.Job = ref
			page := b.history(tt.filter)
			b.wantSame(tt.name+": runs", tt.want, numbers(page.Items))
			wantEqual(b, tt.name+": total", page.Total, int64(len(tt.want)))
		}
	}
}

func testExecutionAllJobs(_ *testing.T, b *bench) {
	first, second := b.job("", overlapping(job.OverlapAllow, 9)), b.job("", overlapping(job.OverlapAllow, 9))
	var want []job.ID
	for range 3 {
		want = append(want, b.trigger(first.ID).ID, b.trigger(second.ID).ID)
		b.pass(time.Second)
	}
	b.wantSame("ascending", want, ids(b.history(store.ExecutionFilter{Ascending: true}).Items))
	slices.Reverse(want)
	b.wantSame("descending", want, ids(b.history(store.ExecutionFilter{}).Items))
}

func testExecutionUnknownJob(_ *testing.T, b *bench) {
	for _, ref := range []string{"nobody", b.newID().String()} {
		_, err := b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: b.platform, Job: ref})
		b.wantCode("ListExecutions of "+ref, err, job.NotFound)
	}
	j := b.job("")
	page := b.history(store.ExecutionFilter{Job: j.ID.String(), WithTotal: true})
	if len(page.Items) != 0 || page.Total != 0 || page.Next != "" {
		b.Errorf("executions of a fresh job = %d, total %d, next %q; want none", len(page.Items), page.Total, page.Next)
	}
}

func (b *bench) walkHistory(f store.ExecutionFilter) []int64 {
	b.Helper()
	var out []int64
	for range 100 {
		page := b.history(f)
		out = append(out, numbers(page.Items)...)
		if page.Next == "" {
			return out
		}
		f.Cursor = page.Next
	}
	b.Fatalf("the list does not end")
	return nil
}

func testExecutionCursor(_ *testing.T, b *bench) {
	j := b.runs()
	up := []int64{1, 2, 3, 4, 5, 6, 7, 8}
	down := slices.Clone(up)
	slices.Reverse(down)
	for _, ref := range []string{j.ID.String(), ""} {
		for _, limit := range []int{1, 3, 4, 8} {
			b.wantSame("ascending pages", up, b.walkHistory(store.ExecutionFilter{Job: ref, Limit: limit, Ascending: true}))
			b.wantSame("descending pages", down, b.walkHistory(store.ExecutionFilter{Job: ref, Limit: limit}))
		}
	}
	f := store.ExecutionFilter{Job: j.ID.String(), Limit: 1, Statuses: []job.Status{job.Failed}}
	b.wantSame("filtered pages", []int64{5, 2}, b.walkHistory(f))
}

func testExecutionStable(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 99))
	for range 6 {
		b.trigger(j.ID)
	}
	f := store.ExecutionFilter{Job: j.ID.String(), Limit: 2}
	first := b.history(f)
	b.wantSame("first page", []int64{6, 5}, numbers(first.Items))
	b.trigger(j.ID)
	b.trigger(j.ID)
	f.Cursor = first.Next
	b.wantSame("the rest", []int64{4, 3, 2, 1}, b.walkHistory(f))
}

func testExecutionPaging(_ *testing.T, b *bench) {
	j := b.flood(store.MaxLimit + 7)
	f := store.ExecutionFilter{Job: j.ID.String(), Ascending: true}
	for limit, want := range map[int]int{0: store.DefaultLimit, 5: 5, store.MaxLimit: store.MaxLimit, 1 << 30: store.MaxLimit} {
		f.Limit = limit
		page := b.history(f)
		if len(page.Items) != want || page.Next == "" || page.Total != -1 {
			b.Errorf("limit %d: %d items, next %q, total %d; want %d, a cursor, -1", limit, len(page.Items), page.Next, page.Total, want)
		}
	}
	f.Limit, f.Offset, f.WithTotal = 50, 100, true
	page := b.history(f)
	if len(page.Items) != 7 || page.Items[0].RunNumber != 101 || page.Next != "" || page.Total != store.MaxLimit+7 {
		b.Errorf("offset 100: %d items, next %q, total %d; want 7, none, %d", len(page.Items), page.Next, page.Total, store.MaxLimit+7)
	}
	f = store.ExecutionFilter{Job: j.ID.String(), Limit: 2, WithTotal: true}
	f.Cursor = b.history(f).Next
	wantEqual(b, "total of the second page", b.history(f).Total, store.MaxLimit+7)
}

func testExecutionForeignCursor(_ *testing.T, b *bench) {
	b.runs()
	for _, cursor := range []string{"garbage!", "e30"} {
		_, err := b.store.ListExecutions(b.ctx, store.ExecutionFilter{Platform: b.platform, Cursor: cursor})
		b.wantCode("ListExecutions with cursor "+cursor, err, job.Invalid)
	}
}

func testExecutionEverything(_ *testing.T, b *bench) {
	j := b.runs()
	var alone []job.Execution
	for _, e := range b.executions(j.ID) {
		one := b.execution(e.ID)
		one.Attempts = nil
		alone = append(alone, one)
	}
	b.wantSame("executions read one by one", b.executions(j.ID), alone)
}
