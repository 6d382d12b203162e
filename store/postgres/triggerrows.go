package postgres

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	// sqlRefIDs and sqlRefNames are find for many.
	sqlRefIDs   = `SELECT u.i, j.seq FROM (SELECT unnest($1::bigint[]) AS i, unnest($2::bytea[]) AS id, unnest($3::text[]) AS platform) AS u JOIN jobs j ON j.id = u.id WHERE u.platform IN (j.platform, '*')`
	sqlRefNames = `SELECT u.i, (SELECT j.seq FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.name = u.name AND (j.platform = u.platform OR u.platform = '*') AND j.deleted_at IS NULL
			ORDER BY c.status NOT IN (3, 4, 5) DESC, j.platform = 'default' DESC, j.seq DESC LIMIT 1)
		FROM (SELECT unnest($1::bigint[]) AS i, unnest($2::text[]) AS name, unnest($3::text[]) AS platform) AS u`
	sqlReplays = `SELECT u.i, d.hash, d.id FROM (SELECT unnest($1::bigint[]) AS i, unnest($2::text[]) AS platform, unnest($3::text[]) AS key, unnest($4::bigint[]) AS since) AS u
		CROSS JOIN LATERAL (SELECT hash, id, created_at FROM idempotency WHERE platform = u.platform AND key = u.key OFFSET 0) AS d WHERE d.created_at > u.since`
	sqlTriggered = `UPDATE cursors c SET numbers = u.numbers, runs = u.runs, live = nullif(u.live, ''::bytea)
		FROM (SELECT unnest($1::bigint[]) AS job, unnest($2::bigint[]) AS numbers, unnest($3::bigint[]) AS runs, unnest($4::bytea[]) AS live) AS u WHERE c.job = u.job`
	sqlInsertInputs = `INSERT INTO execution_inputs (k, payload, triggered_by, retry_of, retry_of_lo, trace_id, parent_span)
		SELECT unnest($1::bigint[]), unnest($2::bytea[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::text[]), unnest($7::text[])`
	sqlAddStep = `INSERT INTO flow_steps (k, parent, round, step, item) VALUES ($1, $2, $3, $4, $5)`

	sqlRemember = `INSERT INTO idempotency AS i (platform, key, hash, id, created_at)
		SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bytea[]), unnest($5::bigint[])
		ON CONFLICT (platform, key) DO UPDATE SET hash = excluded.hash, id = excluded.id, created_at = excluded.created_at WHERE i.created_at <= excluded.created_at - $6::bigint`
)

// load finds and locks the jobs, and reads what decisions need.
func (r *triggering) load() error {
	if err := r.find(); err != nil {
		return err
	}
	var seqs []int64
	for _, tr := range r.batch {
		if tr.seq != 0 {
			seqs = append(seqs, tr.seq)
		}
	}
	var err error
	if r.cursors, err = lockCursors(r.t, seqs); err != nil {
		return err
	}
	var wanted []want
	for _, tr := range r.batch {
		if cur := r.cursors[tr.seq]; cur != nil {
			wanted = append(wanted, want{cur.seq, cur.revision})
		} else if tr.err == nil {
			tr.err = job.Errorf(job.NotFound, "job %q not found", tr.p.Ref)
		}
	}
	if r.defs, err = r.s.define(r.t, wanted); err != nil {
		return err
	}
	if r.queued, err = r.refresh(); err != nil {
		return err
	}
	return r.replays()
}

// find finds the jobs that are named.
func (r *triggering) find() error {
	var ids, names []int64
	var id [][]byte
	var name, idPlatform, namePlatform []string
	for i, tr := range r.batch {
		if parsed, bad := job.ParseID(tr.p.Ref); bad == nil {
			ids, id, idPlatform = append(ids, int64(i)), append(id, parsed[:]), append(idPlatform, clean(tr.p.Platform))
		} else {
			names, name, namePlatform = append(names, int64(i)), append(name, clean(tr.p.Ref)), append(namePlatform, clean(tr.p.Platform))
		}
	}
	found := func(row *row) error {
		i := row.Int()
		r.batch[i].seq = row.Int()
		return nil
	}
	if len(ids) > 0 {
		r.t.queueQuery(sqlRefIDs, []any{ids, id, idPlatform}, found)
	}
	if len(names) > 0 {
		r.t.queueQuery(sqlRefNames, []any{names, name, namePlatform}, found)
	}
	return r.t.flush()
}

