package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// nextOnStatus is how many coming runs a summary shows.
const nextOnStatus = 5

// summary is all on one screen.
type summary struct {
	Health      api.Health           `json:"health"`
	Jobs        map[string]int64     `json:"jobs"`    // by status
	Failing     []string             `json:"failing"` // at most 5 names
	Paused      []pausedJob          `json:"paused"`  // at most 5
	Alerts      []api.Alert          `json:"alerts"`  // at most 5 that fire
	Queue       api.Queue            `json:"queue"`
	Maintenance api.Maintenance      `json:"maintenance"`
	Running     []job.Execution      `json:"running"` // at most 5
	Next        []api.ForecastItem   `json:"next"`
	Counts      map[job.Status]int64 `json:"executions_24h"` // by status, due within the last day
}

// pausedJob is a job that is paused, until when, and why.
type pausedJob struct {
	Name   string     `json:"name"`
	Since  *time.Time `json:"since"`
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

func newStatusCmd(a *app) *cobra.Command {
	var watch time.Duration
	cmd := &cobra.Command{
		Use:   "status [JOB...]",
		Short: "Show everything on one screen, or a job (job show)",
		Long: `Show everything on one screen: health, jobs, executions, the queue and what runs next. With
jobs it is the same as job show.`,
		Example:           "  schedctl status\n  schedctl status -w\n  schedctl status nightly-backup",
		GroupID:           groupJobs,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return a.watched(cmd.Context(), watch, func(ctx context.Context) error {
				if len(args) > 0 {
					return runJobShow(ctx, a, args)
				}
				return runStatus(ctx, a)
			})
		}),
	}
	watchFlag(cmd, &watch)
	return cmd
}

func runStatus(ctx context.Context, a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	s, err := gather(ctx, a, c)
	if err != nil {
		return err
	}
	return printOne(a, s, s.Health.Status, func() error { return a.showSummary(&s) })
}

// gather asks for everything that a summary has.
func gather(ctx context.Context, a *app, c *client.Client) (s summary, err error) {
	if s.Health, err = c.Health(ctx); err != nil {
		return s, err
	}
	if s.Queue, err = c.Queue(ctx); err != nil {
		return s, err
	}
	if s.Maintenance, err = c.Maintenance(ctx); err != nil {
		return s, err
	}
	if s.Next, err = c.Forecast(ctx, 24*time.Hour, nil, nextOnStatus); err != nil {
		return s, err
	}
	s.Jobs, s.Counts = map[string]int64{}, map[job.Status]int64{}
	for _, status := range job.JobStatuses() {
		page, err := c.Jobs(ctx, client.JobQuery{Statuses: []job.JobStatus{status}, Limit: 1, WithTotal: true})
		if err != nil {
			return s, err
		}
		s.Jobs[string(status)] = page.Total
	}
	failing, err := c.Jobs(ctx, client.JobQuery{Failing: true, Limit: nextOnStatus, SortBy: "name"})
	if err != nil {
		return s, err
	}
	for i := range failing.Items {
		s.Failing = append(s.Failing, failing.Items[i].Name)
	}
	paused, err := c.Jobs(ctx, client.JobQuery{Statuses: []job.JobStatus{job.JobPaused}, Limit: nextOnStatus, SortBy: "name"})
	if err != nil {
		return s, err
	}
	for i := range paused.Items {
		j := &paused.Items[i]
		if j.Status != job.JobPaused { // resumed meanwhile
			continue
		}
		s.Paused = append(s.Paused, pausedJob{Name: j.Name, Since: j.PausedAt, Until: j.PauseUntil, Reason: j.PauseReason})
	}
	firing, err := c.Alerts(ctx, client.AlertQuery{States: []string{string(alert.Firing)}, Limit: nextOnStatus})
	if err != nil {
		return s, err
	}
	s.Alerts = firing.Items
	since := a.env.Now().Add(-24 * time.Hour)
	for _, status := range []job.Status{job.Success, job.Failed, job.TimedOut, job.Cancelled, job.Skipped} {
		page, err := c.Executions(ctx, client.ExecutionQuery{Statuses: []job.Status{status}, Since: since, Limit: 1, WithTotal: true})
		if err != nil {
			return s, err
		}
		s.Counts[status] = page.Total
	}
	running, err := c.Executions(ctx, client.ExecutionQuery{Statuses: []job.Status{job.Running}, Limit: nextOnStatus})
	s.Running = running.Items
	return s, err
}

