package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// exactly takes arguments of these names, no more and no less.
func exactly(names ...string) cobra.PositionalArgs { return between(len(names), names...) }

// between takes the arguments of these names, of which the first least are required.
func between(least int, names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return missing(cmd, names[len(args)])
		}
		if len(args) > len(names) {
			return usagef("unexpected argument %q", args[len(names)]).WithHint("%s", usageOf(cmd))
		}
		for i, arg := range args {
			if arg == "" {
				return empty(cmd, names[i])
			}
		}
		return nil
	}
}

// atLeast takes that many arguments of this name, or more.
func atLeast(n int, name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return missing(cmd, name)
		}
		if slices.Contains(args, "") {
			return empty(cmd, name)
		}
		return nil
	}
}

// none takes no arguments.
func none(cmd *cobra.Command, args []string) error { return between(0)(cmd, args) }

func missing(cmd *cobra.Command, name string) error {
	return usagef("missing argument %s", name).WithHint("%s", usageOf(cmd))
}

// empty refuses an argument that names nothing: a variable of a script that was not set,
// mostly.
func empty(cmd *cobra.Command, name string) error {
	return usagef("argument %s is empty", name).WithHint("%s", usageOf(cmd))
}

// usageOf is the line that says how a command is called.
func usageOf(cmd *cobra.Command) string {
	path := strings.TrimSuffix(cmd.CommandPath(), cmd.Name())
	return fmt.Sprintf("usage: %s%s", path, cmd.Use)
}
