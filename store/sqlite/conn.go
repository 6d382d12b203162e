package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
)

// conn is one connection with its prepared statements. It is not safe for
// concurrent use.
type conn struct {
	dc    driver.Conn
	stmts map[string]*stmt
	args  []driver.NamedValue
}

// stmt is one prepared statement; row is where its columns land.
type stmt struct {
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	close func() error
	row   row
}

// openConn opens a connection by the driver's data source name.
func openConn(dsn string) (*conn, error) {
	dc, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, classify(err)
	}
	return &conn{dc: dc, stmts: map[string]*stmt{}}, nil
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

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := s.exec.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert runs an INSERT and returns the new rowid.
func (c *conn) insert(query string, args ...any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := s.exec.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// errStop ends a query early without an error.
var errStop = errors.New("stop")

// query calls fn for each row. fn must not use the same statement again, and must
// copy what it keeps of blobs.
func (c *conn) query(ctx context.Context, query string, args []any, fn func(r *row) error) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.query.QueryContext(ctx, c.bind(args))
	if err != nil {
		return err
	}
	defer rows.Close()
	r := &s.row
	if n := len(rows.Columns()); len(r.values) != n {
		r.values = make([]driver.Value, n)
	}
	for {
		switch err := rows.Next(r.values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		r.next = 0
		if err := fn(r); errors.Is(err, errStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// first reads the first row, and reports whether there is one.
func (c *conn) first(ctx context.Context, query string, args []any, fn func(r *row)) (bool, error) {
	found := false
	err := c.query(ctx, query, args, func(r *row) error {
		found = true
		fn(r)
		return errStop
	})
	return found, err
}
