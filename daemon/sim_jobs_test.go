package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// task is what a simulated handler is told to do.
type task struct {
	Most int `json:"most"` // seconds it takes at most
	Fail int `json:"fail"` // percent of the attempts that fail
	Deaf int `json:"deaf"` // percent of the attempts that take a minute to notice that they should stop
}

// work is the handler: it takes a while, and fails or not, as the dice of the attempt
// say. The dice are a hash, so that goroutines need not share them.
func (w *witness) work(ctx context.Context, t *handler.Task) (handler.Result, error) {
	var do task
	if err := json.Unmarshal(t.Payload, &do); err != nil {
		return handler.Result{}, err
	}
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, t.ExecutionID, t.Attempt)
	dice := h.Sum64()
	run := w.begin(t)
	long := time.Duration(dice%uint64(do.Most*1000+1)) * time.Millisecond
	select {
	case <-time.After(long):
		w.end(t.ExecutionID, run)
	case <-ctx.Done():
		w.end(t.ExecutionID, run) // from now on it is known to be stuck, and given up on
		if int(dice>>20%100) < do.Deaf {
			time.Sleep(time.Minute) // of the bubble's time
		}
		return handler.Result{}, ctx.Err()
	}
	if int(dice>>40%100) < do.Fail {
		return handler.Result{}, errors.New("failed, as the dice said")
	}
	return handler.Result{Value: json.RawMessage(`{"ok":true}`)}, nil
}

// simJobs are the jobs of the world: every kind, every policy.
func simJobs(begin time.Time) []func(s *job.Spec) {
	newYork := func(expr string, s *job.Spec) { s.Schedule, s.Timezone = expr, "America/New_York" }
	at := func(d time.Duration) *time.Time { x := begin.Add(d); return &x }
	limit := func(n int64) *int64 { return &n }
	return []func(s *job.Spec){
		func(s *job.Spec) { s.Schedule = "*/10 * * * * *"; s.Payload = json.RawMessage(`{"most":25}`) },
		func(s *job.Spec) {
			s.Schedule, s.Misfire, s.Overlap, s.Concurrency = "*/15 * * * * *", fireAll, job.OverlapAllow, 3
			s.Payload = json.RawMessage(`{"most":70,"fail":20}`)
			s.MaxRetries, s.RetryDelayMS = 2, 5000
		},
		func(s *job.Spec) {
			newYork("* * * * *", s)
			s.Overlap = job.OverlapQueueOne
			s.Payload = json.RawMessage(`{"most":150}`)
		},
		func(s *job.Spec) {
			newYork("*/2 * * * *", s)
			s.Overlap, s.Misfire = job.OverlapQueueAll, skip
			s.Payload = json.RawMessage(`{"most":230,"fail":10}`)
		},
		func(s *job.Spec) {
			newYork("*/3 * * * *", s)
			s.Overlap, s.TimeoutMS = job.OverlapCancelRunning, 600_000
			s.Payload = json.RawMessage(`{"most":400,"deaf":30}`)
		},
		func(s *job.Spec) { newYork("*/5 1-3 * * *", s) },
		func(s *job.Spec) { newYork("30 1 * * *", s) },
		func(s *job.Spec) { newYork("30 2 * * *", s) },
		func(s *job.Spec) { newYork("30 2 * * *", s); s.DSTPolicy = "wall" },
		func(s *job.Spec) { newYork("15,45 0-3 * * *", s); s.Misfire = fireAll },
		func(s *job.Spec) { newYork("H */2 * * *", s); s.JitterMS = 90_000 },
		func(s *job.Spec) {
			s.Schedule, s.Overlap, s.Concurrency = "@every 90s", job.OverlapAllow, 2
			s.Payload = json.RawMessage(`{"most":200}`)
		},
		func(s *job.Spec) {
			s.Schedule, s.OnLost, s.MaxRetries = "@every 7m", job.OnLostFail, 0
			s.Payload = json.RawMessage(`{"most":300,"deaf":50}`)
		},
		func(s *job.Spec) {
			s.Schedule, s.MaxExecutions = "* * * * *", limit(100)
			s.Payload = json.RawMessage(`{"most":5}`)
		},
		func(s *job.Spec) {
			s.Schedule, s.Misfire, s.EndDate = "*/4 * * * *", fireAll, at(5*time.Hour+30*time.Second)
		},
		func(s *job.Spec) { s.Schedule, s.StartDate, s.Type = "*/6 * * * *", at(3*time.Hour), job.TypeRecurring },
		func(s *job.Spec) { s.ExecuteAt = at(90 * time.Minute) },
		func(s *job.Spec) {
			s.ExecuteAt, s.MaxRetries, s.RetryDelayMS = at(4*time.Hour+7*time.Second), 3, 30_000
			s.Payload = json.RawMessage(`{"most":20,"fail":100}`)
		},
		func(s *job.Spec) {
			s.Schedule, s.TimeoutMS = "*/5 * * * *", 20_000
			s.Payload = json.RawMessage(`{"most":60,"deaf":40}`)
		},
		func(s *job.Spec) {
			s.Schedule, s.Misfire, s.MisfireGrace = "20 * * * *", fireOnce, limit(600_000)
			s.Priority = job.PriorityHigh
		},
	}
}

func (w *world) createAll() {
	w.Helper()
	for i, edit := range simJobs(now()) {
		w.create(fmt.Sprintf("job-%02d", i), edit)
	}
}

func (w *world) create(name string, edit func(s *job.Spec)) {
	w.Helper()
	j := definition(w.engine.NewID(), name, now(), func(s *job.Spec) {
		s.Payload = json.RawMessage(`{"most":30}`)
		edit(s)
		s.HandlerName = "work"
	})
	if j.StartDate != nil {
		j.Anchor = *j.StartDate
	}
	open, err := job.Open(j, now(), "created")
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	if _, _, err := w.store.CreateJob(context.Background(), store.CreateJob{Job: j, Open: &open, Now: now()}); err != nil {
		w.Fatal(err)
	}
	w.jobs = append(w.jobs, j.ID)
	w.engine.Wake()
}
