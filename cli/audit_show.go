package cli

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

func newAuditShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show ID",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show one change: who, why, and what was before and after",
		Example:           "  schedctl audit show 184",
		Args:              exactly("ID"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runAuditShow(cmd.Context(), a, args[0])
		}),
	}
}

func runAuditShow(ctx context.Context, a *app, ref string) error {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || id < 1 {
		return job.Errorf(job.Invalid, "%q is not the number of a change", ref).WithHint("schedctl audit list shows them")
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	e, err := c.AuditEntry(ctx, id)
	if err != nil {
		return err
	}
	return printOne(a, e, strconv.FormatInt(e.ID, 10), func() error { return a.showAudit(&e) })
}

func (a *app) showAudit(e *api.AuditEntry) error {
	about := render.NewTable("", "~")
	about.AddText("Action:", e.Action)
	about.AddText("Object:", e.Kind+" "+or(e.ObjectName, e.ObjectID))
	about.AddText("Object ID:", e.ObjectID)
	about.AddText("Platform:", platformOf(e.PlatformID))
	about.AddText("When:", a.when(&e.At))
	about.AddText("Actor:", e.Actor)
	about.AddText("Via:", or(e.Via, human.Absent))
	about.AddText("Reason:", or(e.Reason, human.Absent))
	about.AddText("Request:", or(e.RequestID, human.Absent))
	about.AddText("Trace:", or(e.TraceID, human.Absent))
	if err := a.printTable(about); err != nil {
		return err
	}
	before, after := membersOf(e.Before), membersOf(e.After)
	names := map[string]json.RawMessage{}
	maps.Copy(names, before)
	maps.Copy(names, after)
	if len(names) == 0 {
		return nil
	}
	changes := render.NewTable("MEMBER", "~BEFORE", "~AFTER")
	for _, name := range slices.Sorted(maps.Keys(names)) {
		changes.AddText(name, or(string(before[name]), human.Absent), or(string(after[name]), human.Absent))
	}
	a.say("")
	return a.printTable(changes)
}
