package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// sqlReady makes an execution that waits ready at an instant, unless it is sooner.
const sqlReady = `UPDATE executions SET ready_at = min(ready_at, $1) WHERE k = $2 AND status = 0`

// changes is the connection as package writes takes it.
func (c *conn) changes() writes.Tx { return writes.Tx{Query: c.query, Exec: c.exec} }

// PutWorkflow stores a revision of a workflow.
func (s *Store) PutWorkflow(ctx context.Context, p store.PutWorkflow) (w store.Workflow, err error) {
	err = s.write(ctx, func(c *conn) error {
		w, err = writes.PutWorkflow(c.changes(), &p, store.TrailOf(ctx), func(p *store.CreateJob) error {
			_, err := createJob(c, p)
			return err
		})
		return err
	})
	return w, err
}

// DeleteWorkflow takes a workflow out of use.
func (s *Store) DeleteWorkflow(ctx context.Context, d store.DeleteWorkflow) error {
	return s.write(ctx, func(c *conn) error { return writes.DeleteWorkflow(c.changes(), &d, store.TrailOf(ctx)) })
}

// BeginFlow returns the flow of an execution, and begins it when there is none.
func (s *Store) BeginFlow(ctx context.Context, b store.BeginFlow) (f store.Flow, err error) {
	err = s.write(ctx, func(c *conn) error {
		f, err = writes.BeginFlow(c.changes(), &b)
		return err
	})
	return f, err
}

// NoteFlow remembers what an external engine calls the workflow.
func (s *Store) NoteFlow(ctx context.Context, n store.NoteFlow) error {
	return s.write(ctx, func(c *conn) error { return writes.NoteFlow(c.changes(), &n) })
}

// ReplyFlow remembers what an external engine said of a flow.
func (s *Store) ReplyFlow(ctx context.Context, r store.ReplyFlow) error {
	return s.write(ctx, func(c *conn) error { return writes.ReplyFlow(c.changes(), &r, sqlReady) })
}

// WakeFlows makes flows ready whose steps are over, and finds steps whose flow is. It
// writes only when there is something to write.
func (s *Store) WakeFlows(ctx context.Context, now time.Time, limit int) (store.Woken, error) {
	var news reads.FlowNews
	err := s.snapshot(ctx, func(c *conn) (err error) {
		news, err = reads.NewsOfFlows(c.query, limit)
		return err
	})
	if err != nil || len(news.Steps) == 0 {
		return store.Woken{Orphans: news.Orphans}, err
	}
	var woken store.Woken
	err = s.write(ctx, func(c *conn) (err error) {
		if news, err = reads.NewsOfFlows(c.query, limit); err != nil {
			return err
		}
		woken.Orphans = news.Orphans
		woken.Flows, err = writes.WakeFlows(c.changes(), &news, now.UnixMicro(), sqlReady)
		return err
	})
	return woken, err
}
