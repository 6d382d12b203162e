package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/workflow"
)

func newWorkflowListCmd(a *app) *cobra.Command {
	return allOf(a, &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List workflows",
		Example: "  schedctl workflow list\n  schedctl workflow list -o wide",
	}, func(ctx context.Context, c *client.Client) ([]api.Workflow, error) { return c.Workflows(ctx) }, a.workflowListing(nil))
}

func (a *app) workflowListing(all []api.Workflow) listing[api.Workflow] {
	return listing[api.Workflow]{
		Items: all, Total: int64(len(all)), Name: func(w api.Workflow) string { return w.Name }, Table: a.workflowTable, None: "No workflows found.",
	}
}

type workflowShowOptions struct {
	revision  int64
	revisions bool
}

func newWorkflowShowCmd(a *app) *cobra.Command {
	var o workflowShowOptions
	cmd := &cobra.Command{
		Use:               "show WORKFLOW",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show a workflow",
		Example:           "  schedctl workflow show etl\n  schedctl workflow show etl --revision 3 -o yaml\n  schedctl workflow show etl --revisions",
		Args:              exactly("WORKFLOW"),
		ValidArgsFunction: completeWorkflows(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkflowShow(cmd.Context(), a, args[0], o)
		}),
	}
	cmd.Flags().Int64Var(&o.revision, "revision", 0, "this revision; default the one in use")
	cmd.Flags().BoolVar(&o.revisions, "revisions", false, "list all revisions instead")
	cmd.MarkFlagsMutuallyExclusive("revision", "revisions")
	_ = cmd.RegisterFlagCompletionFunc("revision", noFiles)
	return cmd
}

func runWorkflowShow(ctx context.Context, a *app, name string, o workflowShowOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if o.revisions {
		all, err := c.WorkflowRevisions(ctx, name)
		if err != nil {
			return err
		}
		return printList(a, a.workflowListing(all))
	}
	w, err := c.Workflow(ctx, name, o.revision)
	if err != nil {
		return err
	}
	return printOne(a, w, w.Name, func() error {
		use := ""
		if !w.InUse {
			use = ", not in use"
		}
		a.say("%s  revision %d%s, %s by %s", w.Name, w.Revision, use, a.when(&w.CreatedAt), w.CreatedBy)
		if w.Description != "" {
			a.say("  %s", w.Description)
		}
		a.sayLines(w.Graph("text", nil))
		return nil
	})
}

type workflowGraphOptions struct {
	form string
	file string
	run  string
}

func newWorkflowGraphCmd(a *app) *cobra.Command {
	o := workflowGraphOptions{form: "text"}
	cmd := &cobra.Command{
		Use:   "graph [WORKFLOW]",
		Short: "Draw the steps of a workflow",
		Long: `Draw the steps of a workflow, of a file before it is stored (-f), or of a run with the
status of each step (--run). DOT is for Graphviz, Mermaid for documents.`,
		Example: `  schedctl workflow graph etl
  schedctl workflow graph -f etl.yaml --form mermaid
  schedctl workflow graph etl --run etl@3/12 --form dot | dot -Tsvg > etl.svg`,
		Args:              between(0, "WORKFLOW"),
		ValidArgsFunction: completeWorkflows(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkflowGraph(cmd.Context(), a, args, o)
		}),
	}
	enumVar(cmd, &o.form, "form", "how", workflow.Forms()...)
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "draw the workflow of this file, or of - for standard input")
	cmd.Flags().StringVar(&o.run, "run", "", "colour the steps as they stand in this execution")
	_ = cmd.RegisterFlagCompletionFunc("run", noFiles)
	return cmd
}

func runWorkflowGraph(ctx context.Context, a *app, args []string, o workflowGraphOptions) error {
	var d workflow.Definition
	switch {
	case (o.file == "") == (len(args) == 0):
		return usagef("name a workflow, or give a file with -f").WithHint("schedctl workflow graph etl")
	case o.file != "":
		w, err := a.workflowFile(o.file)
		if err != nil {
			return err
		}
		d = w.Definition
	}
	status := map[string]workflow.StepStatus{}
	if o.file == "" || o.run != "" {
		c, err := a.connect()
		if err != nil {
			return err
		}
		if o.file == "" {
			w, err := c.Workflow(ctx, args[0], 0)
			if err != nil {
				return err
			}
			d = w.Definition
		}
		if o.run != "" {
			steps, err := c.Steps(ctx, o.run)
			if err != nil {
				return err
			}
			for _, s := range steps {
				if had := status[s.Step]; had == "" || had == workflow.StepStatus(job.Success) {
					status[s.Step] = s.Status
				}
			}
		}
	}
	drawn := d.Graph(o.form, status)
	return printOne(a, map[string]string{"workflow": d.Name, "form": o.form, "graph": drawn}, d.Name, func() error {
		a.sayLines(drawn)
		return nil
	})
}

type workflowHistoryOptions struct {
	limit    int
	all      bool
	statuses []job.Status
}

func newWorkflowHistoryCmd(a *app) *cobra.Command {
	o := workflowHistoryOptions{limit: 20}
	cmd := &cobra.Command{
		Use:               "history WORKFLOW",
		SuggestFor:        []string{"runs", "executions"},
		Short:             "List runs of a workflow, whichever job asked for them",
		Example:           "  schedctl workflow history etl\n  schedctl workflow history etl --status failed,timeout",
		Args:              exactly("WORKFLOW"),
		ValidArgsFunction: completeWorkflows(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkflowHistory(cmd.Context(), a, args[0], o)
		}),
	}
	listsOf(a, cmd, a.runTable)
	enumsVar(cmd, &o.statuses, "status", "only these", job.Statuses()...)
	cmd.Flags().IntVarP(&o.limit, "limit", "n", o.limit, "at most so many")
	cmd.Flags().BoolVar(&o.all, "all", false, "all of them")
	return cmd
}

func runWorkflowHistory(ctx context.Context, a *app, name string, o workflowHistoryOptions) error {
	if err := checkLimit(o.limit); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[job.Execution], error) {
		return c.WorkflowRuns(ctx, name, client.ExecutionQuery{Statuses: o.statuses, Cursor: cursor, Limit: limit})
	})
	if err != nil {
		return err
	}
	return printList(a, runListing(a, page))
}

func newWorkflowStepsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "steps EXECUTION",
		Short:             "Show how the steps of a run stand",
		Example:           "  schedctl workflow steps etl@3/12\n  schedctl workflow steps nightly-etl/last",
		Args:              exactly("EXECUTION"),
		ValidArgsFunction: completeRuns(a, 1),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			steps, err := c.Steps(ctx, args[0])
			if err != nil {
				return err
			}
			return printList(a, listing[api.StepRun]{
				Items: steps, Total: int64(len(steps)), Name: func(s api.StepRun) string { return fmt.Sprint(s.Step) }, Table: a.stepTable, None: "The execution has no steps.",
			})
		}),
	}
	listsOf(a, cmd, a.stepTable)
	return cmd
}
