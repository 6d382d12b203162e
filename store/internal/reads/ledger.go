package reads

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlBook = `SELECT c.next_run, c.numbers, c.occurrences, (SELECT count(*) FROM executions WHERE job = c.job), coalesce(n.pruned, 0)
		FROM cursors c LEFT JOIN counters n ON n.job = c.job WHERE c.job = $1`
	// sqlEntries merges both kinds of records by time. The index on (job, n) finds the
	// rows of one job.
	sqlEntries = `SELECT at AS slot, CAST(NULL AS bigint) AS to_at, k, lo, n, status, skip, CAST(1 AS bigint) FROM executions
			WHERE job = $1 AND trigger = 0 AND at > $2 AND at <= $3
		UNION ALL SELECT from_at, to_at, 0, 0, 0, 0, reason, count FROM ranges WHERE job = $1 AND to_at > $2 AND from_at <= $3
		ORDER BY slot`
)

func (d *Dialect) book(rows Rows, platform, ref string) (b store.Book, err error) {
	seq, err := d.Find(rows, platform, ref)
	if err != nil {
		return b, err
	}
	if b.Job, err = d.JobBySeq(rows, seq); err != nil {
		return b, err
	}
	if err := rows(`SELECT e.definition, e.after_at, `+d.Until+` FROM epochs e JOIN cursors c ON c.job = e.job WHERE e.job = $1 ORDER BY e.seq`, []any{seq}, func(r *stored.Row) error {
		var e job.Epoch
		if err := json.Unmarshal(r.Blob(), &e); err != nil {
			return err
		}
		e.After, e.Until = r.Time(), r.TimePtr()
		b.Epochs = append(b.Epochs, e)
		return nil
	}); err != nil {
		return b, err
	}
	_, err = rows.first(sqlBook, []any{seq}, func(r *stored.Row) {
		b.NextRun, b.Numbers, b.Occurrences, b.Rows, b.Pruned = r.Time(), r.Int(), r.Int(), r.Int(), r.Int()
	})
	return b, err
}

func (d *Dialect) entries(rows Rows, platform, ref string, after, upto time.Time, fn func(store.Entry) error) error {
	seq, err := d.Find(rows, platform, ref)
	if err != nil {
		return err
	}
	return rows(sqlEntries, []any{seq, stored.Bound(after), stored.Bound(upto)}, func(r *stored.Row) error {
		e := store.Entry{Slot: r.Time()}
		to := r.TimePtr()
		e.ID = stored.IDOf(r.Int(), r.Int())
		e.Number = r.Int()
		e.Status, e.Reason = stored.Value(stored.Statuses, r.Int()), stored.Value(stored.Reasons, r.Int())
		if to != nil {
			e.ID, e.Status = job.ID{}, job.Skipped
			e.Range = &job.SkipRange{From: e.Slot, To: *to, Count: r.Int(), Reason: e.Reason}
		}
		return fn(e)
	})
}
