package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newAuditSlotsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slots [JOB]",
		Short: "Check that every due time has exactly one record",
		Long: `Recompute every due time that the schedules named, and check that each has exactly one
record: it ran, was skipped, or was missed. Exits with 1 and names the due times when
one has none, or two.`,
		Example:           "  schedctl audit slots\n  schedctl audit slots nightly-backup -o json",
		Args:              between(0, "JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			ref := ""
			if len(args) > 0 {
				ref = args[0]
			}
			return runAuditSlots(cmd.Context(), a, ref)
		}),
	}
	listsOf(a, cmd, a.auditTable)
	return cmd
}

func runAuditSlots(ctx context.Context, a *app, ref string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := collect(0, true, func(cursor string, limit int) (client.Page[api.SlotAudit], error) {
		return c.AuditSlots(ctx, ref, cursor, limit)
	})
	if err != nil {
		return err
	}
	err = printList(a, listing[api.SlotAudit]{
		Items: page.Items, Total: int64(len(page.Items)),
		Name:  func(s api.SlotAudit) string { return s.Job },
		Table: a.auditTable,
		None:  "No jobs found.",
	})
	if err != nil {
		return err
	}
	if !a.structured() {
		a.noteMaintenance(page.Items)
	}
	return a.auditVerdict(page.Items)
}

// noteMaintenance names the windows within which due times were not planned, once each.
func (a *app) noteMaintenance(audits []api.SlotAudit) {
	known := map[time.Time]bool{}
	for i := range audits {
		for _, m := range audits[i].Maintenance {
			if known[m.Since] {
				continue
			}
			known[m.Since] = true
			span := "since " + a.moment(m.Since) + a.ending(m.Until)
			then := "due times are not planned until it ends"
			if m.EndedAt != nil {
				span, then = "from "+a.moment(m.Since)+" to "+a.moment(*m.EndedAt), "its due times were decided over after it"
			}
			a.note("maintenance %s; %s", said(span, m.By, m.Reason), then)
		}
	}
}

func (a *app) auditTable(audits []api.SlotAudit, _ bool) *render.Table {
	t := render.NewTable("JOB", "?FROM", "?UNTIL", ">PLANNED", ">RAN", ">SKIPPED", ">PRUNED", "BALANCED")
	for _, s := range audits {
		balanced := render.Cell{Text: "yes", Style: render.Green}
		if !s.Balanced {
			balanced = render.Cell{Text: "NO", Style: render.Red}
		}
		t.Add(render.Text(s.Job), render.Text(a.when(s.From)), render.Text(a.when(s.Until)), render.Text(fmt.Sprint(s.Planned)),
			render.Text(fmt.Sprint(s.Ran)), render.Text(fmt.Sprint(s.Skipped)), render.Text(fmt.Sprint(s.Pruned)), balanced)
	}
	return t
}

// auditVerdict lists the faults; with any, the command fails.
func (a *app) auditVerdict(audits []api.SlotAudit) error {
	t := render.NewTable("JOB", "SLOT", "FAULT", "+DETAIL")
	first, broken := "", 0
	for _, s := range audits {
		if s.Balanced {
			continue
		}
		broken++
		if first == "" {
			first = "job " + s.Job
		}
		for _, f := range s.Findings {
			slot := f.Slot.UTC().Format(time.RFC3339)
			if t.Len() == 0 {
				first = fmt.Sprintf("job %s: slot %s: %s", s.Job, slot, or(f.Message, f.Kind))
			}
			t.AddText(s.Job, slot, f.Kind, f.Message)
		}
	}
	if broken == 0 {
		return nil
	}
	if t.Len() > 0 && !a.structured() && !a.namesOnly() {
		_, _ = io.WriteString(a.out, "\n")
		if err := a.printTable(t); err != nil {
			return err
		}
	}
	return job.Errorf(job.Internal, "the slots of %d of %d jobs are not balanced: %s", broken, len(audits), first)
}
