package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// exec runs statements in a database.
func exec(t testing.TB, url string, statements ...string) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for _, text := range statements {
		if _, err := c.Exec(context.Background(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// number reads one number from a database.
func number(t testing.TB, url, query string) (n int64) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(context.Background(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	url := database(t, true)
	var wg sync.WaitGroup
	instances := make([]string, 8)
	for i := range instances {
		wg.Go(func() {
			s, err := postgres.Open(context.Background(), postgres.Options{URL: url, Instance: fmt.Sprint("node ", i)})
			if err != nil {
				t.Errorf("Open = %v, want no error", err)
				return
			}
			info, err := s.Info(context.Background())
			if err != nil || info.Driver != "postgres" || info.Schema < 1 || info.Bytes == 0 {
				t.Errorf("Info = %+v, %v; want a driver, a schema and a size", info, err)
			}
			instances[i] = info.Instance
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, instance := range instances {
		if instance == "" || instance != instances[0] {
			t.Errorf("instances are %q, want one for all", instances)
			break
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	refused := func(url string) error {
		s, err := postgres.Open(context.Background(), postgres.Options{URL: url, Instance: "x"})
		if err == nil {
			s.Close()
		}
		return err
	}
	url := database(t, false)
	have := number(t, url, "SELECT max(version_id) FROM goose_db_version")
	exec(t, url, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
	err := refused(url)
	schema, ok := errors.AsType[*postgres.SchemaError](err)
	if want := fmt.Sprintf("database schema 999, this schedd knows %d: upgrade schedd or restore a backup", have); !ok || schema.Error() != want {
		t.Errorf("Open of a newer schema = %v, want %q", err, want)
	}
	lossy := database(t, false)
	exec(t, lossy, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`)
	if _, ok := errors.AsType[*postgres.ServerError](refused(lossy)); !ok {
		t.Errorf("Open of a server that may lose commits = %v, want a refusal", refused(lossy))
	}
	s, err := postgres.Open(context.Background(), postgres.Options{URL: lossy, Instance: "x", Durability: "relaxed"})
	if err != nil {
		t.Errorf("Open with relaxed durability = %v, want no error", err)
	} else if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, url := range []string{"postgres://nobody@/nothing?host=/nowhere", url + "&dbname=missing_database"} {
		if code := job.CodeOf(refused(url)); code != job.Unavailable {
			t.Errorf("Open of %s has code %q, want unavailable", url, code)
		}
	}
}

// TestExecModes runs the suite as behind a pooler that gives each transaction another
// connection.
func TestExecModes(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return byTurns(t, 1, "exec")
	})
}

// node is one of several that share a database.
type node struct {
	*postgres.Store
	ids     *job.IDs
	session int64
}

// nodes opens n stores of one database, each with a session.
func nodes(t testing.TB, url string, n int, now time.Time) []*node {
	t.Helper()
	var all []*node
	for i := range n {
		one := &node{
			Store: open(t, postgres.Options{URL: url, Node: fmt.Sprint("n", i)}), session: int64(i + 1),
			ids: &job.IDs{Rand: rand.NewChaCha8([32]byte{byte(i)})},
		}
		one.ids.UseLane(i)
		if err := one.OpenSession(context.Background(), store.Session{ID: one.session, Node: fmt.Sprint("n", i), StartedAt: now, LeaseUntil: now.AddDate(10, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// work plans, claims and settles what there is at now, and counts what it settled.
func (n *node) work(ctx context.Context, now time.Time, settled *sync.Map, count *atomic.Int64) error {
	free := 200
	planned, err := n.PlanDue(ctx, store.PlanDue{
		Now: now, Limit: 300, Policy: job.DefaultPolicy(), NewID: func() job.ID { return n.ids.New(now) }, Session: n.session,
		Take: func(*job.Job) bool { free--; return free >= 0 },
	})
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	waiting, err := n.Waiting(ctx, now, 400)
	if err != nil {
		return fmt.Errorf("waiting: %w", err)
	}
	ids := make([]job.ID, len(waiting))
	for i := range waiting {
		ids[i] = waiting[i].ID
	}
	claimed, err := n.Claim(ctx, store.Claim{Session: n.session, IDs: ids, Now: now})
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	batch := succeeded(n.session, now, append(planned.Claimed, claimed.Claimed...))
	for i := range batch {
		if i%50 == 7 {
			batch[i].Event, batch[i].RetryAt, batch[i].Error = job.EventRetry, now, "again"
		}
	}
	out, err := n.Settle(ctx, now, batch)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	for i := range batch {
		if batch[i].Event == job.EventRetry {
			continue
		}
		if _, twice := settled.LoadOrStore(batch[i].ID, true); twice {
			return fmt.Errorf("execution %s was settled twice", batch[i].ID)
		}
		count.Add(1)
	}
	if len(out.Fenced) > 0 {
		return fmt.Errorf("%d settlements were fenced", len(out.Fenced))
	}
	return nil
}

// TestNodesTogether: several nodes plan, claim and settle the same jobs at the same
// instants. Every slot has one execution, settled once, and nothing deadlocks.
func TestNodesTogether(t *testing.T) {
	t.Parallel()
	const jobs, seconds = 2000, 5
	url := database(t, false)
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	all := nodes(t, url, 3, start)
	r := &rig{TB: t, Store: all[0].Store, ids: all[0].ids, now: start}
	overlaps := []job.Overlap{job.OverlapAllow, job.OverlapQueueAll, job.OverlapAllow, job.OverlapQueueAll}
	for i := range jobs {
		r.secondly(fmt.Sprintf("job%d", i), func(j *job.Job) {
			j.Overlap, j.MaxRetries = overlaps[i%len(overlaps)], 1000
			if j.Overlap == job.OverlapAllow {
				j.Concurrency, j.AllowOverlap = 100, true
			}
		})
	}
	var settled sync.Map
	var count atomic.Int64
	var wg sync.WaitGroup
	deadline := time.Now().Add(2 * time.Minute)
	for _, n := range all {
		for range 2 {
			wg.Go(func() {
				for now := start.Add(time.Second); count.Load() < jobs*seconds; now = now.Add(time.Second) {
					if now.After(start.Add(seconds * time.Second)) {
						now = start.Add(seconds * time.Second)
					}
					if err := n.work(context.Background(), now, &settled, &count); err != nil {
						t.Error(err)
						return
					}
					if time.Now().After(deadline) {
						t.Errorf("%d of %d executions are settled, and no end", count.Load(), jobs*seconds)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	for query, want := range map[string]int64{
		"SELECT count(*) FROM executions":                                                                   jobs * seconds,
		"SELECT count(*) FROM executions WHERE status = 2":                                                  jobs * seconds,
		"SELECT count(DISTINCT (job, at)) FROM executions":                                                  jobs * seconds,
		"SELECT count(DISTINCT (job, n)) FROM executions":                                                   jobs * seconds,
		"SELECT sum(numbers)::bigint FROM cursors":                                                          jobs * seconds,
		"SELECT count(*) FROM executions e WHERE e.n > (SELECT numbers FROM cursors c WHERE c.job = e.job)": 0,
	} {
		if got := number(t, url, query); got != want {
			t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
	if n := number(t, url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n > 0 {
		t.Logf("the server broke %d deadlocks; nobody heard of them", n)
	}
	if err := all[1].Fold(context.Background()); err != nil {
		t.Errorf("Fold = %v, want no error", err)
	}
	if got := number(t, url, "SELECT sum(success)::bigint FROM counters"); got != jobs*seconds {
		t.Errorf("counted %d successes, want %d", got, jobs*seconds)
	}
}

// TestConnectionsKilled: the server ends connections in the middle of the work, which
// goes on as if nothing happened.
func TestConnectionsKilled(t *testing.T) {
	t.Parallel()
	const jobs, seconds = 300, 20
	url := database(t, false)
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	n := nodes(t, url, 1, start)[0]
	r := &rig{TB: t, Store: n.Store, ids: n.ids, now: start}
	for i := range jobs {
		r.secondly(fmt.Sprintf("job%d", i), func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 100, true })
	}
	stop := make(chan struct{})
	var killing sync.WaitGroup
	killing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(150 * time.Millisecond):
				number(t, url, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'schedd%'")
			}
		}
	})
	var settled sync.Map
	var count atomic.Int64
	deadline := time.Now().Add(2 * time.Minute)
	for now := start.Add(time.Second); count.Load() < jobs*seconds; now = now.Add(time.Second) {
		if now.After(start.Add(seconds * time.Second)) {
			now = start.Add(seconds * time.Second)
		}
		if err := n.work(context.Background(), now, &settled, &count); err != nil {
			t.Error(err)
			break
		}
		if time.Now().After(deadline) {
			t.Error("no end")
			break
		}
	}
	close(stop)
	killing.Wait()
	if got := number(t, url, "SELECT count(*) FROM executions WHERE status = 2"); got != jobs*seconds {
		t.Errorf("%d executions succeeded, want %d", got, jobs*seconds)
	}
	if got := number(t, url, "SELECT count(*) FROM executions"); got != jobs*seconds {
		t.Errorf("%d executions, want %d", got, jobs*seconds)
	}
}
