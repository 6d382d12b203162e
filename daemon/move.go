package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// MoveStore copies everything from the configured store into the empty one of the other
// configuration, and audits both. Nobody may use either; the source is not changed.
func MoveStore(ctx context.Context, from, to config.Config, progress dump.Progress) (moved dump.Moved, err error) {
	if same(&from, &to) {
		return moved, &exitError{status: exitUsage, err: errors.New("the target is the store itself")}
	}
	source, release, err := hold(ctx, &from)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, release()) }()
	to.Store.AutoMigrate = true
	target, err := openStore(ctx, &to)
	if err != nil {
		return moved, storeError(err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if moved.Sums, err = target.Import(ctx, dump.Watch(source.Export(ctx), progress)); err != nil {
		return moved, copyError(err)
	}
	if moved.Balance, err = dump.Compare(ctx, source, target); err != nil {
		return moved, fmt.Errorf("everything is copied, but do not use the copy: its audit failed: %w", err)
	}
	return moved, nil
}

// same reports whether two configurations have one store.
func same(a, b *config.Config) bool {
	if a.Store.Driver != b.Store.Driver {
		return false
	}
	if a.Store.Driver == config.DriverPostgres {
		return a.Store.Postgres.DSN == b.Store.Postgres.DSN
	}
	one, err := os.Stat(a.File())
	if err != nil {
		return a.File() == b.File()
	}
	other, err := os.Stat(b.File())
	return err == nil && os.SameFile(one, other)
}

// hold opens a store for reading while nobody else uses it, until release.
func hold(ctx context.Context, cfg *config.Config) (s openedStore, release func() error, err error) {
	free := func() error { return nil }
	if cfg.Store.Driver == config.DriverSQLite { // before anything is opened, let alone made
		if free, err = holdFile(cfg.File()); err != nil {
			return nil, nil, storeError(err)
		}
	}
	if s, err = openToRead(ctx, cfg); err != nil {
		return nil, nil, errors.Join(storeError(err), free())
	}
	if db, shared := s.(*postgres.Store); shared {
		if free, err = db.Hold(ctx); err != nil {
			return nil, nil, errors.Join(storeError(err), s.Close())
		}
	}
	return s, func() error { return errors.Join(free(), s.Close()) }, nil
}

func holdFile(path string) (release func() error, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	release, err = sqlite.Hold(path)
	if _, used := errors.AsType[*sqlite.LockedError](err); used {
		err = fmt.Errorf("%w: stop it first", err)
	}
	return release, err
}

// openToRead opens a store beside whoever uses it.
func openToRead(ctx context.Context, cfg *config.Config) (openedStore, error) {
	if cfg.Store.Driver == config.DriverPostgres {
		o := postgresOptions(cfg)
		o.KeepSchema = true
		return opened(postgres.Open(ctx, o))
	}
	o := sqliteOptions(cfg)
	o.ReadOnly = true
	return opened(sqlite.Open(ctx, o))
}

// ExportStore writes everything of the configured store, as of one moment. A schedd may
// go on using it.
func ExportStore(ctx context.Context, cfg config.Config, w io.Writer, progress dump.Progress) (sums dump.Sums, err error) {
	s, err := openToRead(ctx, &cfg)
	if err != nil {
		return nil, storeError(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	info, err := s.Info(ctx)
	if err != nil {
		return nil, storeError(err)
	}
	sums, err = dump.Write(w, headerOf(&info), dump.Watch(s.Export(ctx), progress))
	return sums, copyError(err)
}

// ImportStore fills the configured store, which must be empty and idle, with what
// ExportStore wrote.
func ImportStore(ctx context.Context, cfg config.Config, r io.Reader, progress dump.Progress) (sums dump.Sums, err error) {
	_, rows, err := dump.Read(r)
	if err != nil {
		return nil, copyError(err)
	}
	cfg.Store.AutoMigrate = true
	s, err := openStore(ctx, &cfg)
	if err != nil {
		return nil, storeError(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	sums, err = s.Import(ctx, dump.Watch(rows, progress))
	return sums, copyError(err)
}

// copyError gives the errors of copying their exit status.
func copyError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*postgres.InUseError](err); ok {
		return storeError(err)
	}
	if _, ok := errors.AsType[*dump.VersionError](err); ok {
		return &exitError{status: exitSchema, err: err}
	}
	switch job.CodeOf(err) {
	case job.Unavailable, job.StorageFull:
		return &exitError{status: exitStore, err: err}
	case job.Timeout:
		return errors.New("nothing was changed")
	default:
		return err
	}
}
