package daemon

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
)

// shop is an engine on a store that can be copied, whose handlers note what they ran.
type shop struct {
	store openedStore
	ids   *job.IDs
	stop  func()

	mu   sync.Mutex
	runs map[string]int // starts by execution
}

// openShop serves a configured store. The handler "hold" runs until let is closed.
func openShop(t *testing.T, cfg *config.Config, let <-chan struct{}) *shop {
	t.Helper()
	st, err := openStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{store: st, runs: map[string]int{}, ids: &job.IDs{Rand: rand.Reader}}
	s.ids.After(st.Newest())
	handlers := &handler.Registry{}
	for name, wait := range map[string]<-chan struct{}{"noop": closedChannel(), "hold": let} {
		if err := handlers.Register(handler.Info{Name: name}, handler.Func(func(ctx context.Context, task *handler.Task) (handler.Result, error) {
			s.mu.Lock()
			s.runs[task.ExecutionID.String()]++
			s.mu.Unlock()
			select {
			case <-wait:
			case <-ctx.Done():
			}
			return handler.Result{}, ctx.Err()
		})); err != nil {
			t.Fatal(err)
		}
	}
	engine := NewEngine(EngineOptions{
		Store: st, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}), Handlers: handlers, IDs: s.ids,
		Logger: slog.New(slog.DiscardHandler), Node: "shop", Settings: Settings{Policy: job.DefaultPolicy()}, Slots: 64, SlowSlots: 8,
		Lease: 3 * time.Second, Heartbeat: 300 * time.Millisecond, ReapEvery: 300 * time.Millisecond, Drain: time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
		_ = st.Close()
	})
	t.Cleanup(s.stop)
	return s
}

func closedChannel() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (s *shop) started() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.runs)
}

// create stores a job.
func (s *shop) create(t *testing.T, name string, edit func(j *job.Job)) {
	t.Helper()
	at := now()
	j := job.Job{
		ID: s.ids.New(at), Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: at, CreatedAt: at, UpdatedAt: at, CreatedBy: "t",
		Spec: job.Spec{Name: name, Type: job.TypeEvent, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireAll, HandlerName: "noop",
			HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 9, AllowOverlap: true, Overlap: job.OverlapAllow, OnLost: job.OnLostFail},
	}
	edit(&j)
	c := store.CreateJob{Job: j, Now: at}
	if j.Type == job.TypeCron {
		open, err := job.Open(j, at, "created")
		if err != nil {
			t.Fatal(err)
		}
		c.Open = &open
	}
	if _, _, err := s.store.CreateJob(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) trigger(ctx context.Context, name string) error {
	_, err := s.store.Trigger(ctx, store.Trigger{Platform: job.DefaultPlatform, Ref: name, Kind: job.TriggerManual, By: "t", Now: now(), NewID: func() job.ID { return s.ids.New(now()) }})
	return err
}

// runsOf returns the executions with a status.
func (s *shop) runsOf(t *testing.T, statuses ...job.Status) (list []job.Execution) {
	t.Helper()
	f := store.ExecutionFilter{Platform: store.AnyPlatform, Statuses: statuses, Limit: store.MaxLimit}
	for {
		page, err := s.store.ListExecutions(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page.Items...)
		if f.Cursor = page.Next; f.Cursor == "" {
			return list
		}
	}
}

func place(t *testing.T, dsn string) *config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = filepath.Join(t.TempDir(), "data")
	if dsn != "" {
		cfg.Store.Driver, cfg.Store.Postgres.DSN = config.DriverPostgres, dsn
	}
	return &cfg
}

// TestBackupUnderLoad copies a store while jobs fire, runs are asked for and end, and one
// runs that does not end. Both kinds of store are restored into both: the due times of the
// copy balance, what had run is not run again, what was running is lost and what waited
// runs.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	for kind, dsn := range map[string]string{"file": "", "database": testbed.Postgres(t)} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			copied := copyUnderLoad(t, place(t, dsn))
			verified, err := VerifyBackup(t.Context(), bytes.NewReader(copied), nil)
			if err != nil || verified.Balance.Unbalanced != 0 || verified.Balance.Slots == 0 || verified.Header.Schema == 0 {
				t.Fatalf("VerifyBackup = %+v, %v; want balanced slots", verified, err)
			}
			for to, dsn := range map[string]string{"file": "", "database": testbed.Postgres(t)} {
				t.Run("to a "+to, func(t *testing.T) { goesOn(t, copied, place(t, dsn)) })
			}
		})
	}
}

// copyUnderLoad returns a backup that was taken in the middle of things.
func copyUnderLoad(t *testing.T, cfg *config.Config) []byte {
	let := make(chan struct{})
	s := openShop(t, cfg, let)
	for _, name := range []string{"a", "b", "c"} {
		s.create(t, "tick-"+name, func(j *job.Job) { j.Type, j.Schedule = job.TypeCron, "* * * * * *" })
	}
	s.create(t, "load", func(j *job.Job) { j.Overlap, j.Concurrency = job.OverlapQueueAll, 64 })
	s.create(t, "held", func(j *job.Job) { j.HandlerName = "hold" })
	if err := s.trigger(t.Context(), "held"); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the held run runs and others have ended", 20*time.Second, func() bool {
		return len(s.runsOf(t, job.Running)) > 0 && len(s.runsOf(t, job.Success)) > 5
	})
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 2 {
		load.Go(func() {
			for i := 0; i < 150 && ctx.Err() == nil; i++ {
				if err := s.trigger(ctx, "load"); err != nil && ctx.Err() == nil {
					t.Errorf("a run by hand during the backup = %v", err)
					return
				}
			}
		})
	}
	testbed.Eventually(t, "the load is on", 20*time.Second, func() bool { return len(s.runsOf(t, job.Success)) > 60 })
	file, err := (&node{store: s.store, cfg: *cfg}).backup(t.Context())
	cancel()
	load.Wait()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	copied, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(cfg.DataDir, ".backup-*")); len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
	close(let)
	s.stop()
	return copied
}

