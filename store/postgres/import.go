package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Import fills an empty store with the rows of another, reads them again, compares, and
// commits all of it or nothing. conflict when the store is not empty, an *InUseError when
// a node uses it.
//
// The store must be opened anew to be used: what it knows is that it was empty.
func (s *Store) Import(ctx context.Context, rows iter.Seq2[dump.Row, error]) (dump.Sums, error) {
	in := &incoming{}
	var stop func()
	in.pull, stop = iter.Pull2(in.tally.Over(rows))
	defer stop()
	err := s.withConn(ctx, func(c *pgxpool.Conn) error {
		t := &tx{ctx: ctx, conn: c.Conn(), track: true}
		t.queue("BEGIN")
		t.queue(noLimits)
		t.queue(`SELECT pg_advisory_xact_lock_shared($1)`, int64(outboxLock))
		if err := guard(func(t *tx) error { return s.fill(t, in) }, t); err != nil {
			return errors.Join(err, t.rollback())
		}
		return s.commit(t)
	})
	return in.tally.Sums(), idle(err)
}

// fill writes what comes in, and compares.
func (s *Store) fill(t *tx, in *incoming) error {
	if err := takeEmpty(t); err != nil {
		return err
	}
	for in.step(); in.err == nil && !in.ended; {
		if err := s.fillTable(t, in); err != nil {
			return err
		}
	}
	if in.err != nil {
		return in.err
	}
	t.queue(`SELECT setval(pg_get_serial_sequence('platforms', 'seq'), coalesce(max(seq), 0) + 1, false) FROM platforms`)
	t.queue(`SELECT setval(pg_get_serial_sequence('audit', 'seq'), coalesce(max(seq), 0) + 1, false) FROM audit`)
	if err := acts.Imported(&eventTx{t: t}, &dialect); err != nil {
		return err
	}
	t.queue("ANALYZE " + strings.Join(tableNames(), ", "))
	var written dump.Tally
	if err := reads.Export(t.query, selects, written.Add); err != nil {
		return err
	}
	if differ := in.tally.Sums().Differ(written.Sums()); differ != "" {
		return job.Errorf(job.Internal, "what was written is not what was read: %s", differ)
	}
	return nil
}

// takeEmpty keeps everybody else from writing, and refuses a store in which anything is.
// Sessions that are over may be, and what is left of duties: they go.
func takeEmpty(t *tx) error {
	t.queue("LOCK TABLE " + strings.Join(tableNames(), ", ") + " IN SHARE ROW EXCLUSIVE MODE")
	if err := wantNobody(t, "the target"); err != nil {
		return err
	}
	if err := reads.WantEmpty(t.query); err != nil {
		return err
	}
	for _, name := range []string{"sessions", "duties", "platforms"} {
		t.queue("DELETE FROM " + name)
	}
	return t.flush()
}

// tableNames are the tables of the database that streams have.
func tableNames() (names []string) {
	for _, table := range dump.Tables() {
		if table != dump.Store {
			names = append(names, table.Name)
		}
	}
	return append(names, "waiting")
}

// incoming hands out the rows of a stream, one table at a time: it is what COPY reads.
type incoming struct {
	pull  func() (dump.Row, error, bool)
	tally dump.Tally
	row   dump.Row // the next row
	ended bool
	err   error

	table  *dump.Table // that is read now
	began  bool
	count  int64 // rows of it so far
	values []any

	waiting [][]any     // rows for the table of that name, from those of executions
	status  map[any]any // of jobs, which stands in cursors
}

// step takes the next row off the stream.
func (in *incoming) step() {
	row, err, more := in.pull()
	in.row, in.err, in.ended = row, err, !more
}

// begin starts with the table of the next row.
func (in *incoming) begin() { in.table, in.began, in.count = in.row.Table, false, 0 }

// Next goes on to the next row of the table.
func (in *incoming) Next() bool {
	if in.began {
		in.step()
	}
	in.began = true
	if in.err != nil || in.ended || in.row.Table != in.table {
		return false
	}
	in.count++
	return true
}

