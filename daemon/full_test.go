package daemon

import (
	"errors"
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
	const jobs, slow = 10, 20
	pg := testbed.NewPostgres(t, testbed.PostgresOptions{SmallWAL: true, Settings: []string{"autovacuum=off"}})
	if err := pg.Exec("CREATE DATABASE schedd"); err != nil {
		t.Fatal(err)
	}
	m := newMany(t, pg.DSN("schedd"), testbed.Redis(t).URL())
	held, let := make(chan struct{}, slow), make(chan struct{})
	m.observe = func(task *handler.Task) {
		if strings.HasPrefix(task.JobName, "slow") {
			held <- struct{}{}
			<-let
		}
	}
	n := m.start(64)
	alter(t, pg, `ALTER TABLE executions SET (fillfactor = 100)`) // results need room, too
	m.create(jobs, func(j *job.Job) { j.Schedule = "* * * * * *" })
	testbed.Eventually(t, "runs", 20*time.Second, func() bool { return m.rows(job.Success) > jobs })
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
	testbed.Eventually(t, "the store is full", 30*time.Second, func() bool { return job.CodeOf(n.store.Ping(t.Context())) == job.StorageFull })
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
		testbed.Pass(200 * time.Millisecond)
	}
	beat := now().Sub(n.Vitals().LastHeartbeat)
	if refused == 0 || beat > 2*time.Second {
		t.Errorf("%d requests were refused, the last heartbeat is %s old; want some, and a fresh one", refused, beat)
	}
	unsettled := m.rows(job.Running)
	if err := pg.LimitFiles(0); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "there is room", 20*time.Second, func() bool { return n.store.Ping(t.Context()) == nil })
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
	alter(t, pg, `INSERT INTO executions SELECT r.* FROM (SELECT * FROM executions WHERE status = 2 LIMIT 1) AS e, generate_series(1, 20000) AS g,
			LATERAL jsonb_populate_record(e::executions, jsonb_build_object('k', g, 'n', -g, 'job', -g)) AS r`,
		"CHECKPOINT")
	return tableSize(t, pg)
}

func alter(t *testing.T, pg *testbed.PostgresServer, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := pg.Query("schedd", statement); err != nil {
			t.Fatal(err)
		}
	}
}

func tableSize(t *testing.T, pg *testbed.PostgresServer) int64 {
	t.Helper()
	row, err := pg.Query("schedd", `SELECT pg_relation_size('executions'), max(pg_relation_size(indexrelid)) FROM pg_index WHERE indrelid = 'executions'::regclass`)
	if err != nil || len(row) != 2 {
		t.Fatalf("the sizes of executions = %v, %v", row, err)
	}
	size, err1 := strconv.ParseInt(row[0], 10, 64)
	index, err2 := strconv.ParseInt(row[1], 10, 64)
	if err := errors.Join(err1, err2); err != nil || size < 2<<20 || index >= size {
		t.Fatalf("the table has %d bytes, an index %d (%v); want more than 2 MiB, and less", size, index, err)
	}
	return size
}
