package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// tb is what a test of this package needs of *testing.T or *rapid.T.
type tb interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// bench is what one test works with: a store, a platform of its own, and a clock
// that moves only when the test says so.
type bench struct {
	tb
	*fixture
	ctx      context.Context
	platform string
	now      time.Time
}

func newBench(t tb, f *fixture) *bench {
	return &bench{tb: t, fixture: f, ctx: t.Context(), platform: fmt.Sprintf("platform-%d", f.benches.Add(1)), now: Base}
}

// at returns the instant so many seconds after Base.
func at(seconds float64) time.Time {
	return Base.Add(time.Duration(seconds * float64(time.Second)))
}

// pass moves the clock forward.
func (b *bench) pass(d time.Duration) { b.now = b.now.Add(d) }

func (b *bench) newID() job.ID { return b.ids.New(b.now) }

// Schedules of the tests' jobs.
const (
	secondly = "* * * * * *"
	minutely = "* * * * *"
	hourly   = "0 * * * *"
)

// build returns a complete job that is not stored yet: of type cron, with the
// standard defaults.
func (b *bench) build(schedule string, edits ...func(j *job.Job)) job.Job {
	id := b.newID()
	d := job.StandardDefaults()
	j := job.Job{
		ID:       id,
		Platform: b.platform,
		Spec: job.Spec{
			Name: "job-" + id.String(), Type: job.TypeCron, Schedule: schedule,
			Timezone: d.Timezone, DSTPolicy: d.DSTPolicy, Misfire: d.Misfire,
			HandlerName: "noop", HandlerType: job.HandlerFunction, Payload: json.RawMessage(`{}`),
			MaxRetries: d.MaxRetries, RetryDelayMS: d.RetryDelayMS, RetryBackoff: d.RetryBackoff, RetryMaxDelayMS: d.RetryMaxDelayMS,
			TimeoutMS: d.TimeoutMS, Priority: d.Priority, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostRetry,
			Tags: []string{},
		},
		Status: job.JobActive, Revision: 1, CreatedBy: "uid:1000", CreatedAt: b.now, UpdatedAt: b.now, Anchor: b.now,
	}
	if schedule == "" {
		j.Type = job.TypeEvent
	}
	for _, edit := range edits {
		edit(&j)
	}
	if j.Platform != job.DefaultPlatform {
		slug := j.Platform
		j.PlatformID = &slug
	}
	if j.Seed == "" {
		j.Seed = j.Platform + "/" + j.Name
	}
	return j
}

// opening computes how the planning of a job starts; nil when it does not.
func (b *bench) opening(j *job.Job, reason string) *job.Opening {
	b.Helper()
	if j.Type == job.TypeEvent || j.Status != job.JobActive {
		return nil
	}
	o, err := job.Open(*j, b.now, reason)
	if err != nil {
		b.Fatalf("job.Open = %v, want no error", err)
	}
	return &o
}

// put stores a job that build made.
func (b *bench) put(j job.Job) job.Job {
	b.Helper()
	created, replayed, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Open: b.opening(&j, "created"), Now: b.now})
	if err != nil || replayed {
		b.Fatalf("CreateJob(%s) = replayed %t, %v; want false, no error", j.Name, replayed, err)
	}
	return created
}

// job stores a job with that schedule; "" makes one that only events and people run.
func (b *bench) job(schedule string, edits ...func(j *job.Job)) job.Job {
	b.Helper()
	return b.put(b.build(schedule, edits...))
}

// once stores a one-time job.
func (b *bench) once(when time.Time, edits ...func(j *job.Job)) job.Job {
	b.Helper()
	return b.job("", append([]func(*job.Job){func(j *job.Job) { j.Type, j.ExecuteAt = job.TypeOneTime, &when }}, edits...)...)
}

func named(name string) func(*job.Job) { return func(j *job.Job) { j.Name = name } }

func paused(j *job.Job) { j.Status, j.PausedAt = job.JobPaused, &j.CreatedAt }

func retries(n int) func(*job.Job) { return func(j *job.Job) { j.MaxRetries = n } }

// overlapping sets the overlap policy and, for allow, the concurrency.
func overlapping(o job.Overlap, concurrency int) func(*job.Job) {
	return func(j *job.Job) {
		j.Overlap, j.Concurrency, j.AllowOverlap = o, concurrency, o == job.OverlapAllow
	}
}

// get reads a job again.
func (b *bench) get(id job.ID) job.Job {
	b.Helper()
	j, err := b.store.Job(b.ctx, b.platform, id.String())
	if err != nil {
		b.Fatalf("Job(%s) = %v, want no error", id, err)
	}
	return j
}

// execution reads an execution again.
func (b *bench) execution(id job.ID) job.Execution {
	b.Helper()
	e, err := b.store.Execution(b.ctx, b.platform, id.String())
	if err != nil {
		b.Fatalf("Execution(%s) = %v, want no error", id, err)
	}
	return e
}

// executions reads all executions of a job, oldest first.
func (b *bench) executions(id job.ID) []job.Execution {
	b.Helper()
	f := store.ExecutionFilter{Platform: b.platform, Job: id.String(), Ascending: true, Limit: store.MaxLimit}
	var all []job.Execution
	for {
		page, err := b.store.ListExecutions(b.ctx, f)
		if err != nil {
			b.Fatalf("ListExecutions(%s) = %v, want no error", id, err)
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		f.Cursor = page.Next
	}
}

// book reads the ledger's head of a job.
func (b *bench) book(id job.ID) store.Book {
	b.Helper()
	book, err := b.store.Book(b.ctx, b.platform, id.String())
	if err != nil {
		b.Fatalf("Book(%s) = %v, want no error", id, err)
	}
	return book
}

// entries reads the ledger of a job in (after, upto].
func (b *bench) entries(id job.ID, after, upto time.Time) []store.Entry {
	b.Helper()
	var got []store.Entry
	err := b.store.Entries(b.ctx, b.platform, id.String(), after, upto, func(e store.Entry) error {
		got = append(got, e)
		return nil
	})
	if err != nil {
		b.Fatalf("Entries(%s) = %v, want no error", id, err)
	}
	return got
}

func ptr[T any](v T) *T { return &v }
