package postgres

import (
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Most one-time jobs have one execution in their life and end with it. That end is one
// narrow UPDATE, which is their lock too. Whether a job is such a one is guessed from
// what this process knows of it; the server checks it, and when the guess was wrong the
// settling starts over with every job locked and looked at.

// sqlEndQuickly ends jobs whose revision is known and that had one execution.
// What is asked of them comes with the keys: see sqlSettle.
const sqlEndQuickly = `UPDATE cursors c SET ending = false, live = NULL, revision = c.revision + 1, ended_at = $4, status = u.status
	FROM (SELECT unnest($1::bigint[]) AS job, unnest($2::bigint[]) AS revision, unnest($3::smallint[]) AS status, true AS ending, 1::bigint AS numbers) AS u
	WHERE c.job = u.job AND c.revision = u.revision AND c.ending = u.ending AND c.numbers = u.numbers`

// final is how a job ends.
type final struct {
	revision int64
	status   int64
}

// locksOf tells the jobs that must be locked before the batch is settled from those
// that end quickly.
func (s *Store) locksOf(batch []store.Settlement) (locks map[int64]bool, quick map[int64]final) {
	locks, quick = map[int64]bool{}, map[int64]final{}
	for i := range batch {
		t := &batch[i]
		if !t.Ends && !requeues(t.Event) && !s.mayQueue(t.Owner) {
			continue
		}
		end, ok := s.finalOf(t)
		if _, twice := quick[t.Owner]; twice || locks[t.Owner] || !ok {
			delete(quick, t.Owner)
			locks[t.Owner] = true
			continue
		}
		quick[t.Owner] = end
	}
	return locks, quick
}

// finalOf returns how the job of an execution ends, as far as is known.
func (s *Store) finalOf(t *store.Settlement) (end final, ok bool) {
	def := s.defs.get(t.Owner, 0)
	next, known := job.Running.Next(t.Event)
	if !t.Ends || !known || !next.Terminal() || def == nil || def.job.Type != job.TypeOneTime {
		return final{}, false
	}
	end = final{def.job.Revision, stored.JobCompleted}
	if next == job.Failed || next == job.TimedOut {
		end.status = stored.JobFailed
	}
	return end, true
}

// endQuickly ends jobs in order, as they are locked by it, and counts them.
func endQuickly(t *tx, quick map[int64]final, now time.Time, n *int64) {
	if len(quick) == 0 {
		return
	}
	seqs := slices.Sorted(maps.Keys(quick))
	revisions, statuses := make([]int64, len(seqs)), make([]int16, len(seqs))
	for i, seq := range seqs {
		revisions[i], statuses[i] = quick[seq].revision, int16(quick[seq].status)
	}
	t.queue(sqlEndQuickly, seqs, revisions, statuses, now.UnixMicro()).Exec(func(tag pgconn.CommandTag) error {
		*n = tag.RowsAffected()
		return nil
	})
}

// tellQuick writes the events of jobs that ended.
func tellQuick(quick map[int64]final, events *stored.Events) {
	for _, seq := range slices.Sorted(maps.Keys(quick)) {
		events.Job(seq, endEvent(quick[seq].status), "")
	}
}
