package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// dryRunFlag declares the flag of commands that can say what they would do.
func dryRunFlag(cmd *cobra.Command, dry *bool) {
	cmd.Flags().BoolVar(dry, "dry-run", false, "only say what would happen; the daemon checks everything and writes nothing")
}

// sayWouldCreate tells what would be created and when it would run.
func (a *app) sayWouldCreate(j *job.Job) {
	a.say("job %s would be created", j.Name)
	a.sayUpcoming(j)
}

// wouldChange tells what a change would make of a job.
func (a *app) wouldChange(ctx context.Context, c *client.Client, ref string, change func() (job.Job, error)) error {
	before, err := c.Job(ctx, ref)
	if err != nil {
		return err
	}
	after, err := change()
	if err != nil {
		return err
	}
	return printOne(a, after, after.Name, func() error {
		defaults := job.StandardDefaults()
		was, will := api.Definition(&before, defaults), api.Definition(&after, defaults)
		changes := api.Differences(&was, &will)
		if len(changes) == 0 && before.Name == after.Name {
			a.say("job %s would stay as it is", before.Name)
			return nil
		}
		if before.Name != after.Name {
			a.diffLine(render.Yellow, "~ job "+before.Name+" "+a.arrow()+" "+after.Name, "")
		}
		a.diffChange(&api.AppliedJob{Name: after.Name, Changes: changes, NextRunBefore: before.NextRun, NextRun: after.NextRun})
		a.sayUpcoming(&after)
		return nil
	})
}

// sayUpcoming tells a schedule in words, and the next three runs.
func (a *app) sayUpcoming(j *job.Job) {
	words, slots := upcoming(*j, 3)
	if words != "" {
		a.say("%s", words)
	}
	texts := make([]string, len(slots))
	for i, slot := range slots {
		if texts[i] = a.day(slot); i == 0 {
			texts[i] = a.moment(slot)
		}
	}
	switch {
	case j.Status == job.JobPaused:
		a.say("paused: it would not run until it is resumed")
	case len(texts) == 0:
		a.say("it would not run by itself")
	default:
		a.say("next runs %s", strings.Join(texts, ", "))
	}
}

// upcoming is the schedule of a job in words, and its next runs, n at most.
func upcoming(j job.Job, n int) (words string, slots []time.Time) {
	if j.NextRun != nil {
		slots = append(slots, *j.NextRun)
	}
	if j.Type == job.TypeOneTime {
		return "", slots
	}
	j.Anchor, j.Seed = j.CreatedAt, or(j.Platform, job.DefaultPlatform)+"/"+j.Name // what the daemon does not tell
	if j.StartDate != nil {
		j.Anchor = *j.StartDate
	}
	sched, err := job.Compile(&j)
	if err != nil || sched == nil {
		return "", slots
	}
	if j.MaxExecutions != nil {
		n = int(min(int64(n), *j.MaxExecutions))
	}
	for len(slots) > 0 && len(slots) < n {
		next := sched.Next(slots[len(slots)-1])
		if next.IsZero() {
			break
		}
		slots = append(slots, next)
	}
	return sched.Describe(), slots
}
