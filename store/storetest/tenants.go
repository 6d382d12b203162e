package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// tenantTests are about the registry of platforms, and the limits that it keeps.
func tenantTests() []test {
	return []test{
		{"a platform comes back as it was stored", testTenantStored},
		{"a platform is there with its first job, and can be registered then", testTenantImplicit},
		{"platforms are seen within their scope", testTenantScope},
		{"a change that fails changes nothing", testTenantChangeFails},
		{"a deleted platform is hidden, its tokens are revoked, and it can come back", testTenantDelete},
		{"a platform with live jobs is not deleted", testTenantBusy},
		{"the number of jobs is bounded", testTenantMaxJobs},
		{"the number of jobs is bounded when many ask at once", testTenantMaxJobsRace},
		{"the number of running executions is bounded", testTenantMaxRunning},
		{"what runs when the limit comes counts", testTenantMaxRunningLater},
		{"the number of running executions is bounded when many ask at once", testTenantMaxRunningRace},
		{"a platform at its limit hides nothing", testTenantWindow},
	}
}

// tenant registers a platform of the bench's name and a suffix.
func (b *bench) tenant(suffix string, edits ...func(p *store.Platform)) store.Platform {
	b.Helper()
	p := store.Platform{Slug: b.platform + suffix, CreatedAt: &b.now, CreatedBy: "uid:0", UpdatedAt: &b.now, UpdatedBy: "uid:0"}
	for _, edit := range edits {
		edit(&p)
	}
	made, err := b.store.CreatePlatform(b.ctx, p)
	if err != nil {
		b.Fatalf("CreatePlatform(%+v) = %v, want no error", p, err)
	}
	b.wantSame("CreatePlatform", p, made)
	return p
}

func (b *bench) wantTenant(want store.Platform) {
	b.Helper()
	got, err := b.store.Platform(b.ctx, want.Slug, want.Slug)
	if err != nil {
		b.Fatalf("Platform(%s) = %v, want no error", want.Slug, err)
	}
	b.wantSame("the platform", want, got)
}

func (b *bench) limit(edit func(p *store.Platform)) {
	b.Helper()
	_, err := b.store.ChangePlatform(b.ctx, store.ChangePlatform{Scope: store.AnyPlatform, Slug: b.platform, Now: b.now, By: "uid:7", Change: func(p *store.Platform) error {
		edit(p)
		return nil
	}})
	b.must(err)
}

func maxRunning(n int) func(p *store.Platform) {
	return func(p *store.Platform) { p.MaxRunning = &n }
}

func testTenantStored(_ *testing.T, b *bench) {
	b.wantTenant(b.tenant("-plain"))
	zero, some := 0, 17
	odd := b.tenant("-odd", func(p *store.Platform) {
		p.Description, p.MaxJobs, p.MaxRunning, p.EventsPerSecond, p.CreatesPerMinute = "two\nlines 'Ä'", &some, &zero, &some, &zero
		p.Handlers = []string{"http", "x 'y' %"}
	})
	b.wantTenant(odd)
	_, err := b.store.CreatePlatform(b.ctx, odd)
	b.wantCode("a second platform of that name", err, job.Conflict)
	b.wantTenant(odd)
	later := b.now.Add(time.Second)
	changed, err := b.store.ChangePlatform(b.ctx, store.ChangePlatform{Scope: odd.Slug, Slug: odd.Slug, Now: later, By: "uid:8", Change: func(p *store.Platform) error {
		p.MaxRunning, p.Handlers = nil, []string{}
		return nil
	}})
	b.must(err)
	odd.MaxRunning, odd.Handlers, odd.UpdatedAt, odd.UpdatedBy = nil, []string{}, &later, "uid:8"
	b.wantSame("ChangePlatform", odd, changed)
	b.wantTenant(odd)
	wantEqual(b, "no handlers allow one", odd.Allows("http"), false)
	list, err := b.store.ListPlatforms(b.ctx, store.PlatformFilter{Scope: store.AnyPlatform, Limited: true})
	b.must(err)
	for i := range list {
		if list[i].Slug == b.platform+"-plain" {
			b.Errorf("a platform without limits is among those that have some")
		}
	}
}

func testTenantImplicit(_ *testing.T, b *bench) {
	b.job("")
	b.wantTenant(store.Platform{Slug: b.platform})
	b.tenant("", func(p *store.Platform) { p.Description = "now it is" })
	list, err := b.store.ListPlatforms(b.ctx, store.PlatformFilter{Scope: b.platform})
	wantEqual(b, "listed", fmt.Sprint(len(list), err), "1 <nil>")
	wantEqual(b, "description", list[0].Description, "now it is")
}

