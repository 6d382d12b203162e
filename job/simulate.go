package job

import (
	"slices"
	"time"
)

// Simulation says under what a job is simulated. The zero value is not useful.
type Simulation struct {
	From, To time.Time // slots from From on are planned, up to and including To
	Policy   Policy
	// Outages are when nobody plans; what is due then is planned when they end. What runs
	// is taken to go on.
	Outages []Outage
	// RunTime is how long every run takes, retries and all. 0: no run meets another.
	RunTime time.Duration
	Limit   int // so many rows at most; 0 = all
}

// Outage is a stretch of time: from From on, up to and without To.
type Outage struct{ From, To time.Time }

// SimulatedRow is one record that the daemon would write.
type SimulatedRow struct {
	Slot    time.Time
	Range   *SkipRange // not nil: a range row; Slot is its From
	Reason  SkipReason // "" = it runs
	CatchUp bool       // the slot was missed, and the policy picked it
	Queued  bool       // it waited until another run was over
	StartAt time.Time  // of a run; zero = it still waits at the end
}

// Simulated is what became of a job.
type Simulated struct {
	Rows    []SimulatedRow
	NextRun time.Time // first slot that is not accounted for; zero = none
	Ended   bool      // the job has no further slot
	More    bool      // Limit was reached
}

// Simulate plans a job that begins at From the way the daemon does whose clock passes
// through it: at every slot, and at the end of an outage. The error has code invalid.
func Simulate(j *Job, o Simulation) (Simulated, error) {
	sched, err := Compile(j)
	if err != nil || sched == nil {
		return Simulated{}, err
	}
	opening, err := Open(*j, o.From.Add(-time.Second), "simulated")
	if err != nil {
		return Simulated{}, err
	}
	s := &simulator{o: o, st: State{NextRun: opening.NextRun}}
	for !s.st.NextRun.IsZero() && !s.out.Ended {
		now := o.awake(s.st.NextRun)
		if now.After(o.To) {
			break
		}
		if o.Limit > 0 && len(s.out.Rows) >= o.Limit {
			s.out.Rows, s.out.More = s.out.Rows[:o.Limit], true
			break
		}
		s.pass(now)
		MakePlan(j, sched, s.st, now, o.Policy, &s.plan)
		s.record(now)
	}
	s.pass(o.To)
	s.out.NextRun = s.st.NextRun
	return s.out, nil
}

// awake returns when somebody plans what is due at the instant.
func (o *Simulation) awake(at time.Time) time.Time {
	for again := true; again; {
		again = false
		for _, out := range o.Outages {
			if !at.Before(out.From) && at.Before(out.To) {
				at, again = out.To, true
			}
		}
	}
	return at
}

// simulator is one simulation on its way.
type simulator struct {
	o    Simulation
	st   State
	plan Plan
	out  Simulated
	ends []time.Time // of what runs, in order
	line []int       // rows that wait for a place
}

// pass lets what runs end up to now; what waits takes its place.
func (s *simulator) pass(now time.Time) {
	for len(s.ends) > 0 && !s.ends[0].After(now) {
		end := s.ends[0]
		s.ends = s.ends[1:]
		if len(s.line) > 0 {
			s.start(s.line[0], end)
			s.line = s.line[1:]
		}
	}
	s.st.Live, s.st.Queued = len(s.ends), len(s.line)
}

// start begins the run of a row.
func (s *simulator) start(row int, at time.Time) {
	r := &s.out.Rows[row]
	if r.StartAt.Before(at) {
		r.StartAt = at
	}
	end := r.StartAt.Add(s.o.RunTime)
	i, _ := slices.BinarySearchFunc(s.ends, end, time.Time.Compare)
	s.ends = slices.Insert(s.ends, i, end)
}

// record takes over what was planned at now.
func (s *simulator) record(now time.Time) {
	p, from := &s.plan, len(s.out.Rows)
	for _, skip := range p.Skips {
		s.out.Rows = append(s.out.Rows, SimulatedRow{Slot: skip.Slot, Reason: skip.Reason})
	}
	for _, r := range p.Ranges {
		s.out.Rows = append(s.out.Rows, SimulatedRow{Slot: r.From, Range: &r, Reason: r.Reason})
	}
	for _, run := range p.Runs {
		s.out.Rows = append(s.out.Rows, SimulatedRow{Slot: run.Slot, CatchUp: run.CatchUp, Queued: run.Queued, StartAt: run.StartAt})
	}
	rows := s.out.Rows[from:]
	slices.SortFunc(rows, func(a, b SimulatedRow) int { return a.Slot.Compare(b.Slot) })
	if p.CancelLive {
		s.ends = s.ends[:0]
	}
	for i := range rows {
		switch {
		case rows[i].Reason != "":
		case rows[i].Queued:
			rows[i].StartAt = time.Time{}
			s.line = append(s.line, from+i)
		default:
			s.start(from+i, now)
		}
	}
	s.st.Occurrences += int64(len(p.Runs))
	s.st.NextRun, s.out.Ended = p.NextRun, p.Ended
}
