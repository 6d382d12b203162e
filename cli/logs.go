package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type logsOptions struct {
	follow       bool
	since, until string
	tail         int
	level        job.LogLevel
	grep         string
	attempt      int
	timestamps   bool
}

func newLogsCmd(a *app) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:        "logs JOB|EXECUTION",
		SuggestFor: []string{"log", "tail", "output"},
		Short:      "Print what an execution printed",
		Long: `Print what an execution printed: the newest one when a job is named. With -f a job
is followed from run to run until Ctrl-C, an execution until it is over.`,
		Example: `  schedctl logs nightly-backup/184 --level warn
  schedctl logs -f nightly-backup`,
		GroupID:           groupExecutions,
		Args:              exactly("JOB|EXECUTION"),
		ValidArgsFunction: completeJobOrRun(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runLogs(cmd.Context(), a, args[0], o)
		}),
	}
	f := cmd.Flags()
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with what comes")
	f.StringVar(&o.since, "since", "", "only lines at or after TIME, such as 10m")
	f.StringVar(&o.until, "until", "", "only lines before TIME")
	f.IntVarP(&o.tail, "tail", "n", 0, "only the last so many lines")
	listsOf(a, cmd, logTable)
	enumVar(cmd, &o.level, "level", "at least this level", job.LogLevels()...)
	f.StringVar(&o.grep, "grep", "", "only lines that contain this text")
	f.IntVar(&o.attempt, "attempt", 0, "only this attempt")
	f.BoolVar(&o.timestamps, "timestamps", false, "put the time and the level in front of each line")
	return cmd
}

func (o logsOptions) query(a *app) (q client.LogQuery, err error) {
	if o.tail < 0 || o.attempt < 0 {
		return q, usagef("--tail and --attempt can't be negative")
	}
	q = client.LogQuery{Attempt: o.attempt, Level: o.level, Contains: o.grep, Tail: o.tail}
	if q.Since, err = a.past("since", o.since); err != nil {
		return q, err
	}
	q.Until, err = a.past("until", o.until)
	return q, err
}

func runLogs(ctx context.Context, a *app, ref string, o logsOptions) error {
	q, err := o.query(a)
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	e, isJob, err := findRun(ctx, c, ref)
	switch {
	case err != nil && !(isJob && o.follow && job.CodeOf(err) == job.NotFound):
		return err
	case err != nil: // a job that has not run yet is waited for
		if _, err := c.Job(ctx, ref); err != nil {
			return err
		}
	}
	if o.follow && a.tabular() {
		return usagef("--follow and -o %s can't be combined", a.g.output).WithHint("-o ndjson follows, line by line")
	}
	printer := a.newLogPrinter(o.timestamps)
	if !o.follow {
		return a.printLogs(ctx, c, &e, q, printer)
	}
	if isJob {
		return a.followJob(ctx, c, ref, e, q, printer)
	}
	return a.followRun(ctx, c, &e, q, printer)
}

// findRun finds the execution that an argument means: the newest one of a job.
func findRun(ctx context.Context, c *client.Client, ref string) (e job.Execution, isJob bool, err error) {
	if strings.Contains(ref, "/") {
		e, err = c.Execution(ctx, ref)
		return e, false, err
	}
	if _, notID := job.ParseID(ref); notID == nil {
		if e, err = c.Execution(ctx, ref); job.CodeOf(err) != job.NotFound {
			return e, false, err
		}
	}
	page, err := c.JobExecutions(ctx, ref, client.ExecutionQuery{Limit: 1})
	if err != nil {
		return e, true, err
	}
	if len(page.Items) == 0 {
		return e, true, job.Errorf(job.NotFound, "job %s has not run yet", ref).WithHint("schedctl next %s", ref)
	}
	return page.Items[0], true, nil
}

