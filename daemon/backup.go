package daemon

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/internal/build"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// backup writes everything of the store, as of one moment, to a file without a name: a
// caller who reads slowly does not hold the store's snapshot open.
func (n *node) backup(ctx context.Context) (control.Spool, error) {
	if err := os.MkdirAll(n.cfg.DataDir, 0o750); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	f, err := os.CreateTemp(n.cfg.DataDir, ".backup-*") // mode 0600
	if err != nil {
		return nil, spoolError(err)
	}
	if err := errors.Join(os.Remove(f.Name()), n.writeBackup(ctx, f)); err != nil {
		return nil, errors.Join(spoolError(err), f.Close())
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (n *node) writeBackup(ctx context.Context, w io.Writer) error {
	info, err := n.store.Info(ctx)
	if err != nil {
		return err
	}
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // a level that exists
	if _, err := dump.Write(z, headerOf(&info), n.store.Export(ctx)); err != nil {
		return err
	}
	return z.Close()
}

// headerOf is the header of a copy of a store.
func headerOf(info *store.Info) dump.Header {
	return dump.Header{WrittenAt: now().Format(time.RFC3339), Schedd: build.Get().Version, Driver: info.Driver, Schema: info.Schema}
}

// spoolError says that there is no room, if that is the reason.
func spoolError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return job.Errorf(job.StorageFull, "there is no room for the backup in data_dir: %w", err).
			WithHint("free some, or use schedd store export, which needs none there")
	}
	return err
}

// VerifyBackup fills an empty store of its own with a backup and audits every job of it.
func VerifyBackup(ctx context.Context, r io.Reader, progress dump.Progress) (b dump.Backup, err error) {
	dir, err := os.MkdirTemp("", "schedd-verify-*")
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err = fill(ctx, func() (openedStore, error) {
		return opened(sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, "schedd.db"), Synchronous: "normal", Instance: newInstance()}))
	}, r, progress, nil)
	return b, err
}

// RestoreBackup makes the configured store what a backup says. The store must be empty,
// or it is a file and o says that it is moved aside; nobody may use it meanwhile. What was
// running then is lost to whoever serves it: its on_lost decides. The restored store is
// another one than that which was copied, so that both may live on one machine.
func RestoreBackup(ctx context.Context, cfg config.Config, r io.Reader, o dump.RestoreOptions, progress dump.Progress) (dump.Backup, error) {
	cfg.Store.AutoMigrate = true
	if cfg.Store.Driver == config.DriverPostgres {
		return fill(ctx, func() (openedStore, error) { return openStore(ctx, &cfg) }, r, progress, holdOf(o))
	}
	return restoreFile(ctx, &cfg, r, o, progress)
}

// restoreFile fills a file beside the one that is meant, and puts it there when all is
// well.
func restoreFile(ctx context.Context, cfg *config.Config, r io.Reader, o dump.RestoreOptions, progress dump.Progress) (b dump.Backup, err error) {
	path := cfg.File()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return b, fmt.Errorf("make the data directory: %w", err)
	}
	release, err := sqlite.Hold(path)
	if err != nil {
		return b, storeError(err)
	}
	defer func() { err = errors.Join(err, release()) }()
	_, missing := os.Stat(path)
	if missing == nil && !o.Overwrite {
		return b, job.Errorf(job.Conflict, "%s exists; --overwrite moves it aside", path)
	}
	fresh := path + ".restoring"
	if err := removeFile(fresh); err != nil { // what an earlier attempt left
		return b, err
	}
	defer func() { err = errors.Join(err, removeFile(fresh)) }()
	if err := os.WriteFile(fresh, nil, 0o600); err != nil { // before there is anything to read
		return b, err
	}
	if b, err = fill(ctx, func() (openedStore, error) {
		options := sqliteOptions(cfg)
		options.Path = fresh
		return opened(sqlite.Open(ctx, options))
	}, r, progress, holdOf(o)); err != nil {
		return b, err
	}
	if missing == nil {
		if b.Aside, err = moveAside(path); err != nil {
			return b, err
		}
	}
	return b, os.Rename(fresh, path)
}

// belongings are the ends of the names of a database's files.
var belongings = []string{"", "-wal", "-shm"}

// moveAside gives a database a name that says when.
func moveAside(path string) (aside string, err error) {
	aside = path + ".before-restore-" + now().Format("20060102T150405.000000Z")
	for _, end := range belongings {
		if err := os.Rename(path+end, aside+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

func removeFile(path string) error {
	var errs []error
	for _, end := range append([]string{".lock"}, belongings...) {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// holdOf is what keeps a restored store from starting; nil = nothing.
func holdOf(o dump.RestoreOptions) *store.Hold {
	if !o.Maintenance {
		return nil
	}
	return &store.Hold{Kind: store.HoldMaintenance, Since: now(), By: "schedd backup restore", Reason: "restored from a backup: look at it before it starts anything"}
}

// fill imports a backup into an empty store, opens it anew and audits it.
func fill(ctx context.Context, open func() (openedStore, error), r io.Reader, progress dump.Progress, hold *store.Hold) (b dump.Backup, err error) {
	header, rows, err := dump.Read(r)
	if err != nil {
		return b, copyError(err)
	}
	b.Header = header
	s, err := open()
	if err != nil {
		return b, storeError(err)
	}
	b.Sums, err = s.Import(ctx, dump.Watch(renamed(rows), progress))
	if err = errors.Join(err, s.Close()); err != nil {
		return b, copyError(err)
	}
	if s, err = open(); err != nil {
		return b, storeError(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if hold != nil {
		if err := s.SetHold(ctx, *hold); err != nil {
			return b, err
		}
	}
	if b.Balance, err = dump.Audit(ctx, s); err != nil {
		return b, fmt.Errorf("the rows are whole, but their audit failed: %w", err)
	}
	return b, nil
}

// renamed gives the store of a stream another identity.
func renamed(rows iter.Seq2[dump.Row, error]) iter.Seq2[dump.Row, error] {
	return func(yield func(dump.Row, error) bool) {
		for row, err := range rows {
			if err == nil && row.Table == dump.Store {
				row.Values = append([]any{newInstance()}, row.Values[1:]...)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}
