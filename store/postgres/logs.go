package postgres

import (
	"context"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlLogs = `INSERT INTO logs (k, seq, at, attempt, level, stream, message, context)
		SELECT DISTINCT ON (u.k, u.seq) u.k, u.seq, u.at, u.attempt, u.level, u.stream, u.message, u.context
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::smallint[], $6::text[], $7::text[], $8::bytea[])
			WITH ORDINALITY AS u (k, seq, at, attempt, level, stream, message, context, i) ORDER BY u.k, u.seq, u.i DESC
		ON CONFLICT (k, seq) DO UPDATE SET at = excluded.at, attempt = excluded.attempt, level = excluded.level, stream = excluded.stream,
			message = excluded.message, context = excluded.context`
	sqlLogSizes = `INSERT INTO log_sizes AS l (k, job, bytes) SELECT e.k, e.job, u.bytes FROM unnest($1::bigint[], $2::bigint[]) AS u (k, bytes) JOIN executions e ON e.k = u.k
		ORDER BY e.k ON CONFLICT (k) DO UPDATE SET bytes = l.bytes + excluded.bytes`
)

// lines collects log lines for one INSERT.
type lines struct {
	k, seq, at      []int64
	attempt         []int32
	level           []int16
	stream, message []string
	context         [][]byte
}

func (l *lines) add(e *job.LogEntry, k int64) {
	l.k, l.seq, l.at = append(l.k, k), append(l.seq, e.Seq), append(l.at, e.Timestamp.UnixMicro())
	l.attempt, l.level = append(l.attempt, int32(e.Attempt)), append(l.level, int16(stored.Code(stored.Levels, e.Level)))
	l.stream, l.message, l.context = append(l.stream, string(e.Stream)), append(l.message, clean(e.Message)), append(l.context, e.Context)
}

func (l *lines) queue(t *tx) {
	t.queue(sqlLogs, l.k, l.seq, l.at, l.attempt, l.level, l.stream, l.message, l.context)
}

// AppendLogs stores lines and counts their bytes.
func (s *Store) AppendLogs(ctx context.Context, entries []job.LogEntry) error {
	if len(entries) == 0 {
		return nil
	}
	var all lines
	sizes := map[int64]int64{}
	for i := range entries {
		k, _ := stored.KeyOf(entries[i].ExecutionID)
		all.add(&entries[i], k)
		sizes[k] += int64(len(entries[i].Message))
	}
	keys := make([]int64, 0, len(sizes))
	for k := range sizes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	bytes := make([]int64, len(keys))
	for i, k := range keys {
		bytes[i] = sizes[k]
	}
	return s.write(ctx, func(t *tx) error {
		all.queue(t)
		t.queue(sqlLogSizes, keys, bytes)
		return nil
	})
}

// sqlMark puts one line in the place of others.
const sqlMark = `INSERT INTO logs (k, seq, attempt, at, level, stream, message) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (k, seq) DO UPDATE SET attempt = excluded.attempt, at = excluded.at, level = excluded.level, stream = excluded.stream,
		message = excluded.message, context = NULL`

// DropLogs forgets lines up to the seq and leaves a mark in their place.
func (s *Store) DropLogs(ctx context.Context, execution job.ID, upto int64) error {
	return s.write(ctx, func(t *tx) error {
		k, _ := stored.KeyOf(execution)
		var at, attempt, bytes int64
		if err := t.query(`DELETE FROM logs WHERE k = $1 AND seq <= $2 RETURNING at, attempt, octet_length(message)`, []any{k, upto}, func(r *row) error {
			at, attempt, bytes = max(at, r.Int()), max(attempt, r.Int()), bytes+r.Int()
			return nil
		}); err != nil || bytes == 0 {
			return err
		}
		t.queue(`UPDATE log_sizes SET bytes = greatest(0, bytes - $1) WHERE k = $2`, bytes, k)
		t.queue(sqlMark, k, upto, attempt, at, stored.Code(stored.Levels, job.LogWarn), string(job.StreamSystem), reads.OutputDropped)
		return nil
	})
}

// TrimLogs removes whole logs of executions, oldest first, until the caps of a job
// and of the total hold. The cap of an attempt is held by whoever writes it.
func (s *Store) TrimLogs(ctx context.Context, caps store.LogCaps) (int64, error) {
	var freed int64
	err := s.write(ctx, func(t *tx) (err error) {
		freed, err = reads.TrimLogs(t.query, caps, func(keys []int64) error { return dropLogs(t, keys) })
		return err
	})
	return freed, err
}

// dropLogs replaces executions' logs by marks that say so.
func dropLogs(t *tx, keys []int64) error {
	var all lines
	if err := t.query(`WITH gone AS (DELETE FROM logs WHERE k = ANY ($1::bigint[]) RETURNING k, seq, at) SELECT k, max(seq), max(at) FROM gone GROUP BY k ORDER BY k`, []any{keys}, func(r *row) error {
		k := r.Int()
		all.add(&job.LogEntry{
			Seq: r.Int() + 1, Timestamp: r.Time(), Level: job.LogWarn, Stream: job.StreamSystem, Message: reads.LogRemoved,
		}, k)
		return nil
	}); err != nil {
		return err
	}
	t.queue(`DELETE FROM log_sizes WHERE k = ANY ($1::bigint[])`, keys)
	if len(all.k) > 0 {
		all.queue(t)
	}
	return nil
}
