package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// hot are the statements of the hot path with arguments of their types, and the index
// that each must use.
var hot = []struct {
	name, query, types, index string
}{
	{"due", sqlDue, "bigint, bigint", "cursors_due"},
	{"lock", sqlLockCursors, "bigint[]", "cursors_pkey"},
	{"live", sqlLive, "bigint[]", "executions_pkey"},
	{"hold", sqlHold, "bigint[]", "executions_pkey"},
	{"advance", sqlAdvance, "bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], boolean[], bytea[], bigint[]", "cursors_pkey"},
	{"claimable", sqlClaimable, "bigint[], bigint", "waiting_pkey"},
	{"claim", sqlClaim, "bigint[], bigint, bigint", "executions_pkey"},
	{"cancel waiting", sqlCancelWaiting, "bigint[], bigint", "waiting_pkey"},
	{"inputs", sqlInputs, "bigint[]", "execution_inputs_pkey"},
	{"settle", sqlSettle, "bigint[], bigint[], bigint[], smallint[], bigint[], bigint[]", "executions_pkey"},
	{"settle exactly", sqlSettleExactly, "bigint[], bigint[], bigint[], smallint[], bigint[], bigint[]", "executions_pkey"},
	{"requeue", sqlRequeue, "bigint[], bigint[], bigint[], bigint[], smallint[], bigint[], integer[], integer[], bigint[], smallint[]", "executions_pkey"},
	{"failures", sqlFailures, "bigint[]", "executions_pkey"},
	{"waits", sqlWaits, "bigint[]", "waiting_queued"},
	{"end quickly", sqlEndQuickly, "bigint[], bigint[], smallint[], bigint", "cursors_pkey"},
	{"end jobs", sqlEndJobs, "bigint[], bigint", "cursors_pkey"},
	{"cancels", sqlCancels, "bigint, text, text, bigint[]", "executions_pkey"},
	{"lost", sqlLost, "bigint[], bigint[]", "executions_pkey"},
	{"definitions", sqlJobsBySeq, "bigint[]", "jobs_pkey"},
	{"old", sqlOld, "bigint, bigint, bigint, bigint, bigint, bigint, text", "executions_pkey"},
	{"remove", sqlRemove, "bigint[]", "executions_pkey"},
	{"ranges near", sqlRangesNear, "bigint[], bigint[], bigint[]", "ranges_pkey"},
	{"epochs near", sqlEpochsNear, "bigint[], bigint[]", "epochs_pkey"},
	{"before", sqlBefore, "bigint[], bigint[], bigint[], bigint[]", "executions_number"},
	{"ids", sqlRefIDs, "bigint[], bytea[], text[]", "jobs_id_key"},
	{"names", sqlRefNames, "bigint[], text[], text[]", "jobs_by_name"},
	{"replays", sqlReplays, "bigint[], text[], text[], bigint[]", "idempotency_pkey"},
	{"triggered", sqlTriggered, "bigint[], bigint[], bigint[], bytea[]", "cursors_pkey"},
	{"waiting", sqlWaiting, "bigint, bigint, text[]", "waiting_ready"},
	{"waiting without", sqlWaitingWithout, "bigint, bigint, text[], text[]", "waiting_ready"},
	{"next ready", sqlNextReady, "bigint", "waiting_ready"},
}

// fill makes n jobs with one execution each that is over, half of the tables not yet
// known to the planner's statistics.
func fill(t *testing.T, c *pgx.Conn, from, n int, analyze bool) {
	t.Helper()
	run := func(text string) {
		t.Helper()
		if _, err := c.Exec(context.Background(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	series := fmt.Sprintf("generate_series(%d, %d) AS g", from, from+n-1)
	run(`INSERT INTO jobs (seq, id, platform, name, live, type, priority, handler, spec, max_retries, anchor, seed, created_by, created_at, updated_at)
		SELECT g, int8send(g), 'default', 'job' || g, true, 0, 1, 'noop', '{}', 0, 0, '', '', g, g FROM ` + series)
	run(`INSERT INTO cursors (job, next_run, revision, status) SELECT g, g, 1, 1 FROM ` + series)
	run(`INSERT INTO epochs (job, seq, after_at, definition) SELECT g, 1, 0, '{}' FROM ` + series)
	run(`INSERT INTO executions (k, lo, job, n, at, revision, created_at, trigger, status, finished_at) SELECT g, g, g, 1, g, 1, g, 0, 2, g FROM ` + series)
	run(`INSERT INTO execution_inputs (k) SELECT g FROM ` + series)
	if analyze {
		run(`ANALYZE`)
	}
}

// TestPlans holds every hot statement to its index on an empty, a small and a large
// table, prepared while it was empty or later. waiting stays empty, as it mostly is when
// statistics are made. A join filter means that a whole index is read, to be compared
// with every key.
func TestPlans(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := testbed.Postgres(t)
	s, err := Open(ctx, Options{URL: url, Instance: "plans"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	early, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close(ctx)
	for _, size := range []int{0, 10, 50_000} {
		if size > 0 {
			fill(t, early, size, size, true)
		}
		late, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hot {
			checkPlan(t, late, h.name, h.query, h.types, h.index, fmt.Sprintf("%s at %d rows", h.name, size))
			checkPlan(t, early, h.name, h.query, h.types, h.index, fmt.Sprintf("%s prepared early, at %d rows", h.name, size))
		}
		if err := late.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}

// checkPlan explains a statement as writers run it.
func checkPlan(t *testing.T, c *pgx.Conn, name, query, types, index, what string) {
	t.Helper()
	ctx := context.Background()
	tx, err := c.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	name = strings.ReplaceAll(name, " ", "_")
	var exists bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_prepared_statements WHERE name = $1)`, name).Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "SELECT "+writerSettings); err != nil {
		t.Fatal(err)
	}
	if !exists {
		if _, err := tx.Exec(ctx, "PREPARE "+name+" ("+types+") AS "+query); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	nulls := "NULL" + strings.Repeat(", NULL", strings.Count(types, ","))
	rows, err := tx.Query(ctx, "EXPLAIN EXECUTE "+name+" ("+nulls+")", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	plan := strings.Join(lines, "\n")
	if !strings.Contains(plan, index) {
		t.Errorf("%s does not use %s:\n%s", what, index, plan)
	}
	for _, bad := range []string{"Seq Scan", "Hash Join", "Merge Join", "Bitmap", "Join Filter"} {
		if strings.Contains(plan, bad) && !strings.Contains(plan, bad+" on platforms") {
			t.Errorf("%s has a %s:\n%s", what, bad, plan)
		}
	}
}
