package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/internal/build"
)

// Env is the world outside. Every field is required.
type Env struct {
	Args    []string // without the program's name
	Environ []string // "NAME=value"
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Signals <-chan os.Signal // INT, TERM and HUP
}

// getenv returns the value of a variable, "" when it is unset.
func (e Env) getenv(name string) string {
	value := ""
	for _, kv := range e.Environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// Tools are what the commands do; package daemon has them.
type Tools struct {
	Serve Serve
	Store StoreTools
	// Reach connects to what the configuration names, and says what it does not reach; it
	// changes nothing.
	Reach func(ctx context.Context, cfg config.Config) []error
	// Bootstrap makes the first token, hands it to keep, and returns when it expires. An
	// error with a method ExitCode() int chooses the exit status.
	Bootstrap func(ctx context.Context, cfg config.Config, keep func(text string) error) (expires time.Time, err error)
}

// Main runs one command line and returns the exit status.
func Main(ctx context.Context, env Env, tools Tools) int {
	root := newRoot(env, tools)
	root.SetArgs(env.Args)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	return report(env.Err, root.ExecuteContext(ctx))
}

// newRoot builds the tree. Without a command, schedd serves.
func newRoot(env Env, tools Tools) *cobra.Command {
	version, check := false, false
	root := group(&cobra.Command{
		Use:   "schedd",
		Short: "The daemon of the job scheduler",
		Long: "schedd plans and runs jobs; operators talk to it with schedctl.\n\n" +
			"Without a command it serves, as `schedd serve` does.",
		Example:       "  schedd --dev\n  schedd serve --config /etc/schedd/schedd.yaml",
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	src := newSource(root.PersistentFlags(), env)
	run := func(cmd *cobra.Command, _ []string) error {
		switch {
		case version:
			return printVersion(env)
		case check:
			return checkConfig(cmd.Context(), env, src, nil)
		default:
			return runServe(cmd.Context(), env, src, tools.Serve)
		}
	}
	root.RunE = run
	serveCmd := &cobra.Command{
		Use:        "serve",
		SuggestFor: []string{"start", "run", "daemon", "server"},
		Short:      "Plan and run jobs until told to stop",
		Example:    "  schedd serve --config /etc/schedd/schedd.yaml\n  schedd serve --dev",
		Args:       usageArgs(cobra.NoArgs),
		RunE:       run,
	}
	for _, cmd := range []*cobra.Command{root, serveCmd} {
		cmd.Flags().BoolVar(&check, "check-config", false, "check the configuration and exit")
	}
	root.Flags().BoolVar(&version, "version", false, "print the version and exit")
	root.AddCommand(serveCmd, newConfig(env, src, tools), newMigrate(env, src, tools.Store), newStore(env, src, tools.Store), newBackup(env, src, tools.Store), newToken(env, src, tools), newHealthcheck(env, src), newSupportDump(env, src, tools.Store), &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  schedd version",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return printVersion(env) },
	})
	return root
}

func printVersion(env Env) error {
	_, err := fmt.Fprintf(env.Out, "schedd %s\n", build.Get())
	return err
}
