package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Book returns what was promised for a job's slots.
func (s *Store) Book(ctx context.Context, platform, ref string) (book store.Book, err error) {
	err = s.snapshot(ctx, func(t *tx) error {
		seq, err := find(t, platform, ref)
		if err != nil {
			return err
		}
		if book.Job, err = jobBySeq(t, seq); err != nil {
			return err
		}
		if book.Epochs, err = epochsOf(t, seq); err != nil {
			return err
		}
		_, err = t.first(`SELECT c.next_run, c.numbers, c.occurrences, (SELECT count(*) FROM executions WHERE job = c.job), coalesce(n.pruned, 0)
			FROM cursors c LEFT JOIN counters n ON n.job = c.job WHERE c.job = $1`, []any{seq}, func(r *row) {
			book.NextRun, book.Numbers, book.Occurrences, book.Rows, book.Pruned = r.time(), r.int(), r.int(), r.int(), r.int()
		})
		return err
	})
	return book, err
}

func epochsOf(t *tx, seq int64) ([]job.Epoch, error) {
	var epochs []job.Epoch
	err := t.query(`SELECT e.definition, e.after_at, coalesce(e.until_at, c.until_at) FROM epochs e JOIN cursors c ON c.job = e.job WHERE e.job = $1 ORDER BY e.seq`, []any{seq}, func(r *row) error {
		var e job.Epoch
		if err := json.Unmarshal(r.blob(), &e); err != nil {
			return err
		}
		e.After, e.Until = r.time(), r.timePtr()
		epochs = append(epochs, e)
		return nil
	})
	return epochs, err
}

// sqlEntries merges both kinds of records by time. The index on (job, n) finds the
// rows of one job.
const sqlEntries = `SELECT at AS slot, NULL::bigint AS to_at, k, lo, n, status, skip, 1::bigint FROM executions
		WHERE job = $1 AND trigger = 0 AND at > $2 AND at <= $3
	UNION ALL SELECT from_at, to_at, 0, 0, 0, 0, reason, count FROM ranges WHERE job = $1 AND to_at > $2 AND from_at <= $3
	ORDER BY slot`

// Entries calls fn for every record of a slot in (after, upto].
func (s *Store) Entries(ctx context.Context, platform, ref string, after, upto time.Time, fn func(store.Entry) error) error {
	told := false
	err := s.snapshot(ctx, func(t *tx) error {
		seq, err := find(t, platform, ref)
		if err != nil {
			return err
		}
		return t.query(sqlEntries, []any{seq, bound(after), bound(upto)}, func(r *row) error {
			if !told {
				told = true
			}
			e := store.Entry{Slot: r.time()}
			to := r.timePtr()
			e.ID = idOf(r.int(), r.int())
			e.Number = r.int()
			e.Status, e.Reason = stored.Value(stored.Statuses, r.int()), stored.Value(stored.Reasons, r.int())
			if to != nil {
				e.ID, e.Status = job.ID{}, job.Skipped
				e.Range = &job.SkipRange{From: e.Slot, To: *to, Count: r.int(), Reason: e.Reason}
			}
			return fn(e)
		})
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// bound is an instant as it is stored; the zero time is before all of them.
func bound(t time.Time) int64 {
	if t.IsZero() {
		return -1 << 62
	}
	return t.UnixMicro()
}
