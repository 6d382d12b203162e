package stored

import (
	"maps"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
)

// Folding is what one fold does with deltas. An adapter adds them, tells what it knows
// of their jobs, and of the rows that Rows and Patterns will be added to; then it
// writes what comes of it. Its zero value is empty.
type Folding struct {
	jobs     map[int64]*FoldedJob
	rows     map[RollupKey]*job.Tally
	patterns map[PatternKey]*PatternRow
	known    map[PatternKey]bool
	fresh    map[RollupKey]bool // hours of platforms that had no row yet
	compact  []int64            // jobs whose day has changed
	newest   int64              // hour of any job
	missed   map[int64]*Miss    // by job
}

// Miss is due times of a job that went by with nobody there.
type Miss struct{ Job, Count, AtUS int64 }

// FoldedJob is what a fold adds to the counters of a job: its figures, and the hour
// that it is in as it is afterwards.
type FoldedJob struct {
	Seq int64
	Figures

	Hour    int64 // where it starts, in microseconds; 0 = none
	Current []byte

	minutes  map[int64]*job.Tally // with starts since the hour's
	platform int64
	known    bool
}

// Add takes a row of deltas.
func (f *Folding) Add(b []byte) {
	EachDelta(b, func(d *Delta) {
		j := f.jobs[d.Job]
		if j == nil {
			if f.jobs == nil {
				f.jobs = map[int64]*FoldedJob{}
			}
			j = &FoldedJob{Seq: d.Job, minutes: map[int64]*job.Tally{}}
			f.jobs[d.Job] = j
		}
		j.add(d)
		f.miss(d)
		if d.EndedUS == 0 || d.late() {
			return
		}
		minute := StartOf(d.EndedUS, Minute)
		t := j.minutes[minute]
		if t == nil {
			t = &job.Tally{}
			j.minutes[minute] = t
		}
		EndTally(t, d, StartOf(minute, Hour), true)
		if d.Pattern != "" || d.Class != "" {
			f.addPattern(d)
		}
	})
}

// miss notes due times that went by with nobody there.
func (f *Folding) miss(d *Delta) {
	if d.Status != Skipped || Value(Reasons, d.Reason) != job.SkipMissed {
		return
	}
	if f.missed == nil {
		f.missed = map[int64]*Miss{}
	}
	m := f.missed[d.Job]
	if m == nil {
		m = &Miss{Job: d.Job}
		f.missed[d.Job] = m
	}
	m.Count, m.AtUS = m.Count+d.N, max(m.AtUS, d.EndedUS)
}

// Missed are the jobs, of those that exist, whose due times went by, in order.
func (f *Folding) Missed() (list []Miss) {
	for _, seq := range slices.Sorted(maps.Keys(f.missed)) {
		if f.jobs[seq] != nil {
			list = append(list, *f.missed[seq])
		}
	}
	return list
}

func (f *Folding) addPattern(d *Delta) {
	key := PatternKey{Job: d.Job, Day: StartOf(d.EndedUS, Day), Print: job.Fingerprint(d.Class, d.Pattern)}
	f.mergePattern(&PatternRow{PatternKey: key, Class: d.Class, Message: d.Pattern, Count: 1, LastUS: d.EndedUS})
}

func (f *Folding) mergePattern(p *PatternRow) {
	if f.patterns == nil {
		f.patterns = map[PatternKey]*PatternRow{}
	}
	had := f.patterns[p.PatternKey]
	if had == nil {
		f.patterns[p.PatternKey] = p
		return
	}
	had.Count += p.Count
	had.LastUS = max(had.LastUS, p.LastUS)
}

// Len is how many jobs there are.
func (f *Folding) Len() int { return len(f.jobs) }

// Seqs are the numbers of the jobs, in order.
func (f *Folding) Seqs() []int64 { return slices.Sorted(maps.Keys(f.jobs)) }

// Known tells of a job that exists: its platform, and the hour that its counters have.
func (f *Folding) Known(seq, platform, hour int64, current []byte) {
	if j := f.jobs[seq]; j != nil {
		j.known, j.platform, j.Hour, j.Current = true, platform, hour, slices.Clone(current)
	}
}

// Settle leaves out the jobs that are gone, and moves hours that are over.
func (f *Folding) Settle() {
	f.rows = map[RollupKey]*job.Tally{}
	for seq, j := range f.jobs {
		if !j.known {
			delete(f.jobs, seq)
			continue
		}
		f.settle(j)
	}
	maps.DeleteFunc(f.patterns, func(k PatternKey, _ *PatternRow) bool { return f.jobs[k.Job] == nil })
}

