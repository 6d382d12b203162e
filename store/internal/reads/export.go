package reads

import (
	"errors"
	"iter"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// errEnough is how a caller who wants no more rows ends an export.
var errEnough = errors.New("enough")

// Sequence is the rows for which export calls the function that it is given.
func Sequence(export func(fn func(dump.Row) error) error) iter.Seq2[dump.Row, error] {
	return func(yield func(dump.Row, error) bool) {
		err := export(func(r dump.Row) error {
			if !yield(r, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(dump.Row{}, err)
		}
	}
}

// Export calls fn for every row of every table, in the order of a stream. statement
// selects the columns of a table in their order.
func Export(rows Rows, statement func(t *dump.Table) string, fn func(dump.Row) error) error {
	for _, t := range dump.Tables() {
		out := dump.Row{Table: t, Values: make([]any, len(t.Columns))}
		if err := rows(statement(t), nil, func(r *stored.Row) error {
			for i := range t.Columns {
				out.Values[i] = exported(t.Columns[i].Kind, r.Take())
			}
			return fn(out)
		}); err != nil {
			return err
		}
	}
	return nil
}

// Columns are the names of a table's columns.
func Columns(t *dump.Table) []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// exported makes a value of a stream of a column.
func exported(kind dump.Kind, v any) any {
	switch kind {
	case dump.Text:
		text, _ := v.(string)
		return dump.Clean(text)
	case dump.Bool:
		return stored.Int(v) != 0
	case dump.ID:
		var id job.ID
		b, _ := v.([]byte)
		copy(id[:], b)
		return id
	case dump.Keys:
		return stored.Keys(v)
	case dump.JSON, dump.Packed, dump.OptPacked:
		return v
	case dump.OptInt, dump.OptKey:
		if v == nil {
			return nil
		}
	}
	return stored.Int(v)
}

// WantEmpty refuses a store in which anything is, but for sessions and the platform that
// every store has.
func WantEmpty(rows Rows) error {
	var full []string
	for _, t := range dump.Tables() {
		statement := "SELECT 1 FROM " + t.Name + " LIMIT 1"
		switch {
		case t == dump.Store || t.Name == "sessions":
			continue
		case t.Name == "platforms":
			statement = "SELECT 1 FROM platforms WHERE slug <> 'default' LIMIT 1"
		}
		found, err := rows.first(statement, nil, func(*stored.Row) {})
		if err != nil {
			return err
		}
		if found {
			full = append(full, t.Name)
		}
	}
	if len(full) > 0 {
		return job.Errorf(job.Conflict, "the target is not empty: there is something in %s", strings.Join(full, ", "))
	}
	return nil
}
