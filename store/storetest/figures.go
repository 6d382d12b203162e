package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// figureTests are about sums by time: whatever is folded when, they are what the
// executions say.
func figureTests() []test {
	return []test{
		{"a tally has what ended within a time", testTallyWindow},
		{"sums are those of the executions, folded or not", testFiguresModel},
		{"skips are counted, missed ones apart", testTallySkips},
		{"old minutes are forgotten, hours stay", testTallyForgets},
		{"old hours of a job become days", testJobFiguresDays},
		{"starts are told by the quarter of an hour", testJobFiguresStarts},
		{"failures that say the same are one pattern", testPatterns},
		{"patterns of a day are bounded", testPatternsBounded},
		{"retention of executions changes no sum", testFiguresRetained},
		{"a purged job is forgotten, what its platform did is not", testFiguresPurged},
		{"the last execution is one that started", testLastStarted},
		{"figures of a job that is not there", testFiguresMissing},
		{"totals of a platform are its own", testTotalsOfPlatform},
	}
}

func (b *bench) fold() {
	b.Helper()
	if err := b.store.Fold(b.ctx); err != nil {
		b.Fatalf("Fold = %v, want no error", err)
	}
}

// tally sums up the bench's platform by minutes.
func (b *bench) tally(from, to time.Time, edits ...func(*store.TallyOf)) job.Tally {
	b.Helper()
	p := store.TallyOf{Platform: b.platform, From: from, To: to}
	for _, edit := range edits {
		edit(&p)
	}
	sum, err := b.store.Tally(b.ctx, p)
	if err != nil {
		b.Fatalf("Tally(%+v) = %v, want no error", p, err)
	}
	return sum
}

func byHours(p *store.TallyOf) { p.Hours = true }

func (b *bench) figures(id job.ID, since time.Time) store.JobFigures {
	b.Helper()
	got, err := b.store.JobFigures(b.ctx, b.platform, id.String(), since)
	if err != nil {
		b.Fatalf("JobFigures = %v, want no error", err)
	}
	return got
}

// took sets how long an attempt took that started now.
func took(d time.Duration) func(*store.Settlement) {
	return func(s *store.Settlement) { s.CompletedAt = s.StartedAt.Add(d) }
}

func said(message string) func(*store.Settlement) {
	return func(s *store.Settlement) { s.Error = message }
}

func testTallyWindow(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("")
	for _, event := range []job.Event{job.EventSucceed, job.EventFail, job.EventExpire, job.EventCancel} {
		b.end(s, b.start(s, j.ID), event, took(30*time.Second)) // each ends half a minute after a whole one
		b.pass(time.Minute)
	}
	whole := job.Tally{Success: 1, Failed: 1, Timeout: 1, Cancelled: 1}
	whole.Took.Add(30 * time.Second)
	for _, folded := range []bool{false, true} {
		if folded {
			b.fold()
		}
		what := fmt.Sprintf("folded %t: ", folded)
		b.wantSame(what+"all", whole, b.tally(Base, b.now))
		b.wantSame(what+"the second", job.Tally{Failed: 1}, b.tally(at(60), at(120)))
		b.wantSame(what+"after it", job.Tally{Timeout: 1, Cancelled: 1}, b.tally(at(120), b.now))
		b.wantSame(what+"before", job.Tally{}, b.tally(at(-3600), Base))
		b.wantSame(what+"the hour", whole, b.tally(Base, at(3600), byHours))
		b.wantSame(what+"of all platforms", whole, b.tally(Base, b.now, func(p *store.TallyOf) { p.Platform = store.AnyPlatform }))
		b.wantSame(what+"of another platform", job.Tally{}, b.tally(Base, b.now, func(p *store.TallyOf) { p.Platform = "other" }))
	}
}

// ended is one end as the model has it.
type ended struct {
	job    int
	status job.Status
	at     time.Time
	took   time.Duration
}

