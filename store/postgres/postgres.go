package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/alerts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

var _ store.Store = (*Store)(nil)

// Options say how to open a store.
type Options struct {
	// URL of the database, or its keywords and values, as libpq has them.
	URL string
	// ExecMode is how statements are sent: "cache_statement" (default), or "exec" or
	// "simple_protocol" where a pooler gives each transaction another connection.
	ExecMode string
	// MaxConns bounds the connections of this process; 0 = 10.
	MaxConns int
	// Durability "relaxed" accepts a server that may lose the last commits.
	Durability string
	// TenantRole is the role in which rows of one platform are read, so that the server
	// hides those of others; "" = statements alone keep platforms apart. See wall.go.
	TenantRole string
	// Node names this process to the server; "" = the instance.
	Node string
	// Instance is the identity given to a new store. See store.Info.
	Instance string
	// StatementTimeout bounds one statement, and a transaction that waits for its client;
	// 0 = 15 s.
	StatementTimeout time.Duration
	// KeepSchema refuses an older schema with a *SchemaError instead of bringing it up
	// to date.
	KeepSchema bool
	// Migrating is told before an older schema is brought up to date, or another node that
	// does so is waited for, either of which may take long; have 0 = there is none yet.
	// nil = nobody is.
	Migrating func(have, want int64)
	// Warn is told what the operator should know; nil = nobody.
	Warn func(message string)
}

// Store is a database that nodes share. Its methods are safe for concurrent use.
type Store struct {
	reads.Reader
	writes.Writer
	acts.Rules
	alerts.Keeper
	pool        *pgxpool.Pool
	pooled      bool   // a pooler may sit in between: connections keep nothing
	timeouts    string // sets the time limits of one transaction
	wall        string // role of tenants; "" = none
	prelude     string // the first statement of every write
	acquire     time.Duration
	limit       time.Duration // of one operation
	defs        definitions
	batches     stored.Batches
	ended       ended
	walked      walked
	triggers    group[trigger]
	accepts     group[accepting]
	tenants     sync.Map // platform slug → its number
	newest      job.ID
	closed      atomic.Bool
	partitioned atomic.Int64 // the day up to which partitions were looked after
	reset       atomic.Int64 // when connections were last given up, in seconds
	full        atomic.Int64 // when a write last found the disk full, in seconds; 0 = never
	info        store.Info
}

// dialect is what PostgreSQL says in other words.
var dialect = reads.Dialect{
	JobColumns: jobColumns,
	Status:     "c.status",
	States:     "cursors c",
	Ended:      "coalesce(c.ended_at, j.updated_at)",
	Until:      "coalesce(e.until_at, c.until_at)",
	MaxRetries: "j.max_retries",
	Waiting:    "LEFT JOIN waiting w ON w.k = e.k",
	Contains:   `strpos(lower(%s), lower(?::text COLLATE "C")) > 0`,
	Matches:    "LIKE",
	Pattern:    strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`).Replace,
	Expecting: `deleted_at IS NULL AND (
    position('"start_within_ms":'::bytea in spec) > 0 OR position('"finish_within_ms":'::bytea in spec) > 0
    OR position('"min_duration_ms":'::bytea in spec) > 0 OR position('"max_gap_ms":'::bytea in spec) > 0)`,
}

// changing is write for what adapters write alike.
func (s *Store) changing(ctx context.Context, fn func(t writes.Tx) error) error {
	return s.write(ctx, func(t *tx) error { return fn(t.changes()) })
}

// writerSettings pin the plans of hot statements: a plan that was made while a table
// was small must serve when it is large. It is made once, for any arguments. Rows are
// locked in the order of an index, not as they lie.
const writerSettings = `set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
	set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

// timeLimits bound what one statement, one wait for a lock and one idle transaction
// may take.
func (o *Options) timeLimits() map[string]string {
	statement := o.StatementTimeout
	if statement == 0 {
		statement = 15 * time.Second
	}
	text := strconv.FormatInt(statement.Milliseconds(), 10) + "ms"
	return map[string]string{"statement_timeout": text, "lock_timeout": "5s", "idle_in_transaction_session_timeout": text}
}

// Open connects to the database and brings its schema up to date. A schema newer than
// this build knows is a *SchemaError, a server that cannot serve a *ServerError.
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := poolConfig(&o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, openError(err)
	}
	s := &Store{pool: pool, pooled: config.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement, acquire: 5 * time.Second, limit: max(limit, 2*o.StatementTimeout)}
	s.Reader = reads.NewReader(&dialect, s.reading(s.read), s.reading(s.snapshot))
	s.Rules = acts.NewRules(s.reading(s.snapshot), s.deciding)
	s.Writer = writes.NewWriter(&writes.Dialect{ForUpdate: " FOR UPDATE", LiveJobs: sqlLiveJobs, Taken: func(err error) bool { return violated(err) != "" }}, s.changing)
	s.Keeper = alerts.NewKeeper(s.reading(s.read), s.alerting, " FOR UPDATE SKIP LOCKED")
	s.timeouts = "SELECT " + settings(o.timeLimits())
	s.prelude = "SELECT " + writerSettings + ", pg_advisory_xact_lock_shared(" + strconv.Itoa(outboxLock) + ")"
	if s.pooled {
		s.prelude += ", " + settings(o.timeLimits())
	}
	if err := s.open(ctx, &o); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

func settings(values map[string]string) string {
	text := ""
	for name, value := range values {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("set_config('%s', '%s', true)", name, value)
	}
	return text
}

// poolConfig reads the options.
func poolConfig(o *Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, job.Errorf(job.Invalid, "store.postgres.url cannot be read") // the cause may hold a password
	}
	config.MaxConns = 10
	if o.MaxConns > 0 {
		config.MaxConns = int32(o.MaxConns)
	}
	config.MaxConnIdleTime = 5 * time.Minute
	config.AfterConnect = fastArrays
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	c.DialFunc = dialer(c.ConnectTimeout).DialContext
	switch o.ExecMode {
	case "", "cache_statement":
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
		for name, value := range o.timeLimits() {
			c.RuntimeParams[name] = value
		}
		c.RuntimeParams["tcp_user_timeout"] = "10s"
	case "exec":
		c.DefaultQueryExecMode = pgx.QueryExecModeExec
	case "simple_protocol":
		c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	default:
		return nil, job.Errorf(job.Invalid, "store.postgres.exec_mode: %q is not one of cache_statement, exec, simple_protocol", o.ExecMode)
	}
	name := "schedd"
	if o.Node != "" {
		name += "/" + o.Node
	}
	c.RuntimeParams["application_name"] = name
	return config, nil
}