func testTenantScope(_ *testing.T, b *bench) {
	p := b.tenant("-a")
	foreign := b.platform + "-b"
	_, err := b.store.Platform(b.ctx, foreign, p.Slug)
	b.wantCode("Platform", err, job.NotFound)
	_, err = b.store.ChangePlatform(b.ctx, store.ChangePlatform{Scope: foreign, Slug: p.Slug, Now: b.now, Change: func(*store.Platform) error { return nil }})
	b.wantCode("ChangePlatform", err, job.NotFound)
	_, err = b.store.DeletePlatform(b.ctx, store.DeletePlatform{Scope: foreign, Slug: p.Slug, Now: b.now})
	b.wantCode("DeletePlatform", err, job.NotFound)
	list, err := b.store.ListPlatforms(b.ctx, store.PlatformFilter{Scope: foreign})
	wantEqual(b, "listed", fmt.Sprint(len(list), err), "0 <nil>")
	b.wantTenant(p)
}

func testTenantChangeFails(_ *testing.T, b *bench) {
	p := b.tenant("-a")
	_, err := b.store.ChangePlatform(b.ctx, store.ChangePlatform{Scope: p.Slug, Slug: p.Slug, Now: b.now.Add(time.Second), By: "uid:8", Change: func(p *store.Platform) error {
		p.Description = "no"
		return job.Errorf(job.Invalid, "no")
	}})
	b.wantCode("ChangePlatform", err, job.Invalid)
	b.wantTenant(p)
}

func testTenantDelete(_ *testing.T, b *bench) {
	p := b.tenant("")
	t := b.token("ci")
	later := b.now.Add(time.Minute)
	gone, err := b.store.DeletePlatform(b.ctx, store.DeletePlatform{Scope: b.platform, Slug: b.platform, By: "uid:8", Now: later})
	b.must(err)
	p.DeletedAt, p.UpdatedAt, p.UpdatedBy = &later, &later, "uid:8"
	b.wantSame("DeletePlatform", p, gone)
	_, err = b.store.Platform(b.ctx, b.platform, b.platform)
	b.wantCode("a deleted platform", err, job.NotFound)
	wantEqual(b, "its token is valid", ptr(b.tokenByID(t.ID)).Valid(later), false)
	list, err := b.store.ListPlatforms(b.ctx, store.PlatformFilter{Scope: b.platform, Deleted: true, Limited: true})
	b.must(err)
	b.wantSame("deleted ones", []store.Platform{p}, list)
	b.tenant("", func(p *store.Platform) { p.Description = "back" })
	_, err = b.store.DeletePlatform(b.ctx, store.DeletePlatform{Scope: store.AnyPlatform, Slug: job.DefaultPlatform, Now: b.now})
	b.wantCode("the reserved platform", err, job.Conflict)
}

func testTenantBusy(_ *testing.T, b *bench) {
	j := b.job("")
	_, err := b.store.DeletePlatform(b.ctx, store.DeletePlatform{Scope: b.platform, Slug: b.platform, Now: b.now})
	b.wantCode("DeletePlatform", err, job.Conflict)
	b.cancelled(j.ID)
	_, err = b.store.DeletePlatform(b.ctx, store.DeletePlatform{Scope: b.platform, Slug: b.platform, Now: b.now})
	b.must(err)
}

// cancelled cancels a job.
func (b *bench) cancelled(id job.ID) {
	b.Helper()
	_, err := b.store.ChangeJob(b.ctx, store.ChangeJob{Platform: b.platform, Ref: id.String(), Now: b.now, By: "uid:7", NewID: b.newID, Change: job.Cancel(b.act(), "done", false)})
	b.must(err)
}

// createWithin creates a job where the platform may have n.
func (b *bench) createWithin(n int) error {
	j := b.build("")
	_, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Open: b.opening(&j, "created"), Now: b.now, MaxJobs: &n})
	return err
}

func testTenantMaxJobs(_ *testing.T, b *bench) {
	b.must(b.createWithin(2))
	first := b.job("")
	b.wantCode("a third job", b.createWithin(2), job.Conflict)
	b.cancelled(first.ID)
	b.must(b.createWithin(2))
	b.wantCode("none is allowed", b.createWithin(0), job.Conflict)
	page, err := b.store.ListJobs(b.ctx, store.JobFilter{Platform: b.platform, WithTotal: true})
	b.must(err)
	wantEqual(b, "jobs", page.Total, 3)
}

