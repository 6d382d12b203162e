package sqlite

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Import fills an empty store with the rows of another, reads them again, compares, and
// commits all of it or nothing. conflict when the store is not empty.
//
// The store must be opened anew to be used: what it knows is that it was empty.
func (s *Store) Import(ctx context.Context, rows iter.Seq2[dump.Row, error]) (dump.Sums, error) {
	var read, written dump.Tally
	err := s.write(ctx, func(c *conn) error {
		if err := empty(c); err != nil {
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
		if err := acts.Imported(eventTx{c: c}, &dialect); err != nil {
			return err
		}
		if err := reads.Export(c.query, selects, func(r dump.Row) error { return errors.Join(ctx.Err(), written.Add(r)) }); err != nil {
			return err
		}
		if differ := read.Sums().Differ(written.Sums()); differ != "" {
			return job.Errorf(job.Internal, "what was written is not what was read: %s", differ)
		}
		return nil
	})
	return read.Sums(), err
}

// empty refuses a store in which anything is. Sessions of earlier lives and their duties
// may be: they go.
func empty(c *conn) error {
	if err := reads.WantEmpty(c.query); err != nil {
		return err
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
		in.insert = "INSERT INTO " + r.Table.Name + " (" + strings.Join(reads.Columns(r.Table), ", ") + ") VALUES (?" + strings.Repeat(", ?", len(r.Values)-1) + ")"
	}
	in.values = in.values[:0]
	for _, v := range r.Values {
		switch part := v.(type) {
		case job.ID:
			v = part[:]
		case []int64:
			v = stored.PackKeys(part)
			if r.Table.Name == "cursors" {
				v = packLive(part)
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
