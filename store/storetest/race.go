package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// raceTests are about what many callers do at once. Who wins is open; that there is
// one winner is not.
func raceTests() []test {
	return []test{
		{"an execution is claimed by one session", testRaceClaim},
		{"a slot is planned once", testRacePlan},
		{"a born execution has one owner", testRaceBorn},
		{"a revision is changed once", testRaceRevision},
		{"changes of one job do not overwrite each other", testRaceChange},
		{"a name is created once", testRaceName},
		{"an idempotency key creates once", testRaceKey},
		{"overlap admits as many as there are places", testRaceTrigger},
		{"an execution is retried once", testRaceRetry},
		{"an attempt is settled once", testRaceSettle},
		{"ends promote as many as there are places", testRacePromote},
		{"a lost execution is settled or started again, not both", testRaceReap},
		{"a cancelled execution is not claimed", testRaceCancel},
		{"nothing of a cancelled job runs unasked", testRaceCancelJob},
	}
}

// racers is how many callers run at once.
const racers = 16

// race runs fn in racers goroutines that start together.
func race(fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

// wantWinners counts the errors of a race: so many none, all others of the code.
func (b *bench) wantWinners(errs []error, winners int, loser job.Code) {
	b.Helper()
	won := 0
	for _, err := range errs {
		switch job.CodeOf(err) {
		case "":
			won++
		case loser:
		default:
			b.Errorf("a loser has code %q (%v), want %q", job.CodeOf(err), err, loser)
		}
	}
	wantEqual(b, "winners", won, winners)
}

func testRaceClaim(t *testing.T, b *bench) {
	const n = 1000
	j := b.flood(n)
	var all []job.ID
	for _, e := range b.executions(j.ID) {
		all = append(all, e.ID)
	}
	sessions := make([]int64, racers)
	for i := range sessions {
		sessions[i] = b.session()
	}
	var mu sync.Mutex
	owners := map[job.ID][]int64{}
	race(func(i int) {
		mine := slices.Clone(all)
		rand.New(rand.NewPCG(1, uint64(i))).Shuffle(n, func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
		for batch := range slices.Chunk(mine, 100) {
			asked := 0
			got, err := b.store.Claim(b.ctx, store.Claim{Session: sessions[i], IDs: batch, Now: b.now, Take: func(*job.Job) bool { asked++; return true }})
			if err != nil || asked != len(got.Claimed)+len(got.Untaken) {
				t.Errorf("Claim = %d claimed, %d untaken, %v; want %d together, no error", len(got.Claimed), len(got.Untaken), err, asked)
				return
			}
			mu.Lock()
			for _, c := range got.Claimed {
				owners[c.ID] = append(owners[c.ID], sessions[i])
			}
			mu.Unlock()
		}
	})
	for _, id := range all {
		if len(owners[id]) != 1 {
			t.Fatalf("execution %s was claimed %d times, want once", id, len(owners[id]))
		}
	}
	for _, e := range b.executions(j.ID) {
		if e.Token != 1 || e.Attempt != 1 || e.Status != job.Running {
			t.Fatalf("execution %d is %s with token %d, attempt %d; want running, 1, 1", e.RunNumber, e.Status, e.Token, e.Attempt)
		}
	}
}

func testRacePlan(t *testing.T, b *bench) {
	var jobs []job.Job
	for range 30 {
		jobs = append(jobs, b.job(secondly, overlapping(job.OverlapAllow, 1000)))
	}
	var planned atomic.Int64
	race(func(int) {
		for step := 1; step <= 5; step++ {
			got, err := b.store.PlanDue(b.ctx, store.PlanDue{Now: at(float64(2 * step)), Limit: 7, Policy: job.DefaultPolicy(), NewID: b.newID})
			if err != nil {
				t.Errorf("PlanDue = %v, want no error", err)
			}
			planned.Add(int64(got.Waiting))
		}
	})
	b.now = at(10)
	planned.Add(int64(b.plan().Waiting))
	for _, j := range jobs {
		b.wantSlots(j.ID, at(1), at(10), time.Second)
		b.wantCounts(j.ID, 10, 0, 0, 0)
	}
	wantEqual(b, "executions told of", planned.Load(), int64(10*len(jobs)))
}

func testRaceBorn(t *testing.T, b *bench) {
	for range 50 {
		b.job(minutely)
	}
	sessions := make([]int64, racers)
	for i := range sessions {
		sessions[i] = b.session()
	}
	b.now = at(60)
	var mu sync.Mutex
	var all []store.Claimed
	owner := map[job.ID]int64{}
	race(func(i int) {
		p := store.PlanDue{Now: b.now, Limit: 5, Policy: job.DefaultPolicy(), NewID: b.newID}
		born(sessions[i])(&p)
		for range 3 {
			got, err := b.store.PlanDue(b.ctx, p)
			if err != nil {
				t.Errorf("PlanDue = %v, want no error", err)
			}
			mu.Lock()
			for _, c := range got.Claimed {
				owner[c.ID] = sessions[i]
			}
			all = append(all, got.Claimed...)
			mu.Unlock()
		}
	})
	if len(all) != 50 || len(owner) != 50 {
		t.Fatalf("%d executions were born claimed, %d different; want 50, 50", len(all), len(owner))
	}
	for _, c := range all {
		b.end(owner[c.ID], c, job.EventSucceed)
	}
}

func testRaceRevision(_ *testing.T, b *bench) {
	j := b.job("")
	errs := make([]error, racers)
	race(func(i int) {
		_, errs[i] = b.tryChange(j.ID, func(c *job.Changed, _ job.State) { c.Job.Description = fmt.Sprint(i) },
			func(c *store.ChangeJob) { c.IfRevision = 1 })
	})
	b.wantWinners(errs, 1, job.VersionMismatch)
	wantEqual(b, "revision", b.get(j.ID).Revision, 2)
}

func testRaceChange(_ *testing.T, b *bench) {
	j := b.job(minutely)
	errs := make([]error, racers)
	race(func(i int) {
		_, errs[i] = b.tryChange(j.ID, func(c *job.Changed, _ job.State) { c.Job.Description += "x" })
	})
	b.wantWinners(errs, racers, "")
	got := b.get(j.ID)
	wantEqual(b, "length of the description", len(got.Description), racers)
	wantEqual(b, "revision", got.Revision, racers+1)
	b.wantTime("next_run", got.NextRun, at(60))
}

func testRaceName(_ *testing.T, b *bench) {
	errs := make([]error, racers)
	race(func(i int) {
		_, _, errs[i] = b.store.CreateJob(b.ctx, store.CreateJob{Job: b.build("", named("backup")), Now: b.now})
	})
	b.wantWinners(errs, 1, job.Conflict)
	wantEqual(b, "jobs", len(b.list(store.JobFilter{}).Items), 1)
}

func testRaceKey(_ *testing.T, b *bench) {
	var created [racers]job.Job
	var replayed [racers]bool
	errs := make([]error, racers)
	race(func(i int) {
		created[i], replayed[i], errs[i] = b.create(b.build("", named("backup")), "k1", "h1")
	})
	b.wantWinners(errs, racers, "")
	fresh := 0
	for i := range created {
		wantEqual(b, "id", created[i].ID, created[0].ID)
		if !replayed[i] {
			fresh++
		}
	}
	wantEqual(b, "answers that were no replay", fresh, 1)
	j := created[0]
	var runs [racers]job.Execution
	race(func(i int) {
		runs[i], _, errs[i] = b.tryTrigger(j.ID, keyed("k2", "h2"))
	})
	b.wantWinners(errs, racers, "")
	for i := range runs {
		wantEqual(b, "id of the execution", runs[i].ID, runs[0].ID)
	}
	wantEqual(b, "executions", len(b.executions(j.ID)), 1)
}

func testRaceTrigger(_ *testing.T, b *bench) {
	for places, edit := range map[int]func(*job.Job){
		1: overlapping(job.OverlapSkip, 1), 2: overlapping(job.OverlapQueueOne, 1), 5: overlapping(job.OverlapAllow, 5), racers: overlapping(job.OverlapQueueAll, 1),
	} {
		j := b.job("", edit)
		errs := make([]error, racers)
		race(func(i int) { _, _, errs[i] = b.tryTrigger(j.ID) })
		b.wantWinners(errs, racers, "")
		admitted, runs := 0, numbers(b.executions(j.ID))
		for _, status := range b.statuses(j.ID) {
			if status == job.Pending {
				admitted++
			}
		}
		wantEqual(b, "admitted by "+string(j.Overlap), admitted, places)
		for i, n := range runs {
			wantEqual(b, "run number", n, int64(i+1))
		}
		wantEqual(b, "executions", len(runs), racers)
	}
}

func testRaceRetry(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 99))
	failed := b.run(b.session(), j.ID, job.EventFail)
	errs := make([]error, racers)
	race(func(i int) { _, _, errs[i] = b.tryTrigger(j.ID, retryOf(failed)) })
	b.wantWinners(errs, 1, job.Conflict)
	wantEqual(b, "executions", len(b.executions(j.ID)), 2)
}

