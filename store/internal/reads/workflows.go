package reads

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// SelectWorkflows selects revisions for ScanWorkflow.
const SelectWorkflows = `SELECT platform, name, revision, live, definition, jobs, created_at, created_by FROM workflows`

// SQLOwns finds an execution that runs with a token.
const SQLOwns = `SELECT 1 FROM executions WHERE k = $1 AND lo = $2 AND token = $3 AND status = 1`

// ScanWorkflow reads a revision of a workflow.
func ScanWorkflow(r *stored.Row) store.Workflow {
	w := store.Workflow{Platform: r.Text(), Name: r.Text(), Revision: r.Int(), Live: r.Int() == 1, Definition: r.Bytes()}
	_ = json.Unmarshal(r.Blob(), &w.Jobs) // what we wrote
	w.CreatedAt, w.CreatedBy = r.Time(), r.Text()
	return w
}

// Workflow returns a revision, or with 0 the one in use.
func Workflow(rows Rows, platform, name string, revision int64) (w store.Workflow, err error) {
	statement, args := SelectWorkflows+` WHERE (platform = $1 OR $1 = '*') AND name = $2 AND live = 1 ORDER BY platform <> 'default', platform LIMIT 1`, []any{platform, name}
	if revision != 0 {
		statement, args = SelectWorkflows+` WHERE (platform = $1 OR $1 = '*') AND name = $2 AND revision = $3 ORDER BY platform <> 'default', platform LIMIT 1`, append(args, revision)
	}
	found, err := rows.first(statement, args, func(r *stored.Row) { w = ScanWorkflow(r) })
	switch {
	case err != nil || found:
	case revision != 0:
		err = job.Errorf(job.NotFound, "workflow %q has no revision %d", name, revision)
	default:
		err = job.Errorf(job.NotFound, "workflow %q not found", name)
	}
	return w, err
}

// Workflow returns a revision of a workflow.
func (r *Reader) Workflow(ctx context.Context, platform, name string, revision int64) (store.Workflow, error) {
	return ask(ctx, r.read, platform, func(rows Rows) (store.Workflow, error) { return Workflow(rows, platform, name, revision) })
}

// ListWorkflows returns the workflows in use, or all revisions of one.
func (r *Reader) ListWorkflows(ctx context.Context, platform, name string) ([]store.Workflow, error) {
	statement, args := SelectWorkflows+` WHERE (platform = $1 OR $1 = '*') AND live = 1 ORDER BY name, platform`, []any{platform}
	if name != "" {
		statement, args = SelectWorkflows+` WHERE (platform = $1 OR $1 = '*') AND name = $2 ORDER BY platform, revision DESC`, []any{platform, name}
	}
	return ask(ctx, r.read, platform, func(rows Rows) (list []store.Workflow, err error) {
		err = rows(statement, args, func(r *stored.Row) error {
			list = append(list, ScanWorkflow(r))
			return nil
		})
		return list, err
	})
}

// FlowSteps returns the executions that a flow has started.
func (r *Reader) FlowSteps(ctx context.Context, platform, ref string) ([]store.FlowStep, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (list []store.FlowStep, err error) {
		parent, err := r.dialect.FindExecution(rows, platform, ref)
		if err != nil {
			return nil, err
		}
		err = rows(`SELECT fs.step, fs.item, fs.round, `+r.dialect.executionColumns()+r.dialect.executionFrom()+` JOIN flow_steps fs ON fs.k = e.k WHERE fs.parent = $1 ORDER BY e.k`,
			[]any{parent}, func(row *stored.Row) error {
				list = append(list, store.FlowStep{Step: row.Text(), Item: int(row.Int()), Round: int(row.Int()), Execution: ScanExecution(row)})
				return nil
			})
		return list, err
	})
}

// FlowNews is what changed for flows since it was looked at last.
type FlowNews struct {
	Parents []int64 // flows that wait for steps of which some are over
	Steps   []int64 // steps that are over, and need not be looked at again
	Orphans []job.ID
}

const (
	sqlStepsOver = `SELECT fs.k, fs.parent, p.status, p.flags FROM flow_steps fs JOIN executions e ON e.k = fs.k LEFT JOIN executions p ON p.k = fs.parent
		WHERE fs.seen = 0 AND e.status >= 2 AND coalesce(p.status, 9) <> 1 ORDER BY fs.parent LIMIT $1`
	sqlOrphans = `SELECT e.k, e.lo FROM flow_steps fs JOIN executions e ON e.k = fs.k LEFT JOIN executions p ON p.k = fs.parent LEFT JOIN cancels z ON z.k = e.k
		WHERE fs.seen = 0 AND e.status < 2 AND coalesce(p.status, 9) >= 2 AND z.k IS NULL ORDER BY e.k LIMIT $1`
)

// NewsOfFlows finds what WakeFlows is to do. A flow that runs looks by itself.
func NewsOfFlows(rows Rows, limit int) (news FlowNews, err error) {
	if err := rows(sqlStepsOver, []any{limit}, func(r *stored.Row) error {
		k, parent, status, flags := r.Int(), r.Int(), r.Take(), r.Int()
		news.Steps = append(news.Steps, k)
		if waits := status != nil && stored.Int(status) == stored.Pending && flags&stored.FlagParked != 0; waits && !slices.Contains(news.Parents, parent) {
			news.Parents = append(news.Parents, parent)
		}
		return nil
	}); err != nil {
		return news, err
	}
	err = rows(sqlOrphans, []any{limit}, func(r *stored.Row) error {
		news.Orphans = append(news.Orphans, stored.IDOf(r.Int(), r.Int()))
		return nil
	})
	return news, err
}

// Nothing reports whether there is nothing to do.
func (n *FlowNews) Nothing() bool { return len(n.Steps) == 0 && len(n.Orphans) == 0 }
