package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

func newDiffCmd(a *app) *cobra.Command {
	var o applyFlags
	cmd := &cobra.Command{
		Use:   "diff -f FILE|DIR|-",
		Short: "Show what apply would change",
		Long: `Show what apply would do, field by field, and when jobs would run then. Nothing is
written. Exits with 0 when nothing would change, 1 when something would, 2 or more
when that cannot be told.`,
		Example:           "  schedctl diff -f jobs/\n  schedctl diff -f jobs/ --prune -o json",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			_, _, _, would, err := o.try(cmd.Context(), a)
			if err == nil {
				err = a.printDiff(would)
			}
			switch {
			case err != nil && statusOf(err) == exitFailed: // 1 is taken
				return &statusError{status: exitUsage, err: err}
			case err == nil && would.Created+would.Changed+would.Pruned > 0:
				return exitWith(exitFailed)
			}
			return err
		}),
	}
	o.declare(cmd)
	return cmd
}

// printDiff prints what apply would do.
func (a *app) printDiff(would api.Applied) error {
	if a.structured() {
		return a.printStructured(would)
	}
	for i := range would.Items {
		item := &would.Items[i]
		switch {
		case item.Action == api.ActionUnchanged:
		case a.namesOnly():
			a.say("%s", item.Name)
		case item.Action == api.ActionCreate:
			a.diffLine(render.Green, "+ job "+item.Name, a.firstRun(&item.Job))
		case item.Action == api.ActionPrune:
			a.diffLine(render.Red, "- job "+item.Name, "would be cancelled")
		default:
			a.diffChange(item)
		}
	}
	if a.namesOnly() {
		return nil
	}
	text := fmt.Sprintf("%d to create, %d to change, %d unchanged", would.Created, would.Changed, would.Unchanged)
	if would.Pruned > 0 {
		text += fmt.Sprintf(", %d to prune", would.Pruned)
	}
	a.say("%s", text)
	return nil
}

// diffChange prints the fields of one job that would change.
func (a *app) diffChange(item *api.AppliedJob) {
	a.diffLine(render.Yellow, "~ job "+item.Name, "")
	moved := a.nextMoves(item)
	for _, c := range item.Changes {
		if c.Old != nil {
			a.diffLine(render.Red, "-   "+c.Field+": "+plainValue(c.Old), "")
		}
		remark := ""
		if movesTimes[c.Field] {
			remark, moved = moved, ""
		}
		if c.New != nil {
			a.diffLine(render.Green, "+   "+c.Field+": "+plainValue(c.New), remark)
		} else {
			a.diffLine(render.Green, "+   "+c.Field+": (default)", remark)
		}
	}
	if moved != "" {
		a.diffLine(render.Plain, "    ", moved)
	}
}

// movesTimes are the fields that decide when a job runs.
var movesTimes = map[string]bool{
	"type": true, "schedule": true, "timezone": true, "execute_at": true, "start_date": true, "end_date": true, "max_executions": true,
	"dst_policy": true, "enabled": true,
}

// nextMoves says how the next run moves, "" when it does not.
func (a *app) nextMoves(item *api.AppliedJob) string {
	before, after := item.NextRunBefore, item.NextRun
	switch {
	case before == nil && after == nil, before != nil && after != nil && before.Equal(*after):
		return ""
	case after == nil:
		return "next run " + a.day(*before) + " " + a.arrow() + " none"
	case before == nil:
		return "next run none " + a.arrow() + " " + a.day(*after)
	}
	return "next run " + a.day(*before) + " " + a.arrow() + " " + a.day(*after)
}

// firstRun says in words when a new job runs.
func (a *app) firstRun(j *job.Job) string {
	words := ""
	if sched, err := job.Compile(j); err == nil && sched != nil && j.Type != job.TypeOneTime {
		words = sched.Describe() + ", "
	}
	switch {
	case j.Status == job.JobPaused:
		return words + "paused"
	case j.NextRun == nil:
		return words + "no run"
	}
	return words + "first run " + a.day(*j.NextRun)
}

// diffLine prints a line with a remark behind it.
func (a *app) diffLine(style render.Style, text, remark string) {
	text = render.Clean(text)
	if remark != "" {
		const column = 34
		text += strings.Repeat(" ", max(2, column-utf8.RuneCountInString(text))) + "# " + render.Clean(remark)
	}
	text = strings.TrimRight(text, " ")
	if a.color(a.env.Out) {
		text = style.Paint(text)
	}
	_, _ = a.out.Write([]byte(text + "\n")) // the sink remembers
}

// plainValue shows a value: texts without quotes, the rest as JSON.
func plainValue(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return compact(raw)
}
