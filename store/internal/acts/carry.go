package acts

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// flush makes the jobs and the executions that are pending.
func (r *run) flush() error {
	if err := r.flushJobs(); err != nil {
		return err
	}
	return r.flushRuns()
}

// flushJobs makes jobs, but for those that were cancelled before.
func (r *run) flushJobs() error {
	batch := r.create
	r.create = nil
	if len(batch) == 0 {
		return nil
	}
	clear(r.wanted)
	early, err := r.early(batch)
	if err != nil {
		return err
	}
	var made []*item
	var jobs []*store.CreateJob
	for _, it := range batch {
		if c, found := tombstone(it, early); found {
			it.state, it.detail = store.ActCancelled, c.event+" came before"
			if err := r.tx.Queue(`DELETE FROM cancel_keys WHERE platform = $1 AND event = $2 AND key = $3 AND job = 0`, c.platform, c.event, c.key); err != nil {
				return err
			}
			if err := r.remember(it, nil); err != nil {
				return err
			}
			continue
		}
		made, jobs = append(made, it), append(jobs, it.deed.Create)
	}
	if len(made) == 0 {
		return nil
	}
	seqs, errs, err := r.tx.Create(jobs)
	if err != nil {
		return err
	}
	for i, it := range made {
		if errs[i] != nil {
			it.fail(errs[i].Error())
			continue
		}
		it.state, it.job = store.ActDone, seqs[i]
		r.out.Jobs++
		for _, c := range it.correlations() {
			r.made[c] = append(r.made[c], seqs[i])
		}
		if err := r.remember(it, seqs[i]); err != nil {
			return err
		}
	}
	return nil
}

// correlations are what cancels the job that an act makes.
func (it *item) correlations() []correlation {
	j := &it.deed.Create.Job
	list := make([]correlation, len(j.CancelOn))
	for i := range j.CancelOn {
		list[i] = correlation{j.Platform, j.CancelOn[i].Event, j.CancelOn[i].Key()}
	}
	return list
}

// early finds the events that came before the jobs that they cancel.
func (r *run) early(batch []*item) (map[correlation]bool, error) {
	early := map[correlation]bool{}
	for _, it := range batch {
		for _, c := range it.correlations() {
			if err := r.tx.Ask(`SELECT 1 FROM cancel_keys WHERE platform = $1 AND event = $2 AND key = $3 AND job = 0`, []any{c.platform, c.event, c.key}, func(*stored.Row) error {
				early[c] = true
				return nil
			}); err != nil {
				return nil, err
			}
		}
	}
	return early, r.tx.Flush()
}

// tombstone takes an event that came before the job: it stands for one job.
func tombstone(it *item, early map[correlation]bool) (correlation, bool) {
	for _, c := range it.correlations() {
		if early[c] {
			delete(early, c)
			return c, true
		}
	}
	return correlation{}, false
}

// remember notes the dedupe key of an act that was carried out.
func (r *run) remember(it *item, seq any) error {
	if it.act.Dedupe == "" {
		return nil
	}
	return r.tx.Queue(`INSERT INTO event_keys (rule, key, until, job) VALUES ($1, $2, $3, $4)
		ON CONFLICT (rule, key) DO UPDATE SET until = excluded.until, job = excluded.job`,
		it.act.Source, it.act.Dedupe, r.p.Now.Add(event.KeyLife).UnixMicro(), seq)
}

// flushRuns makes executions.
func (r *run) flushRuns() error {
	batch := r.runs
	r.runs = nil
	if len(batch) == 0 {
		return nil
	}
	calls := make([]*store.Trigger, len(batch))
	for i, it := range batch {
		calls[i] = it.deed.Run
	}
	made, errs, err := r.tx.Trigger(calls)
	if err != nil {
		return err
	}
	for i, it := range batch {
		if errs[i] != nil {
			it.fail(errs[i].Error())
			continue
		}
		k, _ := stored.KeyOf(made[i].Execution.ID)
		it.state, it.k = store.ActDone, k
		r.out.Runs++
		if err := r.remember(it, nil); err != nil {
			return err
		}
	}
	return nil
}

