package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// grouped are calls of Trigger that come while both writers wait for a lock, so that
// they share a transaction.
type grouped struct {
	*testing.T
	s    *Store
	ids  *job.IDs
	now  time.Time
	made []store.Triggered
	errs []error
}

func newGrouped(t *testing.T) (g *grouped, admin *pgx.Conn) {
	t.Helper()
	ctx := t.Context()
	url := testbed.Postgres(t)
	s, err := Open(ctx, Options{URL: url, Instance: "group"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if admin, err = pgx.Connect(ctx, url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	g = &grouped{T: t, s: s, ids: &job.IDs{Rand: rand.Reader}, now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	g.create("blocked", job.OverlapAllow, 100)
	if err := s.OpenSession(ctx, store.Session{ID: 7, Node: "n", StartedAt: g.now, LeaseUntil: g.now.AddDate(1, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	return g, admin
}

func (g *grouped) newID() job.ID { return g.ids.New(g.now) }

func (g *grouped) create(name string, overlap job.Overlap, places int) {
	g.Helper()
	j := job.Job{
		ID: g.newID(), Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: g.now, Seed: name, CreatedBy: "test", CreatedAt: g.now, UpdatedAt: g.now,
		Spec: job.Spec{
			Name: name, Type: job.TypeEvent, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce, HandlerName: "noop", HandlerType: job.HandlerFunction,
			Priority: job.PriorityMedium, Concurrency: places, AllowOverlap: overlap == job.OverlapAllow, Overlap: overlap, OnLost: job.OnLostRetry,
		},
	}
	if _, _, err := g.s.CreateJob(g.Context(), store.CreateJob{Job: j, Now: g.now}); err != nil {
		g.Fatal(err)
	}
}

// until waits for a condition.
func (g *grouped) until(what string, holds func() bool) {
	g.Helper()
	testbed.Eventually(g, what, 30*time.Second, holds)
}

// together makes the calls share a transaction, and waits for all.
func (g *grouped) together(admin *pgx.Conn, calls []store.Trigger) {
	g.Helper()
	lock, err := admin.Begin(g.Context())
	if err != nil {
		g.Fatal(err)
	}
	if _, err := lock.Exec(g.Context(), `SELECT 1 FROM cursors c JOIN jobs j ON j.seq = c.job WHERE j.name = 'blocked' FOR UPDATE OF c`); err != nil {
		g.Fatal(err)
	}
	var wg sync.WaitGroup
	busy := func(n int) bool {
		g.s.triggers.mu.Lock()
		defer g.s.triggers.mu.Unlock()
		return g.s.triggers.writers == groupWriters && len(g.s.triggers.waiting) == n
	}
	for i := range groupWriters {
		wg.Go(func() {
			if _, err := g.s.Trigger(context.Background(), store.Trigger{Platform: job.DefaultPlatform, Ref: "blocked", Kind: job.TriggerManual, Now: g.now, NewID: g.newID}); err != nil {
				g.Errorf("a blocked trigger: %v", err)
			}
		})
		g.until("a writer waits", func() bool {
			g.s.triggers.mu.Lock()
			defer g.s.triggers.mu.Unlock()
			return g.s.triggers.writers == i+1 && len(g.s.triggers.waiting) == 0
		})
	}
	g.made, g.errs = make([]store.Triggered, len(calls)), make([]error, len(calls))
	for i, call := range calls {
		wg.Go(func() { g.made[i], g.errs[i] = g.s.Trigger(context.Background(), call) })
		g.until("a call waits", func() bool { return busy(i + 1) })
	}
	if err := lock.Rollback(g.Context()); err != nil {
		g.Fatal(err)
	}
	wg.Wait()
}

// transactions is how many transactions wrote executions of jobs called so.
func (g *grouped) transactions(admin *pgx.Conn, like string) (n int) {
	g.Helper()
	if err := admin.QueryRow(g.Context(), `SELECT count(DISTINCT e.xmin::text) FROM executions e JOIN jobs j ON j.seq = e.job WHERE j.name LIKE $1`, like).Scan(&n); err != nil {
		g.Fatal(err)
	}
	return n
}

// TestTriggersTogether: calls that share a transaction get each what it would get alone.
func TestTriggersTogether(t *testing.T) {
	t.Parallel()
	g, admin := newGrouped(t)
	g.create("free", job.OverlapAllow, 100)
	g.create("narrow", job.OverlapSkip, 1)
	g.create("queues", job.OverlapQueueAll, 1)
	call := func(ref string, edit func(*store.Trigger)) store.Trigger {
		c := store.Trigger{Platform: job.DefaultPlatform, Ref: ref, Kind: job.TriggerManual, Now: g.now, NewID: g.newID, By: ref, Payload: []byte(`{"a":1}`)}
		if edit != nil {
			edit(&c)
		}
		return c
	}
	took := 0
	born := func(c *store.Trigger) {
		c.Session, c.Take = 7, func(*job.Job) bool { took++; return true }
	}
	g.together(admin, []store.Trigger{
		call("free", nil), call("nobody", nil), call("free", born), call("narrow", born), call("narrow", nil),
		call("queues", born), call("queues", nil), call("queues", nil), call("free", func(c *store.Trigger) { c.IdempotencyKey, c.BodyHash = "k", "h" }),
	})
	var got []string
	for i, made := range g.made {
		e := made.Execution
		if g.errs[i] != nil {
			got = append(got, string(job.CodeOf(g.errs[i])))
			continue
		}
		read, err := g.s.Execution(t.Context(), job.DefaultPlatform, e.ID.String())
		read.Attempts = nil
		if diff := cmp.Diff(read, e); err != nil || diff != "" {
			t.Errorf("%v; what was made is not what is read (-read +made):\n%s", err, diff)
		}
		got = append(got, fmt.Sprintf("%s/%d %s %s by %s, claimed %t", e.JobName, e.RunNumber, e.Status, e.SkipReason, e.TriggeredBy, made.Claimed != nil))
	}
	want := []string{
		"free/1 pending  by free, claimed false", "not_found", "free/2 running  by free, claimed true", "narrow/1 running  by narrow, claimed true",
		"narrow/2 skipped overlap by narrow, claimed false", "queues/1 running  by queues, claimed true", "queues/2 pending  by queues, claimed false",
		"queues/3 pending  by queues, claimed false", "free/3 pending  by free, claimed false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if took != 3 {
		t.Errorf("Take was called %d times, want 3", took)
	}
	if n := g.transactions(admin, "%e%"); n > groupWriters+1 {
		t.Errorf("%d transactions, want at most one more than writers", n)
	}
	g.together(admin, []store.Trigger{call("free", func(c *store.Trigger) { c.IdempotencyKey, c.BodyHash = "k", "h" }), call("free", func(c *store.Trigger) { c.IdempotencyKey, c.BodyHash = "k", "other" })})
	if !g.made[0].Replayed || g.made[0].Execution.RunNumber != 3 || job.CodeOf(g.errs[1]) != job.Conflict {
		t.Errorf("the key again = %+v, %v; want run 3 again, a conflict", g.made[0], g.errs[1])
	}
}

// TestTriggersMeet: calls that cannot share a transaction do not harm each other.
func TestTriggersMeet(t *testing.T) {
	t.Parallel()
	g, admin := newGrouped(t)
	g.create("free", job.OverlapAllow, 100)
	taken := g.newID()
	ids := []job.ID{taken, g.newID()}
	n := 0
	keyed := func(key string) store.Trigger {
		return store.Trigger{Platform: job.DefaultPlatform, Ref: "free", Kind: job.TriggerManual, Now: g.now, NewID: g.newID, IdempotencyKey: key, BodyHash: "h"}
	}
	first := keyed("same")
	first.NewID = func() job.ID { return taken }
	second := keyed("other")
	second.NewID = func() job.ID { n++; return ids[(n-1)%2] }
	g.together(admin, []store.Trigger{first, second, keyed("same"), keyed("")})
	for i, err := range g.errs {
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if !g.made[2].Replayed || g.made[2].Execution.ID != g.made[0].Execution.ID {
		t.Errorf("the second call with a key made %+v, want what the first made", g.made[2])
	}
	var rows int
	if err := admin.QueryRow(t.Context(), `SELECT count(*) FROM executions e JOIN jobs j ON j.seq = e.job WHERE j.name = 'free'`).Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d executions, %v; want 3", rows, err)
	}
}
