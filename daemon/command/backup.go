package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/store/dump"
)

func newBackup(env Env, src *source, tools StoreTools) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "backup",
		Short:   "Verify a backup, or restore it",
		Long:    "Verifies and restores what schedctl backup create, or schedd store export, wrote.",
		Example: "  schedd backup verify /var/backups/schedd-20261122.gz",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newBackupVerify(env, tools), newBackupRestore(env, src, tools))
	return cmd
}

func newBackupVerify(env Env, tools StoreTools) *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE",
		Short: "Prove that a backup can be restored, - for standard input",
		Long: `Reads a backup, compares it with its checksums, fills a temporary database with it (in
$TMPDIR), reads that again, and audits the due times of every job. Neither a configuration
nor a running schedd is needed, and nothing else is touched. Ends with status 1 when the
backup is not whole, or its due times do not balance.`,
		Example: "  schedd backup verify /var/backups/schedd-20261122.gz",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := openFile(env, args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			ctx, stop := interruptible(cmd.Context(), env)
			defer stop()
			b, err := tools.Verify(ctx, in, nil)
			if err != nil {
				return stopped(ctx, fmt.Errorf("%s: %w", args[0], err))
			}
			p := &printer{w: env.Out}
			p.backup("verified", b)
			if p.err == nil && b.Balance.Unbalanced > 0 {
				return fmt.Errorf("%d jobs do not balance, %s first: see schedctl audit slots where it came from", b.Balance.Unbalanced, b.Balance.First)
			}
			return p.err
		},
	}
}

func newBackupRestore(env Env, src *source, tools StoreTools) *cobra.Command {
	var o dump.RestoreOptions
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the configured store what a backup says, - for standard input",
		Long: `Fills the configured store with a backup, whichever kind of store it came from. Either all
is restored or nothing. A database of PostgreSQL must be empty; a file that exists is
refused, or moved aside with --overwrite. Nobody may use the store meanwhile.

What ran then has run. What was running is lost, and its job's on_lost says whether it runs
again. Due times since the backup are late or missed, like those of an outage; runs since
then are not known any more. --maintenance keeps the restored store from starting anything
until schedctl maintenance off.`,
		Example: `  schedd backup restore /var/backups/schedd-20261122.gz
  schedd backup restore --overwrite --maintenance /var/backups/schedd-20261122.gz
  schedd backup restore --data-dir /srv/schedd-copy /var/backups/schedd-20261122.gz`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return readInto(cmd.Context(), env, src, args[0], func(ctx context.Context, cfg *config.Config, in io.Reader) error {
				b, err := tools.Restore(ctx, *cfg, in, o, showProgress(env.Err))
				if err != nil {
					return stopped(ctx, err)
				}
				return reportRestore(env, cfg, o, b)
			})
		},
	}
	cmd.Flags().BoolVar(&o.Overwrite, "overwrite", false, "move a file that exists aside first")
	cmd.Flags().BoolVar(&o.Maintenance, "maintenance", false, "start nothing until schedctl maintenance off")
	return cmd
}

// reportRestore says what was done and what is left to do.
func reportRestore(env Env, cfg *config.Config, o dump.RestoreOptions, b dump.Backup) error {
	p := &printer{w: env.Out}
	p.backup("restored into "+cfg.Place(), b)
	if b.Balance.Unbalanced > 0 {
		p.say("warning: %d jobs do not balance, %s first: see schedctl audit slots", b.Balance.Unbalanced, b.Balance.First)
	}
	if b.Aside != "" {
		p.say("what was there is %s now", b.Aside)
	}
	if o.Maintenance {
		p.say("start schedd, look, then: schedctl maintenance off")
	}
	return p.err
}

// backup says what a backup holds.
func (p *printer) backup(done string, b dump.Backup) {
	p.say("%s: %d rows of %d tables, as of %s", done, b.Sums.Rows(), len(b.Sums), b.Header.WrittenAt)
	p.say("written by schedd %s from %s, schema %d", b.Header.Schedd, b.Header.Driver, b.Header.Schema)
	p.say("audited %d due times of %s: %d do not balance", b.Balance.Slots, jobsOf(b.Balance.Jobs), b.Balance.Unbalanced)
}

// jobsOf counts jobs in words.
func jobsOf(n int) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}
