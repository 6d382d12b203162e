package sqlite

import (
	"context"
	"iter"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/dump"
)

// Import fills an empty store with the rows of another, reads them again, compares, and
// commits all of it or nothing. conflict when the store is not empty.
//
// The store must be opened anew to be used: what it knows is that it was empty.
func (s *Store) Import(ctx context.Context, rows iter.Seq2[dump.Row, error]) (dump.Sums, error) {
	var read, written dump.Tally
	err := s.write(ctx, func(c *conn) error {
		if err := wantEmpty(c); err != nil {
			return err
		}
		in := importer{c: c}
		for row, err := range read.Over(rows) {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = in.row(row)
			}
			if err != nil {
				return err
			}
		}
		if err := export(ctx, c, written.Add); err != nil {
			return err
		}
		if differ := read.Sums().Differ(written.Sums()); differ != "" {
			return job.Errorf(job.Internal, "what was written is not what was read: %s", differ)
		}
		return nil
	})
	return read.Sums(), err
}

// wantEmpty refuses a store in which anything is. Sessions of earlier lives and their
// duties may be: they go.
func wantEmpty(c *conn) error {
	var full []string
	for _, t := range dump.Tables() {
		query := "SELECT 1 FROM " + t.Name + " LIMIT 1"
		switch {
		case t == dump.Store || t.Name == "sessions":
			continue
		case t.Name == "platforms":
			query = "SELECT 1 FROM platforms WHERE slug <> 'default' LIMIT 1"
		}
		found, err := c.first(context.Background(), query, nil, func(*row) {})
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
	for _, table := range []string{"sessions", "duties", "platforms"} {
		if _, err := c.exec("DELETE FROM " + table); err != nil {
			return err
		}
	}
	return nil
}

// importer writes rows, one table after the other.
type importer struct {
	c      *conn
	table  *dump.Table
	insert string // of the table
	values []any
}

func (in *importer) row(r dump.Row) error {
	if r.Table == dump.Store {
		return importStore(in.c, r)
	}
	if r.Table != in.table {
		in.table = r.Table
		in.insert = "INSERT INTO " + r.Table.Name + " (" + columnNames(r.Table) + ") VALUES (?" + strings.Repeat(", ?", len(r.Values)-1) + ")"
	}
	in.values = in.values[:0]
	for _, v := range r.Values {
		switch part := v.(type) {
		case job.ID:
			v = part[:]
		case []int64:
			v = packBlob(part)
			if r.Table.Name == "cursors" {
				v = packKeys(part)
			}
		}
		in.values = append(in.values, v)
	}
	_, err := in.c.exec(in.insert, in.values...)
	return err
}

func importStore(c *conn, r dump.Row) error {
	if _, err := c.exec(`UPDATE meta SET value = ? WHERE key = 'instance'`, r.Values[0]); err != nil {
		return err
	}
	if _, err := c.exec(`DELETE FROM sqlite_sequence WHERE name = 'jobs'`); err != nil {
		return err
	}
	next, _ := r.Values[1].(int64)
	_, err := c.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES ('jobs', ?)`, next-1)
	return err
}
