package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/store"
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
}

// Store is the embedded store. Its methods are safe for concurrent use.
type Store struct {
	path    string
	lock    *os.File
	writer  *writer
	readers chan *conn
	count   int
	defs    definitions
	batches batches
	tenants sync.Map // platform slug → its number
	spentMu sync.Mutex
	spent   []int64 // claims rows that are no longer needed
	newest  job.ID

	quietOutbox, quietFold, quietEnd quiet
	quietAfter                       atomic.Int64 // position after which the outbox had nothing
	closed                           atomic.Bool
	info                             store.Info
}

// Open opens the file, making it when there is none, brings its schema up to date,
// and takes it for this process alone. Another process that holds it is a conflict
// naming it; a schema newer than this build knows is an *SchemaError.
//
// Leases of earlier sessions end with Open: whoever held them is gone, for the file
// has one owner.
func Open(ctx context.Context, o Options) (*Store, error) {
	lock, err := lockFile(o.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: o.Path, lock: lock}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	if err := checkFile(o.Path); err != nil {
		return err
	}
	schema, err := migrate(ctx, s.dsn(o))
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
	return s.begin(ctx, o.Instance)
}

// begin reads what the store is, and ends the leases of earlier lives.
func (s *Store) begin(ctx context.Context, instance string) error {
	return s.write(ctx, func(c *conn) error {
		if _, err := c.exec(`INSERT OR IGNORE INTO meta (key, value) VALUES ('instance', ?)`, instance); err != nil {
			return err
		}
		if _, err := c.first(ctx, `SELECT value, sqlite_version() FROM meta WHERE key = 'instance'`, nil, func(r *row) {
			s.info.Instance = r.text()
			s.info.Version = r.text()
		}); err != nil {
			return err
		}
		if _, err := c.first(ctx, `SELECT k, lo FROM executions ORDER BY k DESC LIMIT 1`, nil, func(r *row) {
			s.newest = idOf(r.int(), r.int())
		}); err != nil {
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
	return "file:" + (&url.URL{Path: o.Path}).EscapedPath() + "?" + q.Encode()
}

// migrate brings the schema up to date and returns its version.
func migrate(ctx context.Context, dsn string) (int64, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return 0, classify(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	folder, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return 0, err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithVerbose(false))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return 0, openError(err)
	}
	sources := provider.ListSources()
	known := sources[len(sources)-1].Version
	if have > known {
		return 0, &SchemaError{Have: have, Known: known}
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, openError(err)
	}
	return known, nil
}

// SchemaError says that the file was written by a newer schedd.
type SchemaError struct{ Have, Known int64 }

// Error names both versions and what to do.
func (e *SchemaError) Error() string {
	return fmt.Sprintf("database schema %d, this schedd knows %d: upgrade schedd or restore a backup", e.Have, e.Known)
}

// write runs fn in the writer and waits for its commit.
func (s *Store) write(ctx context.Context, fn func(c *conn) error) error {
	return s.writer.do(ctx, fn)
}

// read runs fn on a reading connection.
func (s *Store) read(ctx context.Context, fn func(c *conn) error) error {
	if s.closed.Load() {
		return errClosed
	}
	select {
	case c := <-s.readers:
		defer func() { s.readers <- c }()
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
		_, err := c.first(ctx, `SELECT 1 FROM meta LIMIT 1`, nil, func(*row) {})
		return err
	})
}

// Clock answers the clock of this process, which has the file for itself.
func (s *Store) Clock(context.Context) (time.Time, error) {
	if s.closed.Load() {
		return time.Time{}, errClosed
	}
	return stored(time.Now()), nil
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
		_, err := s.writer.c.exec("PRAGMA wal_checkpoint(TRUNCATE)")
		errs = append(errs, err)
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
	return errors.Join(append(errs, s.lock.Close())...)
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
