package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/workflow"
)

func newWorkflowCmd(a *app) *cobra.Command {
	return in(groupJobs, group(a, &cobra.Command{
		Use:        "workflow",
		Aliases:    []string{"workflows", "wf"},
		SuggestFor: []string{"flow", "dag", "pipeline"},
		Short:      "Define workflows of several steps, run them, and see how their steps stand",
		Example: `  schedctl workflow create -f etl.yaml
  schedctl workflow run etl --set day=2026-11-22 --wait
  schedctl workflow graph etl`,
	}, newWorkflowListCmd(a), newWorkflowShowCmd(a), newWorkflowCreateCmd(a), newWorkflowSetCmd(a), newWorkflowDeleteCmd(a),
		newWorkflowRunCmd(a), newWorkflowGraphCmd(a), newWorkflowHistoryCmd(a), newWorkflowStepsCmd(a)))
}

// completeWorkflows completes names of workflows.
func completeWorkflows(a *app) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFileComp
		}
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			all, _ := c.Workflows(ctx)
			for i := range all {
				if strings.HasPrefix(all[i].Name, prefix) {
					names = append(names, described(all[i].Name, all[i].Description))
				}
			}
		})
		return names, noFileComp
	}
}

func (a *app) workflowTable(all []api.Workflow, wide bool) *render.Table {
	headers := []string{"WORKFLOW=name", "PLATFORM=platform_id", ">REVISION", "STEPS", "CHANGED=created_at"}
	if wide {
		headers = append(headers, "BY=created_by", "~DESCRIPTION")
	}
	t := render.NewTable(headers...)
	for i := range all {
		w := &all[i]
		steps := fmt.Sprint(len(w.Steps))
		if w.Engine != nil {
			steps = "external"
		}
		row := []render.Cell{
			render.Text(w.Name), render.Text(platformOf(w.PlatformID)), render.Text(fmt.Sprint(w.Revision)), render.Text(steps), render.Text(a.when(&w.CreatedAt)),
		}
		if wide {
			row = append(row, render.Text(w.CreatedBy), render.Text(or(w.Description, human.Absent)))
		}
		t.Add(row...)
	}
	return t
}

func (a *app) stepTable(steps []api.StepRun, _ bool) *render.Table {
	t := render.NewTable("STEP", "STATUS", ">ATTEMPT", "STARTED=started_at", ">DURATION=duration_ms", "~ERROR", "ID=execution_id")
	for i := range steps {
		s := &steps[i]
		name, id, attempt := s.Step, human.Absent, human.Absent
		if s.Item != nil {
			name = fmt.Sprintf("%s[%d]", s.Step, *s.Item)
		}
		if s.ExecutionID != nil {
			id, attempt = s.ExecutionID.String(), fmt.Sprint(s.Attempt)
		}
		status := render.Text(string(s.Status))
		if s.Status != workflow.Waiting {
			status = a.runStatus(job.Status(s.Status))
		}
		t.Add(render.Text(name), status, render.Text(attempt), render.Text(a.when(s.StartedAt)), render.Text(human.Millis(s.DurationMS)), render.Text(or(s.Error, human.Absent)), render.Text(id))
	}
	return t
}
