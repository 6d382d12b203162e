package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

type explainOptions struct {
	what  string
	count int
	from  string
	dst   string
	zone  string // of the schedule; "" = UTC
}

func newExplainCmd(a *app) *cobra.Command {
	o := explainOptions{dst: "once"}
	cmd := &cobra.Command{
		Use:   "explain EXPR|JOB",
		Short: "Say a schedule in words and when it runs next",
		Long: `Say a schedule in words, its next runs, how often it runs and what daylight saving
does to it. An expression needs no daemon; its zone is --tz, UTC without it.`,
		Example: `  schedctl explain '30 2 * * *' --tz America/New_York --count 3
  schedctl explain nightly-backup`,
		GroupID: groupSchedules,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("unexpected argument %q", args[1]).WithHint("quote the expression: schedctl explain '%s'", strings.Join(args, " "))
			}
			return exactly("EXPR|JOB")(cmd, args)
		},
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.what = args[0]
			if cmd.Flags().Changed("tz") {
				o.zone = a.g.tz
			}
			return runExplain(cmd.Context(), a, o)
		}),
	}
	f := cmd.Flags()
	f.IntVarP(&o.count, "count", "n", 5, "how many runs, 1 to 1000")
	f.StringVar(&o.from, "from", "", "runs at or after TIME; default now")
	enumVar(cmd, &o.dst, "dst", "daylight saving of an expression", "once", "wall")
	return cmd
}

func runExplain(ctx context.Context, a *app, o explainOptions) error {
	if o.count < 1 || o.count > 1000 {
		return usagef("--count must be 1 to 1000")
	}
	from, err := a.past("from", o.from)
	if err != nil {
		return err
	}
	var x api.Explained
	if isExpression(o.what) {
		if from.IsZero() {
			from = a.env.Now()
		}
		x, err = explainExpression(o, from)
	} else {
		c, connectErr := a.connect()
		if connectErr != nil {
			return connectErr
		}
		x, err = c.Next(ctx, o.what, o.count, from)
	}
	if err != nil {
		return err
	}
	return a.printExplained(x)
}

// isExpression tells schedules from names of jobs, which have few characters.
func isExpression(text string) bool {
	return text == "" || strings.ContainsFunc(text, func(r rune) bool {
		return !isLetterOrDigit(r) && r != '.' && r != '_' && r != '-'
	})
}

// explainExpression asks the engine that fires jobs.
func explainExpression(o explainOptions, from time.Time) (api.Explained, error) {
	s, err := schedule.New(schedule.Spec{Expr: o.what, Zone: o.zone, DST: schedule.DSTPolicy(o.dst), Anchor: from})
	if err != nil {
		return api.Explained{}, scheduleError(o.what, err)
	}
	perDay, perYear := s.Frequency()
	x := api.Explained{
		Schedule: o.what, Canonical: s.Canonical(), Timezone: or(o.zone, "UTC"), Words: s.Describe(),
		PerDay: perDay, PerYear: perYear, Warnings: s.Warnings(), Items: []api.Slot{},
	}
	zone, err := loadZone(x.Timezone)
	if err != nil {
		return x, err
	}
	after := from.Add(-time.Second)
	if from.Nanosecond() > 0 {
		after = from
	}
	for range o.count {
		if after = s.Next(after); after.IsZero() {
			break
		}
		x.Items = append(x.Items, api.Slot{At: after, Local: timex.Format(after, zone)})
	}
	for _, e := range s.DSTEffects(from, from.AddDate(1, 0, 0)) {
		x.DST = append(x.DST, api.DSTEffect{At: e.At, Kind: e.Kind, Text: e.String()})
	}
	return x, nil
}

// scheduleError turns an error of the engine into ours, with the place marked.
func scheduleError(expr string, err error) error {
	e, ok := errors.AsType[*schedule.Error](err)
	if !ok {
		return err
	}
	problem := &job.Error{Code: job.Invalid, Message: e.Message, Hint: e.Hint}
	problem.Fields = []job.FieldError{{Field: e.Field, Code: e.Code, Message: e.Message}}
	if e.Pos > 0 && e.Pos <= len(expr)+1 && !strings.ContainsAny(expr, "\t\n\x1b") {
		caret := "  " + expr + "\n  " + strings.Repeat(" ", len([]rune(expr[:e.Pos-1]))) + "^"
		problem.Hint = strings.TrimSuffix(caret+"\n"+e.Hint, "\n")
	}
	return problem
}

func (a *app) printExplained(x api.Explained) error {
	switch {
	case a.tabular():
		return printList(a, listing[api.Slot]{Items: x.Items, Total: int64(len(x.Items)), Table: func(slots []api.Slot, _ bool) *render.Table { return a.slotTable(slots) }})
	case a.structured():
		return a.printStructured(x)
	case a.namesOnly():
		for _, slot := range x.Items {
			a.say("%s", slot.At.UTC().Format(time.RFC3339))
		}
		return nil
	}
	words := x.Words
	if x.Job != "" {
		words = x.Job + ": " + words
	}
	a.say("%s", strings.TrimRight(fmt.Sprintf("%-45s %s", words, often(x)), " "))
	if x.Note != "" {
		a.say("%s", x.Note)
	}
	if len(x.Items) > 0 {
		_, _ = io.WriteString(a.out, "\n")
		if err := a.printTable(a.slotTable(x.Items)); err != nil {
			return err
		}
	}
	if len(x.DST) > 0 {
		_, _ = io.WriteString(a.out, "\n")
		a.say("daylight saving:")
		zone, err := loadZone(x.Timezone)
		if err != nil {
			zone = time.UTC
		}
		for _, e := range x.DST {
			a.say("  %s  %s", e.At.In(zone).Format(time.DateOnly), e.Text)
		}
	}
	for _, w := range x.Warnings {
		a.note("warning: %s", w)
	}
	return nil
}

func (a *app) slotTable(slots []api.Slot) *render.Table {
	headers := []string{">#=n", "LOCAL", "UTC=at"}
	if a.outTTY() {
		headers = append(headers, "IN")
	}
	t := render.NewTable(headers...)
	for i, slot := range slots {
		row := []string{fmt.Sprint(i + 1), slot.Local, slot.At.UTC().Format(time.RFC3339)}
		if a.outTTY() {
			row[2] = strings.TrimSuffix(slot.At.UTC().Format("2006-01-02 15:04:05"), ":00")
			in := human.Distance(slot.At.Sub(a.env.Now()).Round(time.Second))
			if slot.At.Before(a.env.Now()) {
				in += " ago"
			}
			row = append(row, in)
		}
		t.AddText(row...)
	}
	return t
}

// often says how often a schedule runs: "1 run/day, 365/year".
func often(x api.Explained) string {
	switch {
	case x.PerYear == 0:
		return ""
	case x.PerDay >= 1:
		return fmt.Sprintf("%s/day, %s/year", runs(x.PerDay), number(x.PerYear))
	}
	return runs(x.PerYear) + "/year"
}

func runs(n float64) string {
	if text := number(n); text == "1" {
		return "1 run"
	}
	return number(n) + " runs"
}

// number writes a mean without false precision.
func number(n float64) string {
	if n >= 100 || math.Abs(n-math.Round(n)) < 0.005 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.1f", n)
}
