package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// sqlReady makes an execution that waits ready at an instant, unless it is sooner.
const sqlReady = `UPDATE waiting SET ready_at = least(ready_at, $1) WHERE k = $2`

// changes is the transaction as package writes takes it.
func (t *tx) changes() writes.Tx { return writes.Tx{Query: t.query, Exec: t.exec} }

// PutWorkflow stores a revision of a workflow.
func (s *Store) PutWorkflow(ctx context.Context, p store.PutWorkflow) (w store.Workflow, err error) {
	err = s.write(ctx, func(t *tx) error {
		t.queue(`SELECT pg_advisory_xact_lock(hashtextextended('workflow ' || $1::text || '/' || $2::text, 0))`, p.Platform, p.Name)
		var events stored.Events
		w, err = writes.PutWorkflow(t.changes(), &p, store.TrailOf(ctx), func(p *store.CreateJob) error {
			_, err := createJob(t, p, &events)
			return err
		})
		if err == nil {
			writeEvents(t, &events, p.Now)
		}
		return err
	})
	if err != nil {
		return store.Workflow{}, s.nameTaken(ctx, err)
	}
	return w, nil
}

// DeleteWorkflow takes a workflow out of use.
func (s *Store) DeleteWorkflow(ctx context.Context, d store.DeleteWorkflow) error {
	return s.write(ctx, func(t *tx) error { return writes.DeleteWorkflow(t.changes(), &d, store.TrailOf(ctx)) })
}

// BeginFlow returns the flow of an execution, and begins it when there is none.
func (s *Store) BeginFlow(ctx context.Context, b store.BeginFlow) (f store.Flow, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := lockExecution(t, b.Execution); err != nil {
			return err
		}
		f, err = writes.BeginFlow(t.changes(), &b)
		return err
	})
	return f, err
}

// lockExecution keeps an execution from being settled or taken away meanwhile.
func lockExecution(t *tx, id job.ID) error {
	k, _ := stored.KeyOf(id)
	_, err := t.first(`SELECT 1 FROM executions WHERE k = $1 FOR SHARE`, []any{k}, func(*row) {})
	return err
}

// NoteFlow remembers what an external engine calls the workflow.
func (s *Store) NoteFlow(ctx context.Context, n store.NoteFlow) error {
	return s.write(ctx, func(t *tx) error {
		if err := lockExecution(t, n.Execution); err != nil {
			return err
		}
		return writes.NoteFlow(t.changes(), &n)
	})
}

// ReplyFlow remembers what an external engine said of a flow.
func (s *Store) ReplyFlow(ctx context.Context, r store.ReplyFlow) error {
	return s.write(ctx, func(t *tx) error { return writes.ReplyFlow(t.changes(), &r, sqlReady) })
}

// WakeFlows makes flows ready whose steps are over, and finds steps whose flow is. It
// writes only when there is something to write.
func (s *Store) WakeFlows(ctx context.Context, now time.Time, limit int) (store.Woken, error) {
	var news reads.FlowNews
	err := s.read(ctx, func(t *tx) (err error) {
		news, err = reads.NewsOfFlows(t.query, limit)
		return err
	})
	if err != nil || len(news.Steps) == 0 {
		return store.Woken{Orphans: news.Orphans}, err
	}
	woken := store.Woken{Orphans: news.Orphans}
	err = s.write(ctx, func(t *tx) (err error) {
		woken.Flows, err = writes.WakeFlows(t.changes(), &news, now.UnixMicro(), sqlReady)
		return err
	})
	return woken, err
}