func (f *Folding) settle(j *FoldedJob) {
	hours := map[int64]*job.Tally{}
	newest := j.Hour
	for minute, t := range j.minutes {
		hour := StartOf(minute, Hour)
		newest = max(newest, hour)
		if hours[hour] == nil {
			hours[hour] = &job.Tally{}
		}
		hours[hour].Merge(t, 0)
		plain := *t
		plain.Starts = nil
		for _, owner := range []int64{AllPlatforms, -j.platform} {
			f.row(RollupKey{owner, Minute, minute}).Merge(&plain, 0)
			f.row(RollupKey{owner, Hour, hour}).Merge(&plain, 0)
		}
	}
	if newest == 0 {
		return
	}
	if j.Hour != 0 {
		if hours[j.Hour] == nil {
			hours[j.Hour] = &job.Tally{}
		}
		MergeTally(hours[j.Hour], j.Current, 0)
		if StartOf(j.Hour, Day) != StartOf(newest, Day) {
			f.compact = append(f.compact, j.Seq)
		}
	}
	for hour, t := range hours {
		if hour < newest {
			f.row(RollupKey{j.Seq, Hour, hour}).Merge(t, 0)
		}
	}
	f.newest = max(f.newest, newest)
	j.Hour, j.Current = newest, PackTally(hours[newest])
}

func (f *Folding) row(k RollupKey) *job.Tally {
	t := f.rows[k]
	if t == nil {
		t = &job.Tally{}
		f.rows[k] = t
	}
	return t
}

// Compact returns the jobs whose old hours become days, and what is old: hours before
// the one instant, and days and patterns before the other.
func (f *Folding) Compact() (seqs []int64, hours, days int64) {
	slices.Sort(f.compact)
	day := StartOf(f.newest, Day)
	return f.compact, day - keepJobHours.Microseconds(), day - keepRollups.Microseconds()
}

// Old takes an hour of a job that becomes part of a day.
func (f *Folding) Old(seq, start int64, data []byte) {
	day := StartOf(start, Day)
	MergeTally(f.row(RollupKey{seq, Day, day}), data, quarters(day, start))
}

// Keys are the rows that Rows will write, in order.
func (f *Folding) Keys() []RollupKey {
	keys := slices.SortedFunc(maps.Keys(f.rows), CompareRollups)
	f.fresh = map[RollupKey]bool{}
	for _, k := range keys {
		if k.Owner <= 0 && k.Span == Hour {
			f.fresh[k] = true
		}
	}
	return keys
}

// Had tells of a row of Keys that exists.
func (f *Folding) Had(k RollupKey, data []byte) {
	delete(f.fresh, k)
	MergeTally(f.row(k), data, 0)
}

// Turned are rows of owners for whom an hour has begun: what of their span is older can go.
func (f *Folding) Turned() (old []RollupKey) {
	for _, k := range slices.SortedFunc(maps.Keys(f.fresh), CompareRollups) {
		old = append(old, RollupKey{k.Owner, Minute, k.Start - keepMinutes.Microseconds()}, RollupKey{k.Owner, Hour, k.Start - keepRollups.Microseconds()})
	}
	return old
}

// Jobs are what is added to counters, in order.
func (f *Folding) Jobs() []*FoldedJob {
	seqs := f.Seqs()
	list := make([]*FoldedJob, len(seqs))
	for i, seq := range seqs {
		list[i] = f.jobs[seq]
	}
	return list
}

// Row returns the row of rollups as it becomes.
func (f *Folding) Row(k RollupKey) []byte { return PackTally(f.rows[k]) }

// Failing are the jobs that have patterns, and since which day.
func (f *Folding) Failing() (seqs []int64, since int64) {
	for _, p := range f.patterns {
		if len(seqs) == 0 || p.Day < since {
			since = p.Day
		}
		seqs = append(seqs, p.Job)
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), since
}

// HasPattern tells of a pattern that exists.
func (f *Folding) HasPattern(k PatternKey) {
	if f.known == nil {
		f.known = map[PatternKey]bool{}
	}
	f.known[k] = true
}

// Patterns are what is added to patterns, in order. Beyond those that a day can have
// they become one.
func (f *Folding) Patterns() []*PatternRow {
	of := map[PatternKey]int{} // by job and day
	for k := range f.known {
		of[PatternKey{Job: k.Job, Day: k.Day}]++
	}
	for _, k := range slices.SortedFunc(maps.Keys(f.patterns), ComparePatterns) {
		day := PatternKey{Job: k.Job, Day: k.Day}
		if f.known[k] {
			continue
		}
		if of[day]++; of[day] > maxPatterns {
			p := f.patterns[k]
			delete(f.patterns, k)
			f.mergePattern(&PatternRow{PatternKey: day, Message: "other errors", Count: p.Count, LastUS: p.LastUS})
		}
	}
	return slices.SortedFunc(maps.Values(f.patterns), func(a, b *PatternRow) int { return ComparePatterns(a.PatternKey, b.PatternKey) })
}
