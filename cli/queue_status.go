package cli

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

type queueStatusOptions struct {
	watch time.Duration
}

func newQueueStatusCmd(a *app) *cobra.Command {
	var o queueStatusOptions
	cmd := &cobra.Command{
		Use:        "status",
		SuggestFor: []string{"show", "list", "ls", "get"},
		Short:      "Say what waits, where, and what keeps it from starting",
		Example: `  schedctl queue status
  schedctl queue status -w`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return a.watched(cmd.Context(), o.watch, func(ctx context.Context) error { return runQueueStatus(ctx, a) })
		}),
	}
	watchFlag(cmd, &o.watch)
	return cmd
}

func runQueueStatus(ctx context.Context, a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	q, err := c.Queue(ctx)
	if err != nil {
		return err
	}
	return printOne(a, q, q.Driver, func() error { return a.showQueue(&q) })
}

func (a *app) showQueue(q *api.Queue) error {
	if err := a.showStreams(q); err != nil {
		return err
	}
	t := render.NewTable("EXECUTIONS", ">COUNT", ">OLDEST", "+DETAIL")
	delayed := "waits for its time"
	if q.NextAt != nil {
		delayed = "the first " + a.moment(*q.NextAt)
	}
	t.AddText("ready", strconv.FormatInt(q.Ready, 10), human.Millis(q.OldestMS), "waits for a worker")
	t.AddText("delayed", strconv.FormatInt(q.Delayed, 10), human.Absent, delayed)
	t.AddText("running", strconv.FormatInt(q.Running, 10), human.Absent, human.Absent)
	t.AddText("dead", strconv.FormatInt(q.Dead, 10), human.Absent, "nothing will run it again; schedctl dlq list")
	if err := a.printTable(t); err != nil {
		return err
	}
	if len(q.Holds) > 0 {
		_, _ = io.WriteString(a.out, "\n")
	}
	for i := range q.Holds {
		a.say("%s", a.stopped(&q.Holds[i]))
	}
	return nil
}

// showStreams shows where executions are announced.
func (a *app) showStreams(q *api.Queue) error {
	if q.Messages == nil {
		a.say("%s: %s", q.Driver, or(q.Problem, "nothing is known of it"))
		_, _ = io.WriteString(a.out, "\n")
		return nil
	}
	t := render.NewTable("STREAM", "GROUP", ">LENGTH", ">PENDING", ">LAG", ">OLDEST", "~CONSUMERS")
	for i := range q.Messages.Streams {
		s := &q.Messages.Streams[i]
		t.AddText(s.Stream, or(s.Group, human.Absent), strconv.Itoa(s.Length), strconv.Itoa(s.Pending), strconv.Itoa(s.Lag),
			human.Millis(s.OldestMS), or(strings.Join(s.Consumers, " "), human.Absent))
	}
	if err := a.printTable(t); err != nil {
		return err
	}
	for _, warning := range q.Messages.Warnings {
		a.note("warning: %s: %s", q.Driver, warning)
	}
	_, _ = io.WriteString(a.out, "\n")
	return nil
}

// stopped says what a hold stops, since when and why.
func (a *app) stopped(h *api.Hold) string {
	what := "maintenance on"
	if h.Kind == api.HoldDispatch {
		what = "dispatch paused on " + everyPlatform(h.Platform)
	}
	return what + " since " + a.moment(h.Since) + said(a.ending(h.Until), h.By, h.Reason)
}

// everyPlatform names a platform, or all of them.
func everyPlatform(platform string) string {
	if platform == "" {
		return "all platforms"
	}
	return "platform " + platform
}