func testFiguresModel(t *testing.T, b *bench) {
	random := rand.New(rand.NewPCG(1, 2))
	var jobs []job.Job
	for range 3 {
		jobs = append(jobs, b.job(""))
	}
	var ends []ended
	events := map[job.Event]job.Status{job.EventSucceed: job.Success, job.EventFail: job.Failed, job.EventExpire: job.TimedOut, job.EventCancel: job.Cancelled}
	kinds := []job.Event{job.EventSucceed, job.EventSucceed, job.EventFail, job.EventExpire, job.EventCancel}
	for range 60 {
		b.pass(time.Duration(random.Int64N(int64(8 * time.Hour))).Truncate(time.Microsecond))
		s := b.session()
		for range 1 + random.IntN(3) {
			of, event := random.IntN(len(jobs)), kinds[random.IntN(len(kinds))]
			d := time.Duration(1<<random.IntN(35)) * time.Microsecond
			b.end(s, b.start(s, jobs[of].ID), event, took(d))
			ends = append(ends, ended{job: of, status: events[event], at: b.now.Add(d), took: d})
		}
		if random.IntN(3) == 0 {
			b.fold()
		}
		if random.IntN(6) == 0 {
			b.wantModel(jobs, ends, random)
		}
	}
	b.fold()
	b.wantModel(jobs, ends, random)
	if t.Failed() {
		t.Logf("%d ends", len(ends))
	}
}

func (b *bench) wantModel(jobs []job.Job, ends []ended, random *rand.Rand) {
	b.Helper()
	sum := func(keep func(e *ended) bool) (sum job.Tally) {
		for i := range ends {
			if keep(&ends[i]) {
				sum.Add(ends[i].status, ends[i].took)
			}
		}
		return sum
	}
	end := b.now.Add(100 * time.Hour).Truncate(time.Hour)
	from := Base.Add(time.Duration(random.Int64N(int64(b.now.Sub(Base))))).Truncate(time.Hour)
	b.wantSame(fmt.Sprintf("the platform since %v", from), sum(func(e *ended) bool { return !e.at.Before(from) }), b.tally(from, end, byHours))
	recent := b.now.Add(-6 * time.Hour).Truncate(time.Minute)
	b.wantSame("the platform in recent minutes", sum(func(e *ended) bool { return !e.at.Before(recent) }), b.tally(recent, end))
	for i, j := range jobs {
		got := b.figures(j.ID, time.Time{})
		var all job.Tally
		last := time.Time{}
		for _, p := range got.Periods {
			if !p.Start.After(last) && p.Span == time.Hour && last.Equal(p.Start) {
				b.Errorf("period %v comes twice", p.Start)
			}
			if last = p.Start; p.Start.Truncate(p.Span) != p.Start {
				b.Errorf("a period of %v starts at %v", p.Span, p.Start)
			}
			all.Merge(&p.Tally, 0)
		}
		all.Starts = nil
		want := sum(func(e *ended) bool { return e.job == i })
		b.wantSame(fmt.Sprintf("job %d by periods", i), want, all)
		want.Took = job.Histogram{Count: want.Took.Count, Sum: want.Took.Sum}
		b.wantSame(fmt.Sprintf("job %d since ever", i), want, got.Ever)
		since := b.now.Add(-24 * time.Hour).Truncate(time.Hour)
		all = job.Tally{}
		for _, p := range b.figures(j.ID, since).Periods {
			all.Merge(&p.Tally, 0)
		}
		all.Starts = nil
		b.wantSame(fmt.Sprintf("job %d since yesterday", i), sum(func(e *ended) bool { return e.job == i && !e.at.Before(since) }), all)
	}
}

func testTallySkips(_ *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.Misfire = job.MisfireSkip })
	b.pass(10 * time.Minute) // nine are missed, the tenth is due
	b.plan()
	s := b.session()
	busy := b.job("")
	b.start(s, busy.ID)
	b.trigger(busy.ID) // skipped: it overlaps
	missed := b.get(j.ID).SkippedCount
	if missed < 8 {
		b.Fatalf("%d slots were missed, want most of ten", missed)
	}
	for range 2 {
		got := b.tally(Base, b.now.Add(time.Minute))
		b.wantSame("skips", job.Tally{Skipped: missed + 1, Missed: missed}, got)
		wantEqual(b, "skips of the job", b.figures(j.ID, time.Time{}).Ever.Skipped, missed)
		b.fold()
	}
	wantEqual(b, "executions of the job", b.get(j.ID).SuccessCount, 0)
}

