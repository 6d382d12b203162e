package postgres

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// execution is a row of executions as it is born.
type execution struct {
	k, lo      int64
	job, n     int64
	at         time.Time
	trigger    int64
	status     int64
	session    int64
	occurrence int64
	revision   int64
	flags      int64
	skip       int64
	queued     bool
	beside     int       // of a queued one: how many may be under way; 0 = as its job has it
	class      int64     // of a waiting one
	ready      time.Time // of a waiting one
	created    time.Time
	started    time.Time // of one born claimed
	finished   time.Time // of one born skipped
}

func (e *execution) run() stored.Run {
	return stored.Run{Job: e.job, ID: stored.IDOf(e.k, e.lo), Number: e.n}
}

// rows collects executions for one INSERT, and those of them that wait for another.
// Its zero value is empty.
type rows struct {
	k, lo, job, n, at, session, occurrence, revision, created, started, finished []int64
	trigger, status, flags, skip                                                 []int16

	waiting struct {
		k, lo, job, ready, class []int64
		queued                   []int16
	}
}

func (r *rows) add(e *execution) {
	r.k, r.lo, r.job, r.n = append(r.k, e.k), append(r.lo, e.lo), append(r.job, e.job), append(r.n, e.n)
	r.at, r.session = append(r.at, e.at.UnixMicro()), append(r.session, e.session)
	r.occurrence, r.revision = append(r.occurrence, e.occurrence), append(r.revision, e.revision)
	r.created, r.started, r.finished = append(r.created, e.created.UnixMicro()), append(r.started, microsOr(e.started)), append(r.finished, microsOr(e.finished))
	r.trigger, r.status = append(r.trigger, int16(e.trigger)), append(r.status, int16(e.status))
	r.flags, r.skip = append(r.flags, int16(e.flags)), append(r.skip, int16(e.skip))
	if e.status != stored.Pending {
		return
	}
	w := &r.waiting
	w.k, w.lo, w.job, w.ready, w.class = append(w.k, e.k), append(w.lo, e.lo), append(w.job, e.job), append(w.ready, e.ready.UnixMicro()), append(w.class, e.class)
	queued := int16(0)
	if e.queued {
		queued = int16(stored.QueuedBeside(e.beside))
	}
	w.queued = append(w.queued, queued)
}

// sqlInsert makes executions. Those born claimed have their first attempt and token.
const sqlInsert = `INSERT INTO executions (k, lo, job, n, at, session, occurrence, revision, created_at, token, attempt, trigger, status, flags, skip,
		started_at, finished_at)
	SELECT u.k, u.lo, u.job, u.n, u.at, u.session, u.occurrence, u.revision, u.created_at, (u.status = 1)::int, (u.status = 1)::int, u.trigger, u.status, u.flags, u.skip,
		nullif(u.started_at, -9223372036854775808), nullif(u.finished_at, -9223372036854775808)
	FROM (SELECT unnest($1::bigint[]) AS k, unnest($2::bigint[]) AS lo, unnest($3::bigint[]) AS job, unnest($4::bigint[]) AS n, unnest($5::bigint[]) AS at,
		unnest($6::bigint[]) AS session, unnest($7::bigint[]) AS occurrence, unnest($8::bigint[]) AS revision, unnest($9::bigint[]) AS created_at,
		unnest($10::smallint[]) AS trigger, unnest($11::smallint[]) AS status, unnest($12::smallint[]) AS flags, unnest($13::smallint[]) AS skip,
		unnest($14::bigint[]) AS started_at, unnest($15::bigint[]) AS finished_at) AS u`

// sqlWait makes pending executions wait.
const sqlWait = `INSERT INTO waiting (k, lo, job, ready_at, class, queued)
	SELECT unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::bigint[]), nullif(unnest($6::smallint[]), 0::smallint)`

func (r *rows) args() []any {
	return []any{
		r.k, r.lo, r.job, r.n, r.at, r.session, r.occurrence, r.revision, r.created,
		r.trigger, r.status, r.flags, r.skip, r.started, r.finished,
	}
}

func (r *rows) queue(t *tx) {
	if len(r.k) > 0 {
		t.queue(sqlInsert, r.args()...)
	}
	r.queueWaiting(t)
}

func (r *rows) queueWaiting(t *tx) {
	if w := &r.waiting; len(w.k) > 0 {
		t.queue(sqlWait, w.k, w.lo, w.job, w.ready, w.class, w.queued)
	}
}