// refresh forgets executions of the locked jobs that are over, and counts those that wait
// for another. It also asks which sessions may claim.
func (r *triggering) refresh() (queued map[int64]int, err error) {
	queues := map[int64]bool{} // jobs of which a run may have to wait for another
	for _, tr := range r.batch {
		if def := r.defs[tr.seq]; def != nil {
			overlap := cmp.Or(tr.p.Overlap, def.job.Overlap)
			queues[tr.seq] = queues[tr.seq] || overlap != job.OverlapAllow && overlap != job.OverlapSkip
		}
		if tr.p.Session == 0 || tr.p.Take == nil || r.alive[tr.p.Session] != nil {
			continue
		}
		about := &session{}
		r.alive[tr.p.Session] = about
		queueAlive(r.t, tr.p.Session, tr.p.Now, &about.may)
		r.t.queueQuery(`SELECT node FROM sessions WHERE id = $1`, []any{tr.p.Session}, func(row *row) error {
			about.node = row.Text()
			return nil
		})
	}
	queueStops(r.t, r.batch[0].p.Now, &r.held)
	var seqs, read, hold []int64
	r.s.ended.mu.Lock()
	for _, c := range ordered(r.cursors) {
		seqs, c.live = append(seqs, c.seq), r.s.ended.forget(c.live)
		if queues[c.seq] {
			hold = append(hold, c.live...)
		} else {
			read = append(read, c.live...)
		}
	}
	r.s.ended.mu.Unlock()
	live := map[int64]bool{}
	for query, keys := range map[string][]int64{sqlLive: read, sqlHold: hold} {
		still, err := stillLive(r.t, query, keys)
		if err != nil {
			return nil, err
		}
		for _, k := range still {
			live[k] = true
		}
	}
	for _, c := range r.cursors {
		c.live = slices.DeleteFunc(c.live, func(k int64) bool { return !live[k] })
	}
	return countQueued(r.t, seqs)
}

// replays finds calls that were made before.
func (r *triggering) replays() error {
	var places, since []int64
	var platforms, keys []string
	seen := map[[2]string]bool{}
	for i, tr := range r.batch {
		if tr.p.IdempotencyKey == "" || tr.err != nil || r.defs[tr.seq] == nil {
			continue
		}
		platform := r.defs[tr.seq].job.Platform
		one := [2]string{platform, tr.p.IdempotencyKey}
		if seen[one] { // the second must see what the first made
			return errAlone
		}
		seen[one] = true
		places, platforms, keys = append(places, int64(i)), append(platforms, clean(platform)), append(keys, clean(tr.p.IdempotencyKey))
		since = append(since, tr.p.Now.Add(-reads.KeyLife).UnixMicro())
	}
	if len(places) == 0 {
		return nil
	}
	return r.t.query(sqlReplays, []any{places, platforms, keys, since}, func(row *row) error {
		tr := r.batch[row.Int()]
		hash, id := row.Text(), row.ID()
		if hash != clean(tr.p.BodyHash) {
			tr.err = job.Errorf(job.Conflict, "the idempotency key was already used for another request")
			return nil
		}
		tr.made.Replayed = true
		tr.k, _ = stored.KeyOf(id)
		return nil
	})
}

// write sends what the calls decided.
func (r *triggering) write() error {
	r.rows.queue(r.t)
	for _, cancel := range r.cancels {
		cancel()
	}
	if len(r.changed) > 0 {
		var numbers, runs []int64
		var live [][]byte
		seqs := slices.Sorted(maps.Keys(r.changed))
		for _, seq := range seqs {
			c := r.changed[seq]
			numbers, runs, live = append(numbers, c.numbers), append(runs, c.runs), append(live, stored.PackKeys(c.live))
		}
		r.t.queue(sqlTriggered, seqs, numbers, runs, live)
	}
	r.inputs.queue(r.t)
	for _, tr := range r.batch {
		if tr.p.Step != nil && tr.err == nil && tr.k != 0 {
			parent, _ := stored.KeyOf(tr.p.Step.Flow)
			r.t.queue(sqlAddStep, tr.k, parent, tr.p.Step.Round, tr.p.Step.Step, tr.p.Step.Item)
		}
	}
	for _, session := range slices.Sorted(maps.Keys(r.births)) {
		r.claims[session] = new(int64)
		queueClaims(r.t, session, r.births[session], r.claims[session])
	}
	if err := r.keys.write(r.t, len(r.batch) == 1); err != nil {
		return err
	}
	writeDeltas(r.t, &r.deltas)
	if r.into != nil {
		r.into.Add(&r.events)
		return nil
	}
	writeEvents(r.t, &r.events, r.batch[0].p.Now)
	return nil
}

