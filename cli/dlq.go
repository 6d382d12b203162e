package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newDLQCmd(a *app) *cobra.Command {
	return in(groupExecutions, group(a, &cobra.Command{
		Use:        "dlq",
		Aliases:    []string{"dead-letter", "dead-letters"},
		SuggestFor: []string{"dead"},
		Short:      "Look at dead letters, retry and drop them",
		Long: `Dead letters are executions that failed for good: out of retries, refused by their
handler, or lost with their worker. They stay here until they are retried or dropped.`,
		Example: `  schedctl dlq list
  schedctl dlq retry --all`,
	}, newDLQListCmd(a), newDLQShowCmd(a), newDLQRetryCmd(a), newDLQDropCmd(a)))
}

// deadFlags choose dead letters.
type deadFlags struct {
	job       string
	reasons   []string
	olderThan time.Duration
}

func (o *deadFlags) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	f.StringVar(&o.job, "job", "", "of this job")
	enumsVar(cmd, &o.reasons, "reason", "dead for these reasons", job.DeadReasons()...)
	durationVar(f, &o.olderThan, "older-than", "dead for longer than this, such as 2d")
	_ = cmd.RegisterFlagCompletionFunc("job", completeJobs(a, 100))
}

// given reports whether any of the flags is set.
func (o *deadFlags) given() bool { return o.job != "" || len(o.reasons) > 0 || o.olderThan > 0 }

func (o *deadFlags) query(a *app) client.DeadQuery {
	q := client.DeadQuery{Job: o.job, Reasons: o.reasons, WithTotal: true}
	if o.olderThan > 0 {
		q.Before = a.env.Now().Add(-o.olderThan)
	}
	return q
}

// deadSelector chooses the dead letters of a command that changes several.
type deadSelector struct {
	deadFlags
	all    bool
	dryRun bool
	yes    bool
}

func (o *deadSelector) declare(cmd *cobra.Command, a *app) {
	o.deadFlags.declare(cmd, a)
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "every dead letter")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say which they are")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
}

// bulk reports whether flags choose the dead letters, and not arguments.
func (o *deadSelector) bulk() bool { return o.all || o.given() }

// check refuses calls that choose nothing, or twice.
func (o *deadSelector) check(cmd *cobra.Command, args []string) error {
	switch {
	case o.bulk() && len(args) > 0:
		return usagef("name dead letters, or choose them with --job, --reason, --older-than or --all, not both")
	case !o.bulk() && len(args) == 0:
		return usagef("missing argument EXECUTION").WithHint("name dead letters, or choose them with --job, --reason, --older-than or --all")
	case o.all && o.given():
		return usagef("--all goes with no other choice").WithHint("%s", usageOf(cmd))
	}
	return nil
}

// letter is a dead letter: how it is called, and what the daemon is asked with.
type letter struct{ name, ref string }

// letters are the dead letters that were chosen, the oldest first. Those that were
// named are looked up only when check says so.
func (o *deadSelector) letters(ctx context.Context, a *app, c *client.Client, args []string, check bool) ([]letter, error) {
	letters := make([]letter, 0, len(args))
	if !o.bulk() {
		err := a.each(ctx, args, func(ref string) error {
			one := letter{ref, ref}
			if check || o.dryRun {
				e, err := c.DeadLetter(ctx, ref)
				if err != nil {
					return err
				}
				one = letterOf(&e)
			}
			letters = append(letters, one)
			return nil
		})
		return letters, err
	}
	q := o.query(a)
	q.SortOrder = "asc"
	page, err := collect(0, true, func(cursor string, limit int) (client.Page[job.Execution], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.DeadLetters(ctx, q)
	})
	for i := range page.Items {
		letters = append(letters, letterOf(&page.Items[i]))
	}
	return letters, err
}

// letterOf asks by id: a name may be that of jobs on several platforms.
func letterOf(e *job.Execution) letter { return letter{runName(e), e.ID.String()} }

// eachLetter does something to several dead letters; a.each says what failed.
func (a *app) eachLetter(ctx context.Context, letters []letter, do func(l letter) error) error {
	byRef, refs := map[string]letter{}, make([]string, len(letters))
	for i, l := range letters {
		byRef[l.ref], refs[i] = l, l.ref
	}
	return a.each(ctx, refs, func(ref string) error { return do(byRef[ref]) })
}

// printRuns prints executions for programs: the one that was named, or the list.
func (o *deadSelector) printRuns(a *app, runs []job.Execution, err error) error {
	if !a.structured() || len(runs) == 0 {
		return err
	}
	var printErr error
	if !o.bulk() && len(runs) == 1 {
		printErr = a.printStructured(runs[0])
	} else {
		printErr = printList(a, runListing(a, client.Page[job.Execution]{Items: runs, Total: int64(len(runs))}))
	}
	if printErr != nil {
		return printErr
	}
	return err
}

// agreed says which dead letters a command would change, or asks; false = do nothing.
func (o *deadSelector) agreed(a *app, verb string, letters []letter, effect string, ask bool) (bool, error) {
	what, names := human.Plural(len(letters), "dead letter"), make([]string, len(letters))
	for i, l := range letters {
		names[i] = l.name
	}
	switch {
	case len(letters) == 0:
		a.note("No dead letters found.")
		return false, nil
	case o.dryRun && a.namesOnly():
		for _, name := range names {
			a.say("%s", name)
		}
		return false, nil
	case o.dryRun:
		a.say("would %s %s: %s", verb, what, strings.Join(names, " "))
		return false, nil
	case !ask:
		return true, nil
	}
	return true, a.confirm(o.yes, fmt.Sprintf("This %s %s%s.", verbs3[verb], what, effect), "")
}

// verbs3 are verbs as "this" has them.
var verbs3 = map[string]string{"retry": "retries", "drop": "drops"}

// completeDead completes dead letters, the first most of them.
func completeDead(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, noFileComp
		}
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			page, _ := c.DeadLetters(ctx, client.DeadQuery{Limit: pageSize})
			for i := range page.Items {
				e := &page.Items[i]
				if run := runName(e); strings.HasPrefix(run, prefix) && !slices.Contains(args, run) {
					names = append(names, described(run, deadWord(e)))
				}
			}
		})
		return names, noFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// deadWord says why an execution is dead.
func deadWord(e *job.Execution) string { return strings.ReplaceAll(e.DeadReason, "_", " ") }
