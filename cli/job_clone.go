package cli

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

func newJobCloneCmd(a *app) *cobra.Command {
	var o jobCreateOptions
	cmd := &cobra.Command{
		Use:        "clone JOB NEW [flags] [-- COMMAND ARGS...]",
		SuggestFor: []string{"copy", "cp", "duplicate"},
		Short:      "Create a job like another one",
		Long: `Create a job like another one, under another name. Flags change what shall differ; the
history stays with the old one. One that copies a paused job is created paused.`,
		Example: `  schedctl job clone nightly-backup weekly-backup -s '0 3 * * SUN'
  schedctl job clone drip-u57 drip-u58 --set user_id=u58 --start now`,
		Args: func(cmd *cobra.Command, args []string) error {
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				args = args[:dash]
			}
			return exactly("JOB", "NEW")(cmd, args)
		},
		ValidArgsFunction: completeJobs(a, 1),
	}
	f := cmd.Flags()
	f.StringVarP(&o.schedule, "schedule", "s", "", "another schedule")
	o.declareAt(cmd)
	o.declareWindow(cmd)
	o.declare(cmd, a)
	f.BoolVar(&o.disabled, "disabled", false, "create it paused")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	dryRunFlag(cmd, &o.dryRun)
	cmd.RunE = a.action(func(cmd *cobra.Command, args []string) error {
		return runJobClone(cmd, a, args, o)
	})
	return cmd
}

func runJobClone(cmd *cobra.Command, a *app, args []string, o jobCreateOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	of, err := c.Job(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	changes, err := o.input(a, cmd, args[2:], of.Payload)
	if err != nil {
		return err
	}
	in, err := copied(&of, changes)
	if err != nil {
		return err
	}
	in.Name = &args[1]
	if of.Status == job.JobPaused {
		in.Enabled = new(bool)
	}
	return runJobCreate(cmd.Context(), a, of.Type, in, o)
}

// copied is a request for a job like another one, with changes.
func copied(of *job.Job, changes api.JobInput) (api.JobInput, error) {
	fields, _, err := editable(of)
	if err != nil {
		return api.JobInput{}, err
	}
	over, err := render.Generic(changes)
	if err != nil {
		return api.JobInput{}, internal("%w", err)
	}
	given, _ := over.(map[string]any)
	for name, value := range given {
		fields[name] = value
	}
	for _, pair := range [][]string{{"in", "execute_at"}, {"allow_overlap", "overlap"}, {"skip_if_overdue", "misfire"}, {"handler_name", "handler_type"}} {
		if _, said := given[pair[1]]; given[pair[0]] != nil && !said {
			delete(fields, pair[1]) // the flag says it in another way
		}
	}
	for name := range fields {
		if !slices.Contains(fieldsOf(reflect.TypeFor[api.JobInput]()), name) {
			delete(fields, name)
		}
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return api.JobInput{}, internal("%w", err)
	}
	var in api.JobInput
	if err := json.Unmarshal(data, &in); err != nil {
		return in, internal("%w", err)
	}
	return in, nil
}
