package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/crontab"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type crontabExportOptions struct {
	tags          []string
	timezone      string
	account, home string
}

func newCrontabExportCmd(a *app) *cobra.Command {
	var o crontabExportOptions
	cmd := &cobra.Command{
		Use:   "export [JOB|GLOB...]",
		Short: "Write jobs that run commands as a crontab",
		Long: `Write the cron jobs with the handler exec as a crontab on standard output. Importing it
again gives the same jobs; what cron has no word for (retries, time limits, overlap,
misfires) is left out. A job whose line cron would run differently is not written, and
named on standard error with the reason; then the exit status is 1.`,
		Example:           "  schedctl crontab export > my.crontab\n  schedctl crontab export --tag legacy",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runCrontabExport(cmd.Context(), a, args, o)
		}),
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.tags, "tag", nil, "only jobs with this tag; may be given again")
	f.StringVar(&o.timezone, "timezone", "", "IANA zone in which cron will run it; default that of this system")
	f.StringVar(&o.account, "user", "", "account whose crontab it will be; default yours")
	f.StringVar(&o.home, "home", "", "its home directory; default yours")
	_ = cmd.RegisterFlagCompletionFunc("timezone", completeZones)
	return cmd
}

func runCrontabExport(ctx context.Context, a *app, args []string, o crontabExportOptions) error {
	im := &importer{a: a, o: crontabImportOptions{timezone: o.timezone, account: o.account, home: o.home}}
	if err := im.prepare(); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := allJobs(ctx, c, client.JobQuery{
		Names: args, Tags: o.tags, Types: []job.Type{job.TypeCron}, Handlers: []string{handlerExec}, Statuses: exported, SortBy: "created_at", SortOrder: "asc",
	})
	if err != nil {
		return err
	}
	jobs := make([]crontab.Exported, len(page.Items))
	for i := range page.Items {
		j := &page.Items[i]
		source, _, _ := imprint(j)
		jobs[i] = crontab.Exported{Name: j.Name, Schedule: j.Schedule, Timezone: j.Timezone, Payload: j.Payload, Source: source}
	}
	text, lines := crontab.Export(jobs, im.account, im.zone)
	if _, err := a.out.Write([]byte(text)); err != nil {
		return err
	}
	left, paused := 0, 0
	for i, l := range lines {
		if l.Problem != "" {
			left++
			a.errLine(fmt.Sprintf("%s: not written: %s", l.Name, l.Problem))
		} else if page.Items[i].Status == job.JobPaused {
			paused++
		}
	}
	a.note("%s written, %d left out", human.Plural(len(lines)-left, "line"), left)
	if paused > 0 {
		a.note("warning: %s of them paused, which cron does not know", human.Plural(paused, "job"))
	}
	if left > 0 {
		return exitWith(exitFailed)
	}
	return nil
}
