package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// bulk fills a store that nobody has open with copies of its jobs, many thousands a
// second: creating them one by one takes ten times as long and leaves the same rows.
// It copies whatever columns there are.
type bulk struct {
	tx  *sql.Tx
	now time.Time
}

// fill opens the file without any safety, since it can be made again, and commits
// what fn does.
func fill(ctx context.Context, path string, fn func(b *bulk) error) error {
	pragmas := url.Values{"_pragma": {"journal_mode(wal)", "synchronous(off)", "cache_size(-200000)", "temp_store(2)"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+pragmas.Encode())
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(&bulk{tx: tx, now: wall()}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

const sqlNumbers = `WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d) `

// Where copies of an idle job are due: daily, at one of 1 200 minutes from two hours
// to 22 hours away.
const (
	sqlMinute = `(i.n %% 60)`
	sqlAway   = `(2 + i.n / 60 %% 20)`
)

// copy adds copies of the job called name, one for each number from 1 to last that the
// condition on i.n holds for. They have its schedule, or, when they are idle, one that
// does not come due while anybody looks.
func (b *bulk) copy(ctx context.Context, name string, last int, where string, idle bool) error {
	var template int64
	if err := b.tx.QueryRowContext(ctx, `SELECT seq FROM jobs WHERE name = ?`, name).Scan(&template); err != nil {
		return fmt.Errorf("template %q: %w", name, err)
	}
	hour := b.now.Truncate(time.Hour)
	daily := fmt.Sprintf(`printf('%%d %%d * * *', `+sqlMinute+`, (%d + `+sqlAway+`) %% 24)`, hour.Hour())
	due := fmt.Sprintf(`%d + (`+sqlAway+` * 3600 + `+sqlMinute+` * 60) * 1000000`, hour.UnixMicro())
	called, schedule, nextRun := `printf('stored%07d', i.n)`, `, '$.schedule', `+daily, due
	if !idle {
		schedule, nextRun = "", "t.next_run"
	}
	const base = 1000 // above the numbers of the templates
	seq := fmt.Sprintf("%d + i.n", base)
	for _, t := range []struct {
		table, key string
		changed    map[string]string
	}{
		{"jobs", "seq", map[string]string{
			"seq": seq, "id": `CAST(substr(t.id, 1, 8) || unhex(printf('%016x', i.n)) AS BLOB)`, "name": called, "seed": `'default/' || ` + called,
			"spec": `CAST(json_set(CAST(t.spec AS TEXT), '$.name', ` + called + schedule + `) AS BLOB)`,
		}},
		{"epochs", "job", map[string]string{"job": seq, "definition": `CAST(json_set(CAST(t.definition AS TEXT), '$.seed', 'default/' || ` + called + schedule + `) AS BLOB)`}},
		{"cursors", "job", map[string]string{"job": seq, "next_run": nextRun}},
	} {
		columns, values, err := b.columns(ctx, t.table, t.changed)
		if err != nil {
			return err
		}
		insert := fmt.Sprintf("INSERT INTO %s (%s) "+sqlNumbers+"SELECT %s FROM i JOIN %s t ON t.%s = %d WHERE %s",
			t.table, columns, last, values, t.table, t.key, template, where)
		if _, err := b.tx.ExecContext(ctx, insert); err != nil {
			return fmt.Errorf("copy %s: %w", t.table, err)
		}
	}
	return nil
}

// columns lists the columns of a table, and what a copy has in them.
func (b *bulk) columns(ctx context.Context, table string, changed map[string]string) (columns, values string, err error) {
	rows, err := b.tx.QueryContext(ctx, `SELECT name FROM pragma_table_info(?)`, table)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	var names, copies []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", "", err
		}
		value, ok := changed[name]
		if !ok {
			value = "t." + name
		}
		names, copies = append(names, name), append(copies, value)
	}
	return strings.Join(names, ", "), strings.Join(copies, ", "), rows.Err()
}
