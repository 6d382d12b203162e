package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
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

// get returns a definition at a revision, 0 for any; nil when it is not cached.
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

// want names a definition.
type want struct{ seq, revision int64 }

// define returns the definitions that are wanted, by job, and reads those that are
// not cached. A job without a row has none.
func (s *Store) define(t *tx, wanted []want) (map[int64]*definition, error) {
	found := make(map[int64]*definition, len(wanted))
	var missing []int64
	for _, w := range wanted {
		if found[w.seq] != nil {
			continue
		}
		if def := s.defs.get(w.seq, w.revision); def != nil {
			found[w.seq] = def
			continue
		}
		missing = append(missing, w.seq)
	}
	if len(missing) == 0 {
		return found, nil
	}
	err := t.query(sqlJobsBySeq, []any{missing}, func(r *row) error {
		def := &definition{job: &job.Job{}}
		def.seq, def.err = stored.ScanJob(r, def.job)
		if def.err == nil {
			def.sched, def.err = job.Compile(def.job)
		}
		found[def.seq] = def
		s.defs.put(def)
		return nil
	})
	return found, err
}

// defineOne returns one definition.
func (s *Store) defineOne(t *tx, seq, revision int64) (*definition, error) {
	defs, err := s.define(t, []want{{seq, revision}})
	if err == nil && defs[seq] == nil {
		err = fmt.Errorf("job %d has a cursor but no row", seq)
	}
	return defs[seq], err
}

// Warm loads the definitions that are needed soon and are not cached yet.
func (s *Store) Warm(ctx context.Context, until time.Time, limit int) error {
	limit = min(limit, maxDefs/2)
	return s.read(ctx, func(t *tx) error {
		var missing []want
		if err := t.query(`SELECT job, revision FROM cursors WHERE next_run <= $1 ORDER BY next_run LIMIT $2`, []any{until.UnixMicro(), limit}, func(r *row) error {
			if w := (want{r.Int(), r.Int()}); s.defs.get(w.seq, w.revision) == nil {
				missing = append(missing, w)
			}
			return nil
		}); err != nil {
			return err
		}
		for len(missing) > 0 && ctx.Err() == nil {
			some := missing[:min(500, len(missing))]
			missing = missing[len(some):]
			if _, err := s.define(t, some); err != nil {
				return err
			}
		}
		return nil
	})
}

const sqlJobsBySeq = `SELECT ` + stored.JobColumns + ` FROM jobs j WHERE j.seq = ANY ($1::bigint[])`
