package command

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agentic-sdlc/scheduler/job"
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

// flagError says what is wrong with a flag, and which one may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if meant := job.Nearest(unknown.GetSpecifiedName(), known); meant != "" {
			text += fmt.Sprintf(" (did you mean --%s?)", meant)
		}
	}
	return usageError{text}
}

// group makes a mistyped child an error: left alone, cobra prints help and succeeds.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		text := fmt.Sprintf("unknown command %q", args[0])
		if near := nearest(cmd, args[0]); near != "" {
			text += fmt.Sprintf(" (did you mean %q?)", near)
		}
		return usageError{text}
	}
	return cmd
}

// nearest is the child that a word may have meant; "" = none.
func nearest(cmd *cobra.Command, word string) string {
	var names []string
	for _, child := range cmd.Commands() {
		if slices.Contains(child.SuggestFor, word) {
			return child.Name()
		}
		names = append(names, child.Name())
	}
	return job.Nearest(word, names)
}
