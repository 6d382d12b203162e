package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	// Path of the database file. Its folder must exist.
	Path string
	// Synchronous is "full" (default: an answer survives power loss) or "normal"
	// (survives kill -9; the last commits before a power cut may be lost).
	Synchronous string
	// Readers is the number of reading connections; 0 = 4.
	Readers int
	// Instance is the identity given to a new store; "" = derived from IDs by the
	// caller. See store.Info.
	Instance string
	// KeepSchema refuses an older schema with a *SchemaError instead of bringing it up
	// to date.
	KeepSchema bool
	// Migrating is told before an older schema is brought up to date, which may take long;
	// have 0 = there is none yet. nil = nobody is.
	Migrating func(have, want int64)
	// ReadOnly opens a file for reading beside whoever owns it, and changes nothing: the
	// file and its schema must be there. See Hold.
	ReadOnly bool
}

// Store is the embedded store. Its methods are safe for concurrent use.
type Store struct {
	reads.Reader
	writes.Writer
	acts.Rules
	alerts.Keeper
	path    string
	lock    *os.File // nil when it only reads
	writer  *writer
	readers chan *conn
	count   int
	defs    stored.Definitions
	batches stored.Batches
	tenants sync.Map // platform slug → its number
	newest  job.ID

	quietOutbox, quietFold, quietEnd, quietActs quiet
	actsDue                                     atomic.Int64 // when the earliest act that waits is due, as of the last look; 0 = none waits
	quietAfter                                  atomic.Int64 // position after which the outbox had nothing
	closed                                      atomic.Bool
	info                                        store.Info
}

// Open opens the file, making it when there is none, brings its schema up to date,
// and takes it for this process alone. Another process that holds it is a conflict
// naming it; a schema newer than this build knows is an *SchemaError.
//
// Leases of earlier sessions end with Open: whoever held them is gone, for the file
// has one owner.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{path: o.Path}
	s.Reader = reads.NewReader(&dialect, reading(s.read), reading(s.snapshot))
	s.Rules = acts.NewRules(reading(s.snapshot), s.deciding)
	s.Writer = writes.NewWriter(&writes.Dialect{LiveJobs: sqlLiveJobs, Taken: uniqueViolation}, s.changing)
	s.Keeper = alerts.NewKeeper(reading(s.read), s.alerting, "")
	if !o.ReadOnly {
		lock, err := lockFile(o.Path)
		if err != nil {
			return nil, err
		}
		s.lock = lock
	}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	if err := checkFile(o.Path); err != nil {
		return err
	}
	if o.KeepSchema || o.ReadOnly {
		if err := checkSchema(ctx, o); err != nil {
			return err
		}
	}
	schema, err := migrate(ctx, s.dsn(o), o.Migrating)
	if err != nil {
		return err
	}
	w, err := openConn(s.dsn(o))
	if err != nil {
		return err
	}
	s.writer = newWriter(w)
	readers := max(o.Readers, 4)
	s.readers = make(chan *conn, readers)
	for range readers {
		r, err := openConn(s.dsn(o) + "&_pragma=query_only(1)")
		if err != nil {
			return err
		}
		s.readers <- r
		s.count++
	}
	s.info = store.Info{Driver: "sqlite", Schema: schema}
	if o.ReadOnly {
		return s.read(ctx, s.know)
	}
	return s.begin(ctx, o.Instance)
}

// know reads what the store is.
func (s *Store) know(c *conn) error {
	if _, err := c.first(`SELECT value, sqlite_version() FROM meta WHERE key = 'instance'`, nil, func(r *row) {
		s.info.Instance = r.Text()
		s.info.Version = r.Text()
	}); err != nil {
		return err
	}
	_, err := c.first(`SELECT k, lo FROM executions ORDER BY k DESC LIMIT 1`, nil, func(r *row) {
		s.newest = stored.IDOf(r.Int(), r.Int())
	})
	return err
}

// begin reads what the store is, and ends the leases of earlier lives.
func (s *Store) begin(ctx context.Context, instance string) error {
	return s.write(ctx, func(c *conn) error {
		if _, err := c.exec(`INSERT OR IGNORE INTO meta (key, value) VALUES ('instance', ?)`, instance); err != nil {
			return err
		}
		if err := s.know(c); err != nil {
			return err
		}
		if _, err := c.exec(`DELETE FROM duties`); err != nil {
			return err
		}
		_, err := c.exec(`UPDATE sessions SET lease_until = 0 WHERE closed_at IS NULL`)
		return err
	})
}

