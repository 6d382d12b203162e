package sqlite

import (
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlFolded    = `SELECT p.seq, n.hour_at, n.hour_data FROM jobs j JOIN platforms p ON p.slug = j.platform LEFT JOIN counters n ON n.job = j.seq WHERE j.seq = ?`
	sqlSetRollup = `INSERT INTO rollups (owner, span, start, data) VALUES (?, ?, ?, ?) ON CONFLICT (owner, span, start) DO UPDATE SET data = excluded.data`
	sqlPattern   = `INSERT INTO failure_patterns (job, day, print, class, message, count, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (job, day, print) DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)`
	sqlMiss = `INSERT INTO misses (job, count, at, raised) VALUES (?, ?, ?, 0) ON CONFLICT (job) DO UPDATE SET count = count + excluded.count, at = max(at, excluded.at)`
	// sqlForgetRollups goes by the primary key.
	sqlForgetRollups = `DELETE FROM rollups WHERE owner = ? AND span = ? AND start < ?`
)

// fold writes what deltas add.
func fold(c *conn, f *stored.Folding) error {
	for _, seq := range f.Seqs() {
		if _, err := c.first(sqlFolded, []any{seq}, func(r *row) { f.Known(seq, r.Int(), r.Int(), r.Blob()) }); err != nil {
			return err
		}
	}
	f.Settle()
	if err := compactRollups(c, f); err != nil {
		return err
	}
	for _, j := range f.Jobs() {
		if _, err := c.exec(sqlFold, j.Seq, j.Success, j.Failed, j.Timeout, j.Cancelled, j.DurationUS, j.LastStatus, j.LastRun, hourOf(j), stored.Blob(j.Current)); err != nil {
			return err
		}
	}
	if err := foldRollups(c, f); err != nil {
		return err
	}
	for _, m := range f.Missed() {
		if _, err := c.exec(sqlMiss, m.Job, m.Count, m.AtUS); err != nil {
			return err
		}
	}
	return foldPatterns(c, f)
}

// hourOf is the hour that a job is in; nil = it is in none.
func hourOf(j *stored.FoldedJob) any {
	if j.Hour == 0 {
		return nil
	}
	return j.Hour
}

// compactRollups makes days of the old hours of jobs whose day has changed.
func compactRollups(c *conn, f *stored.Folding) error {
	seqs, hours, days := f.Compact()
	for _, seq := range seqs {
		if err := c.query(`SELECT start, data FROM rollups WHERE owner = ? AND span = ? AND start < ?`, []any{seq, int64(stored.Hour), hours}, func(r *row) error {
			f.Old(seq, r.Int(), r.Blob())
			return nil
		}); err != nil {
			return err
		}
		if _, err := c.exec(sqlForgetRollups, seq, int64(stored.Hour), hours); err != nil {
			return err
		}
		if _, err := c.exec(sqlForgetRollups, seq, int64(stored.Day), days); err != nil {
			return err
		}
		if _, err := c.exec(`DELETE FROM failure_patterns WHERE job = ? AND day < ?`, seq, days); err != nil {
			return err
		}
	}
	return nil
}

// foldRollups adds to the rows of rollups, and forgets those of platforms that are old.
func foldRollups(c *conn, f *stored.Folding) error {
	keys := f.Keys()
	for _, k := range keys {
		if _, err := c.first(`SELECT data FROM rollups WHERE owner = ? AND span = ? AND start = ?`, []any{k.Owner, k.Span, k.Start}, func(r *row) { f.Had(k, r.Blob()) }); err != nil {
			return err
		}
	}
	for _, k := range keys {
		if _, err := c.exec(sqlSetRollup, k.Owner, k.Span, k.Start, f.Row(k)); err != nil {
			return err
		}
	}
	for _, k := range f.Turned() {
		if _, err := c.exec(sqlForgetRollups, k.Owner, k.Span, k.Start); err != nil {
			return err
		}
	}
	return nil
}

// foldPatterns counts what failures say.
func foldPatterns(c *conn, f *stored.Folding) error {
	seqs, since := f.Failing()
	for _, seq := range seqs {
		if err := c.query(`SELECT day, print FROM failure_patterns WHERE job = ? AND day >= ?`, []any{seq, since}, func(r *row) error {
			f.HasPattern(stored.PatternKey{Job: seq, Day: r.Int(), Print: r.Int()})
			return nil
		}); err != nil {
			return err
		}
	}
	for _, p := range f.Patterns() {
		if _, err := c.exec(sqlPattern, p.Job, p.Day, p.Print, p.Class, p.Message, p.Count, p.LastUS); err != nil {
			return err
		}
	}
	return nil
}
