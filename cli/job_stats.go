package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

type jobStatsOptions struct {
	since string
	graph bool
}

func newJobStatsCmd(a *app) *cobra.Command {
	var o jobStatsOptions
	cmd := &cobra.Command{
		Use:        "stats JOB",
		SuggestFor: []string{"statistics", "metrics"},
		Short:      "Sum up a job: how often it ran, how well, how long, and what went wrong",
		Long: `Sum up a job: how often it ran, how well, how long, and what went wrong. Figures are kept for
400 days, however soon executions are forgotten; by the hour for a week, then by the day, and
with --since they begin there. Percentiles are of successes.`,
		Example:           "  schedctl job stats nightly-backup\n  schedctl job stats nightly-backup --since 30d --graph",
		Args:              exactly("JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobStats(cmd.Context(), a, args[0], o)
		}),
	}
	cmd.Flags().StringVar(&o.since, "since", "", "what ended at or after TIME, such as 30d")
	cmd.Flags().BoolVar(&o.graph, "graph", false, "one line a day: how many ran, and how long they took")
	return cmd
}

func runJobStats(ctx context.Context, a *app, ref string, o jobStatsOptions) error {
	since, err := a.past("since", o.since)
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	s, err := c.JobStats(ctx, ref, since)
	if err != nil {
		return err
	}
	return printOne(a, s, s.JobName, func() error { return a.showJobStats(&s, o.graph) })
}

func (a *app) showJobStats(s *api.JobStats, graph bool) error {
	for _, line := range [][2]string{
		{"executions", a.endsWord(s)},
		{"duration", durationsWord(s)},
		{"trend", a.trendWord(s.Trend)},
		{"last", a.lastWord(s)},
		{"next", a.nextWord(s)},
		{"busiest", busiestWord(s)},
	} {
		if line[1] != "" { // a colour is among the words of the last run
			_, _ = io.WriteString(a.out, fmt.Sprintf("%-11s %s\n", line[0], line[1]))
		}
	}
	if graph {
		if err := a.graphTrend(s.Trend); err != nil {
			return err
		}
	}
	if len(s.FailurePatterns) == 0 {
		return nil
	}
	_, _ = io.WriteString(a.out, "\n")
	t := render.NewTable("FAILURE", "~PATTERN", ">COUNT", "LAST")
	for i := range s.FailurePatterns {
		p := &s.FailurePatterns[i]
		t.AddText(p.ErrorType, p.Message, fmt.Sprint(p.Count), a.when(&p.LastOccurrence))
	}
	return a.printTable(t)
}

// endsWord counts ends. What did not happen is left out.
func (a *app) endsWord(s *api.JobStats) string {
	parts := []string{fmt.Sprint(s.TotalExecutions)}
	for _, e := range []struct {
		n    int64
		word string
	}{{s.Successful, "successful"}, {s.Failed, "failed"}, {s.Timeout, "timeout"}, {s.Cancelled, "cancelled"}, {s.Skipped, "skipped"}} {
		if e.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", e.n, e.word))
		}
	}
	if s.Successful+s.Failed+s.Timeout > 0 {
		parts = append(parts, fmt.Sprintf("success %.1f %%", floor1(s.SuccessRate)))
	}
	if s.Since != nil {
		parts = append(parts, "since "+a.moment(*s.Since))
	}
	return strings.Join(parts, "   ")
}

func durationsWord(s *api.JobStats) string {
	if s.AvgDurationMS == nil && s.P50DurationMS == nil {
		return ""
	}
	var parts []string
	for _, d := range []struct {
		name string
		ms   *int64
	}{
		{"avg", s.AvgDurationMS},
		{"min", s.MinDurationMS},
		{"p50", s.P50DurationMS},
		{"p95", s.P95DurationMS},
		{"p99", s.P99DurationMS},
		{"max", s.MaxDurationMS},
	} {
		parts = append(parts, d.name+" "+human.Millis(d.ms))
	}
	return strings.Join(parts, "   ")
}

// trendDays is how many days the line of a trend has.
const trendDays = 30

// trendWord draws the average of each of the last days.
func (a *app) trendWord(days []api.DayStats) string {
	days = days[max(0, len(days)-trendDays):]
	if len(days) < 2 {
		return ""
	}
	shades := []rune(".:-=+*#%@")
	if a.outTTY() && a.unicode() {
		shades = []rune("▁▂▃▄▅▆▇█")
	}
	longest := int64(1)
	for i := range days {
		if ms := days[i].AvgDurationMS; ms != nil {
			longest = max(longest, *ms)
		}
	}
	var line strings.Builder
	for i := range days {
		ms := days[i].AvgDurationMS
		if ms == nil {
			line.WriteByte(' ')
			continue
		}
		line.WriteRune(shades[*ms*int64(len(shades)-1)/longest])
	}
	return line.String() + "   (average by day, since " + render.Clean(days[0].Day) + ")"
}

func (a *app) lastWord(s *api.JobStats) string {
	last := s.LastExecution
	if last == nil {
		return ""
	}
	word := a.painted(a.runStatus(last.Status)) + " " + render.Clean(last.Run) + ", " + a.moment(last.StartedAt)
	if last.DurationMS != nil {
		word += ", " + human.Millis(last.DurationMS)
	}
	return word
}

func (a *app) nextWord(s *api.JobStats) string {
	if s.NextExecution == nil {
		return ""
	}
	word := a.moment(s.NextExecution.ScheduledAt)
	if ms := s.NextExecution.EstimatedDurationMS; ms != nil {
		word += ", expect " + human.Millis(ms)
	}
	return word
}

// busiestWord lists hours of the day in order.
func busiestWord(s *api.JobStats) string {
	if len(s.BusiestHours) == 0 {
		return ""
	}
	hours := slices.Clone(s.BusiestHours)
	slices.SortFunc(hours, func(a, b api.BusyHour) int { return a.Hour - b.Hour })
	parts := make([]string, len(hours))
	for i, h := range hours {
		parts[i] = fmt.Sprintf("%02dh (%d)", h.Hour, h.ExecutionCount)
	}
	return strings.Join(parts, "  ") + "   " + render.Clean(s.Timezone)
}

// graphTrend prints one line a day.
func (a *app) graphTrend(days []api.DayStats) error {
	_, _ = io.WriteString(a.out, "\n")
	most := int64(1)
	for i := range days {
		most = max(most, days[i].Executions)
	}
	bar := "#"
	if a.outTTY() && a.unicode() {
		bar = "█"
	}
	const width = 40
	t := render.NewTable("DAY", ">RUNS", ">AVG", "SHARE")
	for i := range days {
		d := &days[i]
		t.AddText(d.Day, fmt.Sprint(d.Executions), human.Millis(d.AvgDurationMS), strings.Repeat(bar, int((d.Executions*width+most-1)/most)))
	}
	return a.printTable(t)
}
