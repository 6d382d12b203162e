package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// statements makes every measurement tell which statements took PostgreSQL's time
// since its preparation. It costs a few percent: not for figures.
var statements bool

// showCommands writes what Redis did since it was emptied to standard error.
func showCommands(ctx context.Context, r *testbed.RedisServer) error {
	c, err := dialRedis(r)
	if err != nil {
		return err
	}
	defer c.Close()
	stats, err := c.Info(ctx, "commandstats").Result()
	fmt.Fprintln(os.Stderr, stats)
	return err
}

// showStatements writes the dearest statements to standard error.
func showStatements(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT round(total_exec_time)::float8, calls, rows, query FROM pg_stat_statements
		WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND total_exec_time > 5 ORDER BY total_exec_time DESC LIMIT 12`)
	if err != nil {
		return nil //nolint:nilerr // this database was not prepared: nothing to tell
	}
	defer rows.Close()
	for rows.Next() {
		var ms float64
		var calls, n int64
		var query string
		if err := rows.Scan(&ms, &calls, &n, &query); err != nil {
			return err
		}
		query = strings.Join(strings.Fields(query), " ")
		fmt.Fprintf(os.Stderr, "%8.0f ms %8d calls %9d rows  %.140s\n", ms, calls, n, query)
	}
	return rows.Err()
}
