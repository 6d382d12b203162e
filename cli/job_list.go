package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// typeFlag is a job type as --type takes it.
type typeFlag string

type jobListOptions struct {
	globs        []string
	types        []typeFlag
	statuses     []job.JobStatus
	tags         []string
	tagsAll      []string
	nameContains string
	handlers     []string
	createdBy    string
	createdAfter, createdBefore,
	nextAfter, nextBefore string
	failing bool
	limit   int
	all     bool
	watch   time.Duration
}

func newJobListCmd(a *app) *cobra.Command {
	var o jobListOptions
	cmd := &cobra.Command{
		Use:        "list [GLOB...]",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get", "jobs"},
		Short:      "List jobs",
		Example: `  schedctl job list 'drip-*' --status active
  schedctl ls --failing -o name`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.globs = args
			return runJobList(cmd.Context(), a, o)
		}),
	}
	f := cmd.Flags()
	enumsVar(cmd, &o.types, "type", "only these types", "cron", "once", "recurring", "event", "one_time")
	enumsVar(cmd, &o.statuses, "status", "only these statuses", job.JobStatuses()...)
	f.StringArrayVar(&o.tags, "tag", nil, "with any of these tags")
	f.StringArrayVar(&o.tagsAll, "tag-all", nil, "with all of these tags")
	f.StringVar(&o.nameContains, "name-contains", "", "whose name contains this, in upper or lower case")
	f.StringArrayVar(&o.handlers, "handler", nil, "that run this handler")
	f.StringVar(&o.createdBy, "created-by", "", "created by this account")
	f.StringVar(&o.createdAfter, "created-after", "", "created at or after TIME")
	f.StringVar(&o.createdBefore, "created-before", "", "created before TIME")
	f.StringVar(&o.nextAfter, "next-after", "", "with a next run at or after TIME")
	f.StringVar(&o.nextBefore, "next-before", "", "with a next run before TIME")
	f.BoolVar(&o.failing, "failing", false, "whose newest finished run did not succeed")
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
	watchFlag(cmd, &o.watch)
	_ = cmd.RegisterFlagCompletionFunc("handler", completeHandlers(a))
	_ = cmd.RegisterFlagCompletionFunc("tag", a.completeTagFlag)
	_ = cmd.RegisterFlagCompletionFunc("tag-all", a.completeTagFlag)
	listsOf(a, cmd, a.jobTable)
	return cmd
}

// sortKeys are what the daemon sorts by. It does so before it counts what is listed; by
// any other column what is listed is sorted here.
var sortKeys = []string{"created_at", "next_run", "name", "priority"}

// sortedThere says what the daemon is asked to sort by; whole = nothing is left to do.
func (a *app) sortedThere() (by, order string, whole bool) {
	if len(a.g.sortBy) == 0 {
		return "next_run", "", true
	}
	by = strings.TrimPrefix(a.g.sortBy[0], "-")
	if !slices.Contains(sortKeys, by) {
		return "next_run", "", false
	}
	if by != a.g.sortBy[0] {
		order = "desc"
	}
	return by, order, len(a.g.sortBy) == 1
}

// query turns options into what the daemon is asked.
func (o jobListOptions) query(a *app) (q client.JobQuery, err error) {
	if err := checkLimit(o.limit); err != nil {
		return q, err
	}
	q = client.JobQuery{
		Names: o.globs, Statuses: o.statuses, Tags: o.tags, TagsAll: o.tagsAll, NameContains: o.nameContains,
		Handlers: o.handlers, CreatedBy: o.createdBy, Failing: o.failing,
		WithTotal: a.structured() || a.outTTY(), // elsewhere nobody is told, and counting takes time
	}
	q.SortBy, q.SortOrder, _ = a.sortedThere()
	for _, t := range o.types {
		if t == "once" {
			t = "one_time"
		}
		q.Types = append(q.Types, job.Type(t))
	}
	if q.CreatedAfter, err = a.past("created-after", o.createdAfter); err != nil {
		return q, err
	}
	if q.CreatedBefore, err = a.past("created-before", o.createdBefore); err != nil {
		return q, err
	}
	if q.NextRunAfter, err = a.future("next-after", o.nextAfter); err != nil {
		return q, err
	}
	q.NextRunBefore, err = a.future("next-before", o.nextBefore)
	return q, err
}

func runJobList(ctx context.Context, a *app, o jobListOptions) error {
	q, err := o.query(a)
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	list := func(ctx context.Context) error {
		page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[job.Job], error) {
			q.Cursor, q.Limit = cursor, limit
			return c.Jobs(ctx, q)
		})
		if err != nil {
			return err
		}
		l := jobListing(a, page)
		_, _, l.Sorted = a.sortedThere()
		if err := printList(a, l); err != nil {
			return err
		}
		if len(page.Items) > 0 {
			a.footer("%s", jobFooter(page))
		}
		return nil
	}
	return a.watched(ctx, o.watch, list)
}

func jobListing(a *app, page client.Page[job.Job]) listing[job.Job] {
	return listing[job.Job]{
		Items: page.Items, Total: page.Total, Next: page.NextCursor,
		Name:  func(j job.Job) string { return j.Name },
		Table: func(jobs []job.Job, wide bool) *render.Table { return a.jobTable(jobs, wide) },
		None:  "No jobs found.",
	}
}

func (a *app) jobTable(jobs []job.Job, wide bool) *render.Table {
	headers := []string{"NAME", "?TYPE", "STATUS", "~SCHEDULE", "NEXT RUN", "LAST RUN", "?>RUNS=executions_count", "?>OK%=success_rate", "?~HANDLER=handler_name"}
	if wide {
		headers = append(headers, "TIMEZONE", "PRIORITY", "TAGS", "PLATFORM=platform_id", "CREATED BY", "CREATED=created_at", "ID")
	}
	t := render.NewTable(headers...)
	for i := range jobs {
		j := &jobs[i]
		row := []render.Cell{
			render.Text(j.Name), render.Text(typeWord(j.Type)), a.jobStatus(j.Status), render.Text(a.scheduleWord(j)),
			render.Text(a.coming(j.NextRun)), render.Text(a.when(j.LastRun)), render.Text(fmt.Sprint(j.ExecutionsCount)),
			render.Text(human.Percent(j.SuccessCount, j.SuccessCount+j.FailureCount)), render.Text(j.HandlerName),
		}
		if wide {
			for _, text := range []string{
				j.Timezone, string(j.Priority), or(strings.Join(j.Tags, ","), human.Absent), platformWord(j.PlatformID),
				j.CreatedBy, a.when(&j.CreatedAt), j.ID.String(),
			} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

// jobFooter sums a list up: "8 jobs (7 active, 1 paused)".
func jobFooter(page client.Page[job.Job]) string {
	if int64(len(page.Items)) < page.Total {
		return fmt.Sprintf("%d of %s; --all lists the rest", len(page.Items), human.Plural(int(page.Total), "job"))
	}
	counts := map[job.JobStatus]int{}
	for _, j := range page.Items {
		counts[j.Status]++
	}
	var parts []string
	for _, s := range job.JobStatuses() {
		if n := counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return fmt.Sprintf("%s (%s)", human.Plural(len(page.Items), "job"), strings.Join(parts, ", "))
}
