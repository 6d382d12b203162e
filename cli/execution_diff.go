package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newExecutionDiffCmd(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:        "diff EXECUTION EXECUTION",
		SuggestFor: []string{"compare"},
		Short:      "Put two executions side by side; exit 1 when they ended differently",
		Long: `Put two executions side by side: what they were given, what they gave, how long they
took. Only what differs is shown unless --all is given. Exits with 0 when both ended the
same way with the same result, else with 1.`,
		Example:           "  schedctl execution diff nightly-backup/183 nightly-backup/184\n  schedctl x diff report/last report/last-failed --all",
		Args:              exactly("EXECUTION", "EXECUTION"),
		ValidArgsFunction: completeRuns(a, 2),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runExecutionDiff(cmd.Context(), a, args[0], args[1], all)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "show what is the same, too")
	return cmd
}

// difference is one line of the comparison.
type difference struct {
	Field   string `json:"field"`
	Before  any    `json:"before"`
	After   any    `json:"after"`
	Differs bool   `json:"differs"`
}

func runExecutionDiff(ctx context.Context, a *app, ref, otherRef string, all bool) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	x, err := c.Execution(ctx, ref)
	if err != nil {
		return err
	}
	y, err := c.Execution(ctx, otherRef)
	if err != nil {
		return err
	}
	if err := a.wholePayloads(ctx, c, &x, &y); err != nil {
		return err
	}
	lines, same := differences(&x, &y)
	if !all {
		lines = slices.DeleteFunc(lines, func(d difference) bool { return !d.Differs })
	}
	err = printList(a, listing[difference]{
		Items: lines, Total: int64(len(lines)),
		Name: func(d difference) string { return d.Field },
		Table: func(lines []difference, _ bool) *render.Table {
			t := render.NewTable("", "FIELD", "~"+runName(&x)+"=before", "~"+runName(&y)+"=after")
			for _, d := range lines {
				mark := render.Cell{}
				if d.Differs {
					mark = render.Cell{Text: "~", Style: render.Yellow}
				}
				t.Add(mark, render.Text(d.Field), render.Text(or(render.Scalar(d.Before), human.Absent)), render.Text(or(render.Scalar(d.After), human.Absent)))
			}
			return t
		},
		None: "They do not differ.",
	})
	if err == nil && !same {
		err = exitWith(exitFailed)
	}
	return err
}

// wholePayloads gives executions that had their job's payload that payload. The job may
// have changed since; then its revision differs, and says so.
func (a *app) wholePayloads(ctx context.Context, c *client.Client, runs ...*job.Execution) error {
	for _, e := range runs {
		if e.Payload != nil {
			continue
		}
		j, err := c.Job(ctx, e.JobID.String())
		if job.CodeOf(err) == job.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if j.Revision == e.JobRevision {
			e.Payload = j.Payload
		}
	}
	return nil
}

// differences compares two executions field by field. The same means: they ended alike
// and gave the same.
func differences(x, y *job.Execution) (lines []difference, alike bool) {
	add := func(field string, a, b any) bool {
		equal := same(a, b)
		lines = append(lines, difference{Field: field, Before: a, After: b, Differs: !equal})
		return equal
	}
	alike = add("status", string(x.Status), string(y.Status))
	alike = add("error", text(x.Error), text(y.Error)) && alike
	alike = add("exit_code", number64(x.ExitCode), number64(y.ExitCode)) && alike
	alike = addObject(&lines, "result", x.Result, y.Result) && alike
	addObject(&lines, "payload", x.Payload, y.Payload)
	add("trigger", string(x.Trigger), string(y.Trigger))
	add("triggered_by", text(x.TriggeredBy), text(y.TriggeredBy))
	add("job_revision", x.JobRevision, y.JobRevision)
	add("worker_id", text(x.WorkerID), text(y.WorkerID))
	add("attempts", attempts(x), attempts(y))
	add("duration", human.Millis(x.DurationMS), human.Millis(y.DurationMS))
	add("start_delay", human.Millis(x.StartDelay), human.Millis(y.StartDelay))
	add("scheduled_at", x.ScheduledAt, y.ScheduledAt)
	return lines, alike
}

// addObject compares two JSON values; those of objects member by member.
func addObject(lines *[]difference, name string, x, y json.RawMessage) bool {
	var a, b any
	_ = json.Unmarshal(x, &a) // the store keeps nothing that is not JSON
	_ = json.Unmarshal(y, &b)
	m, isMap := a.(map[string]any)
	n, both := b.(map[string]any)
	if !isMap || !both {
		*lines = append(*lines, difference{Field: name, Before: a, After: b, Differs: !same(a, b)})
		return same(a, b)
	}
	keys := append(mapKeys(m), mapKeys(n)...)
	slices.Sort(keys)
	alike := true
	for _, key := range slices.Compact(keys) {
		equal := same(m[key], n[key])
		*lines = append(*lines, difference{Field: name + "." + key, Before: m[key], After: n[key], Differs: !equal})
		alike = alike && equal
	}
	return alike
}

// text is nothing for no text.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func number64(n *int) any {
	if n == nil {
		return nil
	}
	return json.Number(strconv.Itoa(*n))
}