// born collects executions that are born claimed: most of what is planned, with few
// columns that differ.
type born struct {
	k, lo, job, n, at, occurrence, revision []int64
	flags                                   []int16
}

const sqlInsertBorn = `INSERT INTO executions (k, lo, job, n, at, session, occurrence, revision, created_at, token, attempt, trigger, status, flags, started_at)
	SELECT u.k, u.lo, u.job, u.n, u.at, $1::bigint, u.occurrence, u.revision, $2::bigint, 1, 1, 0, 1, u.flags, $2::bigint
	FROM (SELECT unnest($3::bigint[]) AS k, unnest($4::bigint[]) AS lo, unnest($5::bigint[]) AS job, unnest($6::bigint[]) AS n, unnest($7::bigint[]) AS at,
		unnest($8::bigint[]) AS occurrence, unnest($9::bigint[]) AS revision, unnest($10::smallint[]) AS flags) AS u`

func (b *born) expect(n int) {
	b.k, b.lo, b.job, b.n = make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	b.at, b.occurrence, b.revision, b.flags = make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int16, 0, n)
}

func (b *born) add(e *execution) {
	b.k, b.lo, b.job, b.n = append(b.k, e.k), append(b.lo, e.lo), append(b.job, e.job), append(b.n, e.n)
	b.at, b.occurrence, b.revision = append(b.at, e.at.UnixMicro()), append(b.occurrence, e.occurrence), append(b.revision, e.revision)
	b.flags = append(b.flags, int16(e.flags))
}

func (b *born) queue(t *tx, session int64, now time.Time) {
	if len(b.k) > 0 {
		t.queue(sqlInsertBorn, session, now.UnixMicro(), b.k, b.lo, b.job, b.n, b.at, b.occurrence, b.revision, b.flags)
	}
}

// insertExecution gives e an id and writes it alone. An id or a number that is taken,
// which only another generator or a hand can have made, is replaced by a free one.
// A slot that has a record already is a conflict.
func (s *Store) insertExecution(t *tx, e *execution, newID func() job.ID) error {
	for {
		e.k, e.lo = stored.KeyOf(newID())
		var one rows
		one.add(e)
		n, err := t.exec(sqlInsert+` ON CONFLICT DO NOTHING`, one.args()...)
		if err != nil {
			return err
		}
		if n == 1 {
			one.queueWaiting(t)
			return nil
		}
		if err := freeNumber(t, e); err != nil {
			return err
		}
	}
}

// freeNumber moves e to the next free run number, unless it is the slot that is taken.
func freeNumber(t *tx, e *execution) error {
	if e.trigger == 0 {
		taken, err := t.first(`SELECT 1 FROM executions WHERE at = $1 AND job = $2 AND trigger = 0`, []any{e.at.UnixMicro(), e.job}, func(*row) {})
		if err != nil {
			return err
		}
		if taken {
			return job.Errorf(job.Conflict, "slot %s has a record already", e.at.Format(time.RFC3339))
		}
	}
	_, err := t.first(`SELECT 1 FROM executions WHERE job = $1 AND n = $2`, []any{e.job, e.n}, func(*row) {
		e.n = 0
	})
	if err != nil || e.n > 0 {
		return err
	}
	_, err = t.first(`SELECT max(n) FROM executions WHERE job = $1`, []any{e.job}, func(r *row) { e.n = r.Int() + 1 })
	return err
}

const sqlRanges = `INSERT INTO ranges (job, from_at, to_at, count, reason)
	SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[])
	ON CONFLICT (job, from_at) DO UPDATE SET to_at = excluded.to_at, count = excluded.count, reason = excluded.reason`

// ranges collects range rows.
type ranges struct {
	job, from, to, count []int64
	reason               []int16
}

func (r *ranges) add(seq int64, s *job.SkipRange) {
	r.put(seq, s.From.UnixMicro(), s.To.UnixMicro(), s.Count, stored.Code(stored.Reasons, s.Reason))
}

func (r *ranges) put(seq, from, to, count, reason int64) {
	r.job, r.from, r.to = append(r.job, seq), append(r.from, from), append(r.to, to)
	r.count, r.reason = append(r.count, count), append(r.reason, int16(reason))
}

func (r *ranges) queue(t *tx) {
	if len(r.job) > 0 {
		t.queue(sqlRanges, r.job, r.from, r.to, r.count, r.reason)
	}
}
