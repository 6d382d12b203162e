package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"

	"maragu.dev/goqite"
	"maragu.dev/goqite/jobs"
	_ "modernc.org/sqlite" // the driver
)

// peerOptions are how goqite is tuned. The best of those tried on two cores; see
// README.md.
type peerOptions struct {
	conns, limit int
	poll         time.Duration
}

var bestPeer = peerOptions{conns: 1, limit: 100, poll: time.Millisecond}

// goqiteSchema is the peer's own.
const goqiteSchema = `
create table goqite (
  id text primary key default ('m_' || lower(hex(randomblob(16)))),
  created text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  updated text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  queue text not null,
  body blob not null,
  timeout text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  received integer not null default 0,
  priority integer not null default 0
) strict;
create trigger goqite_updated_timestamp after update on goqite begin
  update goqite set updated = strftime('%Y-%m-%dT%H:%M:%fZ') where id = old.id;
end;
create index goqite_queue_priority_created_idx on goqite (queue, priority desc, created);`

// drainPeer measures how many waiting messages goqite's runner works off a second,
// on the same driver with the same pragmas as our store.
func drainPeer(ctx context.Context, dir string, messages int, o peerOptions) (v speed, err error) {
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"journal_mode(wal)", "synchronous(full)", "busy_timeout(5000)", "foreign_keys(1)", "wal_autocheckpoint(4000)", "cache_size(-16000)", "temp_store(2)",
	}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "goqite.db")+"?"+pragmas.Encode())
	if err != nil {
		return v, err
	}
	defer db.Close()
	db.SetMaxOpenConns(o.conns)
	db.SetMaxIdleConns(o.conns)
	if _, err := db.ExecContext(ctx, goqiteSchema); err != nil {
		return v, err
	}
	q := goqite.New(goqite.NewOpts{DB: db, Name: "bench", Timeout: time.Minute})
	if err := enqueue(ctx, db, q, messages); err != nil {
		return v, err
	}
	runner := jobs.NewRunner(jobs.NewRunnerOpts{Queue: q, Limit: o.limit, PollInterval: o.poll})
	working, stop := context.WithCancel(ctx)
	defer stop()
	var ran atomic.Int64
	runner.Register("noop", func(context.Context, []byte) error {
		if ran.Add(1) == int64(messages) {
			stop() // Start returns when what runs is over and deleted
		}
		return nil
	})
	m := measureSpeed(nil)
	runner.Start(working)
	v = m.end(messages)
	return v, emptied(ctx, db)
}

// enqueue sends the messages in one transaction.
func enqueue(ctx context.Context, db *sql.DB, q *goqite.Queue, messages int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for range messages {
		if _, err := jobs.CreateTx(ctx, tx, q, "noop", goqite.Message{Body: []byte("{}")}); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// emptied checks that nothing is left: every message was handled and deleted.
func emptied(ctx context.Context, db *sql.DB) error {
	var left int
	if err := db.QueryRowContext(ctx, `select count(*) from goqite`).Scan(&left); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("goqite left %d messages", left)
	}
	return nil
}
