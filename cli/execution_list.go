package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type executionListOptions struct {
	job          string
	statuses     []job.Status
	triggers     []job.Trigger
	since, until string
	dead         bool
	workers      []string
	handlers     []string
	classes      []string
	longer       time.Duration
	shorter      time.Duration
	text         string
	logs         bool
	limit        int
	all          bool
	watch        time.Duration
}

func newExecutionListCmd(a *app) *cobra.Command {
	var o executionListOptions
	cmd := &cobra.Command{
		Use:        "list [JOB]",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List executions, newest first",
		Example: `  schedctl execution list --status failed,timeout --since 1d
  schedctl x ls nightly-backup -n 5 -o json`,
		Args:              between(0, "JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.job = args[0]
			}
			return runExecutionList(cmd.Context(), a, o)
		}),
	}
	o.declare(cmd, a)
	return cmd
}

// newPsCmd is what waits and what runs.
func newPsCmd(a *app) *cobra.Command {
	o := executionListOptions{statuses: []job.Status{job.Pending, job.Running}, limit: pageSize}
	cmd := &cobra.Command{
		Use:               "ps [JOB]",
		Short:             "List executions that wait or run",
		Example:           "  schedctl ps\n  schedctl ps nightly-backup",
		GroupID:           groupExecutions,
		Args:              between(0, "JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.job = args[0]
			}
			return runExecutionList(cmd.Context(), a, o)
		}),
	}
	listsOf(a, cmd, a.runTable)
	watchFlag(cmd, &o.watch)
	return cmd
}

func (o *executionListOptions) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	enumsVar(cmd, &o.statuses, "status", "only these statuses", job.Statuses()...)
	enumsVar(cmd, &o.triggers, "trigger", "only these triggers", job.Triggers()...)
	f.StringVar(&o.since, "since", "", "due at or after TIME, such as 3d or 'yesterday'")
	f.StringVar(&o.until, "until", "", "due before TIME")
	f.BoolVar(&o.dead, "dead", false, "only dead letters: those that nothing will run again")
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
	f.StringSliceVar(&o.workers, "worker", nil, "only those of these nodes")
	f.StringSliceVar(&o.handlers, "handler", nil, "of jobs that run one of these handlers")
	f.StringSliceVar(&o.classes, "error-class", nil, "that ended with an error of these classes, such as exit_status")
	durationVar(f, &o.longer, "longer-than", "whose last attempt took at least this long")
	durationVar(f, &o.shorter, "shorter-than", "whose last attempt took at most this long")
	f.StringVar(&o.text, "text", "", "with this text in the job's name, the error or the reason of a skip")
	f.BoolVar(&o.logs, "include-logs", false, "with the last 20 lines of each, in JSON or YAML")
	watchFlag(cmd, &o.watch)
	_ = cmd.RegisterFlagCompletionFunc("worker", completeWorkers(a, 100))
	_ = cmd.RegisterFlagCompletionFunc("handler", completeHandlers(a))
	_ = cmd.RegisterFlagCompletionFunc("error-class", completeErrorClasses(a))
	_ = cmd.RegisterFlagCompletionFunc("text", noFiles)
	listsOf(a, cmd, a.runTable)
}

func runExecutionList(ctx context.Context, a *app, o executionListOptions) error {
	if err := checkLimit(o.limit); err != nil {
		return err
	}
	q := client.ExecutionQuery{Statuses: o.statuses, Triggers: o.triggers, Dead: o.dead, Workers: o.workers, Handlers: o.handlers, ErrorClasses: o.classes,
		MinDuration: o.longer, MaxDuration: o.shorter, Text: o.text, WithLogs: o.logs, WithTotal: true}
	if err := o.checkBounds(a); err != nil {
		return err
	}
	var err error
	if q.Since, err = a.past("since", o.since); err != nil {
		return err
	}
	if q.Until, err = a.past("until", o.until); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	return a.watched(ctx, o.watch, func(ctx context.Context) error { return o.list(ctx, a, c, q) })
}

// checkBounds refuses what selects nothing, or shows nothing of what was asked for.
func (o *executionListOptions) checkBounds(a *app) error {
	for flag, d := range map[string]time.Duration{"longer-than": o.longer, "shorter-than": o.shorter} {
		if d != 0 && d < time.Millisecond {
			return usagef("--%s must be 1ms at least", flag)
		}
	}
	if o.shorter > 0 && o.longer > o.shorter {
		return usagef("--longer-than is more than --shorter-than")
	}
	if o.logs && (!a.structured() || a.tabular()) {
		return usagef("--include-logs needs a format that has room for lines").WithHint("add -o json")
	}
	return nil
}

// list prints what the query finds.
func (o *executionListOptions) list(ctx context.Context, a *app, c *client.Client, q client.ExecutionQuery) error {
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[job.Execution], error) {
		q.Cursor, q.Limit = cursor, limit
		return o.page(ctx, c, q)
	})
	if err != nil {
		return err
	}
	if !o.all && len(page.Items) > o.limit {
		page.Items = page.Items[:o.limit]
	}
	if err := printList(a, runListing(a, page)); err != nil {
		return err
	}
	if n := int64(len(page.Items)); n > 0 && n < page.Total {
		a.footer("%d of %s; --all lists the rest", n, human.Plural(int(page.Total), "execution"))
	}
	return nil
}

// page reads one page: of a job, or of all of them.
func (o *executionListOptions) page(ctx context.Context, c *client.Client, q client.ExecutionQuery) (client.Page[job.Execution], error) {
	if o.job != "" {
		return c.JobExecutions(ctx, o.job, q)
	}
	return c.Executions(ctx, q)
}
