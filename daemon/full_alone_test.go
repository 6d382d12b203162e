package daemon

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// TestDiskFullAlone: the file of the embedded store cannot grow. What runs goes on, and
// requests say why they are refused; when there is room again, every due time has its
// record, every result is written, and nothing ran twice.
func TestDiskFullAlone(t *testing.T) {
	t.Parallel()
	const jobs = 5
	var mu sync.Mutex
	starts := map[job.ID]int{}
	held, let := make(chan job.ID, 1), make(chan struct{})
	b := newBed(t, 64, noting(t, func(task *handler.Task) {
		mu.Lock()
		starts[task.ExecutionID]++
		mu.Unlock()
		if task.JobName == "slow" {
			held <- task.ExecutionID
			<-let
		}
	}))
	ids := &job.IDs{Rand: rand.Reader}
	for i := range jobs {
		b.add(t, ids, fmt.Sprintf("second%d", i), "* * * * * *")
	}
	b.add(t, ids, "slow", "")
	b.engine.Wake()
	trigger := func(payload json.RawMessage) error {
		_, err := b.engine.Trigger(t.Context(), store.Trigger{
			Platform: job.DefaultPlatform, Ref: "slow", Kind: job.TriggerManual, By: "t", Now: now(), Payload: payload, Overlap: job.OverlapQueueAll, NewID: b.engine.NewID,
		})
		return err
	}
	if err := trigger(nil); err != nil {
		t.Fatal(err)
	}
	running := <-held
	if err := b.store.Limit(t.Context(), 1); err != nil { // that is: as many pages as there are
		t.Fatal(err)
	}
	large := json.RawMessage(`"` + strings.Repeat("x", 200<<10) + `"`)
	testbed.Eventually(t, "the store is full", time.Minute, func() bool { return job.CodeOf(trigger(large)) == job.StorageFull })
	testbed.Pass(3 * time.Second) // due times come and go
	if err := trigger(large); job.CodeOf(err) != job.StorageFull || hint(err) == "" {
		t.Errorf("a run while the store is full = %v, want storage_full with a hint", err)
	}
	if _, err := b.store.Job(t.Context(), job.DefaultPlatform, "slow"); err != nil {
		t.Errorf("a read while the store is full = %v, want no error", err)
	}
	close(let)
	if err := b.store.Limit(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the result is written", time.Minute, func() bool {
		e, err := b.store.Execution(t.Context(), job.DefaultPlatform, running.String())
		return err == nil && e.Status == job.Success
	})
	if err := trigger(large); err != nil {
		t.Errorf("a run once there is room = %v, want no error", err)
	}
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	for i := range jobs {
		name := fmt.Sprintf("second%d", i)
		book, err := b.store.Book(t.Context(), job.DefaultPlatform, name)
		if err != nil {
			t.Fatal(err)
		}
		audit, err := job.AuditSlots(book, func(yield func(job.LedgerEntry) error) error {
			return b.store.Entries(t.Context(), job.DefaultPlatform, name, time.Time{}, time.Unix(1<<40, 0), yield)
		})
		if err != nil || !audit.Balanced() || audit.Planned < 3 {
			t.Errorf("%s: %d due times, %+v, %v; want three at least, each with its record", name, audit.Planned, audit.Findings, err)
		}
	}
	for id, n := range starts {
		if n > 1 {
			t.Errorf("%s was started %d times", id, n)
		}
	}
}

// noting gives an engine the handler of the jobs that add makes.
func noting(tb testing.TB, run func(task *handler.Task)) func(o *EngineOptions) {
	return func(o *EngineOptions) {
		if err := o.Handlers.Register(handler.Info{Name: "noting"}, handler.Func(func(_ context.Context, task *handler.Task) (handler.Result, error) {
			run(task)
			return handler.Result{}, nil
		})); err != nil {
			tb.Fatal(err)
		}
	}
}

func hint(err error) string {
	if problem, ok := errors.AsType[*job.Error](err); ok {
		return problem.Hint
	}
	return ""
}

// add stores a job with a schedule, or without.
func (b *bed) add(tb testing.TB, ids *job.IDs, name, schedule string) {
	tb.Helper()
	at := now()
	j := job.Job{
		ID: ids.New(at), Platform: job.DefaultPlatform, Seed: name, Status: job.JobActive, Revision: 1, Anchor: at, CreatedAt: at, UpdatedAt: at, CreatedBy: "t",
		Spec: job.Spec{Name: name, Type: job.TypeCron, Schedule: schedule, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireAll, HandlerName: "noting",
			HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostFail},
	}
	c := store.CreateJob{Job: j, Now: at}
	if schedule == "" {
		c.Job.Type = job.TypeEvent
	} else {
		open, err := job.Open(j, at, "created")
		if err != nil {
			tb.Fatal(err)
		}
		c.Open = &open
	}
	if _, _, err := b.store.CreateJob(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
}

// TestNoRoomForOutput: where there is no room for it, what a handler prints is dropped
// with one mark, and kept again as soon as there is.
func TestNoRoomForOutput(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	lines := make(chan string)
	b := newBed(t, 4, noting(t, func(task *handler.Task) {
		for line := range lines {
			task.Log.Line(job.LogInfo, job.StreamStdout, line)
		}
	}), func(o *EngineOptions) { o.KeepsOutput = func() bool { return !full.Load() } })
	ids := &job.IDs{Rand: rand.Reader}
	b.add(t, ids, "talker", "")
	made, err := b.engine.Trigger(t.Context(), store.Trigger{Platform: job.DefaultPlatform, Ref: "talker", Kind: job.TriggerManual, By: "t", Now: now(), NewID: b.engine.NewID})
	if err != nil {
		t.Fatal(err)
	}
	kept := func() (messages []string) {
		log, err := b.store.ListLogs(t.Context(), store.LogFilter{Platform: job.DefaultPlatform, Ref: made.Execution.ID.String(), Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for i := range log {
			messages = append(messages, log[i].Message)
		}
		return messages
	}
	last := func(want string) {
		testbed.Eventually(t, fmt.Sprintf("%q is the last line", want), time.Minute, func() bool {
			all := kept()
			return len(all) > 0 && all[len(all)-1] == want
		})
	}
	const mark = "[output dropped: the disk of the store is nearly full]"
	lines <- "before"
	last("before")
	full.Store(true)
	lines <- "lost"
	last(mark)
	full.Store(false)
	lines <- "after"
	last("after")
	close(lines)
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	if got, want := kept(), []string{"before", mark, "after"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}
