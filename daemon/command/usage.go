package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a command line that makes no sense.
type usageError struct{ text string }

// Error says what is wrong with it.
func (e usageError) Error() string { return e.text }

// usageArgs makes what check finds a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Sprintf("%s takes no argument %q", cmd.CommandPath(), args[0])}
		}
		return nil
	}
}

// group makes a mistyped child an error: left alone, cobra prints help and succeeds.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		text := fmt.Sprintf("unknown command %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += fmt.Sprintf(" (did you mean %q?)", near[0])
		}
		return usageError{text}
	}
	cmd.SuggestionsMinimumDistance = 2
	return cmd
}
