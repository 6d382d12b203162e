package postgres

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tx is one transaction, or with auto one statement at a time, on one connection. It
// is not safe for concurrent use.
//
// Statements are queued and go to the server together, in order, when an answer is
// asked for.
type tx struct {
	ctx   context.Context
	conn  *pgx.Conn
	batch pgx.Batch
	xid   string // the number of the transaction, once it has written; see commit
	life  int64  // of the server, in which it has that number; 0 = not known
	track bool   // find xid out
	row   row
}

// errStop ends a query early without an error.
var errStop = errors.New("stop")

// queue adds a statement whose answer does not matter unless it is an error.
func (t *tx) queue(query string, args ...any) *pgx.QueuedQuery {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = clean(s)
		}
	}
	return t.batch.Queue(query, args...)
}

// flush sends what is queued and waits for all answers.
func (t *tx) flush() error {
	if len(t.batch.QueuedQueries) == 0 {
		return nil
	}
	if t.track && t.xid == "" {
		t.batch.Queue(sqlSelf).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var id *string
				var life *int64
				if err := rows.Scan(&id, &life); err == nil && id != nil {
					t.xid = *id
					if life != nil {
						t.life = *life
					}
				}
			}
			return nil
		})
	}
	batch := t.batch
	t.batch = pgx.Batch{}
	err := t.conn.SendBatch(t.ctx, &batch).Close()
	if err != nil && t.conn.IsClosed() && t.ctx.Err() == nil {
		err = errors.Join(errBroken, err)
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (n int64, err error) {
	t.queue(query, args...).Exec(func(tag pgconn.CommandTag) error {
		n = tag.RowsAffected()
		return nil
	})
	err = t.flush()
	return n, err
}

// query calls fn for each row. fn must copy what it keeps of blobs.
func (t *tx) query(query string, args []any, fn func(r *row) error) error {
	t.queueQuery(query, args, fn)
	return t.flush()
}

// queueQuery is query, to be sent later.
func (t *tx) queueQuery(query string, args []any, fn func(r *row) error) {
	t.queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				return err
			}
			t.row = row{Values: values}
			if err := fn(&t.row); errors.Is(err, errStop) {
				return nil
			} else if err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// first reads the first row, and reports whether there is one.
func (t *tx) first(query string, args []any, fn func(r *row)) (bool, error) {
	found := false
	err := t.query(query, args, func(r *row) error {
		found = true
		fn(r)
		return errStop
	})
	return found, err
}

// scan queues a hot query: fn reads the columns where they lie.
func (t *tx) scan(query string, args []any, fn func(rows pgx.Rows) error) {
	t.queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := fn(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// clean replaces what the server does not take as text.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}
