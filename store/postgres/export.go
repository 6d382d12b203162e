package postgres

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
)

// noLimits is the settings of a transaction that may take hours.
const noLimits = `SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true), set_config('lock_timeout', '5s', true)`

// Export returns everything that the store keeps, as of one moment. Others may go on
// using it.
func (s *Store) Export(ctx context.Context) iter.Seq2[dump.Row, error] {
	return reads.Sequence(func(fn func(dump.Row) error) error {
		return classify(s.withConn(ctx, func(c *pgxpool.Conn) error {
			t := &tx{ctx: ctx, conn: c.Conn()}
			defer t.rollback()
			t.queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
			t.queue(noLimits)
			return reads.Export(t.query, selects, fn)
		}))
	})
}

// selects is the statement that selects a table's columns.
func selects(table *dump.Table) string {
	if table == dump.Store {
		return `SELECT (SELECT value FROM meta WHERE key = 'instance'), last_value + is_called::int FROM jobs_seq_seq`
	}
	return "SELECT " + strings.Join(reads.Columns(table), ", ") + " FROM " + cmp.Or(sources[table.Name], table.Name) + " ORDER BY " + order(table)
}

// sources are where the rows of tables are that have a part in another: what changes
// often stands in a narrow table.
var sources = map[string]string{
	"jobs": `(SELECT j.seq, j.id, j.platform, j.name, j.live AND c.status NOT IN (3, 4, 5) AS live, j.type, c.status, j.priority, j.handler, c.revision, j.spec,
		j.anchor, j.seed, j.reason, j.pause_reason, j.created_by, j.updated_by, j.created_at, coalesce(c.ended_at, j.updated_at) AS updated_at,
		j.paused_at, coalesce(c.ended_at, j.completed_at) AS completed_at, j.cancelled_at, j.deleted_at, j.pause_until FROM jobs j JOIN cursors c ON c.job = j.seq) AS j`,
	"epochs":     `(SELECT e.job, e.seq, e.after_at, coalesce(e.until_at, c.until_at) AS until_at, e.definition FROM epochs e JOIN cursors c ON c.job = e.job) AS e`,
	"executions": `(SELECT e.*, w.queued, w.class, w.ready_at FROM executions e LEFT JOIN waiting w ON w.k = e.k) AS e`,
}

// order sorts text by its bytes, whatever the collation of a column is.
func order(table *dump.Table) string {
	names := strings.Split(table.Order, ", ")
	for i, name := range names {
		if slices.ContainsFunc(table.Columns, func(c dump.Column) bool { return c.Name == name && c.Kind == dump.Text }) {
			names[i] += ` COLLATE "C"`
		}
	}
	return strings.Join(names, ", ")
}
