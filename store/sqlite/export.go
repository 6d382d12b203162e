package sqlite

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/store/dump"
)

// Export returns everything that the store keeps, as of one moment. Others may go on
// using it.
func (s *Store) Export(ctx context.Context) iter.Seq2[dump.Row, error] {
	return func(yield func(dump.Row, error) bool) {
		err := s.snapshot(ctx, func(c *conn) error {
			return export(ctx, c, func(r dump.Row) error {
				if !yield(r, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(dump.Row{}, err)
		}
	}
}

// errEnough is how a caller who wants no more rows ends an export.
var errEnough = errors.New("enough")

// export calls fn for every row of every table, in the order of a stream.
func export(ctx context.Context, c *conn, fn func(dump.Row) error) error {
	for _, t := range dump.Tables() {
		var err error
		switch t {
		case dump.Store:
			err = exportStore(ctx, c, fn)
		case dump.Counters:
			err = exportCounters(ctx, c, fn)
		default:
			err = exportTable(ctx, c, t, fn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func exportTable(ctx context.Context, c *conn, t *dump.Table, fn func(dump.Row) error) error {
	out := dump.Row{Table: t, Values: make([]any, len(t.Columns))}
	// What an execution waited as is left behind when it starts, and means nothing then.
	names := strings.Replace(columnNames(t), " class,", " CASE WHEN ready_at IS NOT NULL THEN class END,", 1)
	return c.query(ctx, "SELECT "+names+" FROM "+t.Name+" ORDER BY "+t.Order, nil, func(r *row) error {
		for i := range t.Columns {
			out.Values[i] = exported(&t.Columns[i], r)
		}
		return fn(out)
	})
}

func columnNames(t *dump.Table) string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return strings.Join(names, ", ")
}

// exported reads the next column as a value of a stream.
func exported(c *dump.Column, r *row) any {
	switch c.Kind {
	case dump.Text:
		return dump.Clean(r.text())
	case dump.Bool:
		return r.int() != 0
	case dump.ID:
		return r.id()
	case dump.Keys:
		return unpackKeys(r.take(), nil)
	case dump.OptInt, dump.OptKey:
		if v, ok := r.take().(int64); ok {
			return v
		}
		return nil
	case dump.JSON, dump.Packed:
		if v := r.blob(); v != nil {
			return v
		}
		return nil
	default:
		return r.int()
	}
}

func exportStore(ctx context.Context, c *conn, fn func(dump.Row) error) error {
	out := dump.Row{Table: dump.Store, Values: []any{"", int64(1)}}
	if _, err := c.first(ctx, `SELECT value FROM meta WHERE key = 'instance'`, nil, func(r *row) { out.Values[0] = r.text() }); err != nil {
		return err
	}
	if _, err := c.first(ctx, `SELECT seq + 1 FROM sqlite_sequence WHERE name = 'jobs'`, nil, func(r *row) { out.Values[1] = r.int() }); err != nil {
		return err
	}
	return fn(out)
}

// exportCounters adds what the counters do not have yet.
func exportCounters(ctx context.Context, c *conn, fn func(dump.Row) error) error {
	all, pruned := map[int64]*figures{}, map[int64]int64{}
	if err := c.query(ctx, `SELECT j.seq, n.success, n.failed, n.timeout, n.cancelled, n.duration_us, n.last_status, n.last_run, n.pruned
		FROM jobs j LEFT JOIN counters n ON n.job = j.seq`, nil, func(r *row) error {
		seq := r.int()
		all[seq] = &figures{success: r.int(), failed: r.int(), timeout: r.int(), cancelled: r.int(), durationUS: r.int(), lastStatus: r.int(), lastRun: r.int()}
		pruned[seq] = r.int()
		return nil
	}); err != nil {
		return err
	}
	if _, err := unfolded(ctx, c, all, 0); err != nil {
		return err
	}
	for _, seq := range slices.Sorted(maps.Keys(all)) {
		f := all[seq]
		if *f == (figures{}) && pruned[seq] == 0 {
			continue
		}
		if err := fn(dump.Row{Table: dump.Counters, Values: []any{
			seq, f.success, f.failed, f.timeout, f.cancelled, f.durationUS, f.lastStatus, f.lastRun, pruned[seq],
		}}); err != nil {
			return err
		}
	}
	return nil
}