// printLogs prints what there is.
func (a *app) printLogs(ctx context.Context, c *client.Client, e *job.Execution, q client.LogQuery, p logPrinter) error {
	const batch = 1000
	var all []job.LogEntry
	count := 0
	for {
		if q.Tail == 0 {
			q.Limit = batch
		}
		lines, err := c.Logs(ctx, e.ID.String(), q)
		if err != nil {
			return err
		}
		count += len(lines)
		for i := range lines {
			q.After = max(q.After, lines[i].Seq)
			if a.structured() {
				all = append(all, lines[i])
			} else if err := p.print(&lines[i]); err != nil {
				return err
			}
		}
		if len(lines) < batch || q.Tail > 0 {
			break
		}
	}
	switch {
	case a.structured():
		return printList(a, listing[job.LogEntry]{
			Items: all, Total: int64(len(all)),
			Name:  func(l job.LogEntry) string { return l.Message },
			Table: logTable,
		})
	case count == 0:
		a.note("%s has no such lines; it is %s", runName(e), strings.TrimSpace(string(e.Status)+" "+runError(e)))
	}
	return nil
}

// logTable is lines of a log for programs that want rows.
func logTable(lines []job.LogEntry, _ bool) *render.Table {
	t := render.NewTable("TIMESTAMP", "LEVEL", "?>ATTEMPT", "?STREAM", "~MESSAGE")
	for i := range lines {
		l := &lines[i]
		t.AddText(l.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), string(l.Level), strconv.Itoa(l.Attempt), string(l.Stream), l.Message)
	}
	return t
}

// followRun prints lines as they come until the execution is over.
func (a *app) followRun(ctx context.Context, c *client.Client, e *job.Execution, q client.LogQuery, p logPrinter) error {
	for line, err := range c.FollowLogs(ctx, e.ID.String(), q) {
		if err != nil {
			return err
		}
		if err := p.print(&line); err != nil {
			return err
		}
	}
	after, err := c.Execution(ctx, e.ID.String())
	if err != nil {
		return err
	}
	*e = after
	text := string(e.Status)
	if e.DurationMS != nil {
		text += " in " + human.Millis(e.DurationMS)
	}
	a.footer("%s %s", runName(e), text)
	return nil
}

// followJob follows one execution after the other; only an interrupt ends it.
func (a *app) followJob(ctx context.Context, c *client.Client, ref string, e job.Execution, q client.LogQuery, p logPrinter) error {
	for {
		if !e.ID.IsZero() {
			if err := a.followRun(ctx, c, &e, q, p.of(&e)); err != nil {
				return err
			}
			q.Tail = 0
		}
		a.footer("%s", a.waitingWord(ctx, c, ref))
		next, err := a.nextRun(ctx, c, ref, e.RunNumber)
		if err != nil {
			return err
		}
		e = next
	}
}

// nextRun waits for an execution with a higher number that is not skipped.
func (a *app) nextRun(ctx context.Context, c *client.Client, ref string, number int64) (job.Execution, error) {
	for {
		page, err := c.JobExecutions(ctx, ref, client.ExecutionQuery{Limit: 20})
		if err != nil && job.CodeOf(err) != job.Unavailable {
			return job.Execution{}, err
		}
		for i := len(page.Items) - 1; i >= 0; i-- { // oldest first
			if e := page.Items[i]; e.RunNumber > number && e.Status != job.Skipped {
				return e, nil
			}
		}
		if !sleep(ctx, pollMost) {
			return job.Execution{}, context.Cause(ctx)
		}
	}
}

// waitingWord says what a followed job waits for.
func (a *app) waitingWord(ctx context.Context, c *client.Client, ref string) string {
	next, err := c.Next(ctx, ref, 1, time.Time{})
	if err != nil || len(next.Items) == 0 {
		return "(waiting for the next run; Ctrl-C to stop)"
	}
	return "(waiting for the next run, " + a.coming(&next.Items[0].At) + "; Ctrl-C to stop)"
}
