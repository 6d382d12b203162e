package reads

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// selectAgents counts what agents do for sessions that are not over.
const selectAgents = `SELECT a.platform, a.name, a.type, a.transport, a.endpoint, a.capacity, a.heartbeat_ms, a.enabled, a.description,
	a.seen_at, a.created_at, a.created_by, a.updated_at, a.updated_by,
	(SELECT count(*) FROM agent_tasks t JOIN sessions s ON s.id = t.session
		WHERE t.platform = a.platform AND t.agent = a.name AND s.closed_at IS NULL)
	FROM agents a `

func agents(rows Rows, where string, args ...any) (list []store.Agent, err error) {
	err = rows(selectAgents+where, args, func(r *stored.Row) error {
		list = append(list, stored.ReadAgent(r))
		return nil
	})
	return list, err
}

// Agent returns the agent of that name.
func (r *Reader) Agent(ctx context.Context, platform, name string) (store.Agent, error) {
	return ask(ctx, r.read, platform, func(rows Rows) (store.Agent, error) { return FindAgent(rows, platform, name, "") })
}

// FindAgent reads an agent; lock is what the database adds to lock it.
func FindAgent(rows Rows, platform, name, lock string) (store.Agent, error) {
	list, err := agents(rows, `WHERE (a.platform = $1 OR $1 = '*') AND a.name = $2 LIMIT 2`+lock, platform, name)
	if err != nil {
		return store.Agent{}, err
	}
	return stored.OneAgent(list, name)
}

// ListAgents returns agents by name.
func (r *Reader) ListAgents(ctx context.Context, platform, typ string) ([]store.Agent, error) {
	return ask(ctx, r.read, platform, func(rows Rows) ([]store.Agent, error) {
		return agents(rows, `WHERE (a.platform = $1 OR $1 = '*') AND (a.type = $2 OR $2 = '') ORDER BY a.name, a.platform`, platform, typ)
	})
}

// AgentsOf returns the agents of a type, by name.
func AgentsOf(rows Rows, platform, typ string) ([]store.Agent, error) {
	return agents(rows, `WHERE a.platform = $1 AND a.type = $2 ORDER BY a.name`, platform, typ)
}
