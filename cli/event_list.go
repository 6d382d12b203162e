package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

type eventListOptions struct {
	q            client.ReceivedQuery
	since, until string
	limit        int
	all          bool
}

func newEventListCmd(a *app) *cobra.Command {
	var o eventListOptions
	cmd := &cobra.Command{
		Use:        "list [NAME...]",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"history", "log", "get"},
		Short:      "List the events that came in, newest first",
		Long: `List the events that came in, the newest first; of the given names only. They are
remembered for seven days. The scheduler's own events are told by "event tail".`,
		Example: `  schedctl event list --since 1h
  schedctl event list ticket:created ticket:resolved -o json`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.q.Names = args
			return runEventList(cmd.Context(), a, o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.q.ID, "id", "", "only events with this id")
	f.StringVar(&o.since, "since", "", "at or after TIME, such as 3h or 'yesterday'")
	f.StringVar(&o.until, "until", "", "before TIME")
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
	_ = cmd.RegisterFlagCompletionFunc("id", noFiles)
	listsOf(a, cmd, a.eventTable)
	return cmd
}

func runEventList(ctx context.Context, a *app, o eventListOptions) error {
	err := checkLimit(o.limit)
	if err != nil {
		return err
	}
	if o.q.Since, err = a.past("since", o.since); err != nil {
		return err
	}
	if o.q.Until, err = a.past("until", o.until); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[api.EventReceived], error) {
		o.q.Cursor, o.q.Limit = cursor, limit
		return c.Events(ctx, o.q)
	})
	if err != nil {
		return err
	}
	return printList(a, listing[api.EventReceived]{
		Items: page.Items, Total: page.Total, Next: page.NextCursor,
		Name:  func(e api.EventReceived) string { return e.ID },
		Table: a.eventTable,
		None:  "No events found.",
	})
}

func (a *app) eventTable(list []api.EventReceived, wide bool) *render.Table {
	headers := []string{"WHEN=accepted_at", "EVENT", "ID", "STATE=decided", "~DATA"}
	if wide {
		headers = append(headers, "PLATFORM=platform_id", ">DEPTH", "EXECUTION=execution_id")
	}
	t := render.NewTable(headers...)
	for i := range list {
		e := &list[i]
		data, state := compact(e.Data), "waiting"
		if e.Data == nil {
			data = strconv.FormatInt(e.DataBytes, 10) + " bytes"
		}
		if e.Decided {
			state = "decided"
		}
		row := []render.Cell{render.Text(a.when(&e.AcceptedAt)), render.Text(e.Event), render.Text(e.ID), render.Text(state), render.Text(data)}
		if wide {
			by := human.Absent
			if e.ExecutionID != nil {
				by = e.ExecutionID.String()
			}
			row = append(row, render.Text(platformOf(e.PlatformID)), render.Text(strconv.Itoa(e.Depth)), render.Text(by))
		}
		t.Add(row...)
	}
	return t
}
