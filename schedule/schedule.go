package schedule

import "time"

// Schedule is a compiled [Spec]. It is immutable and safe for concurrent use.
type Schedule struct {
	spec  Spec
	zone  *zone
	cron  *cron // cron is nil for intervals and one-time schedules.
	slots timeline
	lo    int64 // lo is the first second allowed by the limits.
	hi    int64 // hi is the last second allowed by the limits.
}

// timeline is an ordered set of instants, in Unix seconds, without the limits.
type timeline interface {
	// next returns the first slot after the instant, false when there is none.
	next(after int64) (int64, bool)
	// prev returns the last slot at or before the instant, false when there is none.
	prev(upto int64) (int64, bool)
	// count returns the number of slots t with after < t <= upto, given after <= upto.
	count(after, upto int64) int64
}

// New compiles a spec. What it refuses, it refuses with an [*Error].
func New(spec Spec) (*Schedule, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	zone, err := zoneOf(spec.Zone)
	if err != nil {
		return nil, err
	}
	s := &Schedule{spec: spec, zone: zone, lo: firstSecond, hi: lastSecond}
	if err := s.compile(); err != nil {
		return nil, err
	}
	s.limit()
	if s.Next(time.Time{}).IsZero() {
		return nil, s.neverFires()
	}
	if s.endsUnasked() {
		return nil, &Error{
			Field: FieldSchedule, Code: CodeNeverFires,
			Message: "the schedule never fires again: the zone's clock jumps over its time every year",
			Hint:    `use dst_policy "once", or another time`,
		}
	}
	return s, nil
}

// endsUnasked reports whether the slots end although nothing in the spec says so:
// a schedule that follows the clock may fall into the gap every year. From 2100
// on, when no zone has anything but yearly rules left, such a schedule has none.
func (s *Schedule) endsUnasked() bool {
	if s.cron == nil || !s.cron.allYears() || !s.spec.End.IsZero() {
		return false
	}
	return s.Next(time.Unix(tableEnd, 0)).IsZero() && s.lo < tableEnd
}

// compile sets the timeline.
func (s *Schedule) compile() error {
	if !s.spec.At.IsZero() {
		return s.compileOnce()
	}
	text, err := scanExpr(s.spec.Expr)
	if err != nil {
		return err
	}
	if text.every {
		return s.compileInterval(text)
	}
	return s.compileCron(text)
}

// limit narrows lo and hi to the start and the end of the spec.
func (s *Schedule) limit() {
	if !s.spec.Start.IsZero() {
		s.lo = max(s.lo, ceil(s.spec.Start))
	}
	if !s.spec.End.IsZero() {
		s.hi = min(s.hi, ceil(s.spec.End)-1)
	}
}

// Next returns the first slot strictly after the instant, the zero time when
// there is none. It does not allocate.
func (s *Schedule) Next(after time.Time) time.Time {
	t, ok := s.slots.next(max(after.Unix(), s.lo-1))
	if !ok || t > s.hi {
		return time.Time{}
	}
	return time.Unix(t, 0).UTC()
}

// Prev returns the last slot at or before the instant, the zero time when there
// is none. It does not allocate.
func (s *Schedule) Prev(upto time.Time) time.Time {
	t := min(upto.Unix(), s.hi)
	if t < s.lo {
		return time.Time{}
	}
	t, ok := s.slots.prev(t)
	if !ok || t < s.lo {
		return time.Time{}
	}
	return time.Unix(t, 0).UTC()
}

// Count returns the number of slots t with after < t <= upto; 0 when upto is not
// after after. Its cost grows with the years and the changes of offset between
// the two, not with the slots.
func (s *Schedule) Count(after, upto time.Time) int64 {
	a := max(after.Unix(), s.lo-1)
	u := min(upto.Unix(), s.hi)
	if u <= a {
		return 0
	}
	return s.slots.count(a, u)
}

// Spec returns what New was given.
func (s *Schedule) Spec() Spec { return s.spec }

// Location returns the zone of the schedule, to show its slots in.
func (s *Schedule) Location() *time.Location { return s.zone.loc }

// neverFires explains why there is no slot.
func (s *Schedule) neverFires() *Error {
	e := &Error{Field: FieldSchedule, Code: CodeNeverFires}
	switch {
	case !s.spec.At.IsZero():
		e.Field = FieldExecuteAt
		e.Message = "the job never fires: execute_at lies outside of start_date and end_date"
	case s.spec.Start.IsZero() && s.spec.End.IsZero():
		e.Message = "the schedule never fires: no year that it allows has such a time"
	default:
		e.Message = "the schedule never fires: no slot at or after start_date and before end_date"
		if !s.spec.End.IsZero() {
			e.Field = FieldEndDate
		}
	}
	return e
}