// open checks the server, migrates, and reads what the store is.
func (s *Store) open(ctx context.Context, o *Options) error {
	version, err := s.check(ctx, o)
	if err != nil {
		return err
	}
	schema, err := s.migrate(ctx, o)
	if err != nil {
		return err
	}
	if mutant.Active == mutant.SlotTwice {
		if _, err := s.pool.Exec(ctx, dropped); err != nil {
			return err
		}
	}
	if err := s.raise(ctx, o.TenantRole); err != nil {
		return err
	}
	s.info = store.Info{Driver: "postgres", Version: version, Schema: schema}
	return s.write(ctx, func(t *tx) error {
		t.queue(sqlRevive, rand.Int64())
		t.queue(`INSERT INTO meta (key, value) VALUES ('instance', $1) ON CONFLICT DO NOTHING`, o.Instance)
		if _, err := t.first(`SELECT value FROM meta WHERE key = 'instance'`, nil, func(r *row) { s.info.Instance = r.Text() }); err != nil {
			return err
		}
		_, err := t.first(`SELECT k, lo FROM executions ORDER BY k DESC LIMIT 1`, nil, func(r *row) { s.newest = stored.IDOf(r.Int(), r.Int()) })
		return err
	})
}

// check refuses servers that cannot keep what schedd promises.
func (s *Store) check(ctx context.Context, o *Options) (version string, err error) {
	var number int
	var standby, readOnly bool
	var commit, fsync, pages string
	err = s.read(ctx, func(t *tx) error {
		_, err := t.first(`SELECT current_setting('server_version'), current_setting('server_version_num')::int, pg_is_in_recovery(),
			current_setting('transaction_read_only') = 'on', current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')`, nil, func(r *row) {
			version, number, standby, readOnly = r.Text(), int(r.Int()), r.Int() == 1, r.Int() == 1
			commit, fsync, pages = r.Text(), r.Text(), r.Text()
		})
		return err
	})
	if err != nil {
		return "", openError(err)
	}
	warn := func(message string) {
		if o.Warn != nil {
			o.Warn(message)
		}
	}
	switch {
	case number < 140000:
		return "", &ServerError{fmt.Sprintf("PostgreSQL %s is too old: schedd needs 14 or later", version)}
	case standby:
		return "", &ServerError{"the server is a standby: schedd needs the primary (with several hosts in the address, target_session_attrs=read-write finds it)"}
	case readOnly:
		return "", &ServerError{"the server is read-only (default_transaction_read_only is on for this role, database or server): schedd must write"}
	case commit == "off" && o.Durability != "relaxed":
		return "", &ServerError{`synchronous_commit is off for this role: turn it on, or set store.durability to "relaxed" and accept that the last commits may be lost`}
	}
	if fsync == "off" {
		warn("fsync is off: a crash of the server's machine may destroy the database")
	}
	if pages == "off" {
		warn("full_page_writes is off: a crash of the server's machine may destroy the database")
	}
	return version, nil
}

// openError says why the store cannot be opened.
func openError(err error) error {
	classified := classify(err)
	if e, ok := errors.AsType[*job.Error](classified); ok && (e.Code == job.Internal || e.Code == job.Timeout) {
		return job.Errorf(job.Unavailable, "the store cannot be opened: %w", err)
	}
	return classified
}

// Newest returns the newest execution's id: ids made from now on must sort after it.
func (s *Store) Newest() job.ID { return s.newest }

// Ping reads one row, and finds out whether more could be written.
func (s *Store) Ping(ctx context.Context) error {
	readOnly := false
	err := s.read(ctx, func(t *tx) error {
		_, err := t.first(`SELECT current_setting('transaction_read_only') = 'on' FROM meta LIMIT 1`, nil, func(r *row) { readOnly = r.Int() == 1 })
		return err
	})
	switch {
	case err != nil:
		return err
	case readOnly:
		return &job.Error{Code: job.Unavailable, Message: "the store is read-only", Hint: "is the server a standby now, or default_transaction_read_only on? schedd goes on by itself"}
	case s.isFull():
		return errFull(nil)
	}
	return nil
}

// Info describes the store.
func (s *Store) Info(ctx context.Context) (store.Info, error) {
	info := s.info
	err := s.read(ctx, func(t *tx) error {
		_, err := t.first(`SELECT pg_database_size(current_database())`, nil, func(r *row) { info.Bytes = r.Int() })
		return err
	})
	return info, err
}

// Close waits for what was begun and gives the connections up.
func (s *Store) Close() error {
	if !s.closed.Swap(true) {
		s.pool.Close()
	}
	return nil
}
