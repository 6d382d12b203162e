package reads

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// recent is how long a session that ended is listed.
const recent = 24 * time.Hour

const sqlSessions = `SELECT s.id, s.node, s.version, s.roles, s.slots, s.commands, s.handlers, s.running,
	s.started_at, s.heartbeat_at, s.lease_until, s.closed_at, d.drained_at, d.drained_by, d.reason
	FROM sessions s LEFT JOIN drains d ON d.node = s.node
	WHERE s.closed_at IS NULL OR s.closed_at > $1 ORDER BY s.started_at, s.id`

func sessions(rows Rows, now time.Time) (list []store.Session, err error) {
	err = rows(sqlSessions, []any{now.Add(-recent).UnixMicro()}, func(r *stored.Row) error {
		one := store.Session{ID: r.Int(), Node: r.Text(), Version: r.Text(), Roles: stored.ParseTexts(r.Text()), Slots: int(r.Int()), Commands: int(r.Int())}
		one.Handlers, one.Running = stored.ParseTexts(r.Text()), int(r.Int())
		one.StartedAt, one.HeartbeatAt, one.LeaseUntil, one.ClosedAt = r.Time(), r.Time(), r.Time(), r.TimePtr()
		one.DrainedAt, one.DrainedBy, one.DrainReason = r.TimePtr(), r.Text(), r.Text()
		one.Draining = one.DrainedAt != nil
		list = append(list, one)
		return nil
	})
	return list, err
}

// WantNode refuses a node that no session of the last day is of.
func WantNode(rows Rows, node string, now time.Time) error {
	known, err := rows.first(`SELECT 1 FROM sessions WHERE node = $1 AND (closed_at IS NULL OR closed_at > $2) LIMIT 1`,
		[]any{node, now.Add(-recent).UnixMicro()}, func(*stored.Row) {})
	if err == nil && !known {
		err = job.Errorf(job.NotFound, "node %q not found", node)
	}
	return err
}

func holds(rows Rows, where string, args ...any) (list []store.Hold, err error) {
	err = rows(`SELECT kind, platform, since, until, ended_at, held_by, reason FROM holds WHERE `+where+` ORDER BY since, id`, args, func(r *stored.Row) error {
		list = append(list, store.Hold{
			Kind: stored.Value(stored.HoldKinds, r.Int()), Platform: r.Text(), Since: r.Time(), Until: r.TimePtr(), EndedAt: r.TimePtr(), By: r.Text(), Reason: r.Text(),
		})
		return nil
	})
	return list, err
}
