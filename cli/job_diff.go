package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

// revisionDiff is how two revisions of a job differ.
type revisionDiff struct {
	Job     string            `json:"job"`
	From    int64             `json:"from"`
	To      int64             `json:"to"`
	Changes []api.FieldChange `json:"changes"`
}

func newJobDiffCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "diff JOB [FROM [TO]]",
		Short: "Show how two revisions of a job differ",
		Long: `Show how two revisions of a job differ, field by field. TO is the newest unless it is
given, FROM the one before TO. Exits with 0 when they are alike, 1 when they are not, 2
or more when that cannot be told.`,
		Example:           "  schedctl job diff nightly-backup\n  schedctl job diff nightly-backup 3 5",
		Args:              between(1, "JOB", "FROM", "TO"),
		ValidArgsFunction: completeRevisions(a, 2),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			differ, err := runJobDiff(cmd.Context(), a, args)
			switch {
			case err != nil && statusOf(err) == exitFailed: // 1 is taken
				return &statusError{status: exitUsage, err: err}
			case err == nil && differ:
				return exitWith(exitFailed)
			}
			return err
		}),
	}
}

func runJobDiff(ctx context.Context, a *app, args []string) (differ bool, err error) {
	numbers := make([]int64, 2)
	for i, text := range args[1:] {
		if numbers[i], err = revisionArg(text); err != nil {
			return false, err
		}
	}
	c, err := a.connect()
	if err != nil {
		return false, err
	}
	d, err := diffRevisions(ctx, c, args[0], numbers[0], numbers[1])
	if err != nil {
		return false, err
	}
	return len(d.Changes) > 0, a.printRevisionDiff(d)
}

// diffRevisions compares two revisions; 0 is the newest, or the one before it.
func diffRevisions(ctx context.Context, c *client.Client, ref string, from, to int64) (revisionDiff, error) {
	d := revisionDiff{Job: ref, From: from, To: to, Changes: []api.FieldChange{}}
	if from == 0 || to == 0 {
		newest, err := c.Revisions(ctx, ref, "", 2)
		if err != nil {
			return d, err
		}
		if d.To == 0 {
			d.To = newest.Items[0].Revision
		}
		if d.From == 0 {
			d.From = newest.Items[len(newest.Items)-1].Revision
		}
	}
	before, err := c.Revision(ctx, ref, d.From)
	if err != nil {
		return d, err
	}
	after, err := c.Revision(ctx, ref, d.To)
	if err != nil {
		return d, err
	}
	if before.Status != after.Status {
		d.Changes = append(d.Changes, api.FieldChange{Field: "status", Old: quotedText(string(before.Status)), New: quotedText(string(after.Status))})
	}
	if old, now := nameOf(&before), nameOf(&after); old != now {
		d.Changes = append(d.Changes, api.FieldChange{Field: "name", Old: quotedText(old), New: quotedText(now)})
	}
	d.Changes = append(d.Changes, api.Differences(before.Definition, after.Definition)...)
	return d, nil
}

// nameOf is the name that a job had.
func nameOf(v *api.Revision) string {
	if v.Definition == nil || v.Definition.Name == nil {
		return ""
	}
	return *v.Definition.Name
}

func quotedText(text string) json.RawMessage {
	raw, _ := json.Marshal(text)
	return raw
}

func (a *app) printRevisionDiff(d revisionDiff) error {
	if a.structured() {
		return a.printStructured(d)
	}
	if a.namesOnly() {
		for _, c := range d.Changes {
			a.say("%s", c.Field)
		}
		return nil
	}
	if len(d.Changes) == 0 {
		a.note("revisions %d and %d of %s are alike", d.From, d.To, d.Job)
		return nil
	}
	a.diffLine(render.Yellow, fmt.Sprintf("~ job %s, revision %d %s %d", d.Job, d.From, a.arrow(), d.To), "")
	for _, c := range d.Changes {
		a.diffField(c)
	}
	return nil
}

// diffField prints what a field was and is.
func (a *app) diffField(c api.FieldChange) {
	old, now := "(default)", "(default)"
	if c.Old != nil {
		old = plainValue(c.Old)
	}
	if c.New != nil {
		now = plainValue(c.New)
	}
	a.diffLine(render.Red, "-   "+c.Field+": "+old, "")
	a.diffLine(render.Green, "+   "+c.Field+": "+now, "")
}
