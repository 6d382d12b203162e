package daemon_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// TestSimulatedSoak runs a real engine on a real file for days of made-up time, over
// both changes of New York's clock, while an operator pauses, edits, cancels, runs and
// retries, and while the daemon is restarted, down for a while, or killed. In the end
// every execution is over and the books balance. SCHEDD_SIM_HOURS makes it longer, SCHEDD_SIM_SEED another.
func TestSimulatedSoak(t *testing.T) {
	hours := 12
	if raceEnabled {
		hours = 2
	}
	if h, err := strconv.Atoi(os.Getenv("SCHEDD_SIM_HOURS")); err == nil {
		hours = h
	}
	seed, _ := strconv.ParseUint(cmp.Or(os.Getenv("SCHEDD_SIM_SEED"), "1"), 10, 64)
	for name, change := range map[string]time.Time{
		"spring": time.Date(2000, 4, 2, 7, 0, 0, 0, time.UTC),   // 02:00 becomes 03:00
		"autumn": time.Date(2000, 10, 29, 6, 0, 0, 0, time.UTC), // 02:00 becomes 01:00
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				length := time.Duration(hours) * time.Hour
				time.Sleep(time.Until(change.Add(-length / 2)))
				w := newWorld(t, seed)
				if name == "spring" { // in the other, all of the history is kept and compared
					w.retention = store.Retention{Success: time.Hour, Failed: 2 * time.Hour, KeepLast: 20}
				}
				w.open()
				w.live(length)
				w.judge()
			})
		})
	}
}

// world is a daemon's engine, its store, and those around it. It lives in a bubble.
type world struct {
	*testing.T
	dir   string
	file  int // the store's file is dir/file.db
	store *sqlite.Store
	ids   *job.IDs

	engine    *daemon.Engine
	retention store.Retention
	stop      func()

	dice    *mathrand.Rand // of the operator, who is one goroutine
	jobs    []job.ID
	witness witness
	outages []outage // when nobody planned
	count   map[string]int
}

type outage struct{ from, until time.Time }

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{T: t, dir: t.TempDir(), dice: mathrand.New(mathrand.NewPCG(seed, 1)), count: map[string]int{}}
	w.witness.runs = map[job.ID][]start{}
	return w
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (w *world) path() string { return filepath.Join(w.dir, strconv.Itoa(w.file)+".db") }

// open opens the store and runs an engine on it.
func (w *world) open() {
	w.Helper()
	var err error
	if w.store, err = sqlite.Open(context.Background(), sqlite.Options{Path: w.path(), Synchronous: "normal", Instance: "sim"}); err != nil {
		w.Fatal(err)
	}
	w.ids = &job.IDs{Rand: rand.Reader}
	w.ids.After(w.store.Newest())
	registry := &handler.Registry{}
	if err := registry.Register(handler.Info{Name: "work"}, handler.Func(w.witness.work)); err != nil {
		w.Fatal(err)
	}
	w.engine = daemon.NewEngine(daemon.EngineOptions{
		Store: w.store, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}), Handlers: registry,
		Logger: slog.New(slog.DiscardHandler), Node: "sim", IDs: w.ids, Slots: 12, SlowSlots: 4,
		Settings: daemon.Settings{Policy: job.DefaultPolicy(), Retention: w.retention},
		Lease:    30 * time.Second, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second, Drain: 20 * time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.engine.Run(ctx) }()
	w.stop = func() {
		w.Helper()
		cancel()
		if err := <-done; err != nil {
			w.Errorf("the engine ended with %v", err)
		}
		if err := w.store.Close(); err != nil {
			w.Errorf("the store closed with %v", err)
		}
	}
}

// live lets time pass while the operator is at work.
func (w *world) live(length time.Duration) {
	w.Helper()
	w.createAll()
	for end := time.Now().Add(length); time.Now().Before(end); {
		time.Sleep(time.Duration(w.dice.IntN(600_000)) * time.Millisecond)
		w.operate()
	}
	w.rest()
}

// rest cancels what is left and waits until nothing runs any more.
func (w *world) rest() {
	w.Helper()
	for _, id := range w.jobs {
		_, err := w.change(id, job.Cancel(w.act(), "the end", w.dice.IntN(2) == 0))
		if err != nil && job.CodeOf(err) != job.Conflict {
			w.Errorf("cancel: %v", err)
		}
	}
	time.Sleep(10 * time.Minute)
	w.stop()
	w.open()
	time.Sleep(time.Minute)
	w.stop()
	var err error
	if w.store, err = sqlite.Open(context.Background(), sqlite.Options{Path: w.path(), Instance: "sim"}); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = w.store.Close() })
}

func (w *world) act() job.Act {
	return job.Act{By: "ops", Now: now(), Policy: job.DefaultPolicy()}
}

// change applies one and wakes the planner, as the control component does.
func (w *world) change(id job.ID, change job.Change) (job.Job, error) {
	j, err := w.store.ChangeJob(context.Background(), store.ChangeJob{
		Platform: job.DefaultPlatform, Ref: id.String(), Now: now(), By: "ops", Change: change, NewID: w.engine.NewID,
	})
	w.engine.Wake()
	w.engine.Kick()
	return j, err
}

// start is one start of the handler.
type start struct {
	job        job.ID
	slot       time.Time
	trigger    job.Trigger
	attempt    int
	token      int64
	occurrence int64
	from, to   time.Time
}

// witness is the only one who knows what really ran.
type witness struct {
	mu   sync.Mutex
	runs map[job.ID][]start // by execution
}

func (w *witness) begin(t *handler.Task) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[t.ExecutionID] = append(w.runs[t.ExecutionID], start{
		job: t.JobID, slot: t.ScheduledAt, trigger: t.Trigger, attempt: t.Attempt, token: t.Token, occurrence: t.Occurrence, from: now(),
	})
	return len(w.runs[t.ExecutionID]) - 1
}

func (w *witness) end(id job.ID, i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[id][i].to = now()
}

// forget takes back what happened after the instant: the crash undid it.
func (w *witness) clone() map[job.ID][]start {
	w.mu.Lock()
	defer w.mu.Unlock()
	runs := make(map[job.ID][]start, len(w.runs))
	for id, starts := range w.runs {
		runs[id] = append([]start(nil), starts...)
	}
	return runs
}