// cancelJobs cancels the jobs that an act names.
func (r *run) cancelJobs(it *item, c *store.CancelJobs) error {
	seqs, err := r.named(c)
	if err != nil {
		return err
	}
	n := 0
	for _, seq := range seqs {
		ok, err := r.cancelJob(seq, "rule:"+it.act.Name, "event "+it.event.Name, c.Running)
		if err != nil {
			return err
		}
		if ok {
			n++
		}
	}
	it.state = store.ActDone
	if n == 0 {
		it.detail = "there was no job to cancel"
	}
	return r.remember(it, nil)
}

// maxCancelled bounds the jobs that one act cancels.
const maxCancelled = 1000

// named finds the jobs that have not ended by their exact name, id or tags.
func (r *run) named(c *store.CancelJobs) (seqs []int64, err error) {
	note := func(row *stored.Row) error {
		seqs = append(seqs, row.Int())
		return nil
	}
	from := `SELECT j.seq FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.deleted_at IS NULL AND ` + r.d.Status + ` NOT IN (3, 4, 5) AND j.platform = $1 AND `
	if c.Job != "" {
		if id, bad := job.ParseID(c.Job); bad == nil {
			return seqs, r.tx.Query(from+`j.id = $2`, []any{c.Platform, id[:]}, note)
		}
		return seqs, r.tx.Query(from+`j.name = $2 ORDER BY j.seq`, []any{c.Platform, c.Job}, note)
	}
	args := []any{c.Platform}
	for i, tag := range c.Tags {
		if i > 0 {
			from += ` AND `
		}
		from += `EXISTS (SELECT 1 FROM job_tags g WHERE g.job = j.seq AND g.tag = $` + strconv.Itoa(i+2) + `)`
		args = append(args, tag)
	}
	args = append(args, maxCancelled)
	return seqs, r.tx.Query(from+` ORDER BY j.seq LIMIT $`+strconv.Itoa(len(c.Tags)+2), args, note)
}

// cancelJob cancels a job; false when it has ended.
func (r *run) cancelJob(seq int64, by, reason string, running bool) (bool, error) {
	if running {
		ids, err := r.tx.Live(seq)
		if err != nil {
			return false, err
		}
		r.out.Stopped = append(r.out.Stopped, ids...)
	}
	act := job.Act{By: by, Now: r.p.Now, Policy: r.p.Policy}
	err := r.tx.Change(seq, by, job.Cancel(act, reason, running))
	switch job.CodeOf(err) {
	case "":
		r.out.Cancelled++
		for _, key := range r.held[seq] {
			delete(r.keys, key)
		}
		return true, nil
	case job.Conflict, job.NotFound:
		return false, nil
	}
	return false, err
}

