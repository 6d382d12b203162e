package reads

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Totals counts by indexes only; what runs is counted from claims.
func (r *Reader) Totals(ctx context.Context, platform string, now time.Time) (store.Totals, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (store.Totals, error) { return r.dialect.totals(rows, platform, now) })
}

// LogBytes adds up the sizes of logs.
func (r *Reader) LogBytes(ctx context.Context) (int64, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) (n int64, err error) {
		_, err = rows.first(`SELECT CAST(coalesce(sum(bytes), 0) AS bigint) FROM log_sizes`, nil, func(r *stored.Row) { n = r.Int() })
		return n, err
	})
}

func (d *Dialect) totals(rows Rows, platform string, now time.Time) (store.Totals, error) {
	t := store.Totals{Jobs: map[job.JobStatus]int64{}}
	if err := d.countJobs(rows, platform, t.Jobs); err != nil {
		return t, err
	}
	low, high, err := classes(rows, platform)
	if err != nil {
		return t, err
	}
	table := "waiting"
	if d.Waiting == "" {
		table = "executions"
	}
	// Goes by the index on (class, ready_at).
	if _, err := rows.first(`SELECT count(CASE WHEN ready_at <= $1 THEN 1 END), count(CASE WHEN ready_at > $1 THEN 1 END), min(ready_at) FROM `+table+`
		WHERE ready_at IS NOT NULL AND queued IS NULL AND class >= $2 AND class <= $3`, []any{now.UnixMicro(), low, high}, func(r *stored.Row) {
		t.Waiting, t.Delayed = r.Int(), r.Int()
		if oldest := r.Time(); !oldest.IsZero() && oldest.Before(now) {
			t.OldestReady = now.Sub(oldest)
		}
	}); err != nil {
		return t, err
	}
	dead, args := `SELECT count(*) FROM dead_letters`, []any(nil)
	if platform != store.AnyPlatform {
		dead, args = `SELECT count(*) FROM dead_letters d JOIN jobs j ON j.seq = d.job WHERE j.platform = $1`, []any{platform}
	}
	if _, err := rows.first(dead, args, func(r *stored.Row) { t.Dead = r.Int() }); err != nil {
		return t, err
	}
	t.Running, err = countRunning(rows, platform)
	return t, err
}

// countJobs counts jobs that are not deleted: all of them, less those that are.
func (d *Dialect) countJobs(rows Rows, platform string, into map[job.JobStatus]int64) error {
	statement, args := `SELECT `+d.Status+`, count(*) FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.platform = $1 AND j.deleted_at IS NULL AND j.type <> 4 GROUP BY `+d.Status, []any{platform}
	if platform == store.AnyPlatform {
		statement, args = `SELECT status, CAST(sum(n) AS bigint) FROM (
				SELECT `+d.Status+` AS status, count(*) AS n FROM `+d.States+` GROUP BY `+d.Status+`
				UNION ALL SELECT `+d.Status+`, -count(*) FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.deleted_at IS NOT NULL OR j.type = 4 GROUP BY `+d.Status+`) AS s
			GROUP BY status`, nil
	}
	return rows(statement, args, func(r *stored.Row) error {
		status := stored.Value(stored.JobStatuses, r.Int())
		if n := r.Int(); n > 0 {
			into[status] = n
		}
		return nil
	})
}

// classes are the first and the last class of what waits on a platform; see
// executions.class.
func classes(rows Rows, platform string) (low, high int64, err error) {
	if platform == store.AnyPlatform {
		return -1 << 62, 1 << 62, nil
	}
	seq, err := platformSeq(rows, platform)
	priorities := int64(len(stored.Priorities))
	return seq * priorities, seq*priorities + priorities - 1, err
}

// platformSeq is the number of a platform; -1 for one that nobody named yet.
func platformSeq(rows Rows, platform string) (int64, error) {
	seq := int64(-1)
	_, err := rows.first(`SELECT seq FROM platforms WHERE slug = $1`, []any{platform}, func(r *stored.Row) { seq = r.Int() })
	return seq, err
}

// countRunning counts the executions that claims hold.
func countRunning(rows Rows, platform string) (n int64, err error) {
	var keys []int64
	if err := rows(`SELECT data FROM claims`, nil, func(r *stored.Row) error {
		keys = stored.UnpackKeys(r.Blob(), keys)
		return nil
	}); err != nil {
		return 0, err
	}
	slices.Sort(keys)
	err = rows.each(`SELECT count(*) FROM executions e JOIN jobs j ON j.seq = e.job WHERE (j.platform = $1 OR $1 = '*') AND e.status = 1 AND e.k IN `, platform, slices.Compact(keys),
		func(r *stored.Row) error {
			n += r.Int()
			return nil
		})
	return n, err
}

// chunk is how many keys a statement asks for at once.
const chunk = 200

// keyList is the list of keys of a statement whose first argument is another.
var keyList = func() string {
	places := make([]string, chunk)
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+2)
	}
	return "(" + strings.Join(places, ", ") + ")"
}()

// each runs a statement that ends with IN for all keys, which are different, some at a
// time: a statement has one text, whatever their number is.
func (rows Rows) each(statement string, first any, keys []int64, fn func(r *stored.Row) error) error {
	for part := range slices.Chunk(keys, chunk) {
		args := append(make([]any, 0, chunk+1), first)
		for i := range chunk {
			args = append(args, part[min(i, len(part)-1)])
		}
		if err := rows(statement+keyList, args, fn); err != nil {
			return err
		}
	}
	return nil
}
