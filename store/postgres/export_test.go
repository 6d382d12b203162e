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
	for i, column := range columns { // what stands in a narrow table of its own
		switch column {
		case "waiting.queued", "waiting.class", "waiting.ready_at":
			columns[i] = strings.Replace(column, "waiting", "executions", 1)
		case "cursors.status":
			columns[i] = strings.Replace(column, "cursors", "jobs", 1)
		}
	}
	columns = append(columns, "jobs.revision") // it is that of the cursor
	for _, fault := range storetest.MissingColumns(columns, []string{"jobs.max_retries", "waiting", "lives", "cursors.until_at", "cursors.ended_at"}) {
		t.Error(fault)
	}
}