func testTenantMaxJobsRace(_ *testing.T, b *bench) {
	var jobs []job.Job
	for range 8 {
		jobs = append(jobs, b.build(""))
	}
	n := 3
	var made sync.Map
	var group sync.WaitGroup
	for i := range jobs {
		group.Go(func() {
			j := &jobs[i]
			_, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: *j, Open: b.opening(j, "created"), Now: b.now, MaxJobs: &n})
			if err == nil {
				made.Store(i, true)
			} else if job.CodeOf(err) != job.Conflict {
				b.Errorf("CreateJob = %v, want a conflict", err)
			}
		})
	}
	group.Wait()
	count := 0
	made.Range(func(_, _ any) bool { count++; return true })
	wantEqual(b, "jobs made", count, n)
}

// readyOnes makes n executions wait, each of a job of its own.
func (b *bench) readyOnes(n int) (ids []job.ID) {
	b.Helper()
	for range n {
		ids = append(ids, b.trigger(b.job("").ID).ID)
	}
	return ids
}

func testTenantMaxRunning(_ *testing.T, b *bench) {
	b.tenant("", maxRunning(2))
	s := b.session()
	ids := b.readyOnes(4)
	first := b.claim(s, ids...)
	wantEqual(b, "claimed at once", len(first), 2)
	wantEqual(b, "claimed beyond the limit", len(b.claim(s, ids[2:]...)), 0)
	b.end(s, first[0], job.EventSucceed)
	wantEqual(b, "claimed once there is room", len(b.claim(s, ids...)), 1)
	b.end(s, first[1], job.EventRetry)
	wantEqual(b, "claimed when another waits for its retry", len(b.claim(s, ids...)), 1)

	// What is due is not born claimed: it is counted where executions are claimed.
	b.job(secondly)
	b.pass(time.Second)
	planned := b.plan(func(p *store.PlanDue) {
		p.Session, p.Take = s, func(*job.Job) bool { return true }
	})
	wantEqual(b, "born claimed", len(planned.Claimed), 0)
	born := b.trigger(b.job("").ID, func(t *store.Trigger) { t.Session, t.Take = s, func(*job.Job) bool { return true } })
	wantEqual(b, "status of a run beyond the limit", born.Status, job.Pending)

	b.limit(func(p *store.Platform) { p.MaxRunning = nil })
	wantEqual(b, "claimed without a limit", len(b.claim(s, born.ID)), 1)
}

func testTenantMaxRunningLater(_ *testing.T, b *bench) {
	s := b.session()
	ids := b.readyOnes(4)
	running := b.claim(s, ids[:3]...)
	wantEqual(b, "claimed without a limit", len(running), 3)
	b.limit(maxRunning(2))
	wantEqual(b, "claimed when more run than may", len(b.claim(s, ids[3])), 0)
	b.end(s, running[0], job.EventSucceed)
	wantEqual(b, "claimed when as many run as may", len(b.claim(s, ids[3])), 0)
	b.end(s, running[1], job.EventSucceed)
	wantEqual(b, "claimed once there is room", len(b.claim(s, ids[3])), 1)
}

func testTenantMaxRunningRace(_ *testing.T, b *bench) {
	b.tenant("", maxRunning(3))
	ids := b.readyOnes(12)
	var mu sync.Mutex
	total := 0
	var group sync.WaitGroup
	for i := range 4 {
		s := b.sessionOf(fmt.Sprintf("node-%s-%d", b.platform, i))
		group.Go(func() {
			got, err := b.store.Claim(b.ctx, store.Claim{Session: s, IDs: ids[3*i : 3*i+3], Now: b.now})
			if err != nil {
				b.Errorf("Claim = %v, want no error", err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += len(got.Claimed)
		})
	}
	group.Wait()
	wantEqual(b, "claimed by four sessions", total, 3)
}

func testTenantWindow(_ *testing.T, b *bench) {
	own := b.platform
	b.platform = own + "-limited"
	b.tenant("", maxRunning(1))
	limited := b.readyOnes(5)
	b.platform = own
	b.pass(time.Second)
	free := b.readyOnes(2)
	b.wantSame("with room for one", []job.ID{limited[0], free[0], free[1], limited[1]}, waitingIDs(b.waiting(10)))
	b.wantSame("the first two", []job.ID{limited[0], free[0]}, waitingIDs(b.waiting(2)))
	s := b.session()
	b.take(s, limited[0])
	b.wantSame("without room", []job.ID{free[0], free[1], limited[1]}, waitingIDs(b.waiting(10)))
}