// readBack reads what calls made that were made before, one statement each but all at
// once: the planner would walk through whole tables to join many.
func (r *triggering) readBack() error {
	missing, one := 0, dialect.SelectExecution()
	for _, tr := range r.batch {
		if tr.err != nil || !tr.made.Replayed {
			continue
		}
		missing++
		r.t.queueQuery(one, []any{tr.k}, func(row *row) error {
			missing--
			tr.made.Execution = reads.ScanExecution(row)
			return nil
		})
	}
	if err := r.t.flush(); err != nil {
		return err
	}
	if missing > 0 {
		return fmt.Errorf("%d executions have no row", missing)
	}
	return nil
}

// inputRows collects what only runs outside the schedule have.
type inputRows struct {
	k               []int64
	payload         [][]byte
	by, trace, span []string
	of, ofLo        []*int64
	retried         []int64 // leave the dead letters
}

func (x *inputRows) add(e *execution, p *store.Trigger) {
	var of, ofLo *int64
	if p.RetryOf != nil {
		k, lo := stored.KeyOf(p.RetryOf.ID)
		of, ofLo = &k, &lo
		if e.status != stored.Skipped {
			x.retried = append(x.retried, k)
		}
	}
	x.k, x.payload, x.by = append(x.k, e.k), append(x.payload, p.Payload), append(x.by, clean(p.By))
	x.of, x.ofLo, x.trace, x.span = append(x.of, of), append(x.ofLo, ofLo), append(x.trace, clean(p.TraceID)), append(x.span, clean(p.ParentSpanID))
}

func (x *inputRows) queue(t *tx) {
	if len(x.retried) > 0 {
		t.queue(`DELETE FROM dead_letters WHERE k = ANY ($1::bigint[])`, x.retried)
	}
	if len(x.k) > 0 {
		t.queue(sqlInsertInputs, x.k, x.payload, x.by, x.of, x.ofLo, x.trace, x.span)
	}
}

// keyRows collects idempotency keys.
type keyRows struct{ list []keyRow }

type keyRow struct {
	platform, key, hash string
	id                  job.ID
	now                 time.Time
}

func (x *keyRows) add(platform string, p *store.Trigger, id job.ID) {
	x.list = append(x.list, keyRow{clean(platform), clean(p.IdempotencyKey), clean(p.BodyHash), id, p.Now})
}

// write takes the keys, in one order, waiting for whoever is about to take one. One that
// was taken in this moment makes the transaction start over.
func (x *keyRows) write(t *tx, alone bool) error {
	if len(x.list) == 0 {
		return nil
	}
	slices.SortFunc(x.list, func(a, b keyRow) int { return cmp.Or(cmp.Compare(a.platform, b.platform), cmp.Compare(a.key, b.key)) })
	var platform, key, hash []string
	var id [][]byte
	var at []int64
	for i := range x.list {
		k := &x.list[i]
		platform, key, hash = append(platform, k.platform), append(key, k.key), append(hash, k.hash)
		id, at = append(id, k.id[:]), append(at, k.now.UnixMicro())
	}
	forgetKeys(t, platform[0], key, x.list[0].now)
	n := int64(0)
	t.queue(sqlRemember, platform, key, hash, id, at, reads.KeyLife.Microseconds()).Exec(func(tag pgconn.CommandTag) error {
		n = tag.RowsAffected()
		return nil
	})
	switch err := t.flush(); {
	case err != nil:
		return err
	case n == int64(len(key)):
		return nil
	case alone:
		return errAgain
	}
	return errAlone
}
