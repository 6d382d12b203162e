package postgres

import (
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// rare collects the rows that a success does not have, for one statement a table.
type rare struct {
	failures, calm []int64 // ended otherwise than well; of these, not dead
	dead           deadRows
	results        resultRows
	attempts       attemptRows
}

type deadRows struct {
	k, job, at []int64
	reason     []string
}

type resultRows struct {
	k                   []int64
	result              [][]byte
	code                []*int64
	error, class, stack []string
}

type attemptRows struct {
	k, token, session, started, finished, retry []int64
	attempt                                     []int32
	code                                        []*int64
	status, error, class                        []string
}

// failed notes an end that is not a success.
func (r *rare) failed(k int64, t *store.Settlement) {
	r.failures = append(r.failures, k)
	if t.DeadReason == "" {
		r.calm = append(r.calm, k)
		return
	}
	d := &r.dead
	d.k, d.job, d.at, d.reason = append(d.k, k), append(d.job, t.Owner), append(d.at, t.CompletedAt.UnixMicro()), append(d.reason, clean(t.DeadReason))
}

func (r *rare) result(k int64, t *store.Settlement) {
	x := &r.results
	x.k, x.result, x.code = append(x.k, k), append(x.result, t.Result), append(x.code, exitCode(t.ExitCode))
	x.error, x.class, x.stack = append(x.error, clean(t.Error)), append(x.class, clean(t.ErrorClass)), append(x.stack, clean(t.ErrorStack))
}

// attempt notes an attempt that ended without ending its execution.
func (r *rare) attempt(t *store.Settlement) {
	started := t.StartedAt
	if started.IsZero() {
		started = t.CompletedAt
	}
	k, _ := stored.KeyOf(t.ID)
	a := &r.attempts
	a.k, a.token, a.session = append(a.k, k), append(a.token, t.Token), append(a.session, t.Session)
	a.started, a.finished, a.retry = append(a.started, started.UnixMicro()), append(a.finished, t.CompletedAt.UnixMicro()), append(a.retry, microsOr(t.RetryAt))
	a.attempt, a.code, a.status = append(a.attempt, int32(t.Attempt)), append(a.code, exitCode(t.ExitCode)), append(a.status, stored.AttemptStatus(t))
	a.error, a.class = append(a.error, clean(t.Error)), append(a.class, clean(t.ErrorClass))
}

func exitCode(n *int) *int64 {
	if n == nil {
		return nil
	}
	code := int64(*n)
	return &code
}

const (
	sqlDead = `INSERT INTO dead_letters (k, job, at, reason) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
		ON CONFLICT (k) DO UPDATE SET at = excluded.at, reason = excluded.reason`
	// sqlAftermaths notes final failures of jobs whose definition says what is to follow. It
	// looks for the words, as a definition that cannot be read must not stop a settlement:
	// what has nothing to follow is dropped when it is looked at.
	sqlAftermaths = `INSERT INTO aftermaths (k, job, at, state, session)
		SELECT u.k, u.job, u.at, 0, 0 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (k, job, at) JOIN jobs j ON j.seq = u.job
		WHERE position('"pause_on_failures":'::bytea in j.spec) > 0 OR position('"on_failure":'::bytea in j.spec) > 0
		ON CONFLICT DO NOTHING`
	sqlResults = `INSERT INTO execution_results (k, result, exit_code, error, error_class, error_stack)
		SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[], $5::text[], $6::text[])
		ON CONFLICT (k) DO UPDATE SET result = excluded.result, exit_code = excluded.exit_code, error = excluded.error,
			error_class = excluded.error_class, error_stack = excluded.error_stack`
	sqlAttempts = `INSERT INTO attempts (k, token, session, started_at, finished_at, retry_at, attempt, exit_code, status, error, error_class)
		SELECT u.k, u.token, u.session, u.started_at, u.finished_at, nullif(u.retry_at, -9223372036854775808), u.attempt, u.exit_code, u.status, u.error, u.error_class
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[], $8::bigint[], $9::text[], $10::text[], $11::text[])
			AS u (k, token, session, started_at, finished_at, retry_at, attempt, exit_code, status, error, error_class)
		ON CONFLICT DO NOTHING`
)

func (r *rare) queue(t *tx) {
	if len(r.failures) > 0 {
		t.queue(sqlFailures, r.failures)
	}
	if len(r.calm) > 0 {
		t.queue(`DELETE FROM cancels WHERE k = ANY ($1::bigint[])`, r.calm)
	}
	if d := &r.dead; len(d.k) > 0 {
		t.queue(sqlDead, d.k, d.job, d.at, d.reason)
		t.queue(sqlAftermaths, d.k, d.job, d.at)
	}
	if x := &r.results; len(x.k) > 0 {
		t.queue(sqlResults, x.k, x.result, x.code, x.error, x.class, x.stack)
	}
	if a := &r.attempts; len(a.k) > 0 {
		t.queue(sqlAttempts, a.k, a.token, a.session, a.started, a.finished, a.retry, a.attempt, a.code, a.status, a.error, a.class)
	}
}
