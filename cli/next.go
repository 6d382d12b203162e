package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/client"
)

type nextOptions struct {
	jobs   []string
	window time.Duration
	limit  int
	at     string
	busy   bool
	clocks bool
	watch  time.Duration
}

func newNextCmd(a *app) *cobra.Command {
	o := nextOptions{window: 24 * time.Hour}
	cmd := &cobra.Command{
		Use:     "next [JOB...]",
		Aliases: []string{"forecast"},
		Short:   "Show what runs next, across jobs",
		Example: `  schedctl next --window 24h
  schedctl next nightly-backup 'drip-*' --window 7d
  schedctl next --busy --window 6h
  schedctl next --at 'tomorrow 02:00'
  schedctl next --clock-changes`,
		GroupID:           groupSchedules,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.jobs = args
			if err := exclusive(cmd, "at", "window"); err != nil {
				return err
			}
			if err := exclusive(cmd, "busy", "limit"); err != nil {
				return err
			}
			if err := exclusive(cmd, "clock-changes", "busy", "at"); err != nil {
				return err
			}
			if o.clocks && !cmd.Flags().Changed("window") {
				o.window = untilClocksChange
			}
			return a.watched(cmd.Context(), o.watch, func(ctx context.Context) error { return runNext(ctx, a, o) })
		}),
	}
	f := cmd.Flags()
	durationVar(f, &o.window, "window", "how far to look")
	f.IntVarP(&o.limit, "limit", "n", 20, "show at most so many runs")
	f.StringVar(&o.at, "at", "", "only what runs in the minute of TIME")
	f.BoolVar(&o.busy, "busy", false, "show how many runs each minute has")
	f.BoolVar(&o.clocks, "clock-changes", false, "show which jobs the coming changes of clocks concern, and how; --window is 240d then")
	watchFlag(cmd, &o.watch)
	listsOf(a, cmd, a.forecastTable)
	return cmd
}

func runNext(ctx context.Context, a *app, o nextOptions) error {
	for _, ref := range o.jobs {
		if isExpression(ref) && !isPattern(ref) {
			return usagef("%q is not the name of a job", ref).WithHint("schedctl explain '%s'", ref)
		}
	}
	if err := checkLimit(o.limit); err != nil {
		return err
	}
	if o.window <= 0 {
		return usagef("--window must be longer than nothing")
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	names := o.jobs
	if len(names) > 0 {
		chosen, err := selector{}.resolve(ctx, c, names)
		if err != nil {
			return err
		}
		names = chosen.names
	}
	switch {
	case o.busy:
		return a.busy(ctx, c, names, o.window)
	case o.clocks:
		return a.clockChanges(ctx, c, names, o)
	}
	from, err := o.minute(a)
	if err != nil {
		return err
	}
	items, err := o.items(ctx, c, names, from)
	if err != nil {
		return err
	}
	total := int64(len(items))
	if len(items) == o.limit {
		total = -1 // there may be more
	}
	err = printList(a, listing[api.ForecastItem]{
		Items: items, Total: total,
		Name:  func(i api.ForecastItem) string { return i.Job },
		Table: func(items []api.ForecastItem, wide bool) *render.Table { return a.forecastTable(items, wide) },
		None:  "Nothing runs in the next " + human.Setting(o.window) + ".",
	})
	switch {
	case err != nil || len(items) == 0:
		return err
	case total < 0:
		a.note("only the first %s; --limit shows more", human.Plural(len(items), "run"))
	default:
		a.footer("%s", forecastFooter(items, o.window))
	}
	return nil
}

// minute is the start of the minute that --at names; zero = none.
func (o *nextOptions) minute(a *app) (time.Time, error) {
	if o.at == "" {
		return time.Time{}, nil
	}
	at, err := a.reader().Future(o.at)
	if err != nil {
		return time.Time{}, inFlag("at", err)
	}
	a.note("at: %q = %s", o.at, timex.Echo(at.At, at.Zone))
	if minute := at.At.Truncate(time.Minute); minute.Add(time.Minute).After(a.env.Now()) {
		o.window = minute.Add(time.Minute).Sub(a.env.Now())
		return minute, nil
	}
	return time.Time{}, usagef("--at %q is in the past", o.at).WithHint("see \"schedctl execution list --since\"")
}

// items are the coming runs, of one minute where from names it.
func (o *nextOptions) items(ctx context.Context, c *client.Client, names []string, from time.Time) ([]api.ForecastItem, error) {
	limit := o.limit
	if !from.IsZero() {
		limit = forecastMost // what comes before the minute is left out
	}
	items, err := c.Forecast(ctx, o.window, names, limit)
	if err != nil || from.IsZero() {
		return items, err
	}
	if len(items) == limit && items[limit-1].At.Before(from) {
		return nil, usagef("more than %d runs come before that minute", limit).WithHint("name the jobs")
	}
	items = slices.DeleteFunc(items, func(i api.ForecastItem) bool { return !i.At.Truncate(time.Minute).Equal(from) })
	return items[:min(len(items), o.limit)], nil
}

func isPattern(ref string) bool {
	for _, r := range ref {
		if r == '*' || r == '?' {
			continue
		}
		if isExpression(string(r)) {
			return false
		}
	}
	return true
}

func (a *app) forecastTable(items []api.ForecastItem, wide bool) *render.Table {
	headers := []string{"NEXT=at", "LAST=last_run", ">EST=estimated_duration_ms", "JOB"}
	if a.outTTY() {
		headers = []string{"NEXT=at", "LEFT", "?LAST=last_run", "?PASSED", "?>EST=estimated_duration_ms", "JOB"}
	}
	if wide {
		headers = append(headers, "TIMEZONE")
	}
	t := render.NewTable(headers...)
	now := a.env.Now()
	for _, i := range items {
		last, passed := human.Absent, human.Absent
		if i.LastRun != nil {
			last, passed = a.day(*i.LastRun), human.Distance(now.Sub(*i.LastRun))
		}
		row := []string{a.day(i.At), last, human.Millis(i.EstimateMS), i.Job}
		if a.outTTY() {
			row = []string{a.day(i.At), human.Distance(i.At.Sub(now).Round(time.Second)), last, passed, human.Millis(i.EstimateMS), i.Job}
		}
		if wide {
			row = append(row, i.Timezone)
		}
		t.AddText(row...)
	}
	return t
}

// forecastFooter sums up: "8 runs in 24h; busiest minute 1 run; estimated worker time 27m00s".
func forecastFooter(items []api.ForecastItem, window time.Duration) string {
	perMinute := map[int64]int{}
	busiest, work := 0, int64(0)
	for _, i := range items {
		minute := i.At.Unix() / 60
		perMinute[minute]++
		busiest = max(busiest, perMinute[minute])
		if i.EstimateMS != nil {
			work += *i.EstimateMS
		}
	}
	return fmt.Sprintf("%s in %s; busiest minute %s; estimated worker time %s",
		human.Plural(len(items), "run"), human.Setting(window), human.Plural(busiest, "run"), human.Millis(&work))
}
