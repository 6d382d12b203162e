package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type metricsOptions struct {
	period       string
	since, until string
	watch        time.Duration
	prometheus   bool
}

func newMetricsCmd(a *app) *cobra.Command {
	var o metricsOptions
	cmd := &cobra.Command{
		Use:        "metrics",
		SuggestFor: []string{"stats", "numbers"},
		Short:      "Sum up what ended within a time, and count what is there now",
		Long: `Sum up what ended within a time, and count what is there now: of the platform that you
look at, or of all. Percentiles are of successes.

With --prometheus print what Prometheus reads of the node that answers, in the text format of
Prometheus; who asks must reach all platforms.`,
		Example: `  schedctl metrics
  schedctl metrics --period 7d
  schedctl metrics --since '2026-11-22 00:00' --until '2026-11-23 00:00' -o json
  schedctl metrics -w
  schedctl metrics --prometheus | grep schedd_queue`,
		GroupID:           groupOperations,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return a.watched(cmd.Context(), o.watch, func(ctx context.Context) error { return runMetrics(ctx, a, o) })
		}),
	}
	watchFlag(cmd, &o.watch)
	enumVar(cmd, &o.period, "period", "a time until now", api.Periods()...)
	cmd.Flags().StringVar(&o.since, "since", "", "what ended at or after TIME, such as 3d or 'yesterday'")
	cmd.Flags().StringVar(&o.until, "until", "", "what ended before TIME")
	cmd.Flags().BoolVar(&o.prometheus, "prometheus", false, "print the text format of Prometheus, as the daemon exposes it")
	for _, other := range []string{"period", "since", "until"} {
		cmd.MarkFlagsMutuallyExclusive("prometheus", other)
	}
	cmd.MarkFlagsMutuallyExclusive("period", "since")
	cmd.MarkFlagsMutuallyExclusive("period", "until")
	return cmd
}

func runMetrics(ctx context.Context, a *app, o metricsOptions) error {
	if o.prometheus {
		return a.exposition(ctx)
	}
	q := client.MetricsQuery{Period: o.period}
	var err error
	if q.From, err = a.past("since", o.since); err != nil {
		return err
	}
	if q.To, err = a.past("until", o.until); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	m, err := c.Metrics(ctx, q)
	if err != nil {
		return inFlags(err, map[string]string{"from": "--since", "to": "--until"})
	}
	if a.tabular() {
		return printList(a, listing[figure]{Items: figuresOf(&m), Total: -1, Name: func(f figure) string { return f.Metric }, Table: figureTable})
	}
	return printOne(a, m, "metrics", func() error { return a.showMetrics(&m) })
}

// inFlags names the flags that fields of a refusal were taken from, as the caller knows
// them.
func inFlags(err error, flags map[string]string) error {
	refused, ok := errors.AsType[*job.Error](err)
	if !ok {
		return err
	}
	known := *refused
	for field, flag := range flags {
		if rest, is := strings.CutPrefix(known.Message, field+": "); is {
			known.Message = flag + ": " + rest
			break
		}
	}
	known.Fields = slices.Clone(known.Fields)
	for i := range known.Fields {
		if flag := flags[known.Fields[i].Field]; flag != "" {
			known.Fields[i].Field = flag
		}
	}
	return &known
}

// exposition prints what Prometheus reads of the node that answers.
func (a *app) exposition(ctx context.Context) error {
	if a.structured() {
		return usagef("--prometheus is a format of its own").WithHint("leave out --jq, --columns and -o")
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	text, err := c.Exposition(ctx)
	if err != nil {
		return err
	}
	return a.rawAnswer(text)
}

// figure is one of the metrics, in formats that are rows.
type figure struct {
	Metric string `json:"metric"` // e.g. executions.total
	Value  any    `json:"value"`
}

// figuresOf makes rows of metrics, in the order of their fields.
func figuresOf(m *api.Metrics) []figure {
	var rows []figure
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		group, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		part := v.Field(i)
		if _, isTime := part.Interface().(time.Time); isTime {
			rows = append(rows, figure{group, part.Interface()})
			continue
		}
		for n := range part.NumField() {
			name, _, _ := strings.Cut(part.Type().Field(n).Tag.Get("json"), ",")
			rows = append(rows, figure{group + "." + name, part.Field(n).Interface()})
		}
	}
	return rows
}

