package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// maxDefs bounds the cached definitions; one takes about a kilobyte.
const maxDefs = 20_000

// definition is a job as the planner and the executor need it: compiled, shared and
// never changed.
type definition struct {
	seq   int64
	job   *job.Job
	sched *schedule.Schedule
	err   error // its schedule cannot be compiled
}

// definitions caches definitions by job and revision.
type definitions struct {
	mu sync.Mutex
	m  map[int64]*definition
}

func (d *definitions) get(seq, revision int64) *definition {
	d.mu.Lock()
	defer d.mu.Unlock()
	if def := d.m[seq]; def != nil && (revision == 0 || def.job.Revision == revision) {
		return def
	}
	return nil
}

// drop forgets jobs.
func (d *definitions) drop(seqs []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, seq := range seqs {
		delete(d.m, seq)
	}
}

func (d *definitions) put(def *definition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.m == nil {
		d.m = map[int64]*definition{}
	}
	if len(d.m) >= maxDefs {
		for seq := range d.m { // any: the order of a map is as good as random
			delete(d.m, seq)
			break
		}
	}
	d.m[def.seq] = def
}

// define returns the definition of a job at a revision; revision 0 means that of
// the row.
func (s *Store) define(c *conn, seq, revision int64) (*definition, error) {
	if revision > 0 {
		if def := s.defs.get(seq, revision); def != nil {
			return def, nil
		}
	}
	var def *definition
	found, err := c.first(context.Background(), sqlJobBySeq, []any{seq}, func(r *row) {
		def = &definition{}
		var j job.Job
		def.seq, def.err = scanDefinition(r, &j)
		def.job = &j
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("job %d has a cursor but no row", seq)
	}
	if def.err == nil {
		def.sched, def.err = job.Compile(def.job)
	}
	s.defs.put(def)
	return def, nil
}

// Warm loads the definitions that are needed soon and are not cached yet.
func (s *Store) Warm(ctx context.Context, until time.Time, limit int) error {
	limit = min(limit, maxDefs/2)
	return s.read(ctx, func(c *conn) error {
		var missing [][2]int64
		if err := c.query(ctx, `SELECT job, revision FROM cursors WHERE next_run <= ? ORDER BY next_run LIMIT ?`, []any{until.UnixMicro(), limit}, func(r *row) error {
			if seq, revision := r.int(), r.int(); s.defs.get(seq, revision) == nil {
				missing = append(missing, [2]int64{seq, revision})
			}
			return nil
		}); err != nil {
			return err
		}
		for _, m := range missing {
			if ctx.Err() != nil {
				return nil
			}
			if _, err := s.define(c, m[0], m[1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// jobColumns are the columns of a definition, in the order of scanDefinition.
const jobColumns = `j.seq, j.id, j.platform, j.status, j.revision, j.spec, j.anchor, j.seed, j.reason, j.pause_reason,
	j.created_by, j.updated_by, j.created_at, j.updated_at, j.paused_at, j.completed_at, j.cancelled_at, j.deleted_at`

const sqlJobBySeq = `SELECT ` + jobColumns + ` FROM jobs j WHERE j.seq = ?`

// scanDefinition reads jobColumns. The error is about the row's content only.
func scanDefinition(r *row, j *job.Job) (seq int64, err error) {
	seq = r.int()
	j.ID = r.id()
	j.Platform = r.text()
	if j.Platform != job.DefaultPlatform {
		j.PlatformID = &j.Platform
	}
	j.Status = value(jobStatuses, r.int())
	j.Revision = r.int()
	if fault := json.Unmarshal(r.blob(), &j.Spec); fault != nil {
		err = fmt.Errorf("definition cannot be read: %w", fault)
	}
	if j.Tags == nil {
		j.Tags = []string{}
	}
	j.Anchor = r.time()
	j.Seed = r.text()
	j.StatusReason = r.text()
	j.PauseReason = r.text()
	j.CreatedBy = r.text()
	j.UpdatedBy = r.text()
	j.CreatedAt = r.time()
	j.UpdatedAt = r.time()
	j.PausedAt = r.timePtr()
	j.CompletedAt = r.timePtr()
	j.CancelledAt = r.timePtr()
	j.DeletedAt = r.timePtr()
	return seq, err
}
