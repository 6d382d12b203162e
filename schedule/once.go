package schedule

// single is the timeline of a one-time job.
type single int64

// compileOnce sets the timeline of a one-time job. The instant is rounded up to a
// whole second, so that nothing runs before its time.
func (s *Schedule) compileOnce() error {
	at := ceil(s.spec.At)
	if at < firstSecond || at > lastSecond {
		return &Error{
			Field: FieldExecuteAt, Code: CodeOutOfRange,
			Message: "execute_at must lie in the years 1–9999",
		}
	}
	s.slots = single(at)
	return nil
}

// next implements timeline.
func (o single) next(after int64) (int64, bool) { return int64(o), after < int64(o) }

// prev implements timeline.
func (o single) prev(upto int64) (int64, bool) { return int64(o), upto >= int64(o) }

// count implements timeline.
func (o single) count(after, upto int64) int64 {
	if after < int64(o) && int64(o) <= upto {
		return 1
	}
	return 0
}
