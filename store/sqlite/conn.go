package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// conn is one connection with its prepared statements. It is not safe for
// concurrent use.
type conn struct {
	ctx   context.Context // ends the queries of whoever has the connection
	dc    driver.Conn
	stmts map[string]*stmt
	args  []driver.NamedValue
}

// row hands out the columns of one result row in order.
type row = stored.Row

// stmt is one prepared statement. Its columns land in values, and are handed out by row.
type stmt struct {
	exec   driver.StmtExecContext
	query  driver.StmtQueryContext
	close  func() error
	values []driver.Value
	row    row
}

// openConn opens a connection by the driver's data source name.
func openConn(dsn string) (*conn, error) {
	dc, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, classify(err)
	}
	return &conn{ctx: context.Background(), dc: dc, stmts: map[string]*stmt{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.close())
	}
	return errors.Join(append(errs, c.dc.Close())...)
}

// prepare returns the statement for the text, which callers keep to constants and
// a bounded number of filters.
func (c *conn) prepare(query string) (*stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	ds, err := c.dc.Prepare(query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s := &stmt{exec: ds.(driver.StmtExecContext), query: ds.(driver.StmtQueryContext), close: ds.Close}
	if len(c.stmts) >= 512 { // filters make statements by the hundred; constants come back at once
		for text, old := range c.stmts {
			_ = old.close()
			delete(c.stmts, text)
			break
		}
	}
	c.stmts[query] = s
	return s, nil
}

// bind collects arguments in the connection's buffer: int64, string, []byte, nil.
func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		switch v := a.(type) {
		case int:
			a = int64(v)
		case bool:
			a = int64(0)
			if v {
				a = int64(1)
			}
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

// run runs a statement to its end, whatever becomes of ctx.
func (c *conn) run(query string, args []any) (driver.Result, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.exec.ExecContext(context.Background(), c.bind(args))
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	res, err := c.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert runs an INSERT and returns the new rowid.
func (c *conn) insert(query string, args ...any) (int64, error) {
	res, err := c.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// errStop ends a query early without an error.
var errStop = errors.New("stop")

// query calls fn for each row. fn must not use the same statement again, and must
// copy what it keeps of blobs.
func (c *conn) query(query string, args []any, fn func(r *row) error) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.query.QueryContext(c.ctx, c.bind(args))
	if err != nil {
		return err
	}
	defer rows.Close()
	if n := len(rows.Columns()); len(s.values) != n {
		s.values, s.row.Values = make([]driver.Value, n), make([]any, n)
	}
	for {
		switch err := rows.Next(s.values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		s.row = row{Values: s.row.Values}
		for i, v := range s.values {
			s.row.Values[i] = v
		}
		if err := fn(&s.row); errors.Is(err, errStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// first reads the first row, and reports whether there is one.
func (c *conn) first(query string, args []any, fn func(r *row)) (bool, error) {
	found := false
	err := c.query(query, args, func(r *row) error {
		found = true
		fn(r)
		return errStop
	})
	return found, err
}

// ints returns the first column of all rows.
func (c *conn) ints(query string, args ...any) (list []int64, err error) {
	err = c.query(query, args, func(r *row) error {
		list = append(list, r.Int())
		return nil
	})
	return list, err
}
