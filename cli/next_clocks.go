package cli

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// untilClocksChange is longer than any zone that has daylight saving time goes without a
// change of its clock.
const untilClocksChange = 240 * 24 * time.Hour

// clockChanges shows what the coming changes of clocks do to jobs.
func (a *app) clockChanges(ctx context.Context, c *client.Client, names []string, o nextOptions) error {
	items, err := c.ClockChanges(ctx, o.window, names, o.limit)
	if err != nil {
		return err
	}
	l := listing[api.ClockChange]{
		Items: items, Total: int64(len(items)),
		Name:  func(i api.ClockChange) string { return i.Job },
		Table: a.clockTable,
		None:  "No change of a clock in the next " + human.Setting(o.window) + " concerns a due time.",
	}
	if len(items) == o.limit {
		l.Total = -1 // there may be more
	}
	if err := printList(a, l); err != nil || l.Total >= 0 {
		return err
	}
	a.note("only the first %s; --limit shows more", human.Plural(len(items), "job"))
	return nil
}

// changeDay is the day of a change, for people as the zone's own calendar has it.
func (a *app) changeDay(i api.ClockChange) string {
	if zone, err := schedule.LoadZone(i.Timezone); err == nil && a.outTTY() {
		return i.At.In(zone).Format("Mon 2006-01-02")
	}
	return a.day(i.At)
}

func (a *app) clockTable(items []api.ClockChange, wide bool) *render.Table {
	headers := []string{"WHEN=at", "?ZONE=timezone", "JOB", "TIME=local", "EFFECT"}
	if wide {
		headers = append(headers, "KIND", "DST=dst_policy", "ID=job_id")
	}
	t := render.NewTable(headers...)
	for _, i := range items {
		row := []string{a.changeDay(i), i.Timezone, i.Job, i.Local, i.Effect}
		if wide {
			row = append(row, i.Kind, i.DSTPolicy, i.JobID.String())
		}
		t.AddText(row...)
	}
	return t
}
