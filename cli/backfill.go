package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/cli/timex"
)

type backfillOptions struct {
	from, to string
	max      int
	parallel int
	dryRun   bool
	yes      bool
	reason   string
}

func newBackfillCmd(a *app) *cobra.Command {
	var o backfillOptions
	cmd := &cobra.Command{
		Use:        "backfill JOB --from TIME --to TIME",
		SuggestFor: []string{"catchup", "catch-up", "replay"},
		Short:      "Run a job for due times gone by that have no run",
		Long: `Run a job for the due times from --from up to, not including, --to that have no run: those
that were missed or skipped, and those before the job was there. The runs wait for each
other, unless --parallel lets several run at once, and each sees the due time it stands for (SCHEDD_SCHEDULED_AT). Asked again, no due
time gets a second run.`,
		Example: `  schedctl backfill nightly-report --from 2026-11-01 --to today --dry-run
  schedctl backfill nightly-report --from '2026-11-20 00:00' --to now --max 500 --parallel 4 --yes`,
		GroupID:           groupJobs,
		Args:              exactly("JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			for _, flag := range []string{"from", "to"} {
				if !cmd.Flags().Changed(flag) {
					return usagef("missing flag --%s", flag).WithHint("for example --from 'yesterday 00:00' --to now")
				}
			}
			return runBackfill(cmd.Context(), a, args[0], o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "first due time at or after TIME")
	f.StringVar(&o.to, "to", "", "last due time before TIME, at most now")
	f.IntVar(&o.max, "max", 100, "refuse to make more runs, at most 1000")
	f.IntVar(&o.parallel, "parallel", 0, "runs at once, at most 100; 0 = as many as the job allows")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would run")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runBackfill(ctx context.Context, a *app, ref string, o backfillOptions) error {
	in := api.Backfill{Max: o.max, Parallel: o.parallel, Reason: o.reason, DryRun: true}
	if o.max < 1 || o.max > 1000 {
		return usagef("--max must be 1 to 1000")
	}
	if o.parallel < 0 || o.parallel > 100 {
		return usagef("--parallel must be 0 to 100")
	}
	var err error
	if in.From, err = a.echoed("from", o.from); err != nil {
		return err
	}
	if in.To, err = a.echoed("to", o.to); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	plan, err := c.Backfill(ctx, ref, in)
	if err != nil {
		return err
	}
	missing := countOf(plan.Items, api.BackfillCreate)
	if o.dryRun || missing == 0 {
		return a.printBackfill(plan, missing, "would be made")
	}
	first, last := spanOf(plan.Items, api.BackfillCreate)
	effect := fmt.Sprintf("This runs job %s %s, for %s to %s.", plan.Job, times(missing), a.day(first), a.day(last))
	if err := a.confirm(o.yes, effect, ""); err != nil {
		return err
	}
	in.DryRun = false
	made, err := c.Backfill(ctx, plan.Job, in)
	if err != nil {
		return err
	}
	return a.printBackfill(made, countOf(made.Items, api.BackfillCreated), "made")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// echoed reads a time gone by and says what it was taken for.
func (a *app) echoed(flag, text string) (at time.Time, err error) {
	got, err := a.reader().Past(text)
	if err != nil {
		return at, inFlag(flag, err)
	}
	a.note("%s: %q = %s", flag, text, timex.Echo(got.At, got.Zone))
	return got.At, nil
}

func (a *app) printBackfill(b api.Backfilled, n int, done string) error {
	err := printList(a, listing[api.BackfillItem]{
		Items: b.Items, Total: int64(len(b.Items)),
		Name:  func(i api.BackfillItem) string { return or(i.Run, i.Slot.UTC().Format("2006-01-02T15:04:05Z")) },
		Table: a.backfillTable,
		None:  "No due time is there.",
	})
	if err == nil && len(b.Items) > 0 {
		a.note("%s %s, %d there already", human.Plural(n, "run"), done, len(b.Items)-n)
	}
	return err
}

func (a *app) backfillTable(items []api.BackfillItem, _ bool) *render.Table {
	t := render.NewTable("SLOT", "?LOCAL", "ACTION", "RUN", "STATUS")
	for _, i := range items {
		status := render.Text(human.Absent)
		if i.Status != "" {
			status = a.runStatus(i.Status)
		}
		t.Add(render.Text(a.day(i.Slot)), render.Text(strings.TrimSpace(i.Local)), render.Text(i.Action), render.Text(or(i.Run, human.Absent)), status)
	}
	return t
}

func countOf(items []api.BackfillItem, action string) (n int) {
	for _, i := range items {
		if i.Action == action {
			n++
		}
	}
	return n
}

// spanOf is the first and the last slot of an action.
func spanOf(items []api.BackfillItem, action string) (first, last time.Time) {
	for _, i := range items {
		if i.Action != action {
			continue
		}
		if first.IsZero() {
			first = i.Slot
		}
		last = i.Slot
	}
	return first, last
}
