package postgres

import (
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlFolded = `SELECT j.seq, p.seq, n.hour_at, n.hour_data FROM unnest($1::bigint[]) AS u (job)
		JOIN jobs j ON j.seq = u.job JOIN platforms p ON p.slug = j.platform LEFT JOIN counters n ON n.job = j.seq`
	sqlRollups = `SELECT r.owner, r.span, r.start, r.data FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS u (owner, span, start)
		JOIN rollups r ON r.owner = u.owner AND r.span = u.span AND r.start = u.start`
	sqlSetRollups = `INSERT INTO rollups (owner, span, start, data) SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bytea[])
		ON CONFLICT (owner, span, start) DO UPDATE SET data = excluded.data`
	sqlSetPatterns = `INSERT INTO failure_patterns AS p (job, day, print, class, message, count, last_at)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
		ON CONFLICT (job, day, print) DO UPDATE SET count = p.count + excluded.count, last_at = greatest(p.last_at, excluded.last_at)`
	sqlMiss = `INSERT INTO misses AS m (job, count, at, raised) VALUES ($1, $2, $3, 0)
		ON CONFLICT (job) DO UPDATE SET count = m.count + excluded.count, at = greatest(m.at, excluded.at)`
	// sqlForgetRollups goes by the primary key.
	sqlForgetRollups = `DELETE FROM rollups WHERE owner = ANY ($1::bigint[]) AND span = $2 AND start < $3`
)

// fold writes what deltas add.
func fold(t *tx, f *stored.Folding) error {
	if err := t.query(sqlFolded, []any{f.Seqs()}, func(r *row) error {
		f.Known(r.Int(), r.Int(), r.Int(), r.Blob())
		return nil
	}); err != nil {
		return err
	}
	f.Settle()
	if err := compactRollups(t, f); err != nil {
		return err
	}
	foldCounters(t, f)
	if err := foldRollups(t, f); err != nil {
		return err
	}
	for _, m := range f.Missed() {
		t.queue(sqlMiss, m.Job, m.Count, m.AtUS)
	}
	return foldPatterns(t, f)
}

// foldCounters adds to the counters of jobs, in order.
func foldCounters(t *tx, f *stored.Folding) {
	jobs := f.Jobs()
	if len(jobs) == 0 {
		return
	}
	var seqs, success, failed, timeout, cancelled, duration, last []int64
	var status []int16
	var hours []*int64
	var current [][]byte
	for _, j := range jobs {
		seqs, success, failed, timeout = append(seqs, j.Seq), append(success, j.Success), append(failed, j.Failed), append(timeout, j.Timeout)
		cancelled, duration, last = append(cancelled, j.Cancelled), append(duration, j.DurationUS), append(last, j.LastRun)
		status, current = append(status, int16(j.LastStatus)), append(current, j.Current)
		hour := &j.Hour
		if j.Hour == 0 {
			hour = nil
		}
		hours = append(hours, hour)
	}
	t.queue(sqlFold, seqs, success, failed, timeout, cancelled, duration, status, last, hours, current)
}

// compactRollups makes days of the old hours of jobs whose day has changed.
func compactRollups(t *tx, f *stored.Folding) error {
	seqs, hours, days := f.Compact()
	if len(seqs) == 0 {
		return nil
	}
	if err := t.query(`SELECT owner, start, data FROM rollups WHERE owner = ANY ($1::bigint[]) AND span = $2 AND start < $3`, []any{seqs, int64(stored.Hour), hours}, func(r *row) error {
		f.Old(r.Int(), r.Int(), r.Blob())
		return nil
	}); err != nil {
		return err
	}
	t.queue(sqlForgetRollups, seqs, int64(stored.Hour), hours)
	t.queue(sqlForgetRollups, seqs, int64(stored.Day), days)
	t.queue(`DELETE FROM failure_patterns WHERE job = ANY ($1::bigint[]) AND day < $2`, seqs, days)
	return nil
}

// foldRollups adds to the rows of rollups, and forgets those of platforms that are old.
func foldRollups(t *tx, f *stored.Folding) error {
	keys := f.Keys()
	if len(keys) == 0 {
		return nil
	}
	owners, spans, starts := make([]int64, len(keys)), make([]int32, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		owners[i], spans[i], starts[i] = k.Owner, int32(k.Span), k.Start
	}
	if err := t.query(sqlRollups, []any{owners, spans, starts}, func(r *row) error {
		f.Had(stored.RollupKey{Owner: r.Int(), Span: r.Int(), Start: r.Int()}, r.Blob())
		return nil
	}); err != nil {
		return err
	}
	data := make([][]byte, len(keys))
	for i, k := range keys {
		data[i] = f.Row(k)
	}
	t.queue(sqlSetRollups, owners, spans, starts, data)
	for _, k := range f.Turned() {
		t.queue(sqlForgetRollups, []int64{k.Owner}, k.Span, k.Start)
	}
	return nil
}

// foldPatterns counts what failures say.
func foldPatterns(t *tx, f *stored.Folding) error {
	failing, since := f.Failing()
	if len(failing) == 0 {
		return nil
	}
	if err := t.query(`SELECT job, day, print FROM failure_patterns WHERE job = ANY ($1::bigint[]) AND day >= $2`, []any{failing, since}, func(r *row) error {
		f.HasPattern(stored.PatternKey{Job: r.Int(), Day: r.Int(), Print: r.Int()})
		return nil
	}); err != nil {
		return err
	}
	var seqs, days, prints, counts, last []int64
	var classes, messages []string
	for _, p := range f.Patterns() {
		seqs, days, prints = append(seqs, p.Job), append(days, p.Day), append(prints, p.Print)
		classes, messages = append(classes, clean(p.Class)), append(messages, clean(p.Message))
		counts, last = append(counts, p.Count), append(last, p.LastUS)
	}
	t.queue(sqlSetPatterns, seqs, days, prints, classes, messages, counts, last)
	return nil
}