// correlated finds the jobs that the events cancel.
func (r *run) correlated(cancels []event.Cancel) (map[correlation][]int64, error) {
	had := map[correlation][]int64{}
	for i := range cancels {
		c := correlation{cancels[i].Platform, cancels[i].Name, cancels[i].Key}
		if _, asked := had[c]; asked {
			continue
		}
		had[c] = nil
		if err := r.tx.Ask(`SELECT job FROM cancel_keys WHERE platform = $1 AND event = $2 AND key = $3 ORDER BY job`, []any{c.platform, c.event, c.key}, func(row *stored.Row) error {
			had[c] = append(had[c], row.Int())
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return had, r.tx.Flush()
}

// cancel cancels the jobs that wait for an event. One that finds none, not even one that
// has ended, came before its job, and leaves a mark for it.
func (r *run) cancel(c *event.Cancel, had map[correlation][]int64) error {
	at := correlation{c.Platform, c.Name, c.Key}
	jobs := had[at]
	if r.wanted[at] {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if made := r.made[at]; len(made) > 0 { // in this transaction, after the question
		jobs = slices.DeleteFunc(append(jobs, made...), func(seq int64) bool { return seq == 0 })
		delete(r.made, at)
	}
	if len(jobs) == 0 {
		if !c.Early {
			return nil
		}
		had[at] = []int64{0}
		return r.tx.Queue(`INSERT INTO cancel_keys (platform, event, key, job, at) VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING`, at.platform, at.event, at.key, r.p.Now.UnixMicro())
	}
	if jobs[0] == 0 {
		had[at] = jobs
		return nil
	}
	for _, seq := range jobs {
		if _, err := r.cancelJob(seq, "event:"+c.Name, "event "+c.Name, false); err != nil {
			return err
		}
		if err := r.tx.Queue(`DELETE FROM cancel_keys WHERE platform = $1 AND event = $2 AND key = $3 AND job = $4`, at.platform, at.event, at.key, seq); err != nil {
			return err
		}
	}
	had[at] = nil
	return nil
}

// figure counts what became of the acts of one rule.
type figure struct {
	triggered, succeeded, failed, deduplicated, cancelled int64

	fault string
}

// figures adds to the figures of the rules.
func (r *run) figures() error {
	sums, order := map[int64]*figure{}, []int64{}
	for _, it := range r.items {
		if it.act.Source < 0 {
			continue
		}
		f := sums[it.act.Source]
		if f == nil {
			f = &figure{}
			sums[it.act.Source], order = f, append(order, it.act.Source)
		}
		if !it.waited {
			f.triggered++
		}
		switch it.state {
		case store.ActDone:
			f.succeeded++
		case store.ActFailed:
			f.failed++
			f.fault = it.detail
		case store.ActDeduplicated:
			if it.detail != replaced {
				f.deduplicated++
			}
		case store.ActCancelled:
			f.cancelled++
		}
	}
	now := r.p.Now.UnixMicro()
	for _, seq := range order {
		f := sums[seq]
		var faultAt any
		if f.fault != "" {
			faultAt = now
		}
		if err := r.tx.Queue(`UPDATE event_rules SET triggered = triggered + $1, succeeded = succeeded + $2, failed = failed + $3, deduplicated = deduplicated + $4,
			cancelled = cancelled + $5, last_triggered = CASE WHEN $1 > 0 THEN $6 ELSE last_triggered END,
			last_error = CASE WHEN $3 > 0 THEN $7 ELSE last_error END, last_error_at = coalesce($8, last_error_at) WHERE seq = $9`,
			f.triggered, f.succeeded, f.failed, f.deduplicated, f.cancelled, now, f.fault, faultAt, seq); err != nil {
			return err
		}
	}
	return nil
}

// JobStored notes what ties a job to events, when it is made or changed. before is the
// job as it was; nil = there was none.
func JobStored(tx Tx, seq int64, j, before *job.Job, now time.Time) error {
	listens := j.Type == job.TypeEvent && j.Listens() || before != nil && before.Type == job.TypeEvent && before.Listens()
	same := before != nil && sameCancelOn(before.CancelOn, j.CancelOn) && before.Platform == j.Platform
	if len(j.CancelOn) == 0 && (before == nil || len(before.CancelOn) == 0) {
		same = true
	}
	if !listens && same {
		return nil
	}
	system := listens && (len(j.After) > 0 || job.IsSystemEvent(j.EventName))
	if !same {
		if before != nil {
			if err := tx.Queue(`DELETE FROM cancel_keys WHERE job = $1`, seq); err != nil {
				return err
			}
		}
		for i := range j.CancelOn {
			c := &j.CancelOn[i]
			if err := tx.Queue(`INSERT INTO cancel_keys (platform, event, key, job, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
				j.Platform, c.Event, c.Key(), seq, now.UnixMicro()); err != nil {
				return err
			}
			n, err := shape(tx, j.Platform, c)
			if err != nil {
				return err
			}
			listens, system = listens || n, system || n && job.IsSystemEvent(c.Event)
		}
	}
	if !listens {
		return nil
	}
	return Listens(tx, system)
}

// shape notes the fields that a key is made of, and reports whether nobody knew them.
func shape(tx Tx, platform string, c *job.CancelOn) (fresh bool, err error) {
	if tx.Seen(platform + " " + c.Event + " " + c.Fields()) {
		return false, nil
	}
	known := false
	err = tx.Query(`SELECT 1 FROM cancel_shapes WHERE platform = $1 AND event = $2 AND fields = $3`, []any{platform, c.Event, c.Fields()}, func(*stored.Row) error {
		known = true
		return nil
	})
	if err != nil || known {
		return false, err
	}
	return true, tx.Queue(`INSERT INTO cancel_shapes (platform, event, fields) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, platform, c.Event, c.Fields())
}

func sameCancelOn(a, b []job.CancelOn) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Listens notes that what listens has changed. With system something may listen to events
// of the outbox: those from now on are kept for it.
func Listens(tx Tx, system bool) error {
	if !system {
		return tx.Queue(`UPDATE event_state SET version = version + 1`)
	}
	return tx.Queue(`UPDATE event_state SET version = version + 1, listening = 1,
		position = CASE WHEN listening = 1 THEN position ELSE coalesce((SELECT max(id) FROM outbox), 0) END`)
}
