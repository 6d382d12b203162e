package daemon

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// TestDiskFull: the table of executions cannot grow, for longer than a lease. What runs
// goes on, requests say why they are refused, results are kept; when there is room again
// all is written, nothing is lost and nothing ran twice.
func TestDiskFull(t *testing.T) {
	const jobs, slow = 10, 150 // so many that their results do not fit where others left room
	pg := testbed.NewPostgres(t, testbed.PostgresOptions{SmallWAL: true, Settings: []string{"autovacuum=off"}})
	m := newMany(t, pg.DSN("postgres"), testbed.Redis(t).URL())
	held, let := make(chan struct{}, slow), make(chan struct{})
	m.observe = func(task *handler.Task) {
		if strings.HasPrefix(task.JobName, "slow") {
			held <- struct{}{}
			<-let
		}
	}
	n := m.start(200)
	if err := pg.Exec(`ALTER TABLE executions SET (fillfactor = 100)`); err != nil { // results need room, too
		t.Fatal(err)
	}
	m.create(jobs, func(j *job.Job) { j.Schedule = "* * * * * *" })
	await(t, "runs", 20*time.Second, func() bool { return m.rows(job.Success) > jobs })
	for i := range slow {
		name := fmt.Sprintf("slow-%d", i)
		if err := m.job(name, func(j *job.Job) { j.Type = job.TypeEvent }); err != nil {
			t.Fatal(err)
		}
	}
	for i := range slow {
		if _, err := n.Trigger(t.Context(), store.Trigger{Platform: job.DefaultPlatform, Ref: fmt.Sprintf("slow-%d", i), Kind: job.TriggerManual, Now: now(), NewID: n.NewID}); err != nil {
			t.Fatal(err)
		}
		<-held
	}
	size := fillExecutions(t, pg)
	if err := pg.LimitFiles(size); err != nil {
		t.Fatal(err)
	}
	await(t, "the store is full", 30*time.Second, func() bool { return job.CodeOf(n.store.Ping(t.Context())) == job.StorageFull })
	full := time.Now()
	close(let) // their results find no room
	refused := 0
	for time.Since(full) < 6*time.Second {
		_, err := n.Trigger(t.Context(), store.Trigger{Platform: job.DefaultPlatform, Ref: "slow-0", Kind: job.TriggerManual, Overlap: job.OverlapQueueAll, Now: now(), NewID: n.NewID})
		if code := job.CodeOf(err); code == job.StorageFull {
			refused++
		} else if code != "" {
			t.Errorf("a run by hand while the disk is full = %v, want storage_full", err)
		}
		if _, err := n.store.Job(t.Context(), job.DefaultPlatform, "slow-0"); err != nil {
			t.Errorf("a read while the disk is full = %v, want no error", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	beat := now().Sub(n.Vitals().LastHeartbeat)
	if refused == 0 || beat > 2*time.Second {
		t.Errorf("%d requests were refused, the last heartbeat is %s old; want some, and a fresh one", refused, beat)
	}
	unsettled := m.rows(job.Running)
	if err := pg.LimitFiles(0); err != nil {
		t.Fatal(err)
	}
	await(t, "there is room", 20*time.Second, func() bool { return n.store.Ping(t.Context()) == nil })
	for _, name := range m.names {
		if err := m.pause(name); err != nil {
			t.Fatal(err)
		}
	}
	m.settle()
	balanced, slots := m.audit()
	once, twice := m.started()
	t.Logf("size=%d refused=%d unsettled_while_full=%d slots=%d balanced=%d started=%d doubled=%d", size, refused, unsettled, slots, balanced, once, twice)
	if bad := m.rows(job.Failed, job.TimedOut, job.Cancelled); balanced != jobs || twice != 0 || bad != 0 || unsettled == 0 {
		t.Errorf("%d of %d jobs balance, %d doubled, %d failed, %d results waited; want all, 0, 0, some", balanced, jobs, twice, bad, unsettled)
	}
}

// fillExecutions makes the table of executions the largest file of the cluster, and
// returns its size.
func fillExecutions(t *testing.T, pg *testbed.PostgresServer) int64 {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO executions SELECT r.* FROM (SELECT * FROM executions WHERE status = 2 LIMIT 1) AS e, generate_series(1, 20000) AS g,
			LATERAL jsonb_populate_record(e::executions, jsonb_build_object('k', g, 'n', -g, 'job', -g)) AS r`,
		"CHECKPOINT",
	} {
		if err := pg.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	size := value(t, pg, `SELECT pg_relation_size('executions')`)
	index := value(t, pg, `SELECT max(pg_relation_size(indexrelid)) FROM pg_index WHERE indrelid = 'executions'::regclass`)
	if size < 2<<20 || index >= size {
		t.Fatalf("the table has %d bytes, an index %d; want more than 2 MiB, and less", size, index)
	}
	return size
}

func value(t *testing.T, pg *testbed.PostgresServer, query string) int64 {
	t.Helper()
	text, err := pg.Value(query)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
