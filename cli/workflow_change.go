package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

// workflowFile reads a workflow, and refuses one in which something is wrong.
func (a *app) workflowFile(path string) (*jobfile.Workflow, error) {
	data, err := a.slurp(path, jobfile.MaxFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, usagef("no such file: %s", path)
	case err != nil:
		return nil, job.Errorf(job.Invalid, "%s cannot be read: %w", path, err)
	case path == "-":
		path = "stdin"
	}
	w := jobfile.ParseWorkflow(filepath.Clean(path), data)
	if len(w.Problems) > 0 {
		return nil, a.refuseWorkflow(w, w.Problems, job.Invalid)
	}
	return w, nil
}

// refuseWorkflow tells what is wrong with a file, line by line.
func (a *app) refuseWorkflow(w *jobfile.Workflow, problems jobfile.Problems, code job.Code) error {
	set := &jobfile.Set{}
	set.Hold(problems[0].File, w.Text())
	return a.refuse(set, problems, code)
}

type workflowPutOptions struct {
	file      string
	reason    string
	ifVersion int64
	dryRun    bool
}

func (o *workflowPutOptions) declare(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "workflow in YAML or JSON, or - for standard input")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	f.BoolVar(&o.dryRun, "dry-run", false, "check the file and change nothing")
}

func newWorkflowCreateCmd(a *app) *cobra.Command {
	var o workflowPutOptions
	cmd := &cobra.Command{
		Use:               "create -f FILE",
		SuggestFor:        []string{"add", "new", "apply"},
		Short:             "Make a workflow",
		Long:              "Make a workflow from a file. What is wrong with it is told with file:line:column.",
		Example:           "  schedctl workflow create -f etl.yaml",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runWorkflowPut(cmd.Context(), a, "", o)
		}),
	}
	o.declare(cmd)
	return cmd
}

func newWorkflowSetCmd(a *app) *cobra.Command {
	var o workflowPutOptions
	cmd := &cobra.Command{
		Use:        "set WORKFLOW -f FILE",
		SuggestFor: []string{"update", "edit", "replace"},
		Short:      "Replace the definition of a workflow",
		Long: `Replace the definition of a workflow by a file: its next revision. Runs that have begun
keep to theirs.`,
		Example:           "  schedctl workflow set etl -f etl.yaml --if-version 3",
		Args:              exactly("WORKFLOW"),
		ValidArgsFunction: completeWorkflows(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkflowPut(cmd.Context(), a, args[0], o)
		}),
	}
	o.declare(cmd)
	cmd.Flags().Int64Var(&o.ifVersion, "if-version", 0, "only if this is its revision")
	_ = cmd.RegisterFlagCompletionFunc("if-version", noFiles)
	return cmd
}

// runWorkflowPut stores the workflow of a file: a new one, or the next revision of the
// one that is named.
func runWorkflowPut(ctx context.Context, a *app, name string, o workflowPutOptions) error {
	if o.file == "" {
		return usagef("missing flag --file").WithHint("give -f FILE or -f -")
	}
	w, err := a.workflowFile(o.file)
	if err != nil {
		return err
	}
	if name != "" && w.Name != name {
		return usagef("the file is about workflow %q, not %q", w.Name, name)
	}
	if o.dryRun {
		a.note("%s is in order; nothing was changed", o.file)
		return nil
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	write := client.Write{Reason: o.reason, IfRevision: o.ifVersion}
	done := "created"
	var stored api.Workflow
	if name == "" {
		stored, err = c.CreateWorkflow(ctx, w.WorkflowInput, write)
	} else {
		done = "set"
		stored, err = c.SetWorkflow(ctx, name, w.WorkflowInput, write)
	}
	if e, ok := errors.AsType[*job.Error](err); ok && len(e.Fields) > 0 {
		if problems, ok := w.Blame(e.Fields); ok {
			return a.refuseWorkflow(w, problems, e.Code)
		}
	}
	if err != nil {
		return err
	}
	return printOne(a, stored, stored.Name, func() error {
		a.say("workflow %s %s, revision %d, %s", stored.Name, done, stored.Revision, human.Plural(len(stored.Steps), "step"))
		return nil
	})
}

func newWorkflowDeleteCmd(a *app) *cobra.Command {
	var yes bool
	var reason string
	cmd := &cobra.Command{
		Use:               "delete WORKFLOW",
		SuggestFor:        []string{"rm", "remove", "del"},
		Short:             "Take a workflow out of use",
		Long:              "Take a workflow out of use. What runs goes on, and history stays; jobs that name it fail from then on.",
		Example:           "  schedctl workflow delete etl --yes",
		Args:              exactly("WORKFLOW"),
		ValidArgsFunction: completeWorkflows(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(yes, "Jobs that run workflow "+args[0]+" will fail.", ""); err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if err := c.DeleteWorkflow(cmd.Context(), args[0], client.Write{Reason: reason}); err != nil {
				return err
			}
			return printOne(a, map[string]string{"name": args[0], "status": "deleted"}, args[0], func() error {
				a.say("workflow %s deleted", args[0])
				return nil
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	return cmd
}

type workflowRunOptions struct {
	waitOptions
	payload        payloadFlags
	idempotencyKey string
	reason         string
}

func newWorkflowRunCmd(a *app) *cobra.Command {
	var o workflowRunOptions
	cmd := &cobra.Command{
		Use:        "run WORKFLOW",
		SuggestFor: []string{"start", "trigger", "execute"},
		Short:      "Run a workflow now",
		Long: `Run a workflow now, outside of any job. What --set and --payload give is "input" in its
expressions. With --wait the exit status tells how it ended.`,
		Example:           "  schedctl workflow run etl --set day=2026-11-22 --wait",
		Args:              exactly("WORKFLOW"),
		ValidArgsFunction: completeWorkflows(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkflowRun(cmd.Context(), a, args[0], o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.payload.whole, "payload", "", "the input: JSON object, @FILE or @-")
	f.StringArrayVar(&o.payload.set, "set", nil, "a member of the input, KEY[.KEY]=VALUE; JSON where it is JSON")
	f.StringArrayVar(&o.payload.setString, "set-string", nil, "the same, always a string")
	f.StringVar(&o.idempotencyKey, "idempotency-key", "", "the same key never runs it twice")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	o.declare(cmd)
	return cmd
}

func runWorkflowRun(ctx context.Context, a *app, name string, o workflowRunOptions) error {
	if err := o.check(a); err != nil {
		return err
	}
	var in api.WorkflowRun
	if o.payload.given() {
		object, err := o.payload.build(a, nil)
		if err == nil {
			in.Payload, err = encode(object)
		}
		if err != nil {
			return err
		}
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	e, err := c.RunWorkflow(ctx, name, in, client.Write{Reason: o.reason, IdempotencyKey: o.idempotencyKey})
	if err != nil {
		return err
	}
	if o.waiting() {
		return a.await(ctx, c, e, o.waitOptions)
	}
	return printOne(a, e, runName(&e), func() error {
		a.say("%s %s", runName(&e), queuedWord(&e))
		a.note("%s", fmt.Sprintf("see its steps with: schedctl workflow steps %s", runName(&e)))
		return nil
	})
}
