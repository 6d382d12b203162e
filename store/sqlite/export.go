package sqlite

import (
	"context"
	"iter"
	"strings"

	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
)

// Export returns everything that the store keeps, as of one moment. Others may go on
// using it.
func (s *Store) Export(ctx context.Context) iter.Seq2[dump.Row, error] {
	return reads.Sequence(func(fn func(dump.Row) error) error {
		return s.snapshot(ctx, func(c *conn) error { return reads.Export(c.query, selects, fn) })
	})
}

// selects is the statement that selects a table's columns.
func selects(t *dump.Table) string {
	if t == dump.Store {
		return `SELECT (SELECT value FROM meta WHERE key = 'instance'), coalesce((SELECT seq + 1 FROM sqlite_sequence WHERE name = 'jobs'), 1)`
	}
	// What an execution waited as is left behind when it starts, and means nothing then.
	names := strings.Join(reads.Columns(t), ", ")
	if t.Name == "executions" {
		names = strings.Replace(names, " class,", " CASE WHEN ready_at IS NOT NULL THEN class END,", 1)
	}
	return "SELECT " + names + " FROM " + t.Name + " ORDER BY " + t.Order
}