func testTallyForgets(_ *testing.T, b *bench) {
	j := b.job("")
	for range 4 {
		s := b.session()
		b.run(s, j.ID, job.EventSucceed)
		b.fold()
		b.pass(20 * time.Hour)
	}
	wantEqual(b, "by minutes", b.tally(Base, b.now).Success, 2) // of the last day and a bit
	wantEqual(b, "by hours", b.tally(Base, b.now, byHours).Success, 4)
	b.pass(store.KeepFigures)
	b.run(b.session(), j.ID, job.EventSucceed)
	b.fold()
	wantEqual(b, "by hours, much later", b.tally(Base, b.now.Add(time.Hour), byHours).Success, 1)
	wantEqual(b, "since ever", b.figures(j.ID, time.Time{}).Ever.Success, 5)
}

func testJobFiguresDays(_ *testing.T, b *bench) {
	j := b.job("")
	const days = 12
	for range days * 4 {
		b.run(b.session(), j.ID, job.EventSucceed)
		b.fold()
		b.pass(6 * time.Hour)
	}
	spans := map[time.Duration]int{}
	var starts []time.Time
	for _, p := range b.figures(j.ID, time.Time{}).Periods {
		spans[p.Span]++
		for _, c := range p.Tally.Starts {
			starts = append(starts, p.Start.Add(time.Duration(c.At)*job.Quarter))
		}
	}
	if spans[24*time.Hour] != days-8 || spans[time.Hour] != 32 {
		b.Errorf("periods = %v, want %d days and 32 hours", spans, days-8)
	}
	slices.SortFunc(starts, time.Time.Compare)
	for i, start := range starts {
		if want := Base.Add(time.Duration(i) * 6 * time.Hour); !start.Equal(want) {
			b.Errorf("start %d is at %v, want %v", i, start, want)
		}
	}
	wantEqual(b, "starts", len(starts), days*4)
}

func testJobFiguresStarts(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("")
	b.end(s, b.start(s, j.ID), job.EventSucceed, took(100*time.Minute)) // from 0:00 to 1:40
	b.pass(50 * time.Minute)
	s = b.session()
	b.end(s, b.start(s, j.ID), job.EventSucceed, took(time.Second)) // at 0:50
	for range 2 {
		var got []string
		for _, p := range b.figures(j.ID, time.Time{}).Periods {
			for _, c := range p.Tally.Starts {
				got = append(got, p.Start.Add(time.Duration(c.At)*job.Quarter).Format("15:04"))
			}
		}
		slices.Sort(got)
		b.wantSame("starts", []string{"00:00", "00:45"}, got)
		b.fold()
	}
}

func testPatterns(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("")
	for i := range 3 {
		b.end(s, b.start(s, j.ID), job.EventFail, said(fmt.Sprintf("no row with id %d", 1000+i)))
		b.pass(time.Minute)
	}
	b.end(s, b.start(s, j.ID), job.EventExpire, said("too slow"))
	b.run(s, j.ID, job.EventSucceed)
	want := []job.FailurePattern{
		{Class: "exit", Message: "no row with id #", Count: 3, Last: at(121.5)},
		{Class: "exit", Message: "too slow", Count: 1, Last: at(181.5)},
	}
	b.wantSame("patterns", want, b.figures(j.ID, time.Time{}).Patterns)
	b.fold()
	b.wantSame("patterns after a fold", want, b.figures(j.ID, time.Time{}).Patterns)
	b.pass(48 * time.Hour)
	s = b.session()
	b.end(s, b.start(s, j.ID), job.EventFail, said("no row with id 1"))
	want[0].Count, want[0].Last = 4, b.now.Add(1500*time.Millisecond)
	b.wantSame("patterns of three days", want, b.figures(j.ID, time.Time{}).Patterns)
	b.fold()
	b.wantSame("patterns of three days after a fold", want, b.figures(j.ID, time.Time{}).Patterns)
	want[0].Count = 1
	b.wantSame("patterns of today", want[:1], b.figures(j.ID, b.now.Add(-time.Hour)).Patterns)
}

