package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// standAlone marks the root: its typos may be verbs of a group.
const standAlone = "stand-alone"

// group makes a command that only holds others: alone it prints its help and fails,
// with a word that none of its children has it suggests one.
func group(a *app, cmd *cobra.Command, children ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(children...)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			a.writeHelp(a.env.Err, cmd)
			return exitWith(exitUsage)
		}
		return unknownCommand(cmd, args[0])
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// unknownCommand is the error for a word that no child of a group has.
func unknownCommand(cmd *cobra.Command, word string) error {
	e := usagef("unknown command %q for %q", word, cmd.CommandPath())
	switch found := suggest(cmd, word); {
	case word == "serve":
		return e.WithHint("the daemon is a program of its own: schedd serve")
	case len(found) > 0:
		return e.WithHint("did you mean %s?", quoted(found))
	default:
		return e.WithHint("see %q", cmd.CommandPath()+" --help")
	}
}

// suggest finds the children that a word may have meant.
func suggest(cmd *cobra.Command, word string) []string {
	names := map[string]string{} // as typed → what to say
	var candidates []string
	add := func(typed, say string) {
		if _, taken := names[typed]; !taken {
			names[typed] = say
			candidates = append(candidates, typed)
		}
	}
	for _, child := range cmd.Commands() {
		if child.Hidden {
			continue
		}
		if slices.Contains(child.SuggestFor, strings.ToLower(word)) {
			return []string{child.Name()}
		}
		add(child.Name(), child.Name())
		for _, alias := range child.Aliases {
			add(alias, child.Name())
		}
	}
	if cmd.Annotations[standAlone] != "" {
		if paths := verbs(cmd, word); len(paths) > 0 {
			return paths
		}
	}
	if meant := job.Nearest(word, candidates); meant != "" {
		return []string{names[meant]}
	}
	if cmd.Annotations[standAlone] != "" {
		return verbs(cmd, job.Nearest(word, []string{"create", "delete", "list", "pause", "resume", "show"}))
	}
	return nil
}

// verbs finds groups that have a child of this name: jobs, or all others.
func verbs(root *cobra.Command, word string) []string {
	var paths []string
	for _, noun := range root.Commands() {
		for _, verb := range noun.Commands() {
			if verb.Name() == word || slices.Contains(verb.SuggestFor, word) {
				if noun.Name() == "job" {
					return []string{verb.CommandPath()}
				}
				paths = append(paths, verb.CommandPath())
			}
		}
	}
	return paths
}

func quoted(items []string) string {
	return `"` + strings.Join(items, `" or "`) + `"`
}

// action wraps what a command does: errors before it are about how it was called.
func (a *app) action(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.began = true
		return run(cmd, args)
	}
}

// calling is action for commands that begin with a daemon.
func (a *app) calling(run func(ctx context.Context, c *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return a.action(func(cmd *cobra.Command, args []string) error {
		c, err := a.connect()
		if err != nil {
			return err
		}
		return run(cmd.Context(), c, args)
	})
}

// allOf makes a command list everything of a kind: it asks, and prints l with what it got.
func allOf[T any](a *app, cmd *cobra.Command, ask func(ctx context.Context, c *client.Client) ([]T, error), l listing[T]) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = none, noFiles
	cmd.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
		items, err := ask(ctx, c)
		if err != nil {
			return err
		}
		l.Items, l.Total = items, int64(len(items))
		return printList(a, l)
	})
	listsOf(a, cmd, l.Table)
	return cmd
}

// each does something to several things, says what failed, and goes on.
func (a *app) each(ctx context.Context, names []string, do func(name string) error) error {
	var errs []error
	for _, name := range names {
		if err := do(name); err != nil {
			errs = append(errs, err)
		}
		if a.out.err != nil || ctx.Err() != nil {
			break
		}
	}
	return a.failed(errs)
}

// failed tells all errors but the last, which finish tells; the status is that of the first.
func (a *app) failed(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	for _, err := range errs[:len(errs)-1] { // finish tells the last one
		a.complain(err)
	}
	return &statusError{status: statusOf(errs[0]), err: errs[len(errs)-1]}
}