func testRaceSettle(t *testing.T, b *bench) {
	j := b.job("")
	s := b.session()
	events := []job.Event{job.EventSucceed, job.EventFail, job.EventExpire, job.EventCancel}
	for range 5 {
		c := b.start(s, j.ID)
		var won atomic.Int64
		race(func(i int) {
			got, err := b.store.Settle(b.ctx, b.now, []store.Settlement{b.ending(s, c, events[i%len(events)])})
			if err != nil {
				t.Errorf("Settle = %v, want no error", err)
			}
			if len(got.Fenced) == 0 {
				won.Add(1)
			}
		})
		wantEqual(b, "settlements that counted", won.Load(), 1)
	}
	var success, failure int64
	for _, status := range b.statuses(j.ID) {
		switch status {
		case job.Success:
			success++
		case job.Failed, job.TimedOut:
			failure++
		}
	}
	b.wantCounts(j.ID, 5, success, failure, 0)
}

func testRacePromote(t *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, racers))
	s := b.session()
	var running []store.Claimed
	for range racers {
		running = append(running, b.start(s, j.ID))
	}
	for range 2 * racers {
		b.trigger(j.ID, func(t *store.Trigger) { t.Overlap = job.OverlapQueueAll })
	}
	var promoted atomic.Int64
	race(func(i int) {
		got, err := b.store.Settle(b.ctx, b.now, []store.Settlement{b.ending(s, running[i], job.EventSucceed)})
		if err != nil || len(got.Fenced) != 0 {
			t.Errorf("Settle = %+v, %v; want nothing fenced, no error", got, err)
		}
		promoted.Add(int64(got.Promoted))
	})
	wantEqual(b, "promoted", promoted.Load(), racers)
	wantEqual(b, "waiting for a worker", len(b.waiting(100)), racers)
}

