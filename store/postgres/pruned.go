package postgres

import (
	"cmp"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Every slot has a record. One that is removed joins the range of pruned slots that
// ends right before it, or starts one: nothing lies between exactly when no record and
// no beginning of an epoch does.

const (
	// sqlRangesNear reads of each job the last range that begins before its first slot,
	// and those up to its last one.
	sqlRangesNear = `SELECT u.job, r.from_at, r.to_at, r.count, r.reason FROM (SELECT unnest($1::bigint[]) AS job, unnest($2::bigint[]) AS first, unnest($3::bigint[]) AS last) AS u,
		LATERAL ((SELECT from_at, to_at, count, reason FROM ranges WHERE job = u.job AND from_at <= u.first ORDER BY from_at DESC LIMIT 1)
			UNION ALL (SELECT from_at, to_at, count, reason FROM ranges WHERE job = u.job AND from_at > u.first AND from_at <= u.last)) AS r
		ORDER BY u.job, r.from_at`
	sqlEpochsNear = `SELECT u.job, e.after_at FROM (SELECT unnest($1::bigint[]) AS job, unnest($2::bigint[]) AS last) AS u, epochs e
		WHERE e.job = u.job AND e.after_at < u.last`
	// sqlBefore finds the slot with a row that is next before each of the numbers.
	sqlBefore = `SELECT u.i, (SELECT e.at FROM executions e WHERE e.job = u.job AND e.n > u.above AND e.n < u.n AND e.trigger = 0 ORDER BY e.n DESC LIMIT 1)
		FROM (SELECT unnest($1::bigint[]) AS i, unnest($2::bigint[]) AS job, unnest($3::bigint[]) AS above, unnest($4::bigint[]) AS n) AS u`
)

// account is what is known of one job's ledger around the slots that are removed.
type account struct {
	ranges []span
	epochs []int64 // where they begin
}

// span is a row of ranges.
type span struct {
	from, to, count, reason int64
	changed                 bool
}

// keepAccounts writes the ranges that stand for removed slots.
func keepAccounts(t *tx, gone []old) error {
	slots := slices.DeleteFunc(gone, func(o old) bool { return o.trigger != 0 })
	if len(slots) == 0 {
		return nil
	}
	slices.SortFunc(slots, func(a, b old) int { return cmp.Or(cmp.Compare(a.job, b.job), cmp.Compare(a.at, b.at)) })
	accounts, before, err := readAccounts(t, slots)
	if err != nil {
		return err
	}
	for i := range slots {
		accounts[slots[i].job].add(slots[i].at, before[int64(i)])
	}
	var changed ranges
	for i := range slots {
		if i > 0 && slots[i-1].job == slots[i].job {
			continue
		}
		for _, r := range accounts[slots[i].job].ranges {
			if r.changed {
				changed.put(slots[i].job, r.from, r.to, r.count, r.reason)
			}
		}
	}
	changed.queue(t)
	return nil
}

// readAccounts reads what lies around the slots, which are in order, and for those that
// do not follow another by number the slot with a row before them, by place.
func readAccounts(t *tx, slots []old) (accounts map[int64]*account, before map[int64]int64, err error) {
	accounts, before = map[int64]*account{}, map[int64]int64{}
	var jobs, first, last, places, owners, above, numbers []int64
	for i, o := range slots {
		follows := i > 0 && slots[i-1].job == o.job
		if !follows {
			jobs, first, last = append(jobs, o.job), append(first, o.at), append(last, o.at)
			accounts[o.job] = &account{}
		}
		last[len(last)-1] = o.at
		if follows && slots[i-1].n+1 == o.n {
			continue
		}
		floor := int64(0)
		if follows && slots[i-1].n < o.n {
			floor = slots[i-1].n
		}
		places, owners, above, numbers = append(places, int64(i)), append(owners, o.job), append(above, floor), append(numbers, o.n)
	}
	t.scan(sqlRangesNear, []any{jobs, first, last}, func(r pgx.Rows) error {
		var seq int64
		var s span
		err := r.Scan(&seq, &s.from, &s.to, &s.count, &s.reason)
		accounts[seq].ranges = append(accounts[seq].ranges, s)
		return err
	})
	t.scan(sqlEpochsNear, []any{jobs, last}, func(r pgx.Rows) error {
		var seq, at int64
		err := r.Scan(&seq, &at)
		accounts[seq].epochs = append(accounts[seq].epochs, at)
		return err
	})
	t.scan(sqlBefore, []any{places, owners, above, numbers}, func(r pgx.Rows) error {
		var i int64
		var at *int64
		err := r.Scan(&i, &at)
		if at != nil {
			before[i] = *at
		}
		return err
	})
	return accounts, before, t.flush()
}

// add accounts for a slot; before is the next one before it that has a row, 0 for none
// that matters.
func (a *account) add(at, before int64) {
	reason := stored.Code(stored.Reasons, job.RangePruned)
	i, _ := slices.BinarySearchFunc(a.ranges, at, func(s span, at int64) int { // the first that begins after it
		if s.from <= at {
			return -1
		}
		return 1
	})
	if i > 0 {
		s := &a.ranges[i-1]
		between := before > s.to || slices.ContainsFunc(a.epochs, func(after int64) bool { return after >= s.to && after < at })
		if s.reason == reason && !between {
			s.to, s.count, s.changed = at, s.count+1, true
			return
		}
	}
	a.ranges = slices.Insert(a.ranges, i, span{from: at, to: at, count: 1, reason: reason, changed: true})
}