// Newest returns the newest execution's id: ids made from now on must sort after it.
func (s *Store) Newest() job.ID { return s.newest }

// dsn is the driver's name of the database with the pragmas of every connection.
func (s *Store) dsn(o Options) string {
	synchronous := o.Synchronous
	if synchronous == "" {
		synchronous = "full"
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"auto_vacuum(2)", "journal_mode(wal)", "synchronous(" + synchronous + ")", "busy_timeout(5000)", "foreign_keys(1)",
		"wal_autocheckpoint(4000)", "cache_size(-16000)", "mmap_size(0)", "temp_store(2)",
	}}
	if o.ReadOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: o.Path}).EscapedPath() + "?" + q.Encode()
}

// dialect is what SQLite says in other words.
var dialect = reads.Dialect{
	JobColumns: stored.JobColumns,
	Status:     "j.status",
	States:     "jobs j",
	Ended:      "j.updated_at",
	Until:      "e.until_at",
	MaxRetries: "json_extract(j.spec, '$.max_retries')",
	Contains:   "instr(lower(%s), lower(?)) > 0",
	Matches:    "GLOB",
	Pattern:    func(glob string) string { return strings.ReplaceAll(glob, "[", "[[]") },
	Expecting: `deleted_at IS NULL AND (
    instr(spec, CAST('"start_within_ms":' AS BLOB)) > 0 OR instr(spec, CAST('"finish_within_ms":' AS BLOB)) > 0
    OR instr(spec, CAST('"min_duration_ms":' AS BLOB)) > 0 OR instr(spec, CAST('"max_gap_ms":' AS BLOB)) > 0)`,
}

// reading is how package reads gets a connection. What keeps platforms apart here is the
// statements alone.
func reading(run func(context.Context, func(c *conn) error) error) reads.Run {
	return func(ctx context.Context, _ string, fn func(rows reads.Rows) error) error {
		return run(ctx, func(c *conn) error { return fn(c.query) })
	}
}

// changing is write for what adapters write alike.
func (s *Store) changing(ctx context.Context, fn func(t writes.Tx) error) error {
	return s.write(ctx, func(c *conn) error { return fn(c.changes()) })
}

// write runs fn in the writer and waits for its commit. What fn notes on the context's
// trail is recorded with it.
func (s *Store) write(ctx context.Context, fn func(c *conn) error) error {
	return s.writer.do(ctx, recorded(store.TrailOf(ctx), fn))
}

// read runs fn on a reading connection.
func (s *Store) read(ctx context.Context, fn func(c *conn) error) error {
	if s.closed.Load() {
		return errClosed
	}
	select {
	case c := <-s.readers:
		defer func() { s.readers <- c }()
		c.ctx = ctx
		return classify(fn(c))
	case <-ctx.Done():
		return classify(ctx.Err())
	}
}

// snapshot runs fn in one read transaction: all it reads is of one moment.
func (s *Store) snapshot(ctx context.Context, fn func(c *conn) error) error {
	return s.read(ctx, func(c *conn) error {
		if _, err := c.exec("BEGIN"); err != nil {
			return err
		}
		err := fn(c)
		_, end := c.exec("COMMIT")
		return errors.Join(err, end)
	})
}

// Ping reads one row.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(c *conn) error {
		_, err := c.first(`SELECT 1 FROM meta LIMIT 1`, nil, func(*row) {})
		return err
	})
}

// Clock answers the clock of this process, which has the file for itself.
func (s *Store) Clock(context.Context) (time.Time, error) {
	if s.closed.Load() {
		return time.Time{}, errClosed
	}
	return stored.Cut(time.Now()), nil
}

// Info describes the store.
func (s *Store) Info(context.Context) (store.Info, error) {
	info := s.info
	if st, err := os.Stat(s.path); err == nil {
		info.Bytes = st.Size()
	}
	return info, nil
}

// Close answers what is queued, folds the WAL into the file and gives it up.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.release()
}

func (s *Store) release() error {
	var errs []error
	if s.writer != nil {
		s.writer.close()
		if s.lock != nil {
			_, err := s.writer.c.exec("PRAGMA wal_checkpoint(TRUNCATE)")
			errs = append(errs, err)
		}
	}
	deadline := time.After(5 * time.Second)
	for range s.count {
		select {
		case c := <-s.readers:
			errs = append(errs, c.close())
		case <-deadline:
		}
	}
	if s.writer != nil {
		errs = append(errs, s.writer.c.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// checkFile refuses what is not a database before SQLite touches it.
func checkFile(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("open %s: %w", filepath.Base(path), err)
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	}
	return nil
}