// showSummary prints a summary for people.
func (a *app) showSummary(s *summary) error {
	style := map[string]render.Style{"healthy": render.Green, "degraded": render.Yellow, "unhealthy": render.Red}[s.Health.Status]
	_, _ = io.WriteString(a.out, a.painted(render.Cell{Text: s.Health.Status, Style: style})+"  up "+human.Distance(uptime(s.Health))+"\n")
	a.say("  %-11s %s", "jobs", a.jobCounts(s.Jobs))
	a.say("  %-11s %s", "last 24h", a.runCounts(s.Counts))
	oldest := ""
	if s.Queue.OldestMS != nil {
		oldest = ", oldest " + human.Millis(s.Queue.OldestMS)
	}
	a.say("  %-11s %d ready%s, %d running, %d delayed, %d dead", "queue", s.Queue.Ready, oldest, s.Queue.Running, s.Queue.Delayed, s.Queue.Dead)
	if m := s.Maintenance; m.On {
		a.say("  %-11s %s", "maintenance", said("since "+a.when(m.Since)+a.ending(m.Until), m.By, m.Reason))
	}
	for _, i := range s.Health.Issues {
		a.fact(11, i.Severity, fmt.Sprintf("%s: %s  %s", i.Component, i.Message, i.Fix))
	}
	for i := range s.Alerts {
		one := &s.Alerts[i]
		a.fact(11, "alert", fmt.Sprintf("%s %s %s: %s  schedctl alert show %[1]s", one.ID, one.Severity, one.Rule, aboutAlert(one)))
	}
	if len(s.Failing) > 0 {
		a.fact(11, "failing", strings.Join(s.Failing, " "))
	}
	for i := range s.Paused {
		p := &s.Paused[i]
		text := p.Name + ": " + or(p.Reason, "no reason was given")
		if p.Until != nil {
			text += ", until " + a.moment(*p.Until)
		}
		a.fact(11, "paused", text)
	}
	if len(s.Running) > 0 {
		_, _ = io.WriteString(a.out, "\n")
		if err := a.printTable(a.runningTable(s.Running)); err != nil {
			return err
		}
	}
	if len(s.Next) > 0 {
		_, _ = io.WriteString(a.out, "\n")
		return a.printTable(a.forecastTable(s.Next, false))
	}
	return nil
}

func (a *app) runningTable(runs []job.Execution) *render.Table {
	t := render.NewTable("RUNNING", "FOR", "WORKER", ">ATTEMPT")
	for i := range runs {
		e := &runs[i]
		t.AddText(runName(e), a.took(e), or(e.WorkerID, human.Absent), attempts(e))
	}
	return t
}

// jobCounts is "8: 7 active, 1 paused".
func (a *app) jobCounts(counts map[string]int64) string {
	total, parts := int64(0), []string{}
	for _, status := range job.JobStatuses() {
		n := counts[string(status)]
		total += n
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	if total == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(parts, ", "))
}

// runCounts is "120: 118 success, 1 failed, 1 timeout; 99.2 % ok".
func (a *app) runCounts(counts map[job.Status]int64) string {
	total, parts := int64(0), []string{}
	for _, status := range []job.Status{job.Success, job.Failed, job.TimedOut, job.Cancelled, job.Skipped} {
		n := counts[status]
		total += n
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	if total == 0 {
		return "no executions"
	}
	ran := counts[job.Success] + counts[job.Failed] + counts[job.TimedOut]
	return fmt.Sprintf("%s: %s; %s %% ok", human.Plural(int(total), "execution"), strings.Join(parts, ", "), human.Percent(counts[job.Success], ran))
}