// Values returns the row as the server takes it.
func (in *incoming) Values() ([]any, error) {
	in.values = in.values[:0]
	for _, v := range in.row.Values {
		switch t := v.(type) {
		case job.ID:
			v = t[:]
		case []int64:
			if v = nil; len(t) > 0 {
				v = stored.PackKeys(t)
			}
		}
		in.values = append(in.values, v)
	}
	switch in.table.Name {
	case "jobs":
		retries, err := maxRetries(in.row)
		return append(in.defined(), retries), err
	case "cursors":
		return append(in.values, in.status[in.values[0]]), nil
	case "executions":
		return in.started(), nil
	case "outbox":
		in.values = append(in.values, in.count-provisional)
	}
	return in.values, nil
}

var (
	// waits are the columns of executions that stand in the table of those that wait.
	waits = []string{"queued", "class", "ready_at"}
	// states are the columns of jobs that stand in cursors, which has a revision anyway.
	states = []string{"status", "revision"}
)

// split parts the columns that stand in another table from those of the row.
func (in *incoming) split(elsewhere []string) (kept []any, all map[string]any) {
	all = map[string]any{}
	for i, c := range in.table.Columns {
		if all[c.Name] = in.values[i]; !slices.Contains(elsewhere, c.Name) {
			kept = append(kept, in.values[i])
		}
	}
	return kept, all
}

// defined leaves out of a job what its cursor has, and keeps that.
func (in *incoming) defined() []any {
	kept, all := in.split(states)
	if in.status == nil {
		in.status = map[any]any{}
	}
	in.status[all["seq"]] = all["status"]
	return kept
}

// started leaves out of an execution what belongs to its waiting, and keeps that.
func (in *incoming) started() []any {
	kept, all := in.split(waits)
	if all["ready_at"] != nil {
		in.waiting = append(in.waiting, []any{all["k"], all["lo"], all["job"], all["ready_at"], all["class"], all["queued"]})
	}
	return kept
}

// Err is what kept Next from going on.
func (in *incoming) Err() error { return in.err }

// maxRetries is the column of jobs that this adapter has beside the others'.
func maxRetries(r dump.Row) (int64, error) {
	for i, c := range r.Table.Columns {
		if c.Name == "spec" {
			var spec job.Spec
			text, _ := r.Values[i].([]byte)
			err := json.Unmarshal(text, &spec)
			return int64(spec.MaxRetries), err
		}
	}
	return 0, nil
}

// fillTable writes the rows of one table.
func (s *Store) fillTable(t *tx, in *incoming) error {
	in.begin()
	if in.table == dump.Store {
		if in.Next() {
			t.queue(`UPDATE meta SET value = $1 WHERE key = 'instance'`, in.row.Values[0])
			t.queue(`SELECT setval(pg_get_serial_sequence('jobs', 'seq'), $1, false)`, in.row.Values[1])
		}
		in.step()
		return t.flush()
	}
	columns := reads.Columns(in.table)
	switch in.table.Name {
	case "jobs":
		columns = append(without(columns, states), "max_retries")
	case "cursors":
		columns = append(columns, "status")
	case "executions":
		columns = without(columns, waits)
	case "outbox":
		columns = append(columns, "id")
	}
	if err := t.flush(); err != nil {
		return err
	}
	if _, err := t.conn.CopyFrom(t.ctx, pgx.Identifier{in.table.Name}, columns, in); err != nil {
		if in.err != nil {
			return in.err
		}
		return fmt.Errorf("write %s: %w", in.table.Name, err)
	}
	switch in.table.Name {
	case "outbox":
		return s.number(t, in.count)
	case "executions":
		_, err := t.conn.CopyFrom(t.ctx, pgx.Identifier{"waiting"}, []string{"k", "lo", "job", "ready_at", "class", "queued"}, pgx.CopyFromRows(in.waiting))
		return err
	}
	return nil
}

func without(columns, elsewhere []string) []string {
	return slices.DeleteFunc(columns, func(name string) bool { return slices.Contains(elsewhere, name) })
}

// provisional is what the positions of events lack until their number is known.
const provisional = 1 << 40

// number gives n events the positions that this database would have given them: the
// numbers of transactions, up to the newest. A young server has few: then some are used
// up.
func (s *Store) number(t *tx, n int64) error {
	var top int64
	if _, err := t.first(`SELECT pg_current_xact_id()::text::bigint`, nil, func(r *row) { top = r.Int() }); err != nil {
		return err
	}
	for top < n {
		if err := s.pool.QueryRow(t.ctx, `SELECT pg_current_xact_id()::text::bigint`).Scan(&top); err != nil {
			return err
		}
	}
	t.queue(`UPDATE outbox SET id = id + $1`, provisional+top-n)
	return t.flush()
}