func testRaceReap(t *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 100))
	s := b.session()
	var all []store.Claimed
	for range 48 {
		all = append(all, b.start(s, j.ID))
	}
	b.pass(lease + time.Second)
	fenced := make([]bool, len(all))
	race(func(i int) {
		if i == racers-1 {
			for more := true; more; {
				got, err := b.store.Reap(b.ctx, b.now, 5)
				if err != nil {
					t.Errorf("Reap = %v, want no error", err)
				}
				more = got.More
			}
			return
		}
		for n := i; n < len(all); n += racers - 1 {
			got, err := b.store.Settle(b.ctx, b.now, []store.Settlement{b.ending(s, all[n], job.EventSucceed)})
			if err != nil {
				t.Errorf("Settle = %v, want no error", err)
			}
			fenced[n] = len(got.Fenced) == 1
		}
	})
	b.reap()
	var won int64
	for n, c := range all {
		e := b.execution(c.ID)
		switch {
		case fenced[n] && (e.Status != job.Pending || e.LostCount != 1):
			t.Errorf("a fenced execution is %s with %d losses, want pending with one", e.Status, e.LostCount)
		case !fenced[n] && (e.Status != job.Success || e.LostCount != 0):
			t.Errorf("a settled execution is %s with %d losses, want success with none", e.Status, e.LostCount)
		case !fenced[n]:
			won++
		}
	}
	b.wantCounts(j.ID, int64(len(all)), won, 0, 0)
}

func testRaceCancel(t *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 100))
	s := b.session()
	for range 10 {
		e := b.trigger(j.ID)
		var claimed atomic.Int64
		race(func(i int) {
			if i%2 == 0 {
				if _, err := b.tryCancelExecution(e.ID.String()); err != nil {
					t.Errorf("CancelExecution = %v, want no error", err)
				}
				return
			}
			got, err := b.store.Claim(b.ctx, store.Claim{Session: s, IDs: []job.ID{e.ID}, Now: b.now})
			if err != nil {
				t.Errorf("Claim = %v, want no error", err)
			}
			claimed.Add(int64(len(got.Claimed)))
		})
		after := b.execution(e.ID)
		if running := after.Status == job.Running && after.CancelRequestedAt != nil; running != (claimed.Load() == 1) || !running && after.Status != job.Cancelled {
			t.Errorf("claimed %d times, the execution is %s, asked to stop at %v", claimed.Load(), after.Status, after.CancelRequestedAt)
		}
	}
}

// testRaceCancelJob: what is claimed while its job is cancelled runs and is asked to
// stop, or was never claimed.
func testRaceCancelJob(t *testing.T, b *bench) {
	for range 10 {
		j := b.job("", overlapping(job.OverlapAllow, 100))
		var ids []job.ID
		for range 8 {
			ids = append(ids, b.trigger(j.ID).ID)
		}
		s := b.session()
		race(func(i int) {
			if i == 0 {
				b.cancel(j.ID, func(c *job.Changed) { c.CancelLive = true })
				return
			}
			if _, err := b.store.Claim(b.ctx, store.Claim{Session: s, IDs: ids[i%len(ids):], Now: b.now}); err != nil {
				t.Errorf("Claim = %v, want no error", err)
			}
		})
		for _, e := range b.executions(j.ID) {
			if e.Status != job.Cancelled && (e.Status != job.Running || e.CancelRequestedAt == nil) {
				t.Errorf("an execution of a cancelled job is %s, asked to stop at %v", e.Status, e.CancelRequestedAt)
			}
		}
	}
}
