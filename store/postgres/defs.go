package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	// maxDefBytes bounds what each generation of cached definitions takes.
	maxDefBytes = 32 << 20
	// defBytes is what one takes beside its JSON, which is about what its strings take.
	defBytes = 1536
)

// definition is a job as the planner and the executor need it: compiled, shared and
// never changed.
type definition struct {
	seq   int64
	job   *job.Job
	sched *schedule.Schedule
	err   error // its schedule cannot be compiled
	size  int   // bytes
}

// definitions caches definitions by job and revision, in two generations: when the new
// one is full it becomes the old one, and what was not asked for since is forgotten.
type definitions struct {
	mu       sync.Mutex
	new, old map[int64]*definition
	size     int // bytes of new
}

// get returns a definition at a revision, 0 for any; nil when it is not cached.
func (d *definitions) get(seq, revision int64) *definition {
	d.mu.Lock()
	defer d.mu.Unlock()
	def := d.new[seq]
	if def == nil {
		if def = d.old[seq]; def != nil {
			d.add(def)
		}
	}
	if def == nil || (revision != 0 && def.job.Revision != revision) {
		return nil
	}
	return def
}

// drop forgets jobs.
func (d *definitions) drop(seqs []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, seq := range seqs {
		if had := d.new[seq]; had != nil {
			d.size -= had.size
		}
		delete(d.new, seq)
		delete(d.old, seq)
	}
}

func (d *definitions) put(def *definition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.add(def)
}

// add makes def one of the new ones.
func (d *definitions) add(def *definition) {
	if d.new == nil || d.size >= maxDefBytes {
		d.old, d.new, d.size = d.new, map[int64]*definition{}, 0
	}
	if had := d.new[def.seq]; had != nil {
		d.size -= had.size
	}
	d.new[def.seq] = def
	d.size += def.size
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
		spec, _ := r.Values[specColumn].([]byte)
		def.size = defBytes + len(spec)
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

// Warm loads the definitions that are needed soon and are not cached yet.
func (s *Store) Warm(ctx context.Context, until time.Time, limit int) error {
	limit = min(limit, maxDefBytes/defBytes/2)
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

// specColumn is the place of the JSON among jobColumns.
const specColumn = 5

// jobColumns are the columns of a definition, in the order of stored.ScanJob.
const jobColumns = `j.seq, j.id, j.platform, c.status, c.revision, j.spec, j.anchor, j.seed, j.reason, j.pause_reason,
	j.created_by, j.updated_by, j.created_at, coalesce(c.ended_at, j.updated_at), j.paused_at, coalesce(c.ended_at, j.completed_at), j.cancelled_at, j.deleted_at, j.pause_until`

const sqlJobsBySeq = `SELECT ` + jobColumns + ` FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.seq = ANY ($1::bigint[])`
