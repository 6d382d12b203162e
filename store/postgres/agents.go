package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// sqlAgents counts what agents do for sessions that are not over.
const sqlAgents = `SELECT a.platform, a.name, a.type, a.transport, a.endpoint, a.capacity, a.heartbeat_ms, a.enabled, a.description,
	a.seen_at, a.created_at, a.created_by, a.updated_at, a.updated_by,
	(SELECT count(*) FROM agent_tasks t JOIN sessions s ON s.id = t.session
		WHERE t.platform = a.platform AND t.agent = a.name AND s.closed_at IS NULL)
	FROM agents a `

// forUpdate locks the agents that are read.
const forUpdate = ` FOR UPDATE OF a`

// CreateAgent stores an agent.
func (s *Store) CreateAgent(ctx context.Context, a store.Agent) error {
	return s.write(ctx, func(tx *tx) error {
		store.TrailOf(ctx).Note(stored.NoteAgent(nil, &a))
		_, err := tx.exec(`INSERT INTO agents (platform, name, type, transport, endpoint, capacity, heartbeat_ms, enabled, description,
			seen_at, created_at, created_by, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			a.Platform, a.Name, a.Type, a.Transport, a.Endpoint, a.Capacity, a.Heartbeat.Milliseconds(), a.Enabled, a.Description,
			stored.MicrosPtr(a.SeenAt), a.CreatedAt.UnixMicro(), a.CreatedBy, a.UpdatedAt.UnixMicro(), a.UpdatedBy)
		if violated(err) == "agents_pkey" {
			return stored.AgentExists(a.Name)
		}
		return err
	})
}

// Agent returns the agent of that name.
func (s *Store) Agent(ctx context.Context, platform, name string) (a store.Agent, err error) {
	err = s.read(ctx, func(tx *tx) error {
		a, err = findAgent(tx, platform, name, "")
		return err
	})
	return a, err
}

// findAgent reads an agent; lock is "" or forUpdate.
func findAgent(tx *tx, platform, name, lock string) (store.Agent, error) {
	var list []store.Agent
	err := tx.query(sqlAgents+`WHERE (a.platform = $1 OR $1 = '*') AND a.name = $2 LIMIT 2`+lock, []any{platform, name}, func(r *row) error {
		list = append(list, stored.ReadAgent(r))
		return nil
	})
	if err != nil {
		return store.Agent{}, err
	}
	return stored.OneAgent(list, name)
}

// ListAgents returns agents by name.
func (s *Store) ListAgents(ctx context.Context, platform, typ string) (list []store.Agent, err error) {
	err = s.read(ctx, func(tx *tx) error {
		list = nil
		return tx.query(sqlAgents+`WHERE (a.platform = $1 OR $1 = '*') AND (a.type = $2 OR $2 = '') ORDER BY a.name, a.platform`, []any{platform, typ}, func(r *row) error {
			list = append(list, stored.ReadAgent(r))
			return nil
		})
	})
	return list, err
}

// ChangeAgent edits an agent.
func (s *Store) ChangeAgent(ctx context.Context, p store.ChangeAgent) (a store.Agent, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if a, err = findAgent(tx, p.Platform, p.Name, forUpdate); err != nil {
			return err
		}
		before := a
		if err := p.Change(&a); err != nil {
			return err
		}
		store.TrailOf(ctx).Note(stored.NoteAgent(&before, &a))
		a.UpdatedAt, a.UpdatedBy = stored.Cut(p.Now), p.By
		_, err := tx.exec(`UPDATE agents SET type = $1, transport = $2, endpoint = $3, capacity = $4, heartbeat_ms = $5, enabled = $6, description = $7,
			updated_at = $8, updated_by = $9 WHERE platform = $10 AND name = $11`, a.Type, a.Transport, a.Endpoint, a.Capacity, a.Heartbeat.Milliseconds(), a.Enabled, a.Description,
			a.UpdatedAt.UnixMicro(), a.UpdatedBy, a.Platform, a.Name)
		return err
	})
	return a, err
}

// DeleteAgent removes an agent.
func (s *Store) DeleteAgent(ctx context.Context, platform, name string) (a store.Agent, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if a, err = findAgent(tx, platform, name, forUpdate); err != nil {
			return err
		}
		store.TrailOf(ctx).Note(stored.NoteAgent(&a, nil))
		_, err := tx.exec(`DELETE FROM agents WHERE platform = $1 AND name = $2`, a.Platform, a.Name)
		return err
	})
	return a, err
}

// SeeAgent notes that an agent lives.
func (s *Store) SeeAgent(ctx context.Context, platform, name string, at time.Time) error {
	return s.write(ctx, func(tx *tx) error {
		a, err := findAgent(tx, platform, name, forUpdate)
		if err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE agents SET seen_at = $3 WHERE platform = $1 AND name = $2 AND (seen_at IS NULL OR seen_at < $3)`, a.Platform, a.Name, at.UnixMicro())
		return err
	})
}

// TakeAgent gives a task to an agent.
func (s *Store) TakeAgent(ctx context.Context, p store.TakeAgent) (taken store.TakenAgent, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(`DELETE FROM agent_tasks WHERE session NOT IN (SELECT id FROM sessions WHERE closed_at IS NULL)`); err != nil {
			return err
		}
		// What they are busy with is read after the lock, by a statement of its own.
		tx.queue(`SELECT 1 FROM agents WHERE platform = $1 AND type = $2 ORDER BY name FOR UPDATE`, p.Platform, p.Type)
		var list []store.Agent
		if err := tx.query(sqlAgents+`WHERE a.platform = $1 AND a.type = $2 ORDER BY a.name`, []any{p.Platform, p.Type}, func(r *row) error {
			list = append(list, stored.ReadAgent(r))
			return nil
		}); err != nil {
			return err
		}
		if taken = stored.ChooseAgent(list, p.Now); taken.Agent == nil {
			return nil
		}
		_, err := tx.exec(`INSERT INTO agent_tasks (task, platform, agent, session) VALUES ($1, $2, $3, $4)`, p.Task, p.Platform, taken.Agent.Name, p.Session)
		if violated(err) == "agent_tasks_pkey" {
			return job.Errorf(job.Conflict, "task %s is taken", p.Task)
		}
		return err
	})
	return taken, err
}

// FreeAgent ends a task.
func (s *Store) FreeAgent(ctx context.Context, task string) error {
	return s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(`DELETE FROM agent_tasks WHERE task = $1`, task)
		return err
	})
}
