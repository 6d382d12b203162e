package postgres

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// noLimits is the settings of a transaction that may take hours.
const noLimits = `SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true), set_config('lock_timeout', '5s', true)`

// Export returns everything that the store keeps, as of one moment. Others may go on
// using it.
func (s *Store) Export(ctx context.Context) iter.Seq2[dump.Row, error] {
	return func(yield func(dump.Row, error) bool) {
		err := s.withConn(ctx, func(c *pgxpool.Conn) error {
			t := &tx{ctx: ctx, conn: c.Conn()}
			defer t.rollback()
			t.queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
			t.queue(noLimits)
			return export(t, func(r dump.Row) error {
				if !yield(r, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(dump.Row{}, classify(err))
		}
	}
}

// errEnough is how a caller who wants no more rows ends an export.
var errEnough = errors.New("enough")

// export calls fn for every row of every table, in the order of a stream.
func export(t *tx, fn func(dump.Row) error) error {
	for _, table := range dump.Tables() {
		var err error
		switch table {
		case dump.Store:
			err = exportStore(t, fn)
		case dump.Counters:
			err = exportCounters(t, fn)
		default:
			err = exportTable(t, table, fn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func exportTable(t *tx, table *dump.Table, fn func(dump.Row) error) error {
	out := dump.Row{Table: table, Values: make([]any, len(table.Columns))}
	return t.query("SELECT "+strings.Join(columnNames(table), ", ")+" FROM "+cmp.Or(sources[table.Name], table.Name)+" ORDER BY "+order(table), nil, func(r *row) error {
		for i := range table.Columns {
			out.Values[i] = exported(&table.Columns[i], r)
		}
		return fn(out)
	})
}

// sources are where the rows of tables are that have a part in another: what changes
// often stands in a narrow table.
var sources = map[string]string{
	"jobs": `(SELECT j.seq, j.id, j.platform, j.name, j.live AND c.status NOT IN (3, 4, 5) AS live, j.type, c.status, j.priority, j.handler, c.revision, j.spec,
		j.anchor, j.seed, j.reason, j.pause_reason, j.created_by, j.updated_by, j.created_at, coalesce(c.ended_at, j.updated_at) AS updated_at,
		j.paused_at, coalesce(c.ended_at, j.completed_at) AS completed_at, j.cancelled_at, j.deleted_at FROM jobs j JOIN cursors c ON c.job = j.seq) AS j`,
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

func columnNames(table *dump.Table) []string {
	names := make([]string, len(table.Columns))
	for i := range table.Columns {
		names[i] = table.Columns[i].Name
	}
	return names
}

// exported reads the next column as a value of a stream.
func exported(c *dump.Column, r *row) any {
	switch c.Kind {
	case dump.Text:
		return r.text()
	case dump.Bool:
		return r.int() == 1
	case dump.ID:
		return r.id()
	case dump.Keys:
		return stored.UnpackKeys(r.blob(), nil)
	case dump.JSON, dump.Packed:
		if v := r.blob(); v != nil {
			return v
		}
		return nil
	case dump.OptInt, dump.OptKey:
		if r.values[r.next] == nil {
			r.next++
			return nil
		}
	}
	return r.int()
}

func exportStore(t *tx, fn func(dump.Row) error) error {
	var instance string
	var next int64
	if _, err := t.first(`SELECT (SELECT value FROM meta WHERE key = 'instance'), last_value + is_called::int FROM jobs_seq_seq`, nil, func(r *row) {
		instance, next = r.text(), r.int()
	}); err != nil {
		return err
	}
	return fn(dump.Row{Table: dump.Store, Values: []any{instance, next}})
}

// exportCounters adds what the counters do not have yet.
func exportCounters(t *tx, fn func(dump.Row) error) error {
	all, pruned := map[int64]*stored.Figures{}, map[int64]int64{}
	if err := t.query(`SELECT j.seq, n.success, n.failed, n.timeout, n.cancelled, n.duration_us, n.last_status, n.last_run, n.pruned
		FROM jobs j LEFT JOIN counters n ON n.job = j.seq`, nil, func(r *row) error {
		seq := r.int()
		all[seq] = &stored.Figures{
			Success: r.int(), Failed: r.int(), Timeout: r.int(), Cancelled: r.int(), DurationUS: r.int(), LastStatus: r.int(), LastRun: r.int(),
		}
		pruned[seq] = r.int()
		return nil
	}); err != nil {
		return err
	}
	if err := t.query(`SELECT data FROM counter_deltas ORDER BY id`, nil, func(r *row) error {
		stored.Sum(r.blob(), all, false)
		return nil
	}); err != nil {
		return err
	}
	for _, seq := range slices.Sorted(maps.Keys(all)) {
		f := all[seq]
		if *f == (stored.Figures{}) && pruned[seq] == 0 {
			continue
		}
		if err := fn(dump.Row{Table: dump.Counters, Values: []any{
			seq, f.Success, f.Failed, f.Timeout, f.Cancelled, f.DurationUS, f.LastStatus, f.LastRun, pruned[seq],
		}}); err != nil {
			return err
		}
	}
	return nil
}
