package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// verb is a command that is built when it is needed. Building all of them takes longer
// than most of them run.
type verb struct {
	names string // of the command and its aliases
	build func(a *app) *cobra.Command
}

// leanWords are the words at the start of a command line that name commands for sure; a
// flag among them may have a value that looks like one.
func leanWords(args []string) []string {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") {
			return args[:i]
		}
	}
	return args
}

// pick builds the commands of a level of the tree: the one that the word at that level
// names, or all of them, for help, completion and suggestions.
func (a *app) pick(level int, verbs []verb) []*cobra.Command {
	if level < len(a.words) {
		for _, v := range verbs {
			if slices.Contains(strings.Fields(v.names), a.words[level]) {
				return []*cobra.Command{v.build(a)}
			}
		}
	}
	commands := make([]*cobra.Command, len(verbs))
	for i, v := range verbs {
		commands[i] = v.build(a)
	}
	return commands
}
