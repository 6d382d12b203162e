package cli

import (
	"fmt"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// runTable is a list of executions.
func (a *app) runTable(runs []job.Execution, wide bool) *render.Table {
	headers := []string{"RUN", "STATUS", "?TRIGGER", "?SCHEDULED=scheduled_at", "STARTED=started_at", ">DURATION=duration_ms", "?>ATTEMPT", "?WORKER=worker_id", "~ERROR"}
	if wide {
		headers = append(headers, ">EXIT=exit_code", ">DELAY=start_delay_ms", "BY=triggered_by", "COMPLETED=completed_at", "ID")
	}
	t := render.NewTable(headers...)
	for i := range runs {
		e := &runs[i]
		row := []render.Cell{
			render.Text(runName(e)), a.runStatus(e.Status), render.Text(string(e.Trigger)),
			render.Text(a.when(&e.ScheduledAt)), render.Text(a.when(e.StartedAt)), render.Text(a.took(e)),
			render.Text(attempts(e)), render.Text(or(e.WorkerID, human.Absent)), render.Text(runError(e)),
		}
		if wide {
			exit := human.Absent
			if e.ExitCode != nil {
				exit = fmt.Sprint(*e.ExitCode)
			}
			for _, text := range []string{
				exit, human.Millis(e.StartDelay), or(e.TriggeredBy, human.Absent), a.when(e.CompletedAt), e.ID.String(),
			} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

// took is how long an execution ran, or has been running.
func (a *app) took(e *job.Execution) string {
	if e.DurationMS == nil && e.Status == job.Running && e.StartedAt != nil {
		return human.Duration(a.env.Now().Sub(*e.StartedAt))
	}
	return human.Millis(e.DurationMS)
}

func runListing(a *app, page client.Page[job.Execution]) listing[job.Execution] {
	return listing[job.Execution]{
		Items: page.Items, Total: page.Total, Next: page.NextCursor,
		Name:  func(e job.Execution) string { return runName(&e) },
		Table: func(runs []job.Execution, wide bool) *render.Table { return a.runTable(runs, wide) },
		None:  "No executions found.",
	}
}