func figureTable(rows []figure, _ bool) *render.Table {
	t := render.NewTable("METRIC", ">VALUE")
	for _, f := range rows {
		value, _ := render.Generic(f.Value) // plain values always encode
		t.AddText(f.Metric, render.Scalar(value))
	}
	return t
}

// figureGroup is figures that belong together, each a name and a value.
type figureGroup struct {
	title string
	rows  [][2]string
}

// printGroups prints groups side by side, as many as the terminal has room for.
func (a *app) printGroups(groups []figureGroup) error {
	for first := 0; first < len(groups); {
		count := len(groups) - first
		t := groupTable(groups[first : first+count])
		for room := a.room(); count > 1 && room > 0 && t.Width() > room; {
			count--
			t = groupTable(groups[first : first+count])
		}
		if first > 0 {
			a.say("")
		}
		if err := a.printTable(t); err != nil {
			return err
		}
		first += count
	}
	return nil
}

func groupTable(groups []figureGroup) *render.Table {
	var heads []string
	lines := 0
	for _, g := range groups {
		heads, lines = append(heads, g.title, "> "), max(lines, len(g.rows))
	}
	t := render.NewTable(heads...)
	for i := range lines {
		var cells []string
		for _, g := range groups {
			name, value := "", ""
			if i < len(g.rows) {
				name, value = g.rows[i][0], g.rows[i][1]
			}
			cells = append(cells, name, value)
		}
		t.AddText(cells...)
	}
	return t
}

// showMetrics shows groups side by side.
func (a *app) showMetrics(m *api.Metrics) error {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	ms := func(v int64) string {
		if m.Executions.Successful == 0 {
			return human.Absent
		}
		return human.Millis(&v)
	}
	success := human.Absent
	if m.Executions.Successful+m.Executions.Failed+m.Executions.Timeout > 0 {
		success = fmt.Sprintf("%.1f %%", floor1(m.Performance.SuccessRate))
	}
	e, p, q, s := &m.Executions, &m.Performance, &m.Queue, &m.System
	groups := []figureGroup{
		{"JOBS", [][2]string{
			{"total", n(m.Jobs.Total)}, {"active", n(m.Jobs.Active)}, {"paused", n(m.Jobs.Paused)}, {"completed", n(m.Jobs.Completed)},
			{"failed", n(m.Jobs.Failed)}, {"cancelled", n(m.Jobs.Cancelled)}, {"error", n(m.Jobs.Error)},
		}},
		{"EXECUTIONS", [][2]string{
			{"total", n(e.Total)}, {"successful", n(e.Successful)}, {"failed", n(e.Failed)}, {"timeout", n(e.Timeout)}, {"cancelled", n(e.Cancelled)},
			{"skipped", n(e.Skipped)}, {"missed", n(e.Missed)},
		}},
		{"PERFORMANCE", [][2]string{
			{"success", success}, {"avg", ms(p.AvgDurationMS)}, {"p50", ms(p.P50DurationMS)}, {"p95", ms(p.P95DurationMS)}, {"p99", ms(p.P99DurationMS)},
		}},
		{"QUEUE", [][2]string{
			{"size", n(q.Size)}, {"processing", n(q.Processing)}, {"delayed", n(q.Delayed)}, {"dead", n(q.Failed)}, {"oldest", human.Millis(q.OldestMS)},
		}},
		{"SYSTEM", [][2]string{
			{"workers", strconv.Itoa(s.Workers)}, {"memory", fmt.Sprintf("%.1f MiB", s.MemoryUsageMB)}, {"cpu", fmt.Sprintf("%.1f %%", s.CPUUsagePercent)},
			{"uptime", human.Distance(time.Duration(s.UptimeSeconds) * time.Second)}, {"node", s.Node},
		}},
	}
	if err := a.printGroups(groups); err != nil {
		return err
	}
	a.note("from %s to %s", a.moment(m.TimeRange.Start), a.moment(m.TimeRange.End))
	return nil
}

// floor1 keeps one decimal, and does not round up to what it is not.
func floor1(percent float64) float64 { return float64(int64(percent*10)) / 10 }
