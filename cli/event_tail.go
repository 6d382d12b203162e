package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

type eventTailOptions struct {
	jobs   []string
	system bool
	after  string
	count  int
}

func newEventTailCmd(a *app) *cobra.Command {
	var o eventTailOptions
	cmd := &cobra.Command{
		Use:        "tail [GLOB...]",
		SuggestFor: []string{"watch", "follow", "stream"},
		Short:      "Tell events as they happen",
		Long: `Tell events as they happen, until interrupted. It survives a restart of schedd and goes
on after the last event that it told; a line says so when some may be missing.`,
		Example: `  schedctl event tail 'scheduler:job.*'
  schedctl event tail --job nightly-backup -o ndjson`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeSystemEvents,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if a.tabular() {
				return usagef("events can't be told as %s", a.g.output).WithHint("-o ndjson tells them line by line")
			}
			return runEventTail(cmd.Context(), a, args, o)
		}),
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.jobs, "job", nil, "only events of this job; may be given again")
	f.BoolVar(&o.system, "system", false, "only the scheduler's own events")
	f.StringVar(&o.after, "after", "", "go on after the event with this id")
	f.IntVarP(&o.count, "count", "n", 0, "end after so many events; 0 = never")
	_ = cmd.RegisterFlagCompletionFunc("job", completeJobs(a, 100))
	return cmd
}

// systemEvents are the names that completion offers.
var systemEvents = []string{
	"scheduler:*", "scheduler:job.*", "scheduler:job.created", "scheduler:job.updated", "scheduler:job.paused", "scheduler:job.resumed", "scheduler:job.cancelled",
	"scheduler:job.deleted", "scheduler:job.completed", "scheduler:execution.*", "scheduler:execution.started", "scheduler:execution.completed",
	"scheduler:execution.failed", "scheduler:execution.skipped",
}

func completeSystemEvents(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, name := range systemEvents {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, noFileComp
}

func runEventTail(ctx context.Context, a *app, globs []string, o eventTailOptions) error {
	if o.count < 0 {
		return usagef("--count must not be negative")
	}
	if o.system {
		if len(globs) > 0 {
			return usagef("give --system, or patterns")
		}
		globs = []string{"scheduler:*"}
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	told := 0
	for e, err := range c.FollowEvents(ctx, client.EventQuery{Names: globs, Jobs: o.jobs, After: o.after}) {
		if err != nil {
			return err
		}
		if e.Event == api.StreamGap {
			a.note("some events may be missing here")
			continue
		}
		if err := a.tellEvent(&e); err != nil {
			return err
		}
		if told++; told == o.count {
			return nil
		}
	}
	return nil
}

// tellEvent prints one event.
func (a *app) tellEvent(e *api.BusEvent) error {
	switch {
	case a.g.query != nil, a.g.template != nil:
		return a.printStructured(e)
	case a.structured():
		return render.JSONLine(a.out, e)
	case a.namesOnly():
		a.say("%s", e.ID)
		return nil
	}
	layout, at := "15:04:05", e.At.In(a.g.zone)
	if !a.outTTY() {
		layout, at = "2006-01-02T15:04:05.000Z", e.At.UTC()
	}
	subject, detail := gistOf(e.Data)
	_, err := io.WriteString(a.out, strings.TrimRight(fmt.Sprintf("%s  %-29s  %-22s  %s", at.Format(layout), render.CleanLine(e.Event), render.CleanLine(subject), render.CleanLine(detail)), " ")+"\n")
	return err
}

// gistOf says what an event is about, and the rest in words.
func gistOf(data json.RawMessage) (subject, detail string) {
	var d struct {
		Job      string `json:"job_name"`
		Run      int64  `json:"run_number"`
		Status   string `json:"status"`
		Reason   string `json:"reason"`
		Error    string `json:"error"`
		Attempt  int    `json:"attempt"`
		Duration *int64 `json:"duration_ms"`
	}
	if json.Unmarshal(data, &d) != nil {
		return "", compact(data)
	}
	if subject = d.Job; d.Run > 0 {
		subject = fmt.Sprintf("%s/%d", d.Job, d.Run)
	}
	for _, part := range []string{d.Status, d.Reason, d.Error} {
		if part != "" {
			detail += " " + part
		}
	}
	if d.Duration != nil {
		detail += " in " + human.Millis(d.Duration)
	}
	if d.Attempt > 1 {
		detail += fmt.Sprintf(", attempt %d", d.Attempt)
	}
	return subject, strings.TrimSpace(detail)
}
