package postgres

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// Logs lie in one partition a day, by the execution's key, which begins with its time.
// Deleting lines leaves holes; a day whose lines are all gone is dropped whole.

// partitionsAhead is how many days have their partition before they come.
const partitionsAhead = 3

var partitionName = regexp.MustCompile(`^logs_(\d{8})$`)

// partition makes the partitions of the next days and drops empty ones of the past. It
// does so once a day and node. A day that has begun keeps the partition it has: its
// lines would have to be moved.
func (s *Store) partition(ctx context.Context, now time.Time) error {
	today := now.UTC().Truncate(24 * time.Hour)
	if s.partitioned.Swap(today.Unix()) == today.Unix() {
		return nil
	}
	have := map[string]bool{}
	var old []string
	if err := s.read(ctx, func(t *tx) error {
		return t.query(`SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'logs'::regclass`, nil, func(r *row) error {
			name := r.Text()
			have[name] = true
			if m := partitionName.FindStringSubmatch(name); m != nil {
				if day, err := time.Parse("20060102", m[1]); err == nil && day.Before(today.AddDate(0, 0, -1)) {
					old = append(old, name)
				}
			}
			return nil
		})
	}); err != nil {
		return err
	}
	for i := 1; i <= partitionsAhead; i++ {
		day := today.AddDate(0, 0, i)
		name := "logs_" + day.Format("20060102")
		if have[name] {
			continue
		}
		from, to := day.UnixMilli()<<16, day.AddDate(0, 0, 1).UnixMilli()<<16
		if from < 0 || to < 0 { // beyond the year 6 400
			return nil
		}
		if err := s.alter(ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s PARTITION OF logs FOR VALUES FROM (%d) TO (%d)`, name, from, to)); err != nil {
			return err
		}
	}
	for _, name := range old {
		if err := s.dropEmpty(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// dropEmpty drops a partition that has no lines.
func (s *Store) dropEmpty(ctx context.Context, name string) error {
	full := false
	if err := s.read(ctx, func(t *tx) (err error) {
		full, err = t.first(`SELECT 1 FROM `+name+` LIMIT 1`, nil, func(*row) {})
		return err
	}); err != nil || full {
		return err
	}
	return s.alter(ctx, `DROP TABLE IF EXISTS `+name)
}

// alter changes the schema, if nobody stands in the way for long. Days that it could
// not change are changed another time.
func (s *Store) alter(ctx context.Context, text string) error {
	err := s.write(ctx, func(t *tx) error {
		t.queue(`SELECT set_config('lock_timeout', '200ms', true), pg_advisory_xact_lock(` + fmt.Sprint(migrationLock) + `)`)
		_, err := t.exec(text)
		return err
	})
	if sqlState(err) == "55P03" || sqlState(err) == "42P07" {
		s.partitioned.Store(0)
		return nil
	}
	return err
}
