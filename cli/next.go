package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

type nextOptions struct {
	jobs   []string
	window time.Duration
	limit  int
}

func newNextCmd(a *app) *cobra.Command {
	o := nextOptions{window: 24 * time.Hour}
	cmd := &cobra.Command{
		Use:     "next [JOB...]",
		Aliases: []string{"forecast"},
		Short:   "Show what runs next, across jobs",
		Example: `  schedctl next --window 24h
  schedctl next nightly-backup 'drip-*' --window 7d`,
		GroupID:           groupSchedules,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.jobs = args
			return runNext(cmd.Context(), a, o)
		}),
	}
	durationVar(cmd.Flags(), &o.window, "window", "how far to look")
	cmd.Flags().IntVarP(&o.limit, "limit", "n", 20, "show at most so many runs")
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
		if names, _, err = (selector{}).resolve(ctx, c, names); err != nil {
			return err
		}
	}
	items, err := c.Forecast(ctx, o.window, names, o.limit)
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
	headers := []string{"NEXT", "LAST", ">EST", "JOB"}
	if a.outTTY() {
		headers = []string{"NEXT", "LEFT", "LAST", "PASSED", ">EST", "JOB"}
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
