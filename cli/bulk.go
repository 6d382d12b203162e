package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// bulkChange is a change that one job or many undergo.
type bulkChange struct {
	api.Bulk

	done    string // how a job is called afterwards
	already string // how it is called that was so before; "" = as done
	strict  bool   // that it was so before is a failure
	// ask asks for confirmation; nil = where nobody named the jobs.
	ask func(c *client.Client, chosen *choice) error
}

// changeJobs does a change to the chosen jobs: one request, however many they are.
func (a *app) changeJobs(ctx context.Context, s selector, args []string, change bulkChange) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	chosen, err := s.resolve(ctx, c, args)
	if err != nil {
		return err
	}
	change.DryRun = s.dryRun
	if change.ask == nil {
		change.ask = func(_ *client.Client, chosen *choice) error { return a.askBulk(s, chosen, change.Action) }
	}
	if !s.dryRun {
		if err := change.ask(c, chosen); err != nil {
			return err
		}
	}
	result, err := bulk(ctx, c, chosen.refs, change.Bulk)
	if err != nil {
		return err
	}
	if change.strict {
		refuseUnchanged(result.Items, or(change.already, change.done))
	}
	if err := a.printBulk(ctx, c, chosen, result, change); err != nil {
		return err
	}
	return a.bulkFailure(result.Items)
}

// refuseUnchanged makes failures of jobs that were so before.
func refuseUnchanged(items []api.BulkItem, already string) {
	for i := range items {
		if item := &items[i]; item.Result == api.BulkUnchanged {
			item.Result, item.Error = api.BulkFailed, &api.ErrorBody{Code: job.Conflict, Error: fmt.Sprintf("job %s is already %s", item.Name, already)}
		}
	}
}

// bulk asks for a change of jobs, in as few requests as the daemon allows.
func bulk(ctx context.Context, c *client.Client, refs []string, in api.Bulk) (api.BulkResult, error) {
	whole := api.BulkResult{Action: in.Action, DryRun: in.DryRun}
	for ids := range slices.Chunk(refs, api.MaxBulk) {
		in.IDs = ids
		part, err := c.BulkJobs(ctx, client.JobQuery{}, in, client.Write{})
		if err != nil {
			return whole, err
		}
		whole.Items = append(whole.Items, part.Items...)
	}
	return whole, nil
}

// askBulk asks before jobs change that nobody named.
func (a *app) askBulk(s selector, chosen *choice, verb string) error {
	if !chosen.bulk {
		return nil
	}
	which := chosen.String()
	if s.all {
		which = "every job: " + which
	}
	return a.confirm(s.yes, fmt.Sprintf("This %ss %s.", verb, which), chosen.count())
}

// printBulk tells what became of the jobs that did not fail.
func (a *app) printBulk(ctx context.Context, c *client.Client, chosen *choice, result api.BulkResult, change bulkChange) error {
	good := slices.DeleteFunc(slices.Clone(result.Items), func(i api.BulkItem) bool { return i.Result == api.BulkFailed })
	switch {
	case len(good) == 0:
		return nil
	case a.structured() && len(chosen.refs) == 1 && !chosen.bulk && !change.DryRun:
		return a.printAfter(ctx, c, chosen, good[0])
	case a.structured() || a.namesOnly():
		return printList(a, bulkListing(good))
	case change.DryRun:
		names := make([]string, len(good))
		for i := range good {
			names[i] = good[i].Name
		}
		a.say("would %s %s: %s", change.Action, human.Plural(len(good), "job"), strings.Join(names, " "))
		return nil
	case a.g.quiet:
		return nil
	}
	for i := range good {
		switch {
		case change.Action == api.BulkTag:
			a.say("job %s tags: %s", good[i].Name, or(strings.Join(good[i].Tags, " "), human.Absent))
		case good[i].Result == api.BulkUnchanged:
			a.say("job %s already %s", good[i].Name, or(change.already, change.done))
		default:
			a.say("job %s %s", good[i].Name, change.done)
		}
	}
	return nil
}

// printAfter prints the one job that was named as it is now, or as it was when it is gone.
func (a *app) printAfter(ctx context.Context, c *client.Client, chosen *choice, item api.BulkItem) error {
	if len(chosen.jobs) == 1 {
		return a.printStructured(chosen.jobs[0])
	}
	j, err := c.Job(ctx, item.ID.String())
	if err != nil {
		return err
	}
	return a.printStructured(j)
}

func bulkListing(items []api.BulkItem) listing[api.BulkItem] {
	return listing[api.BulkItem]{
		Items: items, Total: int64(len(items)), None: "No jobs found.",
		Name: func(i api.BulkItem) string { return i.Name },
		Table: func(items []api.BulkItem, _ bool) *render.Table {
			t := render.NewTable("NAME", "RESULT", "ID")
			for i := range items {
				t.AddText(items[i].Name, items[i].Result, items[i].ID.String())
			}
			return t
		},
	}
}

// bulkFailure tells what failed, and is the last of it with the status of the first.
func (a *app) bulkFailure(items []api.BulkItem) error {
	var errs []error
	for i := range items {
		e := items[i].Error
		if e == nil {
			continue
		}
		message := e.Error
		if len(items) > 1 && !strings.Contains(message, items[i].Name) {
			message = items[i].Name + ": " + message
		}
		errs = append(errs, &job.Error{Code: e.Code, Message: message, Fields: e.Fields, Hint: e.Hint})
	}
	return a.failed(errs)
}
