package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

func newQueuePeekCmd(a *app) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use:        "peek",
		SuggestFor: []string{"head", "messages", "tail"},
		Short:      "Show what is announced and not received yet, without taking it",
		Long: `Show what is announced and not received yet, the next first, without taking it. The
queue only announces: what waits in the store is in "schedctl ps".`,
		Example:           "  schedctl queue peek -n 5",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > pageSize {
				return usagef("--limit must be 1 to %d", pageSize)
			}
			return runQueuePeek(cmd.Context(), a, limit)
		}),
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", limit, "show at most so many")
	listsOf(a, cmd, a.messageTable)
	return cmd
}

func runQueuePeek(ctx context.Context, a *app, limit int) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	messages, err := c.PeekQueue(ctx, limit)
	if err != nil {
		return err
	}
	return printList(a, listing[api.QueueMessage]{
		Items: messages, Total: -1,
		Name:  messageName,
		Table: a.messageTable,
		None:  "Nothing is announced.",
	})
}

// messageName is how people call the execution of a message.
func messageName(m api.QueueMessage) string { return or(m.Run, m.ExecutionID.String()) }

func (a *app) messageTable(messages []api.QueueMessage, _ bool) *render.Table {
	t := render.NewTable("RUN", "STATUS", "?PRIORITY", "?PLATFORM=platform_id", "?HANDLER=handler_name", "READY=ready_at")
	for i := range messages {
		m := &messages[i]
		status := render.Text("gone")
		if m.Status != "" {
			status = a.runStatus(m.Status)
		}
		t.Add(render.Text(messageName(*m)), status, render.Text(or(string(m.Priority), human.Absent)), render.Text(platformWord(m.PlatformID)),
			render.Text(m.HandlerName), render.Text(a.when(&m.ReadyAt)))
	}
	return t
}
