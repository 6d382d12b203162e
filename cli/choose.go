package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// selector picks the jobs of a command that takes several.
type selector struct {
	tags   []string
	all    bool
	dryRun bool
	yes    bool
}

// declare adds the flags that choose jobs.
func (s *selector) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	f.StringArrayVar(&s.tags, "tag", nil, "every job with this tag; may be given again")
	f.BoolVar(&s.all, "all", false, "every job")
	f.BoolVar(&s.dryRun, "dry-run", false, "only say which jobs would change")
	f.BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	_ = cmd.RegisterFlagCompletionFunc("tag", a.completeTagFlag)
}

// choice is what a selector picked.
type choice struct {
	refs  []string  // of jobs: as typed, or the ids of those that were looked up
	names []string  // beside refs
	jobs  []job.Job // those that were looked up
	bulk  bool      // a condition chose them, nobody named them
}

// String says how many they are, or which one.
func (c *choice) String() string {
	if len(c.refs) == 1 {
		return "job " + c.names[0]
	}
	return human.Plural(len(c.refs), "job")
}

// count is what must be typed to confirm a change of jobs that nobody named; "" = yes will do.
func (c *choice) count() string {
	if !c.bulk {
		return ""
	}
	return fmt.Sprint(len(c.refs))
}

// read looks up jobs that were named.
func (c *choice) read(ctx context.Context, a *app, from *client.Client) error {
	if len(c.jobs) == len(c.refs) {
		return nil
	}
	named := c.refs
	c.refs, c.names, c.jobs = nil, nil, nil
	return a.each(ctx, named, func(ref string) error {
		j, err := from.Job(ctx, ref)
		c.add(&j)
		return err
	})
}

func (c *choice) add(j *job.Job) {
	c.refs, c.names, c.jobs = append(c.refs, j.ID.String()), append(c.names, j.Name), append(c.jobs, *j)
}

// resolve turns arguments into jobs: patterns are looked up, and a pattern that is
// everything needs --all.
func (s selector) resolve(ctx context.Context, from *client.Client, args []string) (*choice, error) {
	if len(args) == 0 && len(s.tags) == 0 && !s.all {
		return nil, usagef("missing argument JOB").WithHint("name jobs, or choose them with --tag or --all")
	}
	var patterns []string
	c := &choice{}
	for _, arg := range args {
		switch {
		case strings.Trim(arg, "*") == "" && !s.all:
			return nil, usagef("%q is every job", arg).WithHint("add --all if you mean it")
		case strings.ContainsAny(arg, "*?"):
			patterns = append(patterns, arg)
		case len(s.tags) > 0 || s.all:
			return nil, usagef("name jobs, or choose them with --tag or --all, not both")
		default:
			c.refs, c.names = append(c.refs, arg), append(c.names, arg)
		}
	}
	if len(c.refs) == len(args) && len(args) > 0 {
		return c, nil
	}
	c.bulk = true
	page, err := allJobs(ctx, from, client.JobQuery{Names: patterns, Tags: s.tags, SortBy: "name"})
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 && len(c.refs) == 0 {
		return nil, job.Errorf(job.NotFound, "no job matches %s", strings.Join(append(patterns, s.tags...), " "))
	}
	for i := range page.Items {
		c.add(&page.Items[i])
	}
	return c, nil
}
