package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// TestStreamsHaveEverything fails when the schema has what no stream takes along.
func TestStreamsHaveEverything(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), database(t, false))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for i, column := range columns { // executions that wait have these in a table of their own
		if rest, ok := strings.CutPrefix(column, "waiting."); ok && (rest == "queued" || rest == "class" || rest == "ready_at") {
			columns[i] = "executions." + rest
		}
	}
	for _, fault := range storetest.MissingColumns(columns, []string{"jobs.max_retries", "waiting", "lives"}) {
		t.Error(fault)
	}
}
