package sqlite

import (
	"context"
	"encoding/binary"
	"time"
)

// deltaWriter packs what a batch of settlements adds to the counters: job, status,
// duration and start of each. One row of it costs what one counter row would.
type deltaWriter struct{ b []byte }

func (w *deltaWriter) add(seq, status int64, took time.Duration, started time.Time) {
	w.b = binary.AppendVarint(w.b, seq)
	w.b = append(w.b, byte(status))
	w.b = binary.AppendVarint(w.b, took.Microseconds())
	var at int64
	if !started.IsZero() {
		at = started.UnixMicro()
	}
	w.b = binary.AppendVarint(w.b, at)
}

func (w *deltaWriter) flush(c *conn) error {
	if len(w.b) == 0 {
		return nil
	}
	_, err := c.exec(`INSERT INTO counter_deltas (data) VALUES (?)`, w.b)
	w.b = w.b[:0]
	return err
}

// figures are a job's counters.
type figures struct {
	success, failed, timeout, cancelled int64
	durationUS                          int64
	lastStatus                          int64
	lastRun                             int64 // microseconds; 0 = never
}

// add counts one settled execution.
func (f *figures) add(status, tookUS, startedUS int64) {
	switch status {
	case statusSuccess:
		f.success++
		f.durationUS += tookUS
	case statusFailed:
		f.failed++
	case statusTimeout:
		f.timeout++
	case statusCancelled:
		f.cancelled++
	}
	f.lastStatus = status
	f.lastRun = max(f.lastRun, startedUS)
}

// unfolded reads the deltas that the counters do not have yet, for the jobs that
// want has; with most above zero every job is looked at, until there are that many.
// It returns the newest row read.
func unfolded(ctx context.Context, c *conn, want map[int64]*figures, most int) (last int64, err error) {
	err = c.query(ctx, `SELECT id, data FROM counter_deltas ORDER BY id`, nil, func(r *row) error {
		last = r.int()
		for b := r.blob(); len(b) > 0; {
			var seq, status, took, started int64
			seq, b = varint(b)
			status, b = int64(b[0]), b[1:]
			took, b = varint(b)
			started, b = varint(b)
			f := want[seq]
			if f == nil {
				if most == 0 {
					continue
				}
				f = &figures{}
				want[seq] = f
			}
			f.add(status, took, started)
		}
		if most > 0 && len(want) >= most {
			return errStop
		}
		return nil
	})
	return last, err
}

func varint(b []byte) (int64, []byte) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil
	}
	return v, b[n:]
}

const sqlFold = `INSERT INTO counters (job, success, failed, timeout, cancelled, duration_us, last_status, last_run)
	SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM jobs WHERE seq = ?1)
	ON CONFLICT (job) DO UPDATE SET success = success + excluded.success, failed = failed + excluded.failed,
	timeout = timeout + excluded.timeout, cancelled = cancelled + excluded.cancelled, duration_us = duration_us + excluded.duration_us,
	last_status = excluded.last_status, last_run = max(coalesce(last_run, 0), coalesce(excluded.last_run, 0))`

// Fold adds the packed deltas to the counters and forgets them.
func (s *Store) Fold(ctx context.Context) error {
	look, same := s.quietFold.unchanged(s.writer)
	if same {
		return nil
	}
	found := false
	if err := s.read(ctx, func(c *conn) (err error) {
		found, err = c.first(ctx, `SELECT 1 FROM counter_deltas LIMIT 1`, nil, func(*row) {})
		return err
	}); err != nil {
		return err
	}
	if !found {
		s.quietFold.nothing(look)
		return nil
	}
	for more := true; more; {
		if err := s.foldSome(ctx, &more); err != nil {
			return err
		}
	}
	return nil
}

// foldJobs is how many jobs one transaction folds, more or less: a fold must not make
// what is due wait.
const foldJobs = 200

// foldSome folds the oldest deltas, and says whether there are more.
func (s *Store) foldSome(ctx context.Context, more *bool) error {
	return s.write(ctx, func(c *conn) error {
		*more = false
		sums := map[int64]*figures{}
		last, err := unfolded(context.Background(), c, sums, foldJobs)
		if err != nil || last == 0 {
			return err
		}
		*more = len(sums) >= foldJobs
		for seq, f := range sums {
			if _, err := c.exec(sqlFold, seq, f.success, f.failed, f.timeout, f.cancelled, f.durationUS, f.lastStatus, f.lastRun); err != nil {
				return err
			}
		}
		_, err = c.exec(`DELETE FROM counter_deltas WHERE id <= ?`, last)
		return err
	})
}
