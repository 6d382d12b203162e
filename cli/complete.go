package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// completionBudget is how long a completion may ask the daemon. With the start of the program
// it stays below 400 ms, and whoever presses TAB does not wait longer.
const completionBudget = 300 * time.Millisecond

const noFileComp = cobra.ShellCompDirectiveNoFileComp

// completer answers what an argument may be.
type completer = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// noFiles completes nothing.
func noFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, noFileComp
}

// completeZones completes time zones.
func completeZones(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var zones []string
	for _, z := range schedule.Zones() {
		if strings.HasPrefix(strings.ToLower(z), strings.ToLower(prefix)) {
			zones = append(zones, z)
		}
	}
	return zones, noFileComp
}

// completeJobs completes names of jobs, the first most of them.
func completeJobs(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, noFileComp
		}
		return a.jobNames(prefix, args, ""), noFileComp
	}
}

// completeRuns completes executions, as JOB/ and then JOB/N.
func completeRuns(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, noFileComp
		}
		name, _, within := strings.Cut(prefix, "/")
		if !within {
			return a.jobNames(prefix, nil, "/"), noFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return a.runNames(name, prefix), noFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeJobOrRun completes names of jobs and, behind a slash, executions.
func completeJobOrRun(a *app, most int) completer {
	runs := completeRuns(a, most)
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(prefix, "/") {
			return runs(cmd, args, prefix)
		}
		return completeJobs(a, most)(cmd, args, prefix)
	}
}

// completeHandlers completes names of handlers.
func completeHandlers(a *app) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			handlers, _ := c.Handlers(ctx)
			for _, h := range handlers {
				names = append(names, described(h.Name, h.Description))
			}
		})
		return names, noFileComp
	}
}

// completeErrorClasses completes the classes of the errors of late.
func completeErrorClasses(a *app) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var classes []string
		a.ask(func(ctx context.Context, c *client.Client) {
			page, _ := c.Executions(ctx, client.ExecutionQuery{Statuses: []job.Status{job.Failed, job.TimedOut}, Limit: pageSize})
			for i := range page.Items {
				if class := page.Items[i].ErrorClass; class != "" && !slices.Contains(classes, class) {
					classes = append(classes, class)
				}
			}
		})
		return classes, noFileComp
	}
}

// ask talks to the daemon within the budget; errors are nobody's business here.
func (a *app) ask(talk func(ctx context.Context, c *client.Client)) {
	if a.settle(a.root) != nil {
		return
	}
	c, err := a.connect()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionBudget)
	defer cancel()
	talk(ctx, c)
}

// jobNames finds live jobs whose names start with prefix and are not in used.
func (a *app) jobNames(prefix string, used []string, suffix string) []string {
	var names []string
	a.ask(func(ctx context.Context, c *client.Client) {
		q := client.JobQuery{SortBy: "name", Limit: 100}
		if prefix != "" {
			q.Names = []string{prefix + "*"}
		}
		page, _ := c.Jobs(ctx, q)
		for _, j := range page.Items {
			if strings.HasPrefix(j.Name, prefix) && !slices.Contains(used, j.Name) {
				names = append(names, described(j.Name+suffix, jobGist(&j)))
			}
		}
	})
	return names
}

// runNames finds the newest executions of a job.
func (a *app) runNames(name, prefix string) []string {
	var names []string
	a.ask(func(ctx context.Context, c *client.Client) {
		page, _ := c.JobExecutions(ctx, name, client.ExecutionQuery{Limit: 20})
		for _, e := range page.Items {
			if run := runName(&e); strings.HasPrefix(run, prefix) {
				names = append(names, described(run, string(e.Status)))
			}
		}
		for _, alias := range []string{name + "/last", name + "/last-failed"} {
			if len(page.Items) > 0 && strings.HasPrefix(alias, prefix) {
				names = append(names, alias)
			}
		}
	})
	return names
}

// jobGist describes a job in a few words.
func jobGist(j *job.Job) string {
	return strings.Join(strings.Fields(typeWord(j.Type)+" "+j.Schedule+" · "+string(j.Status)), " ")
}

// described is a completion with a description; both may come from strangers.
func described(word, description string) string {
	return cobra.CompletionWithDesc(render.Clean(word), render.Clean(description))
}
