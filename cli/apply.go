package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

// applyFlags are what diff and apply share.
type applyFlags struct {
	fileFlags
	owner    string
	prune    bool
	selector []string
}

// declare adds the flags.
func (o *applyFlags) declare(cmd *cobra.Command) {
	o.fileFlags.declare(cmd)
	f := cmd.Flags()
	f.StringVar(&o.owner, "owner", "", `mark of the jobs that this creates and may prune (default "apply")`)
	f.BoolVar(&o.prune, "prune", false, "cancel jobs of the owner that the files do not name any more")
	f.StringArrayVar(&o.selector, "prune-selector", nil, "prune only jobs with a tag, tag=NAME; may be given again")
}

// request turns files into one request.
func (o *applyFlags) request(set *jobfile.Set) (api.Apply, error) {
	in := api.Apply{Jobs: set.Definitions(), Owner: o.owner, Prune: o.prune}
	for _, s := range o.selector {
		tag, ok := strings.CutPrefix(s, "tag=")
		if !ok || tag == "" {
			return in, usagef("--prune-selector %q is not tag=NAME", s)
		}
		in.PruneTags = append(in.PruneTags, tag)
	}
	if len(in.PruneTags) > 0 && !o.prune {
		return in, usagef("--prune-selector goes with --prune")
	}
	return in, nil
}

// try reads the files and asks the daemon what they would do.
func (o *applyFlags) try(ctx context.Context, a *app) (*jobfile.Set, *client.Client, api.Apply, api.Applied, error) {
	var in api.Apply
	var would api.Applied
	set, err := o.load(a)
	if err != nil {
		return set, nil, in, would, err
	}
	if len(set.Problems) > 0 {
		return set, nil, in, would, a.refuse(set, set.Problems, job.Invalid)
	}
	if in, err = o.request(set); err != nil {
		return set, nil, in, would, err
	}
	c, err := a.connect()
	if err != nil {
		return set, nil, in, would, err
	}
	dry := in
	dry.DryRun = true
	if would, err = c.ApplyJobs(ctx, dry, client.Write{}); err != nil {
		err = a.blame(set, err)
	}
	return set, c, in, would, err
}

type applyOptions struct {
	applyFlags
	dryRun, yes, wait bool
	reason            string
}

func newApplyCmd(a *app) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply -f FILE|DIR|-",
		Short: "Make jobs what job files say",
		Long: `Make jobs what job files say: create those that are missing, change those that
differ, leave the others alone. It is one transaction: all of it happens, or none.
With --prune, jobs that this command created and the files no longer name are
cancelled; their history stays.`,
		Example: `  schedctl apply -f jobs/
  schedctl apply -f jobs/ --prune --prune-selector tag=team-a --yes`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE:              a.action(func(cmd *cobra.Command, _ []string) error { return runApply(cmd.Context(), a, o) }),
	}
	o.declare(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only show what would change")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask before pruning")
	f.BoolVar(&o.wait, "wait", false, "wait until runs of pruned jobs that are under way are over")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runApply(ctx context.Context, a *app, o applyOptions) error {
	set, c, in, would, err := o.try(ctx, a)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.printDiff(would)
	}
	if err := a.confirmPrune(o, would); err != nil {
		return err
	}
	applied, err := c.ApplyJobs(ctx, in, client.Write{Reason: o.reason})
	if err != nil {
		return a.blame(set, err)
	}
	if err := a.printApplied(applied); err != nil || !o.wait {
		return err
	}
	return a.waitPruned(ctx, c, applied)
}

// confirmPrune asks before jobs are cancelled.
func (a *app) confirmPrune(o applyOptions, would api.Applied) error {
	if would.Pruned == 0 {
		return nil
	}
	var names []string
	for i := range would.Items {
		if would.Items[i].Action == api.ActionPrune {
			names = append(names, would.Items[i].Name)
		}
	}
	shown := names
	if len(shown) > 10 {
		shown = append(shown[:10:10], fmt.Sprintf("and %d more", len(names)-10))
	}
	effect := fmt.Sprintf("This cancels %s that the files no longer name: %s. Their history stays.", human.Plural(len(names), "job"), strings.Join(shown, ", "))
	return a.confirm(o.yes, effect, fmt.Sprint(len(names)))
}

// printApplied prints what was done.
func (a *app) printApplied(applied api.Applied) error {
	if a.structured() {
		return a.printStructured(applied)
	}
	words := map[string]string{api.ActionCreate: "created", api.ActionChange: "changed", api.ActionPrune: "pruned"}
	t := render.NewTable("KIND", "NAME", "ACTION", "NEXT RUN")
	for i := range applied.Items {
		item := &applied.Items[i]
		if word := words[item.Action]; word != "" {
			if a.namesOnly() {
				a.say("%s", item.Name)
			}
			t.AddText("job", item.Name, word, a.when(item.NextRun))
		}
	}
	if a.namesOnly() {
		return nil
	}
	if t.Len() > 0 {
		if err := a.printTable(t); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%d created, %d changed, %d unchanged", applied.Created, applied.Changed, applied.Unchanged)
	if applied.Pruned > 0 {
		text += fmt.Sprintf(", %d pruned", applied.Pruned)
	}
	a.note("%s", text)
	return nil
}

// waitPruned waits until nothing of the pruned jobs runs.
func (a *app) waitPruned(ctx context.Context, c *client.Client, applied api.Applied) error {
	for i := range applied.Items {
		item := &applied.Items[i]
		if item.Action != api.ActionPrune {
			continue
		}
		for delay := pollFirst; ; delay = min(2*delay, pollMost) {
			page, err := c.Executions(ctx, client.ExecutionQuery{Job: item.Job.ID.String(), Statuses: []job.Status{job.Running}, Limit: 1})
			if err != nil {
				return err
			}
			if len(page.Items) == 0 {
				break
			}
			if !sleep(ctx, delay) {
				return exitWith(exitInterrupted)
			}
		}
	}
	return nil
}
