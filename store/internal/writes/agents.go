package writes

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// CreateAgent stores an agent.
func (w *Writer) CreateAgent(ctx context.Context, a store.Agent) error {
	return w.write(ctx, func(tx Tx) error {
		store.TrailOf(ctx).Note(stored.NoteAgent(nil, &a))
		_, err := tx.Exec(`INSERT INTO agents (platform, name, type, transport, endpoint, capacity, heartbeat_ms, enabled, description,
			seen_at, created_at, created_by, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			a.Platform, a.Name, a.Type, a.Transport, a.Endpoint, a.Capacity, a.Heartbeat.Milliseconds(), a.Enabled, a.Description,
			stored.MicrosPtr(a.SeenAt), a.CreatedAt.UnixMicro(), a.CreatedBy, a.UpdatedAt.UnixMicro(), a.UpdatedBy)
		if w.dialect.Taken(err) {
			return stored.AgentExists(a.Name)
		}
		return err
	})
}

// ChangeAgent edits an agent.
func (w *Writer) ChangeAgent(ctx context.Context, p store.ChangeAgent) (store.Agent, error) {
	return change(ctx, w, func(tx Tx) (store.Agent, error) {
		a, err := w.agent(tx, p.Platform, p.Name)
		if err != nil {
			return a, err
		}
		before := a
		if err := p.Change(&a); err != nil {
			return a, err
		}
		store.TrailOf(ctx).Note(stored.NoteAgent(&before, &a))
		a.UpdatedAt, a.UpdatedBy = stored.Cut(p.Now), p.By
		_, err = tx.Exec(`UPDATE agents SET type = $1, transport = $2, endpoint = $3, capacity = $4, heartbeat_ms = $5, enabled = $6, description = $7,
			updated_at = $8, updated_by = $9 WHERE platform = $10 AND name = $11`, a.Type, a.Transport, a.Endpoint, a.Capacity, a.Heartbeat.Milliseconds(), a.Enabled, a.Description,
			a.UpdatedAt.UnixMicro(), a.UpdatedBy, a.Platform, a.Name)
		return a, err
	})
}

// agent locks and reads an agent.
func (w *Writer) agent(tx Tx, platform, name string) (store.Agent, error) {
	return reads.FindAgent(tx.Query, platform, name, w.dialect.ForUpdate)
}

// DeleteAgent removes an agent.
func (w *Writer) DeleteAgent(ctx context.Context, platform, name string) (store.Agent, error) {
	return change(ctx, w, func(tx Tx) (store.Agent, error) {
		a, err := w.agent(tx, platform, name)
		if err != nil {
			return a, err
		}
		store.TrailOf(ctx).Note(stored.NoteAgent(&a, nil))
		_, err = tx.Exec(`DELETE FROM agents WHERE platform = $1 AND name = $2`, a.Platform, a.Name)
		return a, err
	})
}

// SeeAgent notes that an agent lives.
func (w *Writer) SeeAgent(ctx context.Context, platform, name string, at time.Time) error {
	return w.write(ctx, func(tx Tx) error {
		a, err := w.agent(tx, platform, name)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE agents SET seen_at = $1 WHERE platform = $2 AND name = $3 AND (seen_at IS NULL OR seen_at < $1)`, at.UnixMicro(), a.Platform, a.Name)
		return err
	})
}

// TakeAgent gives a task to an agent.
func (w *Writer) TakeAgent(ctx context.Context, p store.TakeAgent) (store.TakenAgent, error) {
	return change(ctx, w, func(tx Tx) (taken store.TakenAgent, err error) {
		if _, err := tx.Exec(`DELETE FROM agent_tasks WHERE session NOT IN (SELECT id FROM sessions WHERE closed_at IS NULL)`); err != nil {
			return taken, err
		}
		if lock := w.dialect.ForUpdate; lock != "" { // what they are busy with is read after the lock, by a statement of its own
			if _, err := tx.Exec(`SELECT 1 FROM agents WHERE platform = $1 AND type = $2 ORDER BY name`+lock, p.Platform, p.Type); err != nil {
				return taken, err
			}
		}
		list, err := reads.AgentsOf(tx.Query, p.Platform, p.Type)
		if err != nil {
			return taken, err
		}
		if taken = stored.ChooseAgent(list, p.Now); taken.Agent == nil {
			return taken, nil
		}
		_, err = tx.Exec(`INSERT INTO agent_tasks (task, platform, agent, session) VALUES ($1, $2, $3, $4)`, p.Task, p.Platform, taken.Agent.Name, p.Session)
		if w.dialect.Taken(err) {
			err = job.Errorf(job.Conflict, "task %s is taken", p.Task)
		}
		return taken, err
	})
}

// FreeAgent ends a task.
func (w *Writer) FreeAgent(ctx context.Context, task string) error {
	return w.write(ctx, func(tx Tx) error {
		_, err := tx.Exec(`DELETE FROM agent_tasks WHERE task = $1`, task)
		return err
	})
}
