package reads

import (
	"context"
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlPausesOver = `SELECT j.platform, j.id FROM jobs j WHERE j.pause_until <= $1 ORDER BY j.pause_until, j.seq LIMIT $2`
	sqlAftermaths = `SELECT a.k, e.lo, a.state, a.session, j.platform, j.id FROM aftermaths a
		JOIN executions e ON e.k = a.k JOIN jobs j ON j.seq = a.job WHERE a.state < 2 ORDER BY a.at, a.k LIMIT $1`
	sqlAftermath = `SELECT state, outcome FROM aftermaths WHERE k = $1`
)

// PausesOver returns jobs whose pause ends by itself by now.
func (r *Reader) PausesOver(ctx context.Context, now time.Time, limit int) ([]store.JobRef, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) (list []store.JobRef, err error) {
		err = rows(sqlPausesOver, []any{now.UnixMicro(), limit}, func(r *stored.Row) error {
			list = append(list, store.JobRef{Platform: r.Text(), ID: r.ID()})
			return nil
		})
		return list, err
	})
}

// Aftermaths returns final failures with something left to do.
func (r *Reader) Aftermaths(ctx context.Context, limit int) ([]store.Aftermath, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) (list []store.Aftermath, err error) {
		err = rows(sqlAftermaths, []any{limit}, func(r *stored.Row) error {
			list = append(list, store.Aftermath{
				Execution: stored.IDOf(r.Int(), r.Int()), State: store.AftermathState(r.Int()), Session: r.Int(),
				Job: store.JobRef{Platform: r.Text(), ID: r.ID()},
			})
			return nil
		})
		return list, err
	})
}

// hookRun reads what followed a final failure; nil = nothing, as far as is known.
func hookRun(rows Rows, k int64) (*job.HookRun, error) {
	var h *job.HookRun
	err := rows(sqlAftermath, []any{k}, func(r *stored.Row) error {
		state, outcome := store.AftermathState(r.Int()), r.Bytes()
		if outcome == nil && state == store.AftermathDone {
			return nil
		}
		h = &job.HookRun{Status: string(job.Pending)}
		if outcome == nil {
			return nil
		}
		return json.Unmarshal(outcome, h)
	})
	return h, err
}

// AftermathArgs are the arguments of the statement that moves one: to, session, outcome,
// key, from.
func AftermathArgs(m *store.MoveAftermath) ([]any, error) {
	var outcome []byte
	if m.Outcome != nil {
		var err error
		if outcome, err = json.Marshal(m.Outcome); err != nil {
			return nil, err
		}
	}
	k, _ := stored.KeyOf(m.Execution)
	return []any{int64(m.To), m.Session, stored.Blob(outcome), k, int64(m.From)}, nil
}
