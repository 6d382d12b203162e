package cli

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

type auditListOptions struct {
	q            client.AuditQuery
	since, until string
	limit        int
	all          bool
}

func newAuditListCmd(a *app) *cobra.Command {
	var o auditListOptions
	cmd := &cobra.Command{
		Use:        "list [OBJECT]",
		Aliases:    []string{"ls", "log"},
		SuggestFor: []string{"get", "changes", "who"},
		Short:      "List who changed what, newest first",
		Long: `List who changed what, the newest first; of OBJECT only, when an id or a name is given.
Entries are written in the transaction of the change, and nothing changes them afterwards.
Of a change only the members that differ are kept, secrets masked.`,
		Example: `  schedctl audit list --since 1d
  schedctl audit list nightly-backup --action job.paused,job.resumed
  schedctl audit list --actor token:ci --action 'job.*' -o json`,
		Args:              between(0, "OBJECT"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.q.Object = args[0]
			}
			return runAuditList(cmd.Context(), a, o)
		}),
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.q.Actions, "action", nil, "only these actions, such as job.paused or 'token.*'")
	f.StringSliceVar(&o.q.Kinds, "kind", nil, "only changes of these kinds of things, such as job or token")
	f.StringVar(&o.q.Actor, "actor", "", "only what this user or token did")
	f.StringVar(&o.q.RequestID, "request-id", "", "only what this request did")
	f.StringVar(&o.since, "since", "", "at or after TIME, such as 3d or 'yesterday'")
	f.StringVar(&o.until, "until", "", "before TIME")
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
	for _, name := range []string{"action", "kind", "actor", "request-id"} {
		_ = cmd.RegisterFlagCompletionFunc(name, noFiles)
	}
	listsOf(a, cmd, a.auditLogTable)
	return cmd
}

func runAuditList(ctx context.Context, a *app, o auditListOptions) error {
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
	o.q.WithTotal = true
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[api.AuditEntry], error) {
		o.q.Cursor, o.q.Limit = cursor, limit
		return c.Audit(ctx, o.q)
	})
	if err != nil {
		return err
	}
	if err := printList(a, listing[api.AuditEntry]{
		Items: page.Items, Total: page.Total, Next: page.NextCursor,
		Name:  func(e api.AuditEntry) string { return strconv.FormatInt(e.ID, 10) },
		Table: a.auditLogTable,
		None:  "No changes found.",
	}); err != nil {
		return err
	}
	if n := int64(len(page.Items)); n > 0 && n < page.Total {
		a.footer("%d of %s; --all lists the rest", n, human.Plural(int(page.Total), "change"))
	}
	return nil
}

func (a *app) auditLogTable(list []api.AuditEntry, wide bool) *render.Table {
	headers := []string{">ID", "WHEN=at", "ACTOR", "ACTION", "OBJECT=object_name", "~CHANGED"}
	if wide {
		headers = append(headers, "VIA", "PLATFORM=platform_id", "REQUEST=request_id", "~REASON")
	}
	t := render.NewTable(headers...)
	for i := range list {
		e := &list[i]
		row := []render.Cell{
			render.Text(strconv.FormatInt(e.ID, 10)), render.Text(a.when(&e.At)), render.Text(e.Actor), render.Text(e.Action),
			render.Text(or(e.ObjectName, e.ObjectID)), render.Text(or(strings.Join(changedMembers(e), ", "), human.Absent)),
		}
		if wide {
			for _, text := range []string{or(e.Via, human.Absent), platformOf(e.PlatformID), or(e.RequestID, human.Absent), or(e.Reason, human.Absent)} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

// changedMembers names what a change changed; none, where something came or went as a
// whole.
func changedMembers(e *api.AuditEntry) []string {
	before, after := membersOf(e.Before), membersOf(e.After)
	if before == nil || after == nil {
		return nil
	}
	maps.Copy(after, before)
	return slices.Sorted(maps.Keys(after))
}

func membersOf(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(raw, &m)
	return m
}
