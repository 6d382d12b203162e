package stored

import (
	"sync"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// MaxDefinitions bounds the cached definitions; one takes about a kilobyte.
const MaxDefinitions = 20_000

// Definition is a job as the planner and the executor need it: compiled, shared and
// never changed.
type Definition struct {
	Seq   int64
	Job   *job.Job
	Sched *schedule.Schedule
	Err   error // its schedule cannot be compiled
}

// Define reads JobColumns.
func Define(r *Row) *Definition {
	def := &Definition{Job: &job.Job{}}
	if def.Seq, def.Err = ScanJob(r, def.Job); def.Err == nil {
		def.Sched, def.Err = job.Compile(def.Job)
	}
	return def
}

// Definitions caches definitions by job and revision. The zero value is ready; it is
// safe for concurrent use.
type Definitions struct {
	mu sync.Mutex
	m  map[int64]*Definition
}

// Get returns a definition at a revision, 0 for any; nil when it is not cached.
func (d *Definitions) Get(seq, revision int64) *Definition {
	d.mu.Lock()
	defer d.mu.Unlock()
	if def := d.m[seq]; def != nil && (revision == 0 || def.Job.Revision == revision) {
		return def
	}
	return nil
}

// Drop forgets jobs.
func (d *Definitions) Drop(seqs []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, seq := range seqs {
		delete(d.m, seq)
	}
}

// Put caches a definition in place of an older one of the job, or of any when there
// are too many.
func (d *Definitions) Put(def *Definition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.m == nil {
		d.m = map[int64]*Definition{}
	}
	if len(d.m) >= MaxDefinitions {
		for seq := range d.m { // the order of a map is as good as random
			delete(d.m, seq)
			break
		}
	}
	d.m[def.Seq] = def
}