func testPatternsBounded(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("", overlapping(job.OverlapAllow, 100))
	const most = 50
	for round := range 2 {
		for i := range 40 {
			b.end(s, b.start(s, j.ID), job.EventFail, said("failed in "+string(rune('A'+round))+string(rune('a'+i%26))+string(rune('a'+i/26))))
		}
		b.fold()
	}
	var count, others int64
	patterns := b.figures(j.ID, time.Time{}).Patterns
	for _, p := range patterns {
		if count += p.Count; p.Class == "" {
			others = p.Count
		}
	}
	if len(patterns) != most+1 || count != 80 || others != 80-most {
		b.Errorf("%d patterns of %d failures, %d of them others; want %d of 80, %d others", len(patterns), count, others, most+1, 80-most)
	}
}

func testFiguresRetained(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("")
	b.run(s, j.ID, job.EventSucceed)
	b.run(s, j.ID, job.EventFail)
	b.fold()
	b.pass(100 * 24 * time.Hour)
	before, sum := b.figures(j.ID, time.Time{}), b.tally(Base, b.now, byHours)
	wantEqual(b, "removed", b.retain(store.Retention{Success: time.Hour, Failed: time.Hour}), 2)
	after := b.figures(j.ID, time.Time{})
	if after.Last != nil || before.Last == nil {
		b.Errorf("the last execution was %v and is %v, want one and none", before.Last, after.Last)
	}
	before.Last = nil
	b.wantSame("the figures after retention", before, after)
	b.wantSame("the tally after retention", sum, b.tally(Base, b.now, byHours))
}

func testFiguresPurged(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("")
	b.run(s, j.ID, job.EventFail)
	b.fold()
	if err := b.store.PurgeJob(b.ctx, b.platform, j.ID.String(), b.now, "uid:0"); err != nil {
		b.Fatalf("PurgeJob = %v, want no error", err)
	}
	wantEqual(b, "failed ones of the platform", b.tally(Base, b.now.Add(time.Minute)).Failed, 1)
	_, err := b.store.JobFigures(b.ctx, b.platform, j.ID.String(), time.Time{})
	b.wantCode("JobFigures of a purged job", err, job.NotFound)
}

func testLastStarted(_ *testing.T, b *bench) {
	s, j := b.session(), b.job("")
	if got := b.figures(j.ID, time.Time{}).Last; got != nil {
		b.Errorf("Last = %v before any run, want none", got)
	}
	want := b.run(s, j.ID, job.EventSucceed)
	b.cancelExecution(b.trigger(j.ID).ID) // never starts
	b.trigger(j.ID)                       // waits
	got := b.figures(j.ID, time.Time{}).Last
	if got == nil || got.ID != want.ID || got.StartedAt == nil {
		b.Errorf("Last = %v, want run %d, which started", got, want.RunNumber)
	}
}

func testFiguresMissing(_ *testing.T, b *bench) {
	_, err := b.store.JobFigures(b.ctx, b.platform, "nobody", time.Time{})
	b.wantCode("JobFigures", err, job.NotFound)
	j := b.job("")
	got := b.figures(j.ID, time.Time{})
	b.wantSame("figures of a job that never ran", store.JobFigures{Job: b.get(j.ID)}, got)
}

func testTotalsOfPlatform(_ *testing.T, b *bench) {
	s := b.session()
	fill := func() {
		b.start(s, b.job("").ID)
		b.trigger(b.job("").ID)
		b.end(s, b.start(s, b.job("").ID), job.EventRetry)
		b.end(s, b.start(s, b.job("").ID), job.EventFail, dead("permanent"))
		b.job("", paused)
		b.remove(b.job("").ID)
	}
	fill()
	own := b.platform
	b.platform += "-b"
	fill()
	fill()
	want := store.Totals{Jobs: map[job.JobStatus]int64{job.JobActive: 4, job.JobPaused: 1}, Waiting: 1, Delayed: 1, Running: 1, Dead: 1}
	for platform, times := range map[string]int64{own: 1, b.platform: 2, store.AnyPlatform: 3, "nobody": 0} {
		w := store.Totals{Jobs: map[job.JobStatus]int64{}, Waiting: times * want.Waiting, Delayed: times * want.Delayed, Running: times * want.Running, Dead: times * want.Dead}
		for status, n := range want.Jobs {
			if times > 0 {
				w.Jobs[status] = n * times
			}
		}
		got, err := b.store.Totals(b.ctx, platform, b.now)
		if err != nil {
			b.Fatalf("Totals = %v, want no error", err)
		}
		b.wantSame("totals of "+platform, w, got)
	}
}
