package storetest

import (
	"fmt"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// pageJobTests are about the order of lists of jobs and about their pages.
func pageJobTests() []test {
	return []test{
		{"each key sorts both ways, with nulls last", testSortJobs},
		{"ties are broken by creation", testSortTies},
		{"names sort by their bytes", testSortNames},
		{"an unknown key is invalid", testSortUnknown},
		{"an empty list is empty", testPageEmpty},
		{"limits have a default and a maximum", testPageLimits},
		{"cursors walk every order without gap or double", testPageCursor},
		{"a page is stable while jobs come and go", testPageStable},
		{"offsets walk too", testPageOffset},
		{"a full last page has no cursor", testPageFull},
		{"a total is counted only when asked for", testPageTotal},
		{"a cursor of another list is invalid", testPageForeignCursor},
		{"figures in a list are those of the job", testPageFigures},
	}
}

func (b *bench) list(f store.JobFilter) store.Page[job.Job] {
	b.Helper()
	f.Platform = b.platform
	page, err := b.store.ListJobs(b.ctx, f)
	if err != nil {
		b.Fatalf("ListJobs(%+v) = %v, want no error", f, err)
	}
	return page
}

// walk follows the cursors of a list to its end.
func (b *bench) walk(f store.JobFilter) []string {
	b.Helper()
	var names []string
	for range 100 {
		page := b.list(f)
		names = append(names, jobNames(page.Items)...)
		if page.Next == "" {
			return names
		}
		f.Cursor = page.Next
	}
	b.Fatalf("the list does not end")
	return nil
}

// orchard stores jobs whose sort values differ and repeat.
func (b *bench) orchard() {
	b.Helper()
	b.job(hourly, named("d"), prioritised(job.PriorityHigh))
	b.job("", named("b"), prioritised(job.PriorityLow))
	b.now = at(1)
	b.job(minutely, named("e"), prioritised(job.PriorityCritical))
	b.now = at(2)
	b.job("", named("a"), prioritised(job.PriorityMedium))
	b.job(minutely, named("c"), prioritised(job.PriorityLow))
}

var orchardOrders = []struct {
	by   string
	up   []string
	down []string
}{
	{"", []string{"d", "b", "e", "a", "c"}, []string{"c", "a", "e", "b", "d"}},
	{store.SortCreatedAt, []string{"d", "b", "e", "a", "c"}, []string{"c", "a", "e", "b", "d"}},
	{store.SortName, []string{"a", "b", "c", "d", "e"}, []string{"e", "d", "c", "b", "a"}},
	{store.SortPriority, []string{"b", "c", "a", "d", "e"}, []string{"e", "d", "a", "c", "b"}},
	{store.SortNextRun, []string{"e", "c", "d", "b", "a"}, []string{"d", "c", "e", "a", "b"}},
}

func testSortJobs(_ *testing.T, b *bench) {
	b.orchard()
	for _, tt := range orchardOrders {
		b.wantSame("order by "+tt.by, tt.up, jobNames(b.list(store.JobFilter{SortBy: tt.by}).Items))
		b.wantSame("descending order by "+tt.by, tt.down, jobNames(b.list(store.JobFilter{SortBy: tt.by, Descending: true}).Items))
	}
}

func testSortTies(_ *testing.T, b *bench) {
	var want []string
	for i := range 20 {
		name := fmt.Sprintf("job-%02d", (i*7)%20)
		b.job(minutely, named(name))
		want = append(want, name)
	}
	for _, by := range []string{store.SortCreatedAt, store.SortPriority, store.SortNextRun} {
		b.wantSame("order by "+by, want, b.walk(store.JobFilter{SortBy: by, Limit: 3}))
	}
}

func testSortNames(_ *testing.T, b *bench) {
	want := []string{"10", "2", "A", "B", "_", "a", "b", "z", "ä", "日本"}
	for _, i := range []int{3, 9, 0, 5, 8, 1, 7, 2, 6, 4} {
		b.job("", named(want[i]))
	}
	b.wantSame("names", want, jobNames(b.list(store.JobFilter{SortBy: store.SortName}).Items))
	b.wantSame("names by pages", want, b.walk(store.JobFilter{SortBy: store.SortName, Limit: 3}))
}

func testSortUnknown(_ *testing.T, b *bench) {
	_, err := b.store.ListJobs(b.ctx, store.JobFilter{Platform: b.platform, SortBy: "id; DROP TABLE jobs"})
	b.wantCode("ListJobs by an unknown key", err, job.Invalid)
}

func testPageEmpty(_ *testing.T, b *bench) {
	page := b.list(store.JobFilter{WithTotal: true})
	if len(page.Items) != 0 || page.Next != "" || page.Total != 0 {
		b.Errorf("ListJobs = %d items, next %q, total %d; want 0, none, 0", len(page.Items), page.Next, page.Total)
	}
}

func testPageLimits(_ *testing.T, b *bench) {
	for range store.MaxLimit + 5 {
		b.job("")
	}
	for limit, want := range map[int]int{0: store.DefaultLimit, 1: 1, 7: 7, store.MaxLimit: store.MaxLimit, store.MaxLimit + 1: store.MaxLimit, 1 << 30: store.MaxLimit} {
		page := b.list(store.JobFilter{Limit: limit})
		if len(page.Items) != want || page.Next == "" {
			b.Errorf("ListJobs with limit %d = %d items, next %q; want %d and a cursor", limit, len(page.Items), page.Next, want)
		}
	}
	wantEqual(b, "jobs in all pages", len(b.walk(store.JobFilter{})), store.MaxLimit+5)
}

func testPageCursor(_ *testing.T, b *bench) {
	b.orchard()
	for _, tt := range orchardOrders {
		for limit := 1; limit <= 5; limit++ {
			b.wantSame("pages by "+tt.by, tt.up, b.walk(store.JobFilter{SortBy: tt.by, Limit: limit}))
			b.wantSame("descending pages by "+tt.by, tt.down, b.walk(store.JobFilter{SortBy: tt.by, Limit: limit, Descending: true}))
		}
	}
}

func testPageStable(_ *testing.T, b *bench) {
	for _, name := range []string{"b", "d", "f", "h", "j"} {
		b.job("", named(name))
	}
	filter := store.JobFilter{SortBy: store.SortName, Limit: 2}
	first := b.list(filter)
	b.wantSame("first page", []string{"b", "d"}, jobNames(first.Items))
	b.job("", named("a"))
	b.job("", named("c"))
	b.job("", named("g"))
	b.remove(first.Items[1].ID) // the one the cursor stands at
	filter.Cursor = first.Next
	b.wantSame("the rest", []string{"f", "g", "h", "j"}, b.walk(filter))
}

func testPageOffset(_ *testing.T, b *bench) {
	b.orchard()
	var got []string
	for offset := 0; ; offset += 2 {
		page := b.list(store.JobFilter{SortBy: store.SortName, Limit: 2, Offset: offset})
		if len(page.Items) == 0 {
			break
		}
		got = append(got, jobNames(page.Items)...)
	}
	b.wantSame("pages by offset", []string{"a", "b", "c", "d", "e"}, got)
	wantEqual(b, "items beyond the end", len(b.list(store.JobFilter{Offset: 1000}).Items), 0)
}

func testPageFull(_ *testing.T, b *bench) {
	for range 4 {
		b.job("")
	}
	page := b.list(store.JobFilter{Limit: 2})
	page = b.list(store.JobFilter{Limit: 2, Cursor: page.Next})
	if len(page.Items) != 2 || page.Next != "" {
		b.Errorf("the last page has %d items and next %q, want 2 and none", len(page.Items), page.Next)
	}
}

func testPageTotal(_ *testing.T, b *bench) {
	b.orchard()
	wantEqual(b, "total when not asked for", b.list(store.JobFilter{}).Total, -1)
	first := b.list(store.JobFilter{Limit: 2, WithTotal: true})
	wantEqual(b, "total of the first page", first.Total, 5)
	wantEqual(b, "total of the second page", b.list(store.JobFilter{Limit: 2, WithTotal: true, Cursor: first.Next}).Total, 5)
	wantEqual(b, "total beyond the end", b.list(store.JobFilter{Offset: 100, WithTotal: true}).Total, 5)
}

func testPageForeignCursor(_ *testing.T, b *bench) {
	b.orchard()
	cursor := b.list(store.JobFilter{SortBy: store.SortName, Limit: 2}).Next
	for what, f := range map[string]store.JobFilter{
		"no cursor at all":            {Cursor: "garbage!"},
		"base64 of nothing":           {Cursor: "e30"},
		"the cursor of another order": {Cursor: cursor, SortBy: store.SortNextRun},
	} {
		f.Platform = b.platform
		_, err := b.store.ListJobs(b.ctx, f)
		b.wantCode("ListJobs with "+what, err, job.Invalid)
	}
}

func testPageFigures(_ *testing.T, b *bench) {
	j := b.job(minutely)
	s := b.session()
	b.run(s, j.ID, job.EventSucceed)
	b.run(s, j.ID, job.EventFail)
	b.trigger(j.ID)
	b.trigger(j.ID) // skipped, but no slot
	want := []job.Job{b.get(j.ID)}
	b.wantCounts(j.ID, 3, 1, 1, 0)
	b.wantSame("the list", want, b.list(store.JobFilter{}).Items)
	if err := b.store.Fold(b.ctx); err != nil {
		b.Errorf("Fold = %v, want no error", err)
	}
	b.wantSame("the list after a fold", want, b.list(store.JobFilter{}).Items)
}
