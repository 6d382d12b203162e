package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/store/dump"
)

// StoreTools are what the commands on stores do. An error with a method ExitCode() int
// chooses the exit status.
type StoreTools struct {
	// Schema returns all migrations and the version that the configured store has.
	Schema func(ctx context.Context, cfg config.Config) (steps []migrations.Step, have int64, err error)
	// Migrate brings its schema up to date.
	Migrate func(ctx context.Context, cfg config.Config) error
	// Move copies one store into another, empty one, and compares them.
	Move func(ctx context.Context, from, to config.Config, progress dump.Progress) (dump.Moved, error)
	// Export writes everything of a store, Import fills an empty one with it.
	Export func(ctx context.Context, cfg config.Config, w io.Writer, progress dump.Progress) (dump.Sums, error)
	Import func(ctx context.Context, cfg config.Config, r io.Reader, progress dump.Progress) (dump.Sums, error)
	// Verify reads a backup and audits it, Restore makes the configured store what it says.
	Verify  func(ctx context.Context, r io.Reader, progress dump.Progress) (dump.Backup, error)
	Restore func(ctx context.Context, cfg config.Config, r io.Reader, o dump.RestoreOptions, progress dump.Progress) (dump.Backup, error)
}

func newStore(env Env, src *source, tools StoreTools) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "store",
		Short:   "Move the store to another database, or copy it",
		Example: "  schedd store migrate --to postgres://schedd@db.example.org/schedd",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newStoreMigrate(env, src, tools), newStoreExport(env, src, tools), newStoreImport(env, src, tools))
	return cmd
}

func newStoreMigrate(env Env, src *source, tools StoreTools) *cobra.Command {
	to := ""
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Copy the configured store into an empty one, with all runs and the ledger",
		Long: `Copies jobs, runs, logs, counters and the ledger of due times into an empty database,
reads them again and compares, and audits the due times of every job in both. Nobody may
use either store meanwhile; the old one is not changed. Either all is copied or nothing.

--to is postgres://USER@HOST/DATABASE, sqlite:PATH, or postgres or sqlite for the one of
the configuration: that keeps a password off the command line.`,
		Example:           "  schedd store migrate --to postgres://schedd@db.example.org/schedd\n  SCHEDD_STORE_POSTGRES_DSN_FILE=/etc/schedd/dsn schedd store migrate --to postgres",
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usageError{"missing flag --to: where the new store is"}
			}
			from, _, err := config.Load(src.options())
			if err != nil {
				return err
			}
			target, err := from.WithStore(to)
			if err != nil {
				return usageError{"--to: " + err.Error()}
			}
			ctx, stop := interruptible(cmd.Context(), env)
			defer stop()
			moved, err := tools.Move(ctx, from, target, showProgress(env.Err))
			if err != nil {
				return stopped(ctx, err)
			}
			return reportMove(env, &from, &target, moved)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "`address` of the new store")
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"postgres://", "sqlite:", "postgres", "sqlite"}, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// reportMove says what was done and what is left to do.
func reportMove(env Env, from, to *config.Config, moved dump.Moved) error {
	p := &printer{w: env.Out}
	p.say("copied %d rows of %d tables: the same in both stores, by number and checksum", moved.Sums.Rows(), len(moved.Sums))
	p.say("audited %d due times of %d jobs: the same in both stores", moved.Balance.Slots, moved.Balance.Jobs)
	if b := moved.Balance; b.Unbalanced > 0 {
		p.say("warning: %d jobs do not balance, as before, %s first: see schedctl audit slots", b.Unbalanced, b.First)
	}
	p.say("")
	p.say("%s is as it was. To use %s, set", from.Place(), to.Place())
	p.say("")
	for _, line := range to.Lines() {
		p.say("  %s", line)
	}
	p.say("")
	p.say("and start schedd. Do not start it on the old store again: both would run every job.")
	return p.err
}

func newStoreExport(env Env, src *source, tools StoreTools) *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE",
		Short: "Write everything that the store has to a file, - for standard output",
		Long: `Writes jobs, runs, logs, counters and the ledger as of one moment, as JSON, one row a
line, with checksums. schedd may go on serving. The file holds what jobs hold: it is
readable by its owner only, and an existing one is not overwritten.`,
		Example: "  schedd store export /var/backups/schedd.jsonl\n  schedd store export - | zstd > schedd.jsonl.zst",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, _, err := config.Load(src.options())
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context(), env)
			defer stop()
			if args[0] == "-" {
				_, err := tools.Export(ctx, cfg, env.Out, nil)
				return stopped(ctx, err)
			}
			return exportFile(ctx, env, cfg, args[0], tools)
		},
	}
}

// exportFile writes a new file. What could not be finished is removed.
func exportFile(ctx context.Context, env Env, cfg config.Config, name string, tools StoreTools) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sums, err := tools.Export(ctx, cfg, f, showProgress(env.Err))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(stopped(ctx, err), os.Remove(name))
	}
	_, err = fmt.Fprintf(env.Out, "wrote %d rows of %d tables to %s\n", sums.Rows(), len(sums), name)
	return err
}

func newStoreImport(env Env, src *source, tools StoreTools) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Fill the configured store, which must be empty, from a file, - for standard input",
		Long: `Reads what schedd store export wrote, compares it with its checksums and again with what
the store then has. Either all is written or nothing. Nobody may use the store meanwhile.`,
		Example: "  schedd store import /var/backups/schedd.jsonl\n  zstd -dc schedd.jsonl.zst | schedd store import -",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return readInto(cmd.Context(), env, src, args[0], func(ctx context.Context, cfg *config.Config, in io.Reader) error {
				sums, err := tools.Import(ctx, *cfg, in, showProgress(env.Err))
				if err != nil {
					return stopped(ctx, err)
				}
				_, err = fmt.Fprintf(env.Out, "read %d rows of %d tables into %s\n", sums.Rows(), len(sums), cfg.Place())
				return err
			})
		},
	}
}

// openFile opens a file for reading; - is standard input.
func openFile(env Env, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(env.In), nil
	}
	return os.Open(name)
}

// readInto opens a file for what reads it into the configured store, until it is interrupted.
func readInto(ctx context.Context, env Env, src *source, name string, read func(ctx context.Context, cfg *config.Config, in io.Reader) error) error {
	cfg, _, err := config.Load(src.options())
	if err != nil {
		return err
	}
	in, err := openFile(env, name)
	if err != nil {
		return err
	}
	defer in.Close()
	ctx, stop := interruptible(ctx, env)
	defer stop()
	return read(ctx, &cfg, in)
}

// oneFile wants the name of a file.
func oneFile(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usageError{fmt.Sprintf("%s needs a FILE, or -", cmd.CommandPath())}
	case len(args) > 1:
		return usageError{fmt.Sprintf("%s takes no second argument %q", cmd.CommandPath(), args[1])}
	case args[0] == "":
		return usageError{"the name of the file is empty"}
	}
	return nil
}

// showProgress writes a line for every table, and one now and then for large ones.
func showProgress(w io.Writer) dump.Progress {
	return func(table string, rows int64, done bool) {
		more := " …"
		if done {
			more = ""
		}
		fmt.Fprintf(w, "%-18s %d%s\n", table, rows, more)
	}
}

// interruptible ends the context at the first INT or TERM.
func interruptible(ctx context.Context, env Env) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			select {
			case sig := <-env.Signals:
				if sig != syscall.SIGHUP {
					cancel(cause(sig))
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// stopped says that it was an interruption that led to an error.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && err != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

// printer writes lines and remembers the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) say(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
