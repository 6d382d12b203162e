package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/job"
)

// handedOver is a verb of schedd under the name that people look for: schedctl has no
// database code, so it finds schedd and hands over to it, arguments and all.
func handedOver(a *app, noun, use, short, example string, complete completer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + `.

Hands over to schedd, which must be beside schedctl or on PATH, with the same arguments: it
takes schedd's flags, reads schedd's configuration and exits with schedd's statuses.`,
		Example:            example,
		DisableFlagParsing: true,
		Args:               cobra.ArbitraryArgs,
		ValidArgsFunction:  complete,
	}
	cmd.RunE = a.action(func(_ *cobra.Command, args []string) error {
		err := a.env.Become("schedd", append([]string{noun, cmd.Name()}, args...))
		return job.Errorf(job.Unsupported, "schedd cannot be started: %w", err).WithHint("run this where schedd is installed: schedctl has no database code")
	})
	return cmd
}

func newStoreCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:     "store",
		Short:   "Move schedd's store to another database, or copy it",
		Example: "  schedctl store migrate --to postgres://schedd@db.example.org/schedd",
	},
		handedOver(a, "store", "migrate", "Copy the store into an empty one, with all runs and the ledger", "  schedctl store migrate --to postgres://schedd@db.example.org/schedd", completeStoreFlags),
		handedOver(a, "store", "export", "Write everything that the store has to a file", "  schedctl store export /var/backups/schedd.jsonl", files),
		handedOver(a, "store", "import", "Fill an empty store from a file", "  schedctl store import /var/backups/schedd.jsonl", files),
	))
}

// completeStoreFlags completes what cobra leaves alone where flags are not parsed.
func completeStoreFlags(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"--to", "--config"}, noFileComp
}

// files completes names of files.
func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}
