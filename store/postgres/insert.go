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
	class      int64     // of a waiting one
	ready      time.Time // of a waiting one
	created    time.Time
	started    time.Time // of one born claimed
	finished   time.Time // of one born skipped
}

func (e *execution) run() stored.Run {
	return stored.Run{Job: e.job, ID: idOf(e.k, e.lo), Number: e.n}
}

// rows collects executions for one INSERT. Its zero value is empty.
type rows struct {
	k, lo, job, n, at, session, occurrence, revision, created, started, finished, ready, class []int64
	trigger, status, flags, skip, queued                                                       []int16
}

func (r *rows) add(e *execution) {
	r.k, r.lo, r.job, r.n = append(r.k, e.k), append(r.lo, e.lo), append(r.job, e.job), append(r.n, e.n)
	r.at, r.session = append(r.at, e.at.UnixMicro()), append(r.session, e.session)
	r.occurrence, r.revision = append(r.occurrence, e.occurrence), append(r.revision, e.revision)
	r.created, r.started, r.finished = append(r.created, e.created.UnixMicro()), append(r.started, microsOr(e.started)), append(r.finished, microsOr(e.finished))
	r.trigger, r.status = append(r.trigger, int16(e.trigger)), append(r.status, int16(e.status))
	r.flags, r.skip = append(r.flags, int16(e.flags)), append(r.skip, int16(e.skip))
	ready, class, queued := int64(noInstant), int64(0), int16(0)
	if e.status == stored.Pending {
		ready, class = e.ready.UnixMicro(), e.class
		if e.queued {
			queued = 1
		}
	}
	r.ready, r.class, r.queued = append(r.ready, ready), append(r.class, class), append(r.queued, queued)
}

// sqlInsert makes executions. Those born claimed have their first attempt and token.
const sqlInsert = `INSERT INTO executions (k, lo, job, n, at, session, occurrence, revision, created_at, token, attempt, trigger, status, flags, skip,
		started_at, finished_at, ready_at, class, queued)
	SELECT u.k, u.lo, u.job, u.n, u.at, u.session, u.occurrence, u.revision, u.created_at, (u.status = 1)::int, (u.status = 1)::int, u.trigger, u.status, u.flags, u.skip,
		nullif(u.started_at, -9223372036854775808), nullif(u.finished_at, -9223372036854775808), nullif(u.ready_at, -9223372036854775808), nullif(u.class, 0), nullif(u.queued, 0::smallint)
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
		$10::smallint[], $11::smallint[], $12::smallint[], $13::smallint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::smallint[])
		AS u (k, lo, job, n, at, session, occurrence, revision, created_at, trigger, status, flags, skip, started_at, finished_at, ready_at, class, queued)`

func (r *rows) args() []any {
	return []any{
		r.k, r.lo, r.job, r.n, r.at, r.session, r.occurrence, r.revision, r.created,
		r.trigger, r.status, r.flags, r.skip, r.started, r.finished, r.ready, r.class, r.queued,
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
	FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::smallint[])
		AS u (k, lo, job, n, at, occurrence, revision, flags)`

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
		e.k, e.lo = keyOf(newID())
		var one rows
		one.add(e)
		n, err := t.exec(sqlInsert+` ON CONFLICT DO NOTHING`, one.args()...)
		if err != nil || n == 1 {
			return err
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
	_, err = t.first(`SELECT max(n) FROM executions WHERE job = $1`, []any{e.job}, func(r *row) { e.n = r.int() + 1 })
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
	r.job, r.from, r.to = append(r.job, seq), append(r.from, s.From.UnixMicro()), append(r.to, s.To.UnixMicro())
	r.count, r.reason = append(r.count, s.Count), append(r.reason, int16(stored.Code(stored.Reasons, s.Reason)))
}

func (r *ranges) queue(t *tx) {
	if len(r.job) > 0 {
		t.queue(sqlRanges, r.job, r.from, r.to, r.count, r.reason)
	}
}
