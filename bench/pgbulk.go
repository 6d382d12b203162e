package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// fillPostgres fills a database that nobody has open: fn runs in one transaction.
func fillPostgres(ctx context.Context, dsn string, fn func(tx pgx.Tx) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return pgx.BeginFunc(ctx, conn, fn)
}

// copied says what copies of a job are to be.
type copied struct {
	job         string // the template's name
	first, last int    // numbers, i.n in SQL; names and keys are made of them
	where       string // condition on i.n; "" = all
	// due is an SQL expression over i.n: the slot in microseconds; "" = the
	// template's. A copy keeps its schedule, unless once says that the slot is its
	// only one.
	due  string
	once bool
}

// copyJobs adds the copies, whatever columns there are.
func copyJobs(ctx context.Context, tx pgx.Tx, c copied) error {
	var template int64
	if err := tx.QueryRow(ctx, `SELECT seq FROM jobs WHERE name = $1`, c.job).Scan(&template); err != nil {
		return fmt.Errorf("template %q: %w", c.job, err)
	}
	const number = `(1000 + i.n)` // above those of the templates
	called := `('stored' || ` + number + `)`
	spec, definition := setJSON("t.spec", "name", called), setJSON("t.definition", "seed", `('default/' || `+called+`)`)
	if c.once {
		at := `to_char(to_timestamp((` + c.due + `) / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
		spec, definition = setJSON(asText(spec), "execute_at", at), setJSON(asText(definition), "execute_at", at)
	}
	for _, t := range []struct {
		table, key string
		changed    map[string]string
	}{
		{"jobs", "seq", map[string]string{
			"seq": number, "id": `substr(t.id, 1, 8) || int8send(` + number + `)`, "name": called, "seed": `'default/' || ` + called, "spec": spec,
		}},
		{"epochs", "job", map[string]string{"job": number, "definition": definition}},
		{"cursors", "job", map[string]string{"job": number, "next_run": cmp.Or(c.due, "t.next_run")}},
	} {
		columns, values, err := copiedColumns(ctx, tx, t.table, t.changed)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM generate_series(%d::bigint, %d) AS i (n), %s t WHERE t.%s = %d AND (%s)`,
			t.table, columns, values, c.first, c.last, t.table, t.key, template, cmp.Or(c.where, "true")))
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.table, err)
		}
	}
	return nil
}

func asText(json string) string { return `convert_from(` + json + `, 'UTF8')` }

// setJSON sets a field of stored JSON.
func setJSON(json, field, value string) string {
	if strings.HasPrefix(json, "t.") {
		json = asText(json)
	}
	return fmt.Sprintf(`convert_to(jsonb_set(%s::jsonb, '{%s}', to_jsonb(%s))::text, 'UTF8')`, json, field, value)
}

// copiedColumns lists the columns of a table, and what a copy has in them.
func copiedColumns(ctx context.Context, tx pgx.Tx, table string, changed map[string]string) (columns, values string, err error) {
	rows, err := tx.Query(ctx, `SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema()`, table)
	if err != nil {
		return "", "", err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", "", err
	}
	copies := make([]string, len(names))
	for i, name := range names {
		if copies[i] = changed[name]; copies[i] == "" {
			copies[i] = "t." + name
		}
	}
	return strings.Join(names, ", "), strings.Join(copies, ", "), nil
}
