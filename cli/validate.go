package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

type validateOptions struct {
	fileFlags
	schema bool
}

func newValidateCmd(a *app) *cobra.Command {
	var o validateOptions
	cmd := &cobra.Command{
		Use:   "validate -f FILE|DIR|-",
		Short: "Check job files; needs no daemon",
		Long: `Check job files: syntax, fields, schedules, time zones, everything that can be said
without the daemon. Every problem is told at once with its place. Handlers and what
exists already are the daemon's to judge: see "schedctl diff".`,
		Example:           "  schedctl validate -f jobs/\n  schedctl validate --schema > job.schema.json",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(*cobra.Command, []string) error {
			if o.schema {
				_, err := a.out.Write(jobfile.Schema())
				return err
			}
			return runValidate(a, o)
		}),
	}
	o.declare(cmd)
	cmd.Flags().BoolVar(&o.schema, "schema", false, "print the JSON Schema of job files, for editors")
	return cmd
}

func runValidate(a *app, o validateOptions) error {
	set, err := o.load(a)
	if err != nil {
		return err
	}
	if a.structured() {
		err = printList(a, listing[jobfile.Problem]{Items: set.Problems, Total: int64(len(set.Problems))})
	} else {
		a.problemLines(a.out, set, set.Problems)
	}
	switch {
	case err != nil:
		return err
	case len(set.Problems) > 0 && a.structured():
		return exitWith(exitUsage)
	case len(set.Problems) > 0:
		return usagef("%s", countProblems(set, set.Problems))
	}
	a.note("%s in %s, no problem", human.Plural(len(set.Jobs), "job"), human.Plural(set.Files(), "file"))
	return nil
}