// goesOn restores a backup and serves it.
func goesOn(t *testing.T, copied []byte, cfg *config.Config) {
	restored, err := RestoreBackup(t.Context(), *cfg, bytes.NewReader(copied), dump.RestoreOptions{Maintenance: true}, nil)
	if err != nil || restored.Balance.Unbalanced != 0 || restored.Aside != "" {
		t.Fatalf("RestoreBackup = %+v, %v; want balanced slots", restored, err)
	}
	at, err := openToRead(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	then := &shop{store: at}
	over, running := then.runsOf(t, job.Success), then.runsOf(t, job.Running)
	live := append(running, then.runsOf(t, job.Pending)...)
	if err := at.Close(); err != nil {
		t.Fatal(err)
	}
	if len(over) < 40 || len(running) == 0 {
		t.Fatalf("%d runs are over and %d were running; want many and some", len(over), len(running))
	}
	s := openShop(t, cfg, closedChannel())
	testbed.Eventually(t, "what was running is lost", 20*time.Second, func() bool { return len(s.runsOf(t, job.Running)) == 0 })
	if began := s.started(); len(began) != 0 {
		t.Errorf("%d runs were started during maintenance, want none", len(began))
	}
	if _, err := s.store.ReleaseHold(t.Context(), store.HoldMaintenance, "", now()); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "what waited runs, and jobs go on", 30*time.Second, func() bool {
		for i := range live {
			e, err := s.store.Execution(t.Context(), store.AnyPlatform, live[i].ID.String())
			if err != nil || !e.Status.Terminal() {
				return false
			}
		}
		return len(s.started()) > 3
	})
	began := s.started()
	for i := range over {
		if began[over[i].ID.String()] > 0 {
			t.Errorf("%s had run, and ran again", over[i].ID)
		}
	}
	for i := range running {
		if id := running[i].ID; began[id.String()] > 0 {
			t.Errorf("%s was running, is not to run again when it is lost, and did", id)
		}
	}
	balance, err := dump.Audit(t.Context(), s.store)
	if err != nil || balance.Unbalanced != 0 || balance.Slots < restored.Balance.Slots {
		t.Errorf("audit of what went on = %+v, %v; want balanced slots, more than %d", balance, err, restored.Balance.Slots)
	}
}

// TestRestoreRefusesWhatIsThere: a store in the place is not touched unless it is said,
// and then it is moved aside. A damaged backup changes nothing.
func TestRestoreRefusesWhatIsThere(t *testing.T) {
	t.Parallel()
	from, to := place(t, ""), place(t, "")
	s := openShop(t, from, closedChannel())
	s.create(t, "mine", func(*job.Job) {})
	file, err := (&node{store: s.store, cfg: *from}).backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	copied, err := io.ReadAll(file)
	_ = file.Close()
	if err != nil {
		t.Fatal(err)
	}
	restore := func(cfg *config.Config, data []byte, o dump.RestoreOptions) (dump.Backup, error) {
		return RestoreBackup(t.Context(), *cfg, bytes.NewReader(data), o, nil)
	}
	if _, err := restore(from, copied, dump.RestoreOptions{Overwrite: true}); err == nil || !strings.Contains(err.Error(), "in use by another schedd") {
		t.Errorf("restore over a store that is in use = %v, want a refusal", err)
	}
	damaged := bytes.Clone(copied)
	damaged[len(damaged)/2] ^= 1
	if _, err := restore(to, damaged, dump.RestoreOptions{}); job.CodeOf(err) != job.Invalid {
		t.Errorf("restore of a damaged backup = %v, want invalid", err)
	}
	if left, _ := filepath.Glob(filepath.Join(to.DataDir, "schedd.db*")); len(left) != 1 || !strings.HasSuffix(left[0], ".lock") {
		t.Errorf("a restore that failed left %v", left)
	}
	if _, err := restore(to, copied, dump.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(to.File()); err != nil || st.Mode().Perm()&0o077 != 0 {
		t.Errorf("the restored file has mode %v, %v; want nobody but its owner", st.Mode(), err)
	}
	if _, err := restore(to, copied, dump.RestoreOptions{}); job.CodeOf(err) != job.Conflict {
		t.Errorf("restore twice = %v, want a conflict", err)
	}
	if _, err := restore(to, damaged, dump.RestoreOptions{Overwrite: true}); job.CodeOf(err) != job.Invalid {
		t.Errorf("restore of a damaged backup over a store = %v, want invalid", err)
	}
	again, err := restore(to, copied, dump.RestoreOptions{Overwrite: true})
	if err != nil || again.Aside == "" {
		t.Fatalf("restore over a store = %+v, %v; want it moved aside", again, err)
	}
	ours, theirs := instanceOf(t, from), instanceOf(t, to)
	if ours == theirs || ours == "" {
		t.Errorf("the restored store is %q and the first %q; want two", theirs, ours)
	}
}

func instanceOf(t *testing.T, cfg *config.Config) string {
	t.Helper()
	s, err := openToRead(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.Instance
}
